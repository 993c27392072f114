package patches

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/internal/vulnid"
)

// A Head is what a patch says of itself.
type Head struct {
	Title  string   // its subject; the patch's name where it has no head
	Author string   // Name <mail>; "" where it says none
	Origin string   // where it is from: DEP-3's Origin, the commit it was picked from; "" where it says nothing
	CVEs   []string // ids of the vulnerabilities that it fixes, sorted
}

// Head returns what the patch says of itself; of a mailbox, what the first mail says,
// with the vulnerabilities of all. An error is that of CVEs.
func (p Patch) Head() (Head, error) {
	out := Head{Title: p.Name}
	if mail, ok := p.Mail(); ok {
		out.Title, out.Author = oneLine(mail.Subject), oneLine(mail.From)
		if mail.Email != "" {
			out.Author = strings.TrimSpace(out.Author + " <" + oneLine(mail.Email) + ">")
		}
	}
	out.Origin = p.origin()
	var err error
	out.CVEs, err = p.CVEs()
	return out, err
}

// CVEs returns the ids of the vulnerabilities that the patch fixes, sorted, as the
// lines "CVE: CVE-2025-13281" of its head and of its message say, whatever case they
// are in. Several ids have commas or spaces between them. The lines of its diffs say
// nothing, nor does a mail of which the patch's exclusions leave no diff. An error is a
// *ParseError: it is of the first line that has something else.
func (p Patch) CVEs() ([]string, error) {
	mails, err := mailsOf(p)
	if err != nil || !slices.ContainsFunc(mails, func(c commit) bool { return len(c.diffs) > 0 }) {
		return nil, err
	}
	var out []string
	for _, c := range mails {
		if len(c.diffs) == 0 && len(c.spans) > 0 {
			continue
		}
		for _, f := range c.said() {
			if !strings.EqualFold(f.name, "CVE") {
				continue
			}
			ids, err := vulnerabilities(f.value)
			if err != nil {
				return nil, &ParseError{Patch: p.Name, Line: f.line, Err: err}
			}
			out = append(out, ids...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// vulnerabilities reads the value of a line CVE.
func vulnerabilities(value string) ([]string, error) {
	words := strings.FieldsFunc(value, func(r rune) bool { return strings.ContainsRune(" \t\r\n,;", r) })
	if len(words) == 0 {
		return nil, errors.New("CVE: names no vulnerability: write an id, such as CVE-2025-13281, or remove the line")
	}
	out := make([]string, len(words))
	for i, word := range words {
		var err error
		if out[i], err = vulnid.Parse(word); err != nil {
			return nil, fmt.Errorf("CVE: %w, several with commas; or remove the line if the patch fixes none", err)
		}
	}
	return out, nil
}

// origins are the lines that say where a change is from: DEP-3's, OpenEmbedded's, and
// what git cherry-pick -x writes.
var origins = []*regexp.Regexp{
	regexp.MustCompile(`(?i)^Origin:\s*(.+)`),
	regexp.MustCompile(`(?i)^Upstream-Status:\s*Backport\s*\[(.+)\]`),
	regexp.MustCompile(`^\((?:cherry picked from|backported from) (commit [0-9a-f]{7,64}).*\)$`),
}

// origin returns where the patch says that it is from.
func (p Patch) origin() string {
	commits, err := commitsOf(p)
	if err != nil || len(commits) == 0 {
		return ""
	}
	said := commits[0].said()
	for _, form := range origins {
		for _, f := range said {
			if m := form.FindStringSubmatch(f.String()); m != nil {
				return strings.TrimSpace(m[1])
			}
		}
	}
	return ""
}

// said returns the lines of the commit's head and message: fields by their names, and
// other lines without one.
func (c commit) said() fields {
	t := c.text
	if c.patch.Diff > 0 { // the whole message, whatever is in it
		_, t = readHead(c.raw)
	} else {
		n, _ := endOfMessage(t.data, true)
		t.data = t.data[:n]
	}
	out := slices.Clone(c.head)
	for i, line := range strings.Split(string(t.data), "\n") {
		name, value, ok := strings.Cut(line, ":")
		switch last := len(out) - 1; {
		case ok && trailer.MatchString(name):
			out = append(out, headField{name, value, t.line(i)})
		case i > 0 && out[last].name != "" && isFolded(line):
			out[last].value += "\n" + line
		default:
			out = append(out, headField{"", line, t.line(i)})
		}
	}
	return out
}

// isFolded reports whether a line goes on with the field before it.
func isFolded(line string) bool {
	return strings.TrimLeft(line, " \t") != line && strings.TrimSpace(line) != ""
}

// String returns the field as one line.
func (h headField) String() string {
	if h.name == "" {
		return oneLine(toUTF8([]byte(h.value), ""))
	}
	return h.name + ": " + oneLine(toUTF8([]byte(h.value), ""))
}

// trailer matches the name of a line that git takes for a trailer.
var trailer = regexp.MustCompile(`^[A-Za-z0-9-]+$`)

// oneLine puts a space for each run of them and of line ends.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
