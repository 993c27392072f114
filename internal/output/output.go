// Package output writes to dist: it tells whether an output is up to date, and
// replaces a file or a folder in one step. Nothing else writes there.
package output

import (
	"bytes"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/internal/action"
)

// A Dist is the folder of a project's outputs. Paths are relative to the project.
type Dist struct {
	Project string           // absolute
	Cache   action.Cache     // where outputs are made before they are placed
	Memory  *filetree.Memory // what files of dist held; may be nil
}

// Abs returns the absolute path of an output.
func (d Dist) Abs(path string) string { return filepath.Join(d.Project, path) }

// Exists reports whether there is something at path.
func (d Dist) Exists(path string) bool {
	_, err := os.Lstat(d.Abs(path))
	return err == nil
}

// CheckFolders returns an error if one of the folders cannot be made where it is to be:
// because something on the way there is no folder, or none that this user may write
// to.
func (d Dist) CheckFolders(paths ...string) error {
	for _, path := range paths {
		name := d.Abs(path)
		info, err := os.Stat(name)
		for errors.Is(err, fs.ErrNotExist) && name != d.Project {
			if _, err := os.Lstat(name); err == nil {
				return &fs.PathError{Op: "stat", Path: name, Err: syscall.ENOTDIR} // a link to nowhere
			}
			name = filepath.Dir(name)
			info, err = os.Stat(name)
		}
		switch {
		case err != nil:
			return err
		case !info.IsDir():
			return &fs.PathError{Op: "mkdir", Path: name, Err: syscall.ENOTDIR}
		}
		if err := unix.Access(name, unix.W_OK|unix.X_OK); err != nil {
			return &fs.PathError{Op: "writing to", Path: name, Err: err}
		}
	}
	return nil
}

// Holds reports whether the file at path has just this content.
func (d Dist) Holds(path string, data []byte) bool {
	old, err := os.ReadFile(d.Abs(path))
	return err == nil && bytes.Equal(old, data)
}

// Replace has fill write a file or a folder to dst, which does not exist, and puts
// it in the place of what lies at path in one step. Until then, what was there
// stays there, for fill to take from.
func (d Dist) Replace(path string, fill func(dst string) error) error {
	if d.Cache.DryRun {
		return &action.WouldRunError{What: path}
	}
	scratch, err := d.Cache.Scratch()
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	dst := filepath.Join(scratch, filepath.Base(path))
	if err := fill(dst); err != nil {
		return err
	}
	return d.Place(dst, path)
}

// Place puts the file or folder from, which is in the cache, in the place of
// what lies at path, in one step. What was there is then at from.
func (d Dist) Place(from, path string) error {
	if d.Cache.DryRun {
		return &action.WouldRunError{What: path}
	}
	to := d.Abs(path)
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	d.Cache.Note("about to place " + path)
	defer d.Cache.Note("placed " + path)
	if _, err := os.Lstat(to); errors.Is(err, fs.ErrNotExist) {
		return os.Rename(from, to)
	}
	return filetree.Exchange(from, to)
}

// Link makes path a hard link to the file from, which is in the cache, in
// one step; or, where the file system has no hard links, a copy in that mode.
func (d Dist) Link(from, path string, mode filetree.Mode) error {
	return d.Replace(path, func(dst string) error { return filetree.LinkOrCopy(from, dst, mode) })
}

// Files makes the folder at path hold just these files, by their names, and
// reports whether it did already.
func (d Dist) Files(path string, files map[string][]byte) (kept bool, err error) {
	kept = slices.Equal(List(d.Abs(path)), slices.Sorted(maps.Keys(files)))
	for name, data := range files {
		kept = kept && d.Holds(filepath.Join(path, filepath.FromSlash(name)), data)
	}
	if kept {
		return true, nil
	}
	return false, d.Replace(path, func(dst string) error { return WriteFiles(dst, files) })
}

// Intact reports whether the file at path has this size in bytes and this SHA-256
// in hex. It reads only what may have changed.
func (d Dist) Intact(path string, size int64, sum string) bool {
	n, now, err := d.Memory.Sum(d.Abs(path))
	return err == nil && n == size && now.String() == sum
}

// Same reports whether the folder at path holds what the folder want does, file by
// file. blobs is the folder in it whose files are named by their SHA-256.
func (d Dist) Same(path, want, blobs string) bool {
	names := List(want)
	if len(names) == 0 || !slices.Equal(names, List(d.Abs(path))) {
		return false
	}
	for _, name := range names {
		_, now, err := d.Memory.Sum(filepath.Join(d.Abs(path), name))
		if err != nil {
			return false
		}
		if sum, ok := strings.CutPrefix(name, blobs+"/"); ok {
			if now.String() != sum {
				return false
			}
			continue
		}
		if _, sum, err := (*filetree.Memory)(nil).Sum(filepath.Join(want, name)); err != nil || sum != now {
			return false
		}
	}
	return true
}

// List returns the paths of a folder's files, sorted; none where there is no
// folder.
func List(dir string) []string {
	var out []string
	_ = filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			rel, _ := filepath.Rel(dir, name)
			out = append(out, filepath.ToSlash(rel))
		}
		return nil
	})
	slices.Sort(out)
	return out
}

// WriteFiles writes files, by their paths, below a folder, which need not exist.
func WriteFiles(dir string, files map[string][]byte) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		to := filepath.Join(dir, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(to), 0o755), os.WriteFile(to, files[name], 0o644)); err != nil {
			return err
		}
	}
	return nil
}
