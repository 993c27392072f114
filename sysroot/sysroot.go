// Package sysroot lays out the C headers and libraries of another system, for a compiler
// to use instead of the machine's: those in a folder, or in pinned Debian packages.
package sysroot

import (
	"context"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/debbase"
	"github.com/slipway-build/slipway/filetree"
)

// A Source is what a sysroot is made of. Its JSON says all that decides the sysroot.
type Source struct {
	Folder string        `json:",omitempty"` // digest of what a compiler may read in a folder
	Pins   []debbase.Pin `json:",omitempty"`

	folder filetree.Dir
	from   []debbase.Archive
}

// Packages returns the source that Debian packages are, which can be fetched from
// archives.
func Packages(pins []debbase.Pin, from []debbase.Archive) Source {
	return Source{Pins: pins, from: from}
}

// Folder returns the source that a folder is. It reads what known does not know.
func Folder(ctx context.Context, dir string, known *filetree.Memory) (Source, error) {
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return Source{}, err
	}
	tree, err := scan(ctx, dir, known)
	if err != nil {
		return Source{}, err
	}
	if len(tree) == 0 {
		return Source{}, fmt.Errorf("%s is not a sysroot: it has neither usr/include nor usr/lib", dir)
	}
	return Source{Folder: tree.Digest(), folder: filetree.Dir{Path: dir, Tree: tree}}, nil
}

// keep reports whether a compiler or pkg-config may read what a sysroot has at a path.
func keep(name string) bool {
	name = strings.TrimPrefix(name, "usr/")
	name = strings.TrimPrefix(name, "local/")
	top, below, _ := strings.Cut(name, "/")
	return top == "include" || strings.HasPrefix(top, "lib") && top != "libexec" ||
		top == "share" && (below == "pkgconfig" || strings.HasPrefix(below, "pkgconfig/"))
}

// scan describes the files of a folder that a sysroot has. Other files are not read: the
// folder can be the root of a whole system.
func scan(ctx context.Context, dir string, known *filetree.Memory) (filetree.Tree, error) {
	var tree filetree.Tree
	for _, above := range []string{"", "usr", "usr/local", "usr/share"} {
		if info, err := os.Lstat(filepath.Join(dir, above)); err != nil || !info.IsDir() {
			continue // a link in place of usr leads to what is read anyway
		}
		entries, err := os.ReadDir(filepath.Join(dir, above))
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			name := path.Join(above, e.Name())
			if !keep(name) {
				continue
			}
			some, err := scanOne(ctx, dir, name, known)
			if err != nil {
				return nil, err
			}
			tree = append(tree, some...)
		}
	}
	slices.SortFunc(tree, func(a, b filetree.Entry) int { return strings.Compare(a.Path, b.Path) })
	return tree, nil
}

// scanOne describes the files of one folder in another, or the link that it is.
func scanOne(ctx context.Context, dir, name string, known *filetree.Memory) (filetree.Tree, error) {
	at, err := filetree.ScanAgain(ctx, filepath.Join(dir, name), known)
	if err != nil {
		return nil, err
	}
	for i, e := range at.Tree {
		at.Tree[i].Path = path.Join(name, e.Path)
	}
	return at.Tree, nil
}

// Folders are where sysroots are made: the one that packages are fetched into, an empty one
// for what they hold; and Fetched is called after each package that is there.
type Folders struct {
	Debs, Scratch string
	Fetched       func()
}

// Lay writes the sysroot to dst, an empty folder.
func (s Source) Lay(ctx context.Context, in Folders, dst string) (filetree.Dir, error) {
	if s.Folder != "" {
		return s.copy(ctx, dst)
	}
	if err := debbase.Fetch(ctx, s.from, s.Pins, in.Debs, in.Fetched); err != nil {
		return filetree.Dir{}, err
	}
	layer, err := debbase.Unpack(ctx, s.Pins, in.Debs, in.Scratch)
	if err != nil {
		return filetree.Dir{}, err
	}
	changes, err := unpacked(layer)
	if err != nil {
		return filetree.Dir{}, err
	}
	return filetree.Dir{Path: dst}.Update(ctx, filetree.Dir{}, changes)
}

// copy copies the folder, with links that stay in it. A folder that somebody changes
// meanwhile is no sysroot.
func (s Source) copy(ctx context.Context, dst string) (filetree.Dir, error) {
	out, err := s.folder.Copy(ctx, dst)
	if err != nil {
		return out, err
	}
	if err := out.Verify(ctx, nil); err != nil {
		return out, fmt.Errorf("%s was changed while it was read: run this again: %w", s.folder.Path, err)
	}
	var changes []filetree.Change
	for _, e := range out.Tree {
		if e.Mode != filetree.Link {
			continue
		}
		target, err := out.ReadFile(e.Path)
		if err != nil {
			return out, err
		}
		if inside := contained(e.Path, string(target)); inside != string(target) {
			changes = append(changes, filetree.Change{Path: e.Path, Mode: filetree.Link, Content: []byte(inside)})
		}
	}
	return out.Update(ctx, out, changes)
}

// contained returns the target of a link, so that it leads to the same place in the
// sysroot as it does where the sysroot is the root: those of Debian's libraries are
// absolute, and a linker would follow them to the machine's.
func contained(name, target string) string {
	from := path.Dir("/" + name)
	if !path.IsAbs(target) {
		if up := path.Join(path.Dir(name), target); up != ".." && !strings.HasPrefix(up, "../") {
			return target
		}
		target = path.Join(from, target)
	}
	rel, err := filepath.Rel(from, path.Clean(target))
	if err != nil {
		return target // neither is relative, so this is not reached
	}
	return filepath.ToSlash(rel)
}

// unpacked returns the files of packages that a sysroot has, as changes of nothing.
func unpacked(layer debbase.Layer) ([]filetree.Change, error) {
	var out []filetree.Change
	files := map[string]debbase.Entry{} // that hard links may be other names of
	for _, e := range layer.Entries {
		if e.Kind == debbase.File {
			files[e.Path] = e
		}
		if e.Kind == debbase.Folder || !keep(e.Path) {
			continue
		}
		c := filetree.Change{Path: e.Path, Mode: filetree.Regular}
		if e.Kind == debbase.Link {
			c.Mode, c.Content = filetree.Link, []byte(contained(e.Path, e.Target))
			out = append(out, c)
			continue
		}
		if e.Kind == debbase.HardLink {
			e = files[e.Target]
		}
		if e.Mode&0o111 != 0 {
			c.Mode = filetree.Executable
		}
		var err error
		if c.Content, err = content(e); err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

func content(e debbase.Entry) ([]byte, error) {
	r, err := e.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}
