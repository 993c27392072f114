package verify

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"

	"github.com/slipway-build/slipway/artifact"
)

// maxFiles is the most files of a release.
const maxFiles = 200_000

// maxKept is the most bytes of a file that is kept in memory: a document, a list, a
// signature.
const maxKept = 64 << 20

// A folder is the files of a release. Nothing outside of it is read, wherever links lead.
type folder struct {
	root  *os.Root
	files map[string]fs.FileInfo
	paths []string // of files, sorted
	bytes int64
}

// list lists the folder. What is neither a file nor a folder is a fault, and is not opened.
func list(dir string, c *Check) (*folder, error) {
	root, err := os.OpenRoot(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s does not exist: want the folder of a release, as mage release makes it", dir)
	}
	if err != nil {
		return nil, err
	}
	f := &folder{root: root, files: map[string]fs.FileInfo{}}
	err = fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		switch {
		case err != nil:
			return err
		case !info.Mode().IsRegular():
			c.fault(name, "remove it", "it is a %s, and a release has only files", typeOf(info.Mode()))
			return nil
		case len(f.paths) == maxFiles:
			return fmt.Errorf("%s has more than %d files: it is not the folder of a release", dir, maxFiles)
		}
		f.files[name], f.paths, f.bytes = info, append(f.paths, name), f.bytes+info.Size()
		return nil
	})
	if err != nil {
		root.Close()
		return nil, err
	}
	slices.Sort(f.paths)
	return f, nil
}

func typeOf(m fs.FileMode) string {
	switch {
	case m&fs.ModeSymlink != 0:
		return "symbolic link"
	case m&fs.ModeNamedPipe != 0:
		return "pipe"
	case m&fs.ModeSocket != 0:
		return "socket"
	}
	return "device"
}

// has reports whether the release has a file.
func (f *folder) has(name string) bool { return f.files[name] != nil }

// read returns the content of a file that is kept in memory.
func (f *folder) read(name string) ([]byte, error) {
	info := f.files[name]
	if info == nil {
		return nil, fmt.Errorf("%s is missing", name)
	}
	if info.Size() > maxKept {
		return nil, fmt.Errorf("%s has %d bytes; at most %d are read", name, info.Size(), maxKept)
	}
	r, err := f.root.Open(name)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(io.LimitReader(r, maxKept))
}

// record reads artifacts.json.
func (f *folder) record(dir string) (artifact.Release, error) {
	if _, err := f.read(artifact.ReleaseFile); err != nil {
		return artifact.Release{}, err
	}
	return artifact.ReadRelease(dir)
}
