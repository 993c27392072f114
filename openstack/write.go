package openstack

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Write writes a cloud-config, which has secrets in it, to a file that only its owner
// can read, in one step. It refuses one that is in the folder dist: what is there is
// published. Both paths are absolute.
func Write(dist, file string, data []byte) error {
	dir, err := filepath.EvalSymlinks(filepath.Dir(file))
	if err != nil {
		return err
	}
	if real, err := filepath.EvalSymlinks(dist); err == nil {
		dist = real
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if dir == dist || strings.HasPrefix(dir, dist+string(filepath.Separator)) {
		return fmt.Errorf("%s: a cloud-config has a password in it, and what is in %s is published\n"+
			"  Write it somewhere else, or to standard output", file, dist)
	}
	to := filepath.Join(dir, filepath.Base(file))
	if info, err := os.Lstat(to); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("%s is not a plain file: name another, or one that does not exist", file)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	w, err := os.CreateTemp(dir, "."+filepath.Base(file)+".*") // with mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(w.Name())
	_, err = w.Write(data)
	if err := errors.Join(err, w.Sync(), w.Close()); err != nil {
		return err
	}
	return os.Rename(w.Name(), to)
}
