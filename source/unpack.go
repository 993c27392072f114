package source

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/mholt/archives"

	"github.com/slipway-build/slipway/filetree"
)

// A limit is how much may come out of an archive before it counts as made to
// fill a disk.
type limit struct {
	bytes int64
	files int
}

// limits are far above any sources there are: Kubernetes with all that it
// vendors is 30,000 files and 0.3 GB.
func limits() limit { return limit{bytes: 8 << 30, files: 1 << 20} }

// archive is an archive to extract.
type archive struct {
	file   *os.File
	format archives.Extractor
	strip  int // leading folders to take off the names in it
	limit  limit
}

// extraction is an archive on its way into a folder.
type extraction struct {
	dst   string
	strip int
	left  limit
	tree  map[string]filetree.Entry
	links map[string]string // symbolic links and their targets, which are made last
	time  time.Time         // of the newest file
}

// unpack extracts an archive to dst, which does not exist. One that holds
// anything that does not belong in a tree of sources is refused whole.
func unpack(ctx context.Context, from archive, dst string) (Tree, error) {
	x := &extraction{
		dst: dst, strip: from.strip, left: from.limit,
		tree: map[string]filetree.Entry{}, links: map[string]string{},
	}
	if err := os.MkdirAll(dst, 0o755); err != nil {
		return Tree{}, err
	}
	err := from.format.Extract(ctx, from.file, x.entry)
	if err == nil {
		err = x.finish()
	}
	if err != nil {
		return Tree{}, errors.Join(err, os.RemoveAll(dst))
	}
	t := Tree{Dir: filetree.Dir{Path: dst}, Time: x.time.UTC().Truncate(time.Second)}
	for _, e := range x.tree {
		t.Tree = append(t.Tree, e)
	}
	slices.SortFunc(t.Tree, func(a, b filetree.Entry) int { return strings.Compare(a.Path, b.Path) })
	return t, nil
}

// entry takes one entry of the archive.
func (x *extraction) entry(_ context.Context, info archives.FileInfo) error {
	name, err := x.name(info)
	if err != nil || name == "" {
		return err
	}
	if _, ok := x.tree[name]; ok {
		return fmt.Errorf("%s is in the archive twice", name)
	}
	if x.left.files--; x.left.files < 0 {
		return errors.New("it has too many files for a source tree")
	}
	if info.ModTime().After(x.time) {
		x.time = info.ModTime()
	}
	hdr, tarred := info.Header.(*tar.Header)
	switch {
	case tarred && hdr.Typeflag == tar.TypeLink:
		return x.hardLink(name, hdr.Linkname)
	case info.Mode()&fs.ModeSymlink != 0:
		if why := filetree.BadTarget(name, info.LinkTarget); why != "" {
			return fmt.Errorf("%s is a symbolic link %s", name, why)
		}
		x.links[name] = info.LinkTarget
		x.tree[name] = filetree.Entry{Path: name, Mode: filetree.Link,
			Size: int64(len(info.LinkTarget)), Sum: sha256.Sum256([]byte(info.LinkTarget))}
		return nil
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is a %s, which a source tree cannot contain", name, kind(info.Mode()))
	}
	content, err := info.Open()
	if err != nil {
		return err
	}
	defer content.Close()
	mode := filetree.Regular
	if info.Mode()&0o111 != 0 {
		mode = filetree.Executable
	}
	return x.write(name, mode, content)
}

// kind names what is neither a file nor a link.
func kind(m fs.FileMode) string {
	switch {
	case m&fs.ModeNamedPipe != 0:
		return "named pipe"
	case m&fs.ModeSocket != 0:
		return "socket"
	}
	return "device"
}

// name returns where an entry goes, "" for one that goes nowhere: a folder.
func (x *extraction) name(info archives.FileInfo) (string, error) {
	name := strings.TrimPrefix(info.NameInArchive, "./")
	folder := info.IsDir()
	if folder {
		name = strings.TrimSuffix(name, "/")
	}
	if name == "" && folder || name == "." {
		return "", nil
	}
	if !filepath.IsLocal(name) || path.Clean(name) != name || strings.ContainsAny(name, "\\\n\x00") {
		return "", fmt.Errorf("%q is outside the tree, or is not a clean path", info.NameInArchive)
	}
	for part := range strings.SplitSeq(name, "/") {
		if strings.EqualFold(part, ".git") {
			return "", fmt.Errorf("%q is in a .git folder", info.NameInArchive)
		}
	}
	if folder {
		return "", nil
	}
	parts := strings.Split(name, "/")
	if len(parts) <= x.strip {
		return "", fmt.Errorf("%s has fewer than the %d leading folders that upstream.strip removes", name, x.strip)
	}
	return strings.Join(parts[x.strip:], "/"), nil
}

// write writes a file.
func (x *extraction) write(name string, mode filetree.Mode, content io.Reader) error {
	at := filepath.Join(x.dst, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
		return fmt.Errorf("%s is below a file: %w", name, err)
	}
	perm := fs.FileMode(0o644)
	if mode == filetree.Executable {
		perm = 0o755
	}
	out, err := os.OpenFile(at, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
	if err != nil {
		return err
	}
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(out, h), io.LimitReader(content, x.left.bytes+1))
	if err := errors.Join(err, out.Close()); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if x.left.bytes -= n; x.left.bytes < 0 {
		return errors.New("its contents are too large for a source tree")
	}
	x.tree[name] = filetree.Entry{Path: name, Mode: mode, Size: n, Sum: filetree.Sum(h.Sum(nil))}
	return nil
}

// hardLink makes the file a copy of an earlier one of the archive.
func (x *extraction) hardLink(name, target string) error {
	parts := strings.Split(strings.TrimPrefix(target, "./"), "/")
	if len(parts) > x.strip {
		if e, ok := x.tree[strings.Join(parts[x.strip:], "/")]; ok && e.Mode != filetree.Link {
			from, err := os.Open(filepath.Join(x.dst, filepath.FromSlash(e.Path)))
			if err != nil {
				return err
			}
			defer from.Close()
			return x.write(name, e.Mode, from)
		}
	}
	return fmt.Errorf("%s is a link to %q, which is not a file before it in the archive", name, target)
}

// finish makes the symbolic links, once no file can be written through one.
func (x *extraction) finish() error {
	if len(x.tree) == 0 {
		return errors.New("it contains no files")
	}
	for name, target := range x.links {
		at := filepath.Join(x.dst, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			return fmt.Errorf("%s is below a file: %w", name, err)
		}
		if err := os.Symlink(target, at); err != nil {
			return fmt.Errorf("%s is in the archive twice: %w", name, err)
		}
	}
	for name := range x.tree {
		for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
			if _, ok := x.tree[dir]; ok {
				return fmt.Errorf("%s is below %s, which is a file or a link", name, dir)
			}
		}
	}
	return nil
}
