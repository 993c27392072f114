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
	Copy             bool // Old stays, where it would be renamed
	Hunks            []Hunk
	Binary           *Binary // instead of hunks
	// OldID and NewID are git's ids of both contents, of a patch that is a commit; ""
	// where they are not known.
	OldID, NewID string
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
	line  []byte // the current one, with its newline; empty at the end
	n     int    // its number
	rest  []byte // what follows it
	err   error
}

// field is the rest of a header line, and the line's number.
type field struct {
	text string
	line int
}

// Parse reads the diffs of a patch, git's and plain unified ones, and passes
// over mail headers and prose around them. The lines are slices of the patch's
// data. An error is a *ParseError.
//
// Diffs of files that the patch excludes are left out, so there may be none.
func Parse(patch Patch) ([]FileDiff, error) {
	excluded, err := glob.Matcher(patch.Exclude)
	if err != nil {
		return nil, err
	}
	found, err := parseAll(patch)
	if err != nil {
		return nil, err
	}
	var diffs []FileDiff
	for _, f := range found {
		d := f.diff
		switch out := excluded(cmp.Or(d.New, d.Old)); {
		case !out:
			diffs = append(diffs, d)
		case d.New != "" && d.Old != "" && !d.Copy && !excluded(d.Old):
			return nil, &ParseError{Patch: patch.Name, Line: d.Line, Err: fmt.Errorf(
				"%s is renamed to %s, which upstream.exclude leaves out: write that the file is deleted", d.Old, d.New)}
		}
	}
	return diffs, nil
}

// A span is a diff and where in the patch's data it is.
type span struct {
	diff     FileDiff
	from, to int
}

// parseAll reads all diffs of a patch, with where they are.
func parseAll(patch Patch) ([]span, error) {
	p := parser{patch: patch, rest: patch.Data[patch.Diff:], n: bytes.Count(patch.Data[:patch.Diff], []byte("\n"))}
	var found []span
	at := func() int { return len(patch.Data) - len(p.rest) - len(p.line) }
	for p.next(); len(p.line) > 0; {
		from := at()
		d, ok := p.diff()
		if p.err != nil {
			return nil, p.err
		}
		if ok {
			found = append(found, span{d, from, at()})
		}
	}
	if len(found) == 0 {
		p.fail(1, "the patch contains no diff")
	}
	return found, p.err
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
	p.n++
}

func (p *parser) at(prefix string) bool {
	return len(p.line) >= len(prefix) && string(p.line[:len(prefix)]) == prefix
}

// after takes the line without the prefix, and goes to the next.
func (p *parser) after(prefix string) field {
	f := field{strings.TrimSuffix(string(p.line[len(prefix):]), "\n"), p.n}
	p.next()
	return f
}

// diff reads the diff that begins at the current line, or passes over a line
// of prose.
func (p *parser) diff() (d FileDiff, ok bool) {
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
	return d, true
}

func (p *parser) atMarks() bool {
	return p.at("--- ") && bytes.HasPrefix(p.rest, []byte("+++ "))
}

func (p *parser) failBinary(what string) {
	p.fail(p.n, "%s: the patch tells that a file without text differs, but not how: make it with git diff --binary", what)
}

// gitHeader reads from a "diff --git" line up to the first hunk.
func (p *parser) gitHeader() FileDiff {
	d := FileDiff{Line: p.n}
	names := p.after("diff --git ")
	h := p.extended()
	p.gitNames(&d, names, h)
	p.gitModes(&d, h)
	if p.patch.Diff > 0 {
		ids, _, _ := strings.Cut(h["index "].text, " ")
		d.OldID, d.NewID, _ = strings.Cut(ids, "..")
	}
	switch name := cmp.Or(d.New, d.Old); {
	case p.at("GIT binary patch"):
		d.Binary = p.binary(name, h["index "])
	case p.at("Binary files "):
		p.failBinary(name)
	case p.atMarks(): // which say again what the header said
		p.needMark("--- ", d.Old)
		p.needMark("+++ ", d.New)
		p.needHunk(name)
	case p.at("@@"), p.at("--- "):
		p.fail(p.n, "a hunk of %s needs a --- and a +++ line before it", name)
	case d.Old == d.New && d.OldMode == d.NewMode:
		p.fail(d.Line, "the diff of %s changes nothing", name)
	}
	return d
}

// extended reads the lines that git puts between "diff --git" and "---", by
// what they begin with.
func (p *parser) extended() map[string]field {
	h := map[string]field{}
	for key := p.extendedKey(); key != ""; key = p.extendedKey() {
		if h[key].line > 0 {
			p.fail(p.n, "the header has a second line %q", strings.TrimSpace(key))
		}
		h[key] = p.after(key)
	}
	return h
}

func (p *parser) extendedKey() string {
	for _, key := range []string{"old mode ", "new mode ", "new file mode ", "deleted file mode ",
		"rename from ", "rename to ",
		"copy from ", "copy to ", "similarity index ", "dissimilarity index ", "index "} {
		if p.at(key) {
			return key
		}
	}
	return ""
}

// gitNames sets the names of d.
func (p *parser) gitNames(d *FileDiff, names field, h map[string]field) {
	from, to := h["rename from "], h["rename to "]
	if f, ok := h["copy from "]; ok {
		from, to, d.Copy = f, h["copy to "], true
	}
	made, gone := h["new file mode "].line > 0, h["deleted file mode "].line > 0
	moved := from.line > 0 && to.line > 0
	switch {
	case made && gone, moved && (made || gone), !moved && from.line+to.line > 0:
		p.fail(d.Line, "the header says more than one thing of the file, or only one of from and to")
	case moved: // these lines never have the a/ and b/ of the others
		d.Old, d.New = p.name(from, p.patch.Strip-1), p.name(to, p.patch.Strip-1)
		if d.Old == d.New {
			p.fail(d.Line, "%s is renamed or copied to itself", d.Old)
		}
	default:
		name, err := commonName(names.text, p.patch.Strip)
		if err != nil {
			p.fail(d.Line, "%w", err)
		}
		d.New = p.name(field{name, d.Line}, p.patch.Strip)
		d.Old = d.New
		if made {
			d.Old = ""
		}
		if gone {
			d.New = ""
		}
	}
}

// gitModes sets the modes of d.
func (p *parser) gitModes(d *FileDiff, h map[string]field) {
	for _, m := range []struct {
		key string
		to  *filetree.Mode
	}{{"old mode ", &d.OldMode}, {"new mode ", &d.NewMode}, {"deleted file mode ", &d.OldMode},
		{"new file mode ", &d.NewMode}} {
		if f, ok := h[m.key]; ok {
			*m.to = p.mode(f)
		}
	}
	index := h["index "]
	_, mode, mentioned := strings.Cut(index.text, " ")
	switch changed := max(h["old mode "].line, h["new mode "].line); {
	case changed > 0:
		if d.Old == "" || d.New == "" || d.OldMode == d.NewMode || d.OldMode == "" || d.NewMode == "" ||
			(d.OldMode == filetree.Link) != (d.NewMode == filetree.Link) {
			p.fail(changed, "a change of mode needs an old and a new mode of the same kind of file")
		}
	case mentioned && d.OldMode == "" && d.NewMode == "":
		d.OldMode = p.mode(field{mode, index.line})
		d.NewMode = d.OldMode
	}
}

func (p *parser) mode(f field) filetree.Mode {
	switch m := filetree.Mode(f.text); m {
	case filetree.Regular, filetree.Executable, filetree.Link:
		return m
	case "160000":
		p.fail(f.line, "mode 160000 is a submodule, whose content a patch does not have")
	default:
		p.fail(f.line, "mode %q is not %s, %s or %s", m, filetree.Regular, filetree.Executable, filetree.Link)
	}
	return ""
}

// name reads a name without its leading folders.
func (p *parser) name(f field, strip int) string {
	name, err := plainName(f.text)
	if err == nil {
		name, err = stripped(name, strip)
	}
	if err != nil {
		p.fail(f.line, "%w", err)
	}
	return name
}

// mark reads a --- or +++ line: a name, "" for /dev/null, and a timestamp.
func (p *parser) mark(prefix string) (name, stamp string) {
	f := p.after(prefix)
	name, stamp, _ = strings.Cut(f.text, "\t")
	if name == "/dev/null" {
		return "", stamp
	}
	return p.name(f, p.patch.Strip), stamp
}

func (p *parser) needMark(prefix, want string) {
	line := p.n
	if name, _ := p.mark(prefix); name != want {
		p.fail(line, "the line names %s, but the header before it %s", cmp.Or(name, "no file"), cmp.Or(want, "no file"))
	}
}

func (p *parser) needHunk(name string) {
	if !p.at("@@ ") {
		p.fail(p.n, "the diff of %s has no hunk here", name)
	}
}

// plainHeader reads the --- and +++ lines of a diff that is not git's.
func (p *parser) plainHeader() FileDiff {
	d := FileDiff{Line: p.n}
	var oldStamp, newStamp string
	d.Old, oldStamp = p.mark("--- ")
	d.New, newStamp = p.mark("+++ ")
	// A real file may be as old, so the hunk has to have no lines of it either.
	if isEpoch(oldStamp) && p.at("@@ -0,0 ") {
		d.Old = ""
	}
	if isEpoch(newStamp) && bytes.Contains(p.line, []byte(" +0,0 @@")) {
		d.New = ""
	}
	if d.New != "" && d.Old == d.New+".orig" {
		d.Old = d.New
	}
	switch {
	case d.Old == "" && d.New == "":
		p.fail(d.Line, "the diff names no file")
	case d.Old != "" && d.New != "" && d.Old != d.New:
		p.fail(d.Line, "the diff names two files, %s and %s, once -p%d is stripped", d.Old, d.New, p.patch.Strip)
	}
	p.needHunk(cmp.Or(d.New, d.Old))
	return d
}
