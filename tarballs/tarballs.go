// Package tarballs writes trees as release tarballs.
package tarballs

import (
	"context"
	"errors"
	"fmt"
	"hash"
	"io"
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
	return place(ctx, name, compression, list, nil)
}

// place writes an archive and gives it its name once it is whole. also, which may be nil, is
// told its bytes.
func place(
	ctx context.Context, name string, compression archives.Compression, list []archives.FileInfo, also io.Writer,
) error {
	out, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".")
	if err != nil {
		return err
	}
	defer os.Remove(out.Name())
	to := io.Writer(out)
	if also != nil {
		to = io.MultiWriter(out, also)
	}
	format := archives.CompressedArchive{Archival: archives.Tar{}, Compression: compression}
	err = format.Archive(ctx, to, list)
	if err := errors.Join(err, out.Chmod(0o644), out.Close()); err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	return os.Rename(out.Name(), name)
}

// A counter counts and sums what is written.
type counter struct {
	hash.Hash
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	c.n += int64(len(p))
	return c.Hash.Write(p)
}

// members are what an archive holds, in order.
type members struct {
	date time.Time
	made map[string]bool // folders
	list []archives.FileInfo
}

// folder adds a folder, and before it those that it is in, unless it is there.
func (m *members) folder(dir string) {
	if dir == "." || m.made[dir] {
		return
	}
	m.made[dir] = true
	m.folder(path.Dir(dir))
	m.list = append(m.list, archives.FileInfo{
		FileInfo:      entry{name: path.Base(dir), mode: fs.ModeDir | 0o755, date: m.date},
		NameInArchive: dir + "/",
	})
}

// files returns the tree's folders and files, each folder before what is in it.
func files(root string, tree filetree.Dir, date time.Time) ([]archives.FileInfo, error) {
	m := members{date: date, made: map[string]bool{}}
	m.folder(path.Clean(root))
	for _, e := range tree.Tree {
		name := path.Join(root, e.Path)
		m.folder(path.Dir(name))
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
		m.list = append(m.list, info)
	}
	return m.list, nil
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
