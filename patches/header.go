package patches

import (
	"bytes"
	"cmp"
	"regexp"
	"strings"

	"github.com/slipway-build/slipway/filetree"
)

// gitHeader reads from a "diff --git" line up to the first hunk.
func (p *parser) gitHeader() FileDiff {
	d := FileDiff{Line: p.n}
	names := p.after("diff --git ")
	h := p.extended()
	p.gitNames(&d, names, h)
	p.gitModes(&d, h)
	d.Index, _, _ = strings.Cut(h["index "].text, " ")
	switch name := cmp.Or(d.New, d.Old); {
	case p.err != nil:
	case p.at("GIT binary patch"):
		d.Binary = p.binary(name, h["index "])
	case p.at("Binary files "):
		p.failBinary(name)
	case p.atMarks(): // of a rename, which say again what the header said
		p.needMark("--- ", d.Old)
		p.needMark("+++ ", d.New)
		p.needHunk(name)
	case p.at("@@ -"): // git apply and patch go by the header's names alone
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
		if err == nil {
			d.New = p.name(field{name, d.Line}, p.patch.Strip)
		}
		d.Old = d.New
		if made {
			d.Old = ""
		}
		if gone {
			d.New = ""
		}
		switch {
		case p.atMarks():
			p.markNames(d)
		case err != nil:
			p.fail(d.Line, "%w", err)
		}
	}
}

// markNames sets the names of a git diff, which its first lines gave if they are of
// one file, to those of its --- and +++ lines. If these two agree they are right:
// git apply and patch go by them, too, where somebody has edited the one and not
// the other.
func (p *parser) markNames(d *FileDiff) {
	line, want := p.n, *d
	old, _ := p.mark("--- ")
	new, _ := p.mark("+++ ")
	p.needHunk(cmp.Or(new, old))
	makes, deletes := p.at("@@ -0,0 "), bytes.Contains(p.line, []byte(" +0,0 @@"))
	made, gone := want.Old == "" && want.New != "", want.New == "" && want.Old != ""
	switch {
	case old == "" && new == "":
		p.fail(line, "the diff names no file")
	case made && !makes && old != "", gone && old == "", !made && !makes && old == "":
		p.failMark(line, old, want.Old)
	case gone && !deletes && new != "", made && new == "", !gone && !deletes && new == "":
		p.failMark(line+1, new, want.New)
	case old == "" || new == "" || old == new:
	case want.Old == "" && want.New == "":
		p.fail(line, "the diff names two files, %s and %s, and no rename or copy", old, new)
	case old != cmp.Or(want.Old, want.New):
		p.failMark(line, old, want.Old)
	default:
		p.failMark(line+1, new, want.New)
	}
	d.Old, d.New = cmp.Or(old, new), cmp.Or(new, old)
	if made || old == "" {
		d.Old = ""
	}
	if gone || new == "" {
		d.New = ""
	}
}

func (p *parser) failMark(line int, name, want string) {
	p.fail(line, "the line names %s, but the header before it %s", cmp.Or(name, "no file"), cmp.Or(want, "no file"))
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

// octal matches a mode as git reads it, which may have more zeros before it.
var octal = regexp.MustCompile(`^0*([0-7]{6})$`)

// mode reads a mode. As git does, it knows of a file's permissions only whether its
// owner may execute it.
func (p *parser) mode(f field) filetree.Mode {
	m := octal.FindStringSubmatch(f.text)
	switch {
	case m != nil && m[1] == string(filetree.Link):
		return filetree.Link
	case m != nil && strings.HasPrefix(m[1], "100"):
		if (m[1][3]-'0')&1 == 1 {
			return filetree.Executable
		}
		return filetree.Regular
	case m != nil && m[1] == "160000":
		p.fail(f.line, "mode 160000 is a submodule, whose content a patch does not have")
	default:
		p.fail(f.line, "mode %q is not %s, %s or %s", f.text, filetree.Regular, filetree.Executable, filetree.Link)
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
		p.failMark(line, name, want)
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
		// The old name is often that of a copy that its author had kept, as in
		// diff -u file.old file. Whether it is shows in the tree.
		d.other, d.Old = d.Old, d.New
	}
	p.needHunk(cmp.Or(d.New, d.Old))
	return d
}
