// Package tarballs writes trees as release tarballs.
package tarballs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/mholt/archives"

	"github.com/slipway-build/slipway/filetree"
)

// Write writes a tree to the tarball name, whose extension selects the compression:
// .tar.gz or .tar.xz. In the tarball the tree is below the folder root, or at the
// top if root is empty.
//
// All files belong to the user root and have the time date, so the same tree makes
// the same bytes. If Write fails, it leaves no file.
func Write(ctx context.Context, name, root string, tree filetree.Dir, date time.Time) error {
	var compression archives.Compression
	switch {
	case strings.HasSuffix(name, ".tar.gz"):
		compression = archives.Gz{} // in one thread: how many there are would show in the bytes
	case strings.HasSuffix(name, ".tar.xz"):
		compression = archives.Xz{}
	default:
		return fmt.Errorf("%s: want a name that ends in .tar.gz or .tar.xz", name)
	}
	list, err := files(root, tree, date)
	if err != nil {
		return err
	}
	out, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".")
	if err != nil {
		return err
	}
	defer os.Remove(out.Name())
	format := archives.CompressedArchive{Archival: archives.Tar{}, Compression: compression}
	err = format.Archive(ctx, out, list)
	if err := errors.Join(err, out.Chmod(0o644), out.Close()); err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	return os.Rename(out.Name(), name)
}

// files returns the tree's folders and files, each folder before what is in it.
func files(root string, tree filetree.Dir, date time.Time) ([]archives.FileInfo, error) {
	var out []archives.FileInfo
	made := map[string]bool{}
	var folder func(dir string)
	folder = func(dir string) {
		if dir == "." || made[dir] {
			return
		}
		made[dir] = true
		if up := path.Dir(dir); up != "." {
			folder(up)
		}
		out = append(out, archives.FileInfo{
			FileInfo:      entry{name: path.Base(dir), mode: fs.ModeDir | 0o755, date: date},
			NameInArchive: dir + "/",
		})
	}
	folder(path.Clean(root))
	for _, e := range tree.Tree {
		name := path.Join(root, e.Path)
		folder(path.Dir(name))
		info := archives.FileInfo{FileInfo: entry{path.Base(name), e.Size, 0o644, date}, NameInArchive: name}
		at := filepath.Join(tree.Path, filepath.FromSlash(e.Path))
		switch e.Mode {
		case filetree.Link:
			target, err := os.Readlink(at)
			if err != nil {
				return nil, err
			}
			info.FileInfo, info.LinkTarget = entry{path.Base(name), 0, fs.ModeSymlink | 0o777, date}, target
		case filetree.Executable:
			info.FileInfo = entry{path.Base(name), e.Size, 0o755, date}
		}
		info.Open = func() (fs.File, error) { return os.Open(at) }
		out = append(out, info)
	}
	return out, nil
}

// An entry is the header of a file in the tarball.
type entry struct {
	name string
	size int64
	mode fs.FileMode
	date time.Time
}

func (e entry) Name() string       { return e.name }
func (e entry) Size() int64        { return e.size }
func (e entry) Mode() fs.FileMode  { return e.mode }
func (e entry) ModTime() time.Time { return e.date }
func (e entry) IsDir() bool        { return e.mode.IsDir() }
func (e entry) Sys() any           { return nil }
