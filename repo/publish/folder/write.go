package folder

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/slipway-build/slipway/repo/tree"
)

// Modes are the same whatever the umask: a web server of another user reads the files.
const (
	fileMode   = 0o644
	folderMode = 0o755
)

// attempts is how often a file is placed if another run removes the folder for it, which was empty.
const attempts = 5

// Put writes a file. Content of a file that nobody writes to again is linked, where that can be.
func (f *Folder) Put(ctx context.Context, file tree.File) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return f.replace(ctx, file.Path, func(name string) error {
		if file.Class == tree.Content && linkable(file) && os.Link(file.From, name) == nil {
			return nil
		}
		return write(name, file)
	})
}

// Copy links the file at an entry's path to its content, or copies it where the file system has
// no links.
func (f *Folder) Copy(ctx context.Context, e tree.Entry) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	from, _, err := f.regular(e.Alias)
	if err != nil {
		return err
	}
	return f.replace(ctx, e.Path, func(name string) error {
		if os.Link(from, name) == nil {
			return nil
		}
		return write(name, tree.File{Entry: e, From: from})
	})
}

// linkable reports whether the folder can share a file with where it comes from. Slipway replaces
// its outputs and never writes to one again, so what is in dist stays what it was. Still a link
// has one mode and one owner at both ends, so these have to be what a repository's are: nobody
// else may write to it, and everybody may read it.
func linkable(file tree.File) bool {
	if file.From == "" {
		return false
	}
	info, err := os.Lstat(file.From)
	if err != nil || info.Mode() != fileMode || info.Size() != file.Size {
		return false
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(owner.Uid) == os.Geteuid()
}

// replace has fill write a file under a temporary name, and renames it to path, so that readers
// find the old file or the new one, whatever happens.
func (f *Folder) replace(ctx context.Context, path string, fill func(name string) error) error {
	to, err := f.place(path)
	if err != nil {
		return err
	}
	if info, err := os.Lstat(to); err == nil && info.IsDir() {
		return fmt.Errorf("%s is a folder, where the repository has a file: remove it", to)
	}
	dir, err := f.scratch(ctx)
	if err != nil {
		return err
	}
	own, err := os.MkdirTemp(dir, "")
	if err != nil {
		return err
	}
	defer os.RemoveAll(own) // with the name that is left where both were links to one file
	name := filepath.Join(own, "file")
	if err := fill(name); err != nil {
		return err
	}
	for range attempts {
		if err = f.makeFolder(filepath.Dir(to)); err == nil {
			err = os.Rename(name, to)
		}
		if !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	if err == nil {
		f.wrote(to)
	}
	return err
}

// write writes a file with the content of another.
func write(name string, file tree.File) (err error) {
	out, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	if err := out.Chmod(fileMode); err != nil {
		return err
	}
	if err := file.CopyTo(out); err != nil || file.Class == tree.Content {
		return err // content is synced before anything names it
	}
	return out.Sync()
}

// makeFolder makes a folder of the repository and those above it.
func (f *Folder) makeFolder(dir string) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	if dir == f.root {
		if err := os.MkdirAll(filepath.Dir(dir), folderMode); err != nil {
			return err
		}
	} else if err := f.makeFolder(filepath.Dir(dir)); err != nil {
		return err
	}
	if err := os.Mkdir(dir, folderMode); errors.Is(err, fs.ErrExist) {
		return nil
	} else if err != nil {
		return err
	}
	f.wrote(dir)
	return os.Chmod(dir, folderMode)
}
