// Package tree describes the files of a repository: what is at which path, how long it
// stays there, and when a reader may find it.
package tree

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
)

// A Class says how a file changes, and so when it is published and how long it may be cached.
type Class string

// The classes, in the order in which files of them are published.
const (
	// Content never changes at its path: packages, indexes by hash, revisions of metadata. It
	// may be there before anything names it.
	Content Class = "content"
	// Index is replaced: a copy of content under a name that stays, for readers that do not
	// know the content's. Its entry has an Alias.
	Index Class = "index"
	// Commit is replaced: it is what readers start at, and names the content that belongs
	// together. It is small.
	Commit Class = "commit"
)

func (c Class) rank() int { return slices.Index([]Class{Content, Index, Commit}, c) }

// An Entry is a file of a repository, as its listing has it.
type Entry struct {
	Path   string `json:"path"`   // relative to the repository's root, with slashes
	Size   int64  `json:"size"`   // bytes
	SHA256 string `json:"sha256"` // hex
	Class  Class  `json:"class"`
	// Alias is the path of content that is the same bytes, and is there before: a target can copy
	// it there instead of taking it over the network again.
	Alias string `json:"alias,omitempty"`
	// Until is set where the repository's state no longer needs the file: the time, RFC 3339, UTC,
	// until which it stays for readers with an older index.
	Until string `json:"until,omitempty"`
}

// A File is an entry with its content: Data or, for content that is too large to hold, the
// absolute path of a file with it. An entry with neither is there already, or has an Alias.
type File struct {
	Entry
	Data []byte
	From string
}

// Of returns a file with data.
func Of(class Class, path string, data []byte) File {
	if data == nil {
		data = []byte{} // an empty file has content
	}
	return File{Entry: Entry{Path: path, Size: int64(len(data)), SHA256: sum(data), Class: class}, Data: data}
}

// AliasOf returns an entry at path with the bytes of content.
func AliasOf(class Class, path string, content File) File {
	e := content.Entry
	e.Path, e.Class, e.Alias = path, class, content.Path
	return File{Entry: e, Data: content.Data, From: content.From}
}

// Sort sorts files as they are published, and by path.
func Sort(files []File) {
	slices.SortFunc(files, func(a, b File) int { return Compare(a.Entry, b.Entry) })
}

// Compare orders entries as they are published, and by path.
func Compare(a, b Entry) int {
	return cmp.Or(cmp.Compare(a.Class.rank(), b.Class.rank()), strings.Compare(a.Path, b.Path))
}

// Merge returns the files of lists, sorted. The same file in several is one; two with other
// content at one path are an error.
func Merge(lists ...[]File) ([]File, error) {
	at := map[string]File{}
	for _, f := range slices.Concat(lists...) {
		had, ok := at[f.Path]
		if ok && had.SHA256 != f.SHA256 {
			return nil, fmt.Errorf("%s would be two files with other content: sha256:%s and sha256:%s",
				f.Path, had.SHA256, f.SHA256)
		}
		if !ok {
			at[f.Path] = f
		}
	}
	files := make([]File, 0, len(at))
	for _, f := range at {
		files = append(files, f)
	}
	Sort(files)
	return files, nil
}

// HasContent reports whether the content of f is here.
func (f File) HasContent() bool { return f.Data != nil || f.From != "" }

// Open opens the content of a file that has some.
func (f File) Open() (io.ReadSeekCloser, error) { return open(f) }
