package patches

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"mime"
	"regexp"
	"slices"
	"strings"
)

// decoded returns the text of the message without its transfer encoding, the parts
// of a mail one behind the other. Its bytes stay in the character set of the mail:
// as git am has it, that is what is said of the commit's message, and the diff has
// the bytes of the files.
func (m message) decoded() (excerpt, error) {
	d := decoder{patch: m.patch.Name}
	d.part(m.head, m.body, 0)
	if d.err != nil {
		return excerpt{}, d.err
	}
	if !d.copied {
		return m.body, nil
	}
	d.out.lines = d.places()
	return d.out, nil
}

// A decoder collects the text of a mail.
type decoder struct {
	patch  string
	out    excerpt
	marks  []mark // in order
	copied bool   // out is other than the mail's body
	err    error
}

// A mark says which line of the patch the text from an offset on comes of.
type mark struct{ offset, line int }

func (d *decoder) fail(line int, format string, args ...any) {
	if d.err == nil {
		d.err = &ParseError{Patch: d.patch, Line: line, Err: fmt.Errorf(format, args...)}
	}
}

// add takes text that is on a line of the patch.
func (d *decoder) add(data []byte, line int) {
	d.marks = append(d.marks, mark{len(d.out.data), line})
	d.out.data = append(d.out.data, data...)
}

// places returns the line of the patch for each line of the text.
func (d *decoder) places() []int {
	var lines []int
	i := 0
	for at := 0; at < len(d.out.data); at += lineLength(d.out.data[at:]) {
		for i+1 < len(d.marks) && d.marks[i+1].offset <= at {
			i++
		}
		lines = append(lines, d.marks[i].line)
	}
	return lines
}

// maxDepth is how deep the parts of a mail may lie in each other.
const maxDepth = 8

// part reads a mail, or a part of one.
func (d *decoder) part(head fields, body excerpt, depth int) {
	kind, params := contentType(head)
	switch {
	case strings.HasPrefix(kind, "multipart/") && params["boundary"] != "" && depth < maxDepth:
		d.multipart(params["boundary"], body, depth)
		return
	case depth > 0 && !mayBePatch(kind):
		return
	case kind == "text/html" && hasDiff(body.data):
		d.fail(body.first, "the mail is in HTML, which has no exact lines: save it as plain text, or take the commit itself")
		return
	}
	d.transfer(head, body, depth > 0)
	if strings.EqualFold(params["format"], "flowed") && (hasDiff(body.data) || hasDiff(d.out.data)) {
		d.fail(body.first, "the mail has format=flowed, which joins and pads lines, so that its diff is not exact: "+
			"send it with git send-email or as an attachment, or take the commit itself")
	}
}

// parameter matches one of a field, as lenient as programs are that write them.
var parameter = regexp.MustCompile(`;\s*([A-Za-z]+)\s*=\s*(?:"([^"]*)"|([^\s;"]+))`)

// contentType reads what kind of text a mail or a part is.
func contentType(head fields) (kind string, params map[string]string) {
	value := head.get("Content-Type")
	kind, params, err := mime.ParseMediaType(value)
	if err == nil {
		return kind, params
	}
	kind, _, _ = strings.Cut(value, ";")
	params = map[string]string{}
	for _, m := range parameter.FindAllStringSubmatch(value, -1) {
		params[strings.ToLower(m[1])] = m[2] + m[3]
	}
	return strings.ToLower(strings.TrimSpace(kind)), params
}

// mayBePatch reports whether a part of a mail can be a patch, or say something of
// one: the same again in HTML, a picture or a cryptographic signature cannot.
func mayBePatch(kind string) bool {
	major, minor, _ := strings.Cut(kind, "/")
	return kind == "" || major == "text" && minor != "html" ||
		major == "application" && !strings.Contains(minor, "signature") && !strings.Contains(minor, "pkcs7")
}

func hasDiff(data []byte) bool {
	return bytes.HasPrefix(data, []byte("diff --git ")) || bytes.Contains(data, []byte("\ndiff --git ")) ||
		bytes.Contains(data, []byte("\n@@ -"))
}

// transfer takes the body of a mail or a part without its transfer encoding.
func (d *decoder) transfer(head fields, body excerpt, part bool) {
	how := strings.ToLower(head.get("Content-Transfer-Encoding"))
	switch name, _, _ := strings.Cut(how, ";"); strings.TrimSpace(name) {
	case "quoted-printable":
		d.copied, d.out.encoded = true, true
		d.quotedPrintable(body)
	case "base64":
		d.copied, d.out.encoded = true, true
		d.base64(body)
	case "", "7bit", "8bit", "binary":
		if !part {
			return
		}
		d.copied = true
		for line := range bytes.Lines(body.data) {
			d.add(line, body.first)
			body.first++
		}
	default:
		i := slices.IndexFunc(head, func(h headField) bool { return strings.EqualFold(h.name, "Content-Transfer-Encoding") })
		d.fail(head[i].line, "the mail's Content-Transfer-Encoding %q is not known: save the patch as plain text", how)
	}
}

// multipart reads the parts of a mail, each with a head of its own.
func (d *decoder) multipart(boundary string, body excerpt, depth int) {
	d.copied = true
	start, at, n, first := -1, 0, body.first, 0
	flush := func(end int) {
		if start >= 0 {
			head, rest := readPartHead(excerpt{data: body.data[start:end], first: first})
			d.part(head, rest, depth+1)
			if l := len(d.out.data); l > 0 && d.out.data[l-1] != '\n' {
				d.add([]byte("\n"), n)
			}
		}
	}
	for at < len(body.data) {
		end := at + lineLength(body.data[at:])
		line := strings.TrimRight(string(body.data[at:end]), " \t\r\n")
		if line == "--"+boundary || line == "--"+boundary+"--" {
			flush(at)
			start, first = end, n+1
			if strings.HasSuffix(line, boundary+"--") {
				return
			}
		}
		at, n = end, n+1
	}
	flush(len(body.data))
}

// readPartHead reads the head of a part, which has none if it begins with an empty
// line.
func readPartHead(t excerpt) (fields, excerpt) {
	n := lineLength(t.data)
	if len(bytes.TrimSpace(t.data[:n])) == 0 {
		return nil, excerpt{data: t.data[n:], first: t.first + 1}
	}
	return readHead(t)
}

// quotedPrintable reads lines as git does, which passes over what is not encoded
// as it should be.
func (d *decoder) quotedPrintable(body excerpt) {
	for line := range bytes.Lines(body.data) {
		text, ended := bytes.CutSuffix(line, []byte("\n"))
		text = bytes.TrimSuffix(text, []byte("\r"))
		if soft, ok := bytes.CutSuffix(text, []byte("=")); ok {
			text, ended = soft, false // it goes on in the next line
		}
		out := make([]byte, 0, len(text)+1)
		for i := 0; i < len(text); i++ {
			if c, ok := unquoted(text[i:]); ok {
				out = append(out, c)
				i += 2
				continue
			}
			out = append(out, text[i])
		}
		if ended {
			out = append(out, '\n')
		}
		d.add(out, body.first)
		body.first++
	}
}

// unquoted reads "=3D".
func unquoted(s []byte) (byte, bool) {
	if len(s) < 3 || s[0] != '=' {
		return 0, false
	}
	const digits = "0123456789abcdef"
	high := strings.IndexByte(digits, lower(s[1]))
	low := strings.IndexByte(digits, lower(s[2]))
	return byte(high<<4 | low), high >= 0 && low >= 0
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// base64 reads lines of it, in which the four characters of three bytes may be on
// two of them.
func (d *decoder) base64(body excerpt) {
	var left []byte
	for line := range bytes.Lines(body.data) {
		left = append(left, bytes.Map(digit64, line)...)
		n := len(left) / 4 * 4
		out, err := base64.StdEncoding.DecodeString(string(left[:n]))
		if err != nil {
			d.fail(body.first, "the mail's base64 is damaged here: save the mail anew, or take the commit itself")
			return
		}
		d.add(out, body.first)
		left = left[n:]
		body.first++
	}
	out, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(string(left), "="))
	if err != nil {
		d.fail(max(1, body.first-1), "the mail's base64 is cut off here")
	}
	d.add(out, max(1, body.first-1))
}

// digit64 drops the space between digits of base 64.
func digit64(r rune) rune {
	if strings.ContainsRune(" \t\r\n", r) {
		return -1
	}
	return r
}
