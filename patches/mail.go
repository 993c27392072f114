package patches

import (
	"bytes"
	"fmt"
	"mime"
	netmail "net/mail"
	"regexp"
	"strings"
	"time"
)

// A Mail is the head of a patch that was made from a commit: what is before its
// diff.
type Mail struct {
	From, Email   string
	Date          time.Time
	Subject, Body string
}

// tags are what git and people put in brackets before a subject.
var tags = regexp.MustCompile(`^(\[[^\]]*\]\s*)+`)

// Mail returns the head of the patch, if it is that of a mail, as git
// format-patch writes it.
func (p Patch) Mail() (Mail, bool) {
	text := p.Data
	if bytes.HasPrefix(text, []byte("From ")) {
		_, text, _ = bytes.Cut(text, []byte("\n"))
	}
	m, err := netmail.ReadMessage(bytes.NewReader(text))
	if err != nil || m.Header.Get("From") == "" {
		return Mail{}, false
	}
	var out Mail
	decode := func(s string) string {
		if plain, err := new(mime.WordDecoder).DecodeHeader(s); err == nil {
			return plain
		}
		return s
	}
	from := decode(m.Header.Get("From"))
	if name, email, ok := strings.Cut(from, "<"); ok {
		out.From, out.Email = strings.Trim(strings.TrimSpace(name), `"`), strings.TrimSuffix(strings.TrimSpace(email), ">")
	} else {
		out.Email = strings.TrimSpace(from)
	}
	out.Date, _ = m.Header.Date() // one that says none is from 1970
	if out.Date.IsZero() {
		out.Date = time.Unix(0, 0)
	}
	out.Subject = tags.ReplaceAllString(decode(m.Header.Get("Subject")), "")
	var body bytes.Buffer
	if _, err := body.ReadFrom(m.Body); err != nil {
		return Mail{}, false
	}
	text1, _, _ := strings.Cut("\n"+body.String(), "\n---\n")
	text1, _, _ = strings.Cut(text1, "\ndiff --git ")
	if p.Diff > 0 { // the whole message, whatever is in it
		text1 = strings.TrimSuffix(body.String()[:body.Len()-(len(p.Data)-p.Diff)], "---\n")
	}
	out.Body = strings.TrimSpace(text1)
	return out, true
}

// unfit matches what git format-patch puts a dash for in a file's name.
var unfit = regexp.MustCompile(`[^A-Za-z0-9._]+`)

// FileName returns the name of the patch at a position in a series, from 1, as
// git format-patch would give it: 0001-add-the-crew.patch.
func FileName(n int, subject string) string {
	name := strings.Trim(unfit.ReplaceAllString(subject, "-"), "-.")
	name = strings.TrimRight(name[:min(52, len(name))], "-.")
	if name == "" {
		name = "patch"
	}
	return fmt.Sprintf("%04d-%s.patch", n, name)
}

// EditSeries returns the text of a series file that names patches. The comments
// and blank lines of the old text stay before the line that follows them.
func EditSeries(old []byte, patches []Patch) []byte {
	above := map[string]string{}
	comments := ""
	for line := range strings.Lines(string(old)) {
		p, err := parseSeriesLine(strings.TrimSuffix(line, "\n"))
		if err == nil && p.Name != "" {
			above[p.Name], comments = comments, ""
			continue
		}
		comments += line
	}
	var out strings.Builder
	for _, p := range patches {
		out.WriteString(above[p.Name] + p.Name)
		if p.Strip != 1 {
			fmt.Fprintf(&out, " -p%d", p.Strip)
		}
		out.WriteString("\n")
	}
	out.WriteString(comments)
	return []byte(out.String())
}

// position matches what a diff says about the positions of its hunks and about objects.
var position = regexp.MustCompile(`(?m)^(From [0-9a-f]{40} .*|index [0-9a-f]+\.\.[0-9a-f]+.*|` +
	`@@ -[0-9,]+ \+[0-9,]+ @@.*)\n`)

// SameChange reports whether two patches in mail format say the same, wherever
// their hunks lie.
func SameChange(a, b []byte) bool {
	return bytes.Equal(position.ReplaceAll(a, []byte("@@\n")), position.ReplaceAll(b, []byte("@@\n")))
}
