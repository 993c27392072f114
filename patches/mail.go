package patches

import (
	"bytes"
	"fmt"
	netmail "net/mail"
	"regexp"
	"strings"
	"time"
)

// A Mail is what a patch says of the commit that it is: the head of a mail as git
// format-patch writes it, the fields of Debian's DEP-3, or the head of hg export.
type Mail struct {
	From, Email   string
	Date          time.Time // zero if a DEP-3 head has none; of a mail without one, 1970
	Subject, Body string
}

// tags are what git puts in brackets before a subject. Others, such as [release-1.2],
// are its author's.
var tags = regexp.MustCompile(`^((?i:re):\s*|\[[^\]]*(?:PATCH|RFC)[^\]]*\]\s*)+`)

// Mail returns what the patch says of its commit, if it does: of a mailbox, what the
// first mail says.
func (p Patch) Mail() (Mail, bool) {
	m := messages(p)[0]
	if p.Diff > 0 { // the whole message, whatever is in it
		_, m.body = readHead(m.raw)
		out, ok := commit{message: m, text: excerpt{}}.mail()
		out.Body = strings.TrimSpace(strings.TrimSuffix(string(m.body.data), "---\n"))
		return out, ok
	}
	t, err := m.decoded()
	if err != nil {
		t = m.body
	}
	return commit{message: m, text: t}.mail()
}

func (c commit) mail() (Mail, bool) {
	switch h := c.head; {
	case h.get("Description", "Author", "Origin", "Last-Update", "Forwarded") != "":
		return c.dep3(), true
	case h.get("From") == "":
		return c.mercurial()
	}
	var out Mail
	out.From, out.Email = parseAddress(c.head.get("From"))
	out.Date = parseDate(c.head.get("Date"))
	out.Subject = tags.ReplaceAllString(decodeWords(c.head.get("Subject")), "")
	out.Body = c.prose()
	c.inBody(&out)
	return out, true
}

// mercurial reads the head that hg export writes.
func (c commit) mercurial() (Mail, bool) {
	n, _ := endOfMessage(c.text.data, true)
	text, ok := strings.CutPrefix(string(c.text.data[:n]), "# HG changeset patch\n")
	if !ok {
		return Mail{}, false
	}
	out := Mail{Date: time.Unix(0, 0)}
	for strings.HasPrefix(text, "#") {
		var line string
		line, text, _ = strings.Cut(text, "\n")
		if user, ok := strings.CutPrefix(line, "# User "); ok {
			out.From, out.Email = parseAddress(user)
		}
		var seconds, west int64
		if _, err := fmt.Sscanf(line, "# Date %d %d", &seconds, &west); err == nil {
			out.Date = time.Unix(seconds, 0).In(time.FixedZone("", -int(west)))
		}
	}
	subject, body, _ := strings.Cut(strings.TrimSpace(text), "\n")
	out.Subject, out.Body = subject, strings.TrimSpace(body)
	return out, true
}

// prose is the text before the diff, or before the line that ends the message.
func (c commit) prose() string {
	n, _ := endOfMessage(c.text.data, true)
	_, params := contentType(c.head)
	return strings.TrimSpace(strings.ReplaceAll(toUTF8(c.text.data[:n], params["charset"]), "\r\n", "\n"))
}

// inBody takes the lines that a message begins with if somebody sent it who did not
// write it, as git send-email has them.
func (c commit) inBody(out *Mail) {
	head, body := readHead(excerpt{data: []byte(out.Body + "\n")})
	for _, f := range head {
		if f.name != "From" && f.name != "Subject" && f.name != "Date" {
			return
		}
	}
	if from := head.get("From"); from != "" && strings.Contains(from, "@") {
		out.From, out.Email = parseAddress(from)
		out.Body = strings.TrimSpace(string(body.data))
		if subject := head.get("Subject"); subject != "" {
			out.Subject = tags.ReplaceAllString(subject, "")
		}
		if date := head.get("Date"); date != "" {
			out.Date = parseDate(date)
		}
	}
}

// dep3 reads a head of DEP-3. The fields that no commit has become part of the
// message.
func (c commit) dep3() Mail {
	var out Mail
	description := ""
	var rest []string
	for _, f := range c.head {
		value := strings.TrimSpace(toUTF8([]byte(f.value), ""))
		switch strings.ToLower(f.name) {
		case "description", "subject":
			if description == "" {
				description = value
				continue
			}
		case "author", "from":
			if out.From+out.Email == "" {
				out.From, out.Email = parseAddress(value)
				continue
			}
		case "date":
			out.Date = parseDate(value)
			continue
		case "last-update":
			if t, err := time.Parse(time.DateOnly, value); err == nil && out.Date.IsZero() {
				out.Date = t
			}
		}
		rest = append(rest, f.name+": "+value)
	}
	subject, long, _ := strings.Cut(description, "\n")
	out.Subject = tags.ReplaceAllString(decodeWords(strings.TrimSpace(subject)), "")
	parts := []string{unindented(long), c.prose(), strings.Join(rest, "\n")}
	out.Body = strings.TrimSpace(strings.Join(parts, "\n\n"))
	out.Body = blankLines.ReplaceAllString(out.Body, "\n\n")
	return out
}

var blankLines = regexp.MustCompile(`\n{3,}`)

// unindented takes the space off that a field's further lines begin with. A dot
// alone is an empty line.
func unindented(s string) string {
	var out strings.Builder
	for line := range strings.Lines(s) {
		line = strings.TrimPrefix(line, " ")
		if strings.TrimSpace(line) == "." {
			line = "\n"
		}
		out.WriteString(line)
	}
	return strings.TrimSpace(out.String())
}

// parseAddress reads the first address of a field.
func parseAddress(s string) (name, email string) {
	if quoted, rest, ok := quotedString(strings.TrimSpace(s)); ok && strings.Contains(rest, "<") {
		more, email := parseAddress(rest)
		return strings.TrimSpace(decodeWords(quoted) + " " + more), email
	}
	name, email, ok := strings.Cut(s, "<")
	if !ok {
		if strings.Contains(s, "@") {
			return "", strings.TrimSpace(s)
		}
		return strings.TrimSpace(decodeWords(s)), ""
	}
	email, _, _ = strings.Cut(email, ">")
	return decodeWords(strings.TrimSpace(name)), strings.TrimSpace(email)
}

// quotedString reads the text between double quotes that s begins with, in which a
// backslash stands before a character that is meant as it is.
func quotedString(s string) (text, rest string, ok bool) {
	if !strings.HasPrefix(s, `"`) {
		return "", s, false
	}
	var out strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '"':
			return out.String(), s[i+1:], true
		case s[i] == '\\' && i+1 < len(s):
			i++
		}
		out.WriteByte(s[i])
	}
	return "", s, false
}

// parseDate reads a mail's date; one that says none is from 1970.
func parseDate(s string) time.Time {
	t, err := netmail.ParseDate(s)
	if err != nil || t.IsZero() {
		return time.Unix(0, 0)
	}
	return t
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
// and blank lines of the old text stay before the line that follows them; in one that
// names no patch, they stay on top.
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
	if len(above) == 0 {
		out.WriteString(comments)
		comments = ""
	}
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
