package patches

import (
	"bytes"
	"cmp"
	"fmt"
	"strings"

	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/internal/glob"
)

// A FileDiff is what a patch does to one file.
type FileDiff struct {
	Line     int    // of the patch, where the diff begins
	Old, New string // slash paths in the tree; "" is no file: one is made, or deleted
	// What the patch says of the file's mode, "" if nothing. They are the same
	// where it only mentions the mode, which tells files from symbolic links.
	OldMode, NewMode filetree.Mode
	Copy             bool   // Old stays, where it would be renamed
	Index            string // git's ids of the file, OLD..NEW, whole or in part; "" if it says none
	Hunks            []Hunk
	Binary           *Binary // instead of hunks

	dos      bool   // each line of it ends with a carriage return: of the file, or of the patch alone
	returned bool   // it had them, and they are off
	encoded  bool   // it was in a mail's encoded body
	carried  bool   // it is of a commit
	other    string // a second name that the --- line says, of no file in the tree
}

// Plain reports whether the diff is only of text, as every patch program knows it:
// what is more, such as a rename, a mode, a link or a binary, is git's.
func (d FileDiff) Plain() bool {
	moved := d.Old != d.New && d.Old != "" && d.New != ""
	regular := func(m filetree.Mode) bool { return m == "" || m == filetree.Regular }
	return len(d.Hunks) > 0 && !moved && regular(d.OldMode) && regular(d.NewMode)
}

// parser walks over the lines of a patch. It keeps the first error, after which
// what it returns means nothing.
type parser struct {
	patch Patch
	text  excerpt
	line  []byte // the current one, with its newline; empty at the end
	i     int    // how many lines were taken
	n     int    // the line's number in the patch
	rest  []byte // what follows it
	cr    bool   // a line of the current header ended with a carriage return
	err   error
}

// field is the rest of a header line, and the line's number.
type field struct {
	text string
	line int
}

// Parse reads the diffs of a patch, git's and plain unified ones, and passes
// over mail headers and prose around them. Of a mailbox it returns those of all
// mails, in order. The lines are slices of the patch's data, but where that is
// encoded. An error is a *ParseError.
//
// Diffs of files that the patch excludes are left out, so there may be none.
func Parse(patch Patch) ([]FileDiff, error) {
	commits, err := commitsOf(patch)
	if err != nil {
		return nil, err
	}
	var diffs []FileDiff
	for _, c := range commits {
		diffs = append(diffs, c.diffs...)
	}
	return diffs, nil
}

// A span is a diff and where in an excerpt it is.
type span struct {
	diff     FileDiff
	from, to int
	left     bool // its file is not excluded
}

// parse reads the diffs of one excerpt of the patch, which may have none.
func parse(patch Patch, t excerpt) ([]span, error) {
	p := parser{patch: patch, text: t, rest: t.data}
	var found []span
	at := func() int { return len(t.data) - len(p.rest) - len(p.line) }
	for p.next(); len(p.line) > 0; {
		from := at()
		d, ok := p.diff()
		if p.err != nil {
			return nil, p.err
		}
		if ok {
			found = append(found, span{d, from, at(), true})
		}
	}
	return found, exclude(patch, found)
}

// exclude marks the diffs of files that the patch leaves out.
func exclude(patch Patch, found []span) error {
	if len(patch.Exclude) == 0 {
		return nil
	}
	excluded, err := glob.Matcher(patch.Exclude)
	if err != nil {
		return err
	}
	for i, f := range found {
		d := f.diff
		found[i].left = !excluded(cmp.Or(d.New, d.Old))
		if d.New == d.Old || d.New == "" || d.Old == "" || excluded(d.Old) != found[i].left {
			continue
		}
		switch {
		case found[i].left:
			err = fmt.Errorf("%s is made of %s, which upstream.exclude leaves out: "+
				"write the patch with the whole file (git format-patch --no-renames), or exclude both", d.New, d.Old)
		case !d.Copy:
			err = fmt.Errorf("%s is renamed to %s, which upstream.exclude leaves out: "+
				"write that the file is deleted (git format-patch --no-renames)", d.Old, d.New)
		}
		if err != nil {
			return &ParseError{Patch: patch.Name, Line: d.Line, Err: err}
		}
	}
	return nil
}

func (p *parser) fail(line int, format string, args ...any) {
	if p.err == nil {
		p.err = &ParseError{Patch: p.patch.Name, Line: line, Err: fmt.Errorf(format, args...)}
	}
}

func (p *parser) next() {
	i := bytes.IndexByte(p.rest, '\n') + 1
	if i == 0 {
		i = len(p.rest)
	}
	p.line, p.rest = p.rest[:i], p.rest[i:]
	p.n = p.text.line(p.i)
	p.i++
}

func (p *parser) at(prefix string) bool {
	return len(p.line) >= len(prefix) && string(p.line[:len(prefix)]) == prefix
}

// after takes the line without the prefix, and goes to the next. A carriage return
// at its end is the patch's: git quotes the names that have one.
func (p *parser) after(prefix string) field {
	s, cr := strings.CutSuffix(strings.TrimSuffix(string(p.line[len(prefix):]), "\n"), "\r")
	p.cr = p.cr || cr
	f := field{s, p.n}
	p.next()
	return f
}

// diff reads the diff that begins at the current line, or passes over a line
// of prose.
func (p *parser) diff() (d FileDiff, ok bool) {
	p.cr = false
	switch {
	case p.at("diff --git "):
		d = p.gitHeader()
	case p.atMarks():
		d = p.plainHeader()
	case p.atHunk(): // never prose: a change would be lost with it
		p.fail(p.n, "the hunk belongs to no file: no header and no other hunk is right before it")
	case p.at("Binary files ") && bytes.HasSuffix(bytes.TrimSpace(p.line), []byte(" differ")):
		p.failBinary(string(bytes.TrimSpace(p.line)))
	default:
		p.next()
		return d, false
	}
	if p.err == nil {
		d.Hunks = p.hunks()
	}
	d.dos, d.encoded = p.cr && endInReturns(d.Hunks), p.text.encoded
	d.carried = p.patch.Diff > 0
	return d, true
}

// endInReturns reports whether each line of the hunks ends with a carriage return.
func endInReturns(hunks []Hunk) bool {
	for _, h := range hunks {
		for _, l := range h.Lines {
			if !bytes.HasSuffix(bytes.TrimSuffix(l.Text, []byte("\n")), []byte("\r")) {
				return false
			}
		}
	}
	return len(hunks) > 0
}

func (p *parser) atMarks() bool {
	return p.at("--- ") && bytes.HasPrefix(p.rest, []byte("+++ "))
}

func (p *parser) failBinary(what string) {
	p.fail(p.n, "%s: the patch tells that a file without text differs, but not how: make it with git diff --binary", what)
}
