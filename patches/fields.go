package patches

import (
	"bytes"
	"io"
	"mime"
	"regexp"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
)

// fields are the lines of a head as mails have it, and as Debian's DEP-3 has it in
// patches (https://dep-team.pages.debian.net/deps/dep3/).
type fields []headField

type headField struct {
	name, value string // with the lines of the value joined as they are
	line        int    // of the patch
}

// headerLine matches the first line of a field, and the From line that a mailbox
// has escaped.
var headerLine = regexp.MustCompile(`^([!-9;-~]+:|>From )`)

// readHead returns the head that a text begins with, and what follows it. The line
// before a mail in a mailbox is passed over.
func readHead(t excerpt) (fields, excerpt) {
	body := t
	skip := func() {
		body.data = body.data[lineLength(body.data):]
		body.first++
	}
	for len(body.data) > 0 && len(bytes.TrimSpace(body.data[:lineLength(body.data)])) == 0 {
		skip()
	}
	if bytes.HasPrefix(body.data, []byte("From ")) {
		skip()
	}
	var head fields
	for len(body.data) > 0 {
		line := body.data[:lineLength(body.data)]
		switch {
		case len(head) > 0 && (line[0] == ' ' || line[0] == '\t') && len(bytes.TrimSpace(line)) > 0:
			head[len(head)-1].value += strings.TrimRight(string(line), "\r\n") + "\n"
		case headerLine.Match(line):
			name, value, _ := strings.Cut(strings.TrimRight(string(line), "\r\n"), ":")
			head = append(head, headField{name, strings.TrimLeft(value, " \t") + "\n", body.first})
		default:
			if len(head) == 0 {
				return nil, t
			}
			if len(bytes.TrimSpace(line)) == 0 {
				skip()
			}
			return head, body
		}
		skip()
	}
	return head, body
}

// get returns the value of the first field with one of the names, unfolded.
func (f fields) get(names ...string) string {
	for _, name := range names {
		for _, h := range f {
			if strings.EqualFold(h.name, name) {
				return strings.TrimSpace(strings.Join(strings.FieldsFunc(h.value, func(r rune) bool { return r == '\n' }), ""))
			}
		}
	}
	return ""
}

// ofCommit reports whether the head says who changed something, or what it is.
func (f fields) ofCommit() bool {
	return f.get("From", "Subject", "Author", "Description", "Origin") != ""
}

// decodeWords reads what a mail's head has in another character set than ASCII.
func decodeWords(s string) string {
	d := mime.WordDecoder{CharsetReader: func(charset string, in io.Reader) (io.Reader, error) {
		e, err := htmlindex.Get(charset)
		if err != nil {
			return nil, err
		}
		return e.NewDecoder().Reader(in), nil
	}}
	if plain, err := d.DecodeHeader(s); err == nil {
		return toUTF8([]byte(plain), "")
	}
	return toUTF8([]byte(s), "")
}

// toUTF8 reads text in a character set. Where that is unknown, or not the one that
// is said, it is UTF-8 or, as git guesses, ISO-8859-1.
func toUTF8(data []byte, charset string) string {
	if e, err := htmlindex.Get(charset); charset != "" && err == nil {
		if out, err := e.NewDecoder().Bytes(data); err == nil {
			return string(out)
		}
	}
	if utf8.Valid(data) {
		return string(data)
	}
	out, err := charmap.ISO8859_1.NewDecoder().Bytes(data)
	if err != nil {
		return strings.ToValidUTF8(string(data), "?")
	}
	return string(out)
}
