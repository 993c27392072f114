package images

import (
	"maps"
	"path"
	"strings"
)

// A Stack holds the entries of an image's layers by path, including links and the dirs above
// each entry.
type Stack map[string]Entry

// NewStack returns the stack of layers, the lowest first.
func NewStack(layers ...[]Entry) Stack {
	s := Stack{}
	for _, l := range layers {
		for _, e := range l {
			s.put(e)
		}
	}
	return s
}

// put adds an entry, and the dirs above it.
func (s Stack) put(e Entry) {
	if old, ok := s[e.Path]; ok && old.Folder && e.Folder && e.Mode == 0 {
		return
	}
	s[e.Path] = e
	for dir := path.Dir(e.Path); dir != "/"; dir = path.Dir(dir) {
		if _, ok := s[dir]; ok {
			return
		}
		s[dir] = Entry{Path: dir, Folder: true}
	}
}

// Entries returns files as entries of a layer.
func Entries(files []File) []Entry {
	out := make([]Entry, len(files))
	for i, f := range files {
		out[i] = f.entry()
	}
	return out
}

// follow returns where a path leads to. It need not exist.
func (s Stack) follow(at string) (string, error) {
	return follow(at, func(p string) string { return s[p].Target })
}

// dir returns where the path of a dir leads to, or the path if that is nowhere.
func (s Stack) dir(at string) string {
	if to, err := s.follow(at); err == nil {
		return to
	}
	return at
}

// place returns where a path is, with the links followed that its dirs are.
func (s Stack) place(at string) string { return path.Join(s.dir(path.Dir(at)), path.Base(at)) }

// opaque is the whiteout of all that lower layers have in a dir.
const opaque = ".wh..opq"

// remove removes what a whiteout names.
func (s Stack) remove(at string) {
	if path.Base(at) == opaque {
		s.empty(s.place(path.Dir(at)))
		return
	}
	at = s.place(at)
	s.empty(at)
	delete(s, at)
}

// empty removes all below a dir.
func (s Stack) empty(dir string) {
	if at, ok := s[dir]; ok && !at.Folder {
		return // nothing is below it
	}
	maps.DeleteFunc(s, func(at string, _ Entry) bool { return at != dir && within(dir, at) })
}

// within reports whether a path is a dir or below it.
func within(dir, at string) bool {
	return dir == "/" || at == dir || strings.HasPrefix(at, dir+"/")
}

// lay adds an entry in place of what is there. Of a dir, all below it stays, unless it is
// replaced by something else; a dir replaces a link to one, too.
func (s Stack) lay(e Entry) {
	if at := s.place(e.Path); at != e.Path {
		e.Path, e.name = at, e.Path
	}
	if !e.Folder {
		s.empty(e.Path)
	}
	s[e.Path] = e
}
