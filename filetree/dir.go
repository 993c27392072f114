package filetree

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	pathpkg "path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/slipway-build/slipway/internal/text"
)

// A Dir is a tree in a folder.
type Dir struct {
	Path string // of the folder
	Tree Tree
}

// ReadFile returns the content of a file, or of a link its target.
func (d Dir) ReadFile(path string) ([]byte, error) {
	e, ok := d.Tree.Lookup(path)
	if !ok {
		return nil, &fs.PathError{Op: "read", Path: path, Err: fs.ErrNotExist}
	}
	name := filepath.Join(d.Path, filepath.FromSlash(path))
	if e.Mode == Link {
		target, err := os.Readlink(name)
		return []byte(target), err
	}
	return os.ReadFile(name)
}

// Scan reads the folder at path and describes what lies there. A file that is
// neither regular nor a symbolic link is an error.
func Scan(ctx context.Context, path string) (Dir, error) {
	return scanWith(ctx, path, 2*runtime.GOMAXPROCS(0), nil)
}

// ScanAgain does what Scan does, but reads only files that known does not know,
// and on one processor: for work while something more important runs.
func ScanAgain(ctx context.Context, path string, known *Memory) (Dir, error) {
	return scanWith(ctx, path, 1, known)
}

func scanWith(ctx context.Context, path string, workers int, known *Memory) (Dir, error) {
	var tree Tree
	err := filepath.WalkDir(path, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(path, name)
		if err != nil {
			return err
		}
		if strings.ContainsRune(rel, '\n') {
			return fmt.Errorf("%q: a file's name may not hold a line break", name)
		}
		tree = append(tree, Entry{Path: filepath.ToSlash(rel)})
		return nil
	})
	if err != nil {
		return Dir{}, err
	}
	slices.SortFunc(tree, func(a, b Entry) int { return strings.Compare(a.Path, b.Path) })
	err = each(ctx, len(tree), workers, func(i int) error {
		var err error
		tree[i], err = describe(path, tree[i].Path, known)
		return err
	})
	if err != nil {
		return Dir{}, err
	}
	return Dir{Path: path, Tree: tree}, nil
}

// A ChangedError says that a folder no longer holds the tree it held.
type ChangedError struct {
	Dir   string
	Paths []string // that differ, sorted
}

func (e *ChangedError) Error() string {
	return fmt.Sprintf("%s was changed by something else: %s (%s)", e.Dir, e.Paths[0], text.Count(len(e.Paths), "file"))
}

// Verify returns a *ChangedError unless the folder holds exactly d.Tree. It
// reads what known, which may be nil, does not know.
func (d Dir) Verify(ctx context.Context, known *Memory) error {
	now, err := ScanAgain(ctx, d.Path, known)
	if err != nil {
		return err
	}
	if paths := d.Tree.Differ(now.Tree); len(paths) > 0 {
		return &ChangedError{d.Path, paths}
	}
	return nil
}

// describe returns the entry of one file.
func describe(root, path string, known *Memory) (Entry, error) {
	name := filepath.Join(root, filepath.FromSlash(path))
	info, err := os.Lstat(name)
	if err != nil {
		return Entry{}, err
	}
	e := Entry{Path: path, Mode: Regular, Size: info.Size()}
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		target, err := os.Readlink(name)
		e.Mode, e.Size, e.Sum = Link, int64(len(target)), sha256.Sum256([]byte(target))
		return e, err
	case !info.Mode().IsRegular():
		return Entry{}, fmt.Errorf("%s is neither a file nor a symbolic link", name)
	case info.Mode()&0o111 != 0:
		e.Mode = Executable
	}
	e.Sum, err = known.sum(name, info)
	return e, err
}

// Update turns the folder d, which holds exactly d.Tree, into the tree that
// changes make of base, touching only what differs, and returns it. Files that
// no change touches become hard links to base's where the file system allows
// it, so neither tree may be written to by anyone else. When Update fails, d is
// neither tree.
func (d Dir) Update(ctx context.Context, base Dir, changes []Change) (Dir, error) {
	return d.update(ctx, base, changes, LinkOrCopy)
}

// Copy makes dst, which must not exist yet or be empty, a copy of d that
// shares nothing with it.
func (d Dir) Copy(ctx context.Context, dst string) (Dir, error) {
	return Dir{Path: dst}.update(ctx, d, nil, Copy)
}

// A placer makes the file to one with the content of the file from.
type placer func(from, to string, mode Mode) error

func (d Dir) update(ctx context.Context, base Dir, changes []Change, place placer) (Dir, error) {
	out := Dir{Path: d.Path, Tree: base.Tree.Changed(changes)}
	content := make(map[string]Change, len(changes))
	for _, c := range changes {
		content[c.Path] = c
	}
	var fresh []Entry
	for _, path := range d.Tree.Differ(out.Tree) {
		if _, ok := d.Tree.Lookup(path); ok {
			if err := remove(d.Path, path); err != nil {
				return Dir{}, err
			}
		}
		if e, ok := out.Tree.Lookup(path); ok {
			fresh = append(fresh, e)
		}
	}
	if err := makeDirs(d.Path, fresh); err != nil {
		return Dir{}, err
	}
	return out, each(ctx, len(fresh), 2*runtime.GOMAXPROCS(0), func(i int) error {
		e := fresh[i]
		to := filepath.Join(d.Path, filepath.FromSlash(e.Path))
		if c, ok := content[e.Path]; ok {
			return write(to, c)
		}
		return place(filepath.Join(base.Path, filepath.FromSlash(e.Path)), to, e.Mode)
	})
}

// remove removes the file at path, if there is one, and the folders that
// it leaves empty.
func remove(root, path string) error {
	err := os.Remove(filepath.Join(root, filepath.FromSlash(path)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for dir := pathpkg.Dir(path); err == nil && dir != "."; dir = pathpkg.Dir(dir) {
		if os.Remove(filepath.Join(root, filepath.FromSlash(dir))) != nil {
			break
		}
	}
	return err
}

// makeDirs makes the folders of files.
func makeDirs(root string, files []Entry) error {
	if err := os.MkdirAll(root, 0o755); err != nil {
		return err
	}
	last := ""
	for _, e := range files {
		dir := filepath.Dir(filepath.FromSlash(e.Path))
		if dir == last {
			continue
		}
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			return err
		}
		last = dir
	}
	return nil
}

// LinkOrCopy makes the file to one with the file from, or, where the file
// system has no hard links, a copy in that mode. A symbolic link is copied.
func LinkOrCopy(from, to string, mode Mode) error {
	if mode != Link && os.Link(from, to) == nil {
		return nil
	}
	return Copy(from, to, mode)
}

// Copy makes the file to a copy of the file from, in that mode. A symbolic link is copied.
func Copy(from, to string, mode Mode) error {
	if mode == Link {
		target, err := os.Readlink(from)
		if err != nil {
			return err
		}
		return os.Symlink(target, to)
	}
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode.perm())
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		out.Close()
		return fmt.Errorf("copying %s to %s: %w", from, to, err)
	}
	return out.Close()
}

func write(to string, c Change) error {
	if c.Mode == Link {
		return os.Symlink(string(c.Content), to)
	}
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, c.Mode.perm())
	if err != nil {
		return err
	}
	_, err = out.Write(c.Content)
	return errors.Join(err, out.Close())
}

func (m Mode) perm() fs.FileMode {
	if m == Executable {
		return 0o755
	}
	return 0o644
}

// apart is how many numbers each takes at a time. Files beside each other are in one
// folder, where only one can be made at a time.
const apart = 256

// each calls f for 0 to n-1, that many at a time, until one fails.
func each(ctx context.Context, n, workers int, f func(i int) error) error {
	group, ctx := errgroup.WithContext(ctx)
	for w := range workers {
		group.Go(func() error {
			for i := w * apart; i < n; i++ {
				if err := ctx.Err(); err != nil {
					return err
				}
				if err := f(i); err != nil {
					return err
				}
				if i%apart == apart-1 {
					i += (workers - 1) * apart
				}
			}
			return nil
		})
	}
	return group.Wait()
}
