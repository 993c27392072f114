// Package filetree describes a tree of files as a value: what each file is
// called, how it may be used, and which bytes it holds. Two trees with the same
// digest are the same tree.
package filetree

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
)

// Mode is what kind of file an Entry is, in the six octal digits git uses. No
// other permission, owner or time belongs to a tree.
type Mode string

// The modes a tree knows.
const (
	Regular    Mode = "100644"
	Executable Mode = "100755"
	Link       Mode = "120000" // a symbolic link; its content is its target
)

// Sum is the SHA-256 of a file's content, or of a link's target.
type Sum [sha256.Size]byte

// String returns the sum in lower-case hex.
func (s Sum) String() string { return hex.EncodeToString(s[:]) }

// An Entry is one file of a tree. Folders have no entries.
type Entry struct {
	Path string // slash-separated, relative to the root, clean
	Mode Mode
	Size int64 // bytes of content
	Sum  Sum
}

// A Tree is the files of a folder, sorted by Path.
type Tree []Entry

// Digest returns "sha256:" and the hex SHA-256 of the tree's listing: a line
// of mode, sum and path for each file. Equal digests mean equal trees.
func (t Tree) Digest() string {
	h := sha256.New()
	var line []byte
	for _, e := range t {
		line = append(append(line[:0], e.Mode...), ' ')
		line = append(hex.AppendEncode(line, e.Sum[:]), ' ')
		line = append(append(line, e.Path...), '\n')
		h.Write(line)
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil))
}

// Size returns the bytes that all files hold.
func (t Tree) Size() int64 {
	var n int64
	for _, e := range t {
		n += e.Size
	}
	return n
}

// Lookup returns the file at path.
func (t Tree) Lookup(path string) (Entry, bool) {
	i, ok := slices.BinarySearchFunc(t, path, func(e Entry, p string) int { return strings.Compare(e.Path, p) })
	if !ok {
		return Entry{}, false
	}
	return t[i], true
}

// Below returns the files in the folder, at any depth; "." is the
// root.
func (t Tree) Below(dir string) Tree {
	if dir == "." {
		return t
	}
	from, _ := slices.BinarySearchFunc(t, dir+"/", func(e Entry, p string) int { return strings.Compare(e.Path, p) })
	to := from
	for to < len(t) && strings.HasPrefix(t[to].Path, dir+"/") {
		to++
	}
	return t[from:to]
}

// A Change is what happens to one path: it gets new content in a mode, or is
// deleted.
type Change struct {
	Path    string
	Mode    Mode
	Content []byte
	Deleted bool
}

// Compose returns the changes that do what first and then second do.
func Compose(first, second []Change) []Change {
	later := make(map[string]bool, len(second))
	for _, c := range second {
		later[c.Path] = true
	}
	out := slices.DeleteFunc(slices.Clone(first), func(c Change) bool { return later[c.Path] })
	return append(out, second...)
}

// Changed returns the tree that changes make of t. The changes name each path
// once, in any order.
func (t Tree) Changed(changes []Change) Tree {
	byPath := make(map[string]Change, len(changes))
	for _, c := range changes {
		byPath[c.Path] = c
	}
	out := make(Tree, 0, len(t)+len(changes))
	for _, e := range t {
		if _, ok := byPath[e.Path]; !ok {
			out = append(out, e)
		}
	}
	for _, c := range changes {
		if !c.Deleted {
			out = append(out, Entry{Path: c.Path, Mode: c.Mode, Size: int64(len(c.Content)), Sum: sha256.Sum256(c.Content)})
		}
	}
	slices.SortFunc(out, func(a, b Entry) int { return strings.Compare(a.Path, b.Path) })
	return out
}

// Differ returns the paths that are not the same in both trees, sorted.
func (t Tree) Differ(u Tree) []string {
	var paths []string
	for len(t) > 0 || len(u) > 0 {
		switch {
		case len(u) == 0 || len(t) > 0 && t[0].Path < u[0].Path:
			paths, t = append(paths, t[0].Path), t[1:]
		case len(t) == 0 || u[0].Path < t[0].Path:
			paths, u = append(paths, u[0].Path), u[1:]
		default:
			if t[0] != u[0] {
				paths = append(paths, t[0].Path)
			}
			t, u = t[1:], u[1:]
		}
	}
	return paths
}
