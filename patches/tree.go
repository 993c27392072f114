package patches

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"maps"
	"path"
	"slices"

	"github.com/slipway-build/slipway/filetree"
)

// file is a file while patches are applied. It is never changed, only replaced.
type file struct {
	mode  filetree.Mode
	lines [][]byte // only the last may end without a newline
}

// same reports whether two files are.
func (f *file) same(g *file) bool { return f.mode == g.mode && bytes.Equal(f.content(), g.content()) }

func (f *file) content() []byte { return bytes.Join(f.lines, nil) }

// tree is a base tree and what patches have made of it so far. Files stay split
// in lines from patch to patch.
type tree struct {
	base  filetree.Dir
	files map[string]*file // those that were read or written; nil is deleted
	more  map[string]int   // files below a folder that base has not, less those it had
}

func newTree(base filetree.Dir) *tree {
	return &tree{base: base, files: map[string]*file{}, more: map[string]int{}}
}

// mode returns the mode of the file at path, "" if there is none.
func (t *tree) mode(path string) filetree.Mode {
	if f, ok := t.files[path]; ok {
		if f == nil {
			return ""
		}
		return f.mode
	}
	e, _ := t.base.Tree.Lookup(path)
	return e.Mode
}

// read returns the file at path, nil if there is none.
func (t *tree) read(path string) (*file, error) {
	if f, ok := t.files[path]; ok {
		return f, nil
	}
	e, ok := t.base.Tree.Lookup(path)
	if !ok {
		return nil, nil
	}
	data, err := t.base.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the tree to patch: %w", err)
	}
	f := &file{e.Mode, splitLines(data)}
	t.files[path] = f
	return f, nil
}

// set makes f the file at name; nil deletes it.
func (t *tree) set(name string, f *file) {
	n := 0
	if t.mode(name) != "" {
		n--
	}
	if f != nil {
		n++
	}
	t.files[name] = f
	for dir := path.Dir(name); n != 0 && dir != "."; dir = path.Dir(dir) {
		t.more[dir] += n
	}
}

// isDir reports whether there are files below path.
func (t *tree) isDir(path string) bool {
	return len(t.base.Tree.Below(path))+t.more[path] > 0
}

// misplaced says why the file at name, if it exists, cannot be there.
func (t *tree) misplaced(name string) string {
	if t.mode(name) == "" {
		return ""
	}
	if t.isDir(name) {
		return "it is a folder"
	}
	return t.blocked(name)
}

// blocked says which parent of name is not a folder.
func (t *tree) blocked(name string) string {
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		switch t.mode(dir) {
		case "":
		case filetree.Link:
			return "it goes through the symbolic link " + dir
		default:
			return dir + " is a file"
		}
	}
	return ""
}

// absence says why there is no file at name.
func (t *tree) absence(name string) string {
	if why := t.blocked(name); why != "" {
		return "does not exist: " + why
	}
	if t.isDir(name) {
		return "is a folder"
	}
	return "does not exist"
}

// changes returns what differs from base, sorted by path.
func (t *tree) changes() []filetree.Change {
	var changes []filetree.Change
	for _, name := range slices.Sorted(maps.Keys(t.files)) {
		f := t.files[name]
		e, had := t.base.Tree.Lookup(name)
		if f == nil {
			if had {
				changes = append(changes, filetree.Change{Path: name, Deleted: true})
			}
			continue
		}
		content := f.content()
		if !had || e.Mode != f.mode || e.Sum != sha256.Sum256(content) {
			changes = append(changes, filetree.Change{Path: name, Mode: f.mode, Content: content})
		}
	}
	return changes
}

func endsLine(line []byte) bool { return bytes.HasSuffix(line, []byte("\n")) }

// splitLines returns data's lines with their newlines.
func splitLines(data []byte) [][]byte {
	lines := make([][]byte, 0, bytes.Count(data, []byte("\n"))+1)
	for line := range bytes.Lines(data) {
		lines = append(lines, line)
	}
	return lines
}
