package patches

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
)

// An excerpt is lines to look for diffs in, and where they are in the patch.
type excerpt struct {
	data    []byte
	first   int   // the line of the patch that data begins with, from 1
	lines   []int // the line of the patch for each of data's, where they don't follow each other
	encoded bool  // data is not in the patch as it is here
}

// line returns the line of the patch that is data's i-th, from 0.
func (t excerpt) line(i int) int {
	switch {
	case t.lines == nil:
		return t.first + i
	case len(t.lines) == 0:
		return t.first
	}
	return t.lines[min(i, len(t.lines)-1)]
}

// A message is a mail of a patch file, or the whole of a file that is not a mail.
type message struct {
	patch Patch
	raw   excerpt // the message as it is in the file
	head  fields  // empty if it begins with none
	body  excerpt // what follows the head
}

// A commit is a message with diffs in it.
type commit struct {
	message
	text  excerpt    // the message's body, decoded
	spans []span     // of the diffs in text
	diffs []FileDiff // of files that are not excluded, at least one
}

// compressed has what files begin with that programs compress.
var compressed = map[string]string{
	"\x1f\x8b": "gzip", "BZh9": "bzip2", "\xfd7zXZ\x00": "xz", "\x28\xb5\x2f\xfd": "zstd",
}

// commitsOf reads a patch file: the mails of a mailbox that have diffs, which is at
// least one, or the file itself. A mail without diffs, such as the letter that
// git format-patch puts before a series, changes nothing.
func commitsOf(p Patch) ([]commit, error) {
	all, err := mailsOf(p)
	return slices.DeleteFunc(all, func(c commit) bool { return len(c.diffs) == 0 }), err
}

// mailsOf reads all mails of a patch file, those without diffs, too.
func mailsOf(p Patch) ([]commit, error) {
	if bytes.HasPrefix(p.Data, []byte("\xff\xfe")) || bytes.HasPrefix(p.Data, []byte("\xfe\xff")) {
		return nil, &ParseError{Patch: p.Name, Line: 1,
			Err: fmt.Errorf("the patch is in UTF-16, as PowerShell writes it: write it again, with git's --output=FILE")}
	}
	for magic, program := range compressed {
		if bytes.HasPrefix(p.Data, []byte(magic)) {
			return nil, &ParseError{Patch: p.Name, Line: 1,
				Err: fmt.Errorf("the patch is compressed by %s: unpack it", program)}
		}
	}
	var out []commit
	found := false
	for _, m := range messages(p) {
		c := commit{message: m, text: m.body}
		var err error
		if p.Diff == 0 {
			if c.text, err = m.decoded(); err != nil {
				return nil, err
			}
		}
		if err := c.parse(p); err != nil {
			return nil, err
		}
		found = found || len(c.spans) > 0
		out = append(out, c)
	}
	if !found {
		return nil, &ParseError{Patch: p.Name, Line: 1, Err: fmt.Errorf("the patch contains no diff")}
	}
	return out, nil
}

// parse reads the diffs in the commit's text, which do not begin before the message
// of a mail ends: that may show what a hunk looks like.
func (c *commit) parse(p Patch) (err error) {
	t, n := c.text, 0
	if c.head.ofCommit() && p.Diff == 0 {
		var lines int
		n, lines = endOfMessage(t.data, false)
		t.data = t.data[n:]
		t.first += lines
		if t.lines != nil {
			t.lines = t.lines[min(lines, len(t.lines)):]
		}
	}
	if c.spans, err = parse(p, t); err != nil {
		return err
	}
	for i := range c.spans {
		s := &c.spans[i]
		s.from, s.to = s.from+n, s.to+n
		if s.left {
			c.diffs = append(c.diffs, s.diff)
		}
	}
	return nil
}

// left returns the commit's text without the diffs of excluded files.
func (c commit) left() []byte {
	var out []byte
	at := 0
	for _, s := range c.spans {
		out = append(out, c.text.data[at:s.from]...)
		if at = s.to; s.left {
			out = append(out, c.text.data[s.from:s.to]...)
		}
	}
	return append(out, c.text.data[at:]...)
}

// Messages returns the mails with diffs of a mailbox, each as a patch of the same
// name; or the patch itself, if it is not a mailbox of several. A patch that cannot
// be read is returned as it is.
func (p Patch) Messages() []Patch {
	if p.Diff > 0 || !bytes.HasPrefix(p.Data, []byte("From ")) && !bytes.Contains(p.Data, []byte("\nFrom ")) {
		return []Patch{p}
	}
	commits, err := commitsOf(p)
	if err != nil || len(messages(p)) == 1 {
		return []Patch{p}
	}
	out := make([]Patch, len(commits))
	for i, c := range commits {
		out[i] = c.asPatch()
	}
	return out
}

func (m message) asPatch() Patch {
	return Patch{Name: m.patch.Name, Strip: m.patch.Strip, Data: m.raw.data, Exclude: m.patch.Exclude}
}

// Messages returns the patches of a series, with those of a mailbox one by one.
func Messages(series []Patch) []Patch {
	var out []Patch
	for _, p := range series {
		out = append(out, p.Messages()...)
	}
	return out
}

// fromLine matches the line before each mail of a mailbox, as git mailsplit does.
var fromLine = regexp.MustCompile(`^From .*[0-9].[0-9]{2}:[0-9]{2}[ \t]+[0-9]{2,}`)

// messages splits a patch file in its mails. One that does not begin as a mail is a
// message without a head. The body of a commit is its diff.
func messages(p Patch) []message {
	if p.Diff > 0 {
		m := readMessage(p, excerpt{data: p.Data[:p.Diff], first: 1})
		m.body = excerpt{data: p.Data[p.Diff:], first: 1 + bytes.Count(p.Data[:p.Diff], []byte("\n"))}
		return []message{m}
	}
	data := bytes.TrimPrefix(p.Data, []byte("\ufeff"))
	first := readMessage(p, excerpt{data: data, first: 1})
	if !bytes.HasPrefix(bytes.TrimLeft(data, "\r\n"), []byte("From ")) && first.head == nil {
		return []message{first}
	}
	var out []message
	start, line := 0, 1 // of the message that is being read
	for at := 0; ; {
		i := bytes.Index(data[at:], []byte("\nFrom "))
		if i < 0 {
			break
		}
		at += i + 1
		next := data[at:]
		n := lineLength(next)
		if beginsMail(next[:n], next[n:]) && len(bytes.TrimSpace(data[start:at])) > 0 {
			out = append(out, readMessage(p, excerpt{data: data[start:at], first: line}))
			line += bytes.Count(data[start:at], []byte("\n"))
			start = at
		}
	}
	if start == 0 {
		return []message{first}
	}
	return append(out, readMessage(p, excerpt{data: data[start:], first: line}))
}

// beginsMail reports whether a line begins a mail: a mail's head has to follow, so
// that a message may quote such a line.
func beginsMail(line, rest []byte) bool {
	return bytes.HasPrefix(line, []byte("From ")) && fromLine.Match(line) && headerLine.Match(rest[:lineLength(rest)])
}

// lineLength returns how long the first line of data is, with its newline.
func lineLength(data []byte) int {
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		return i + 1
	}
	return len(data)
}

// readMessage reads a message's head.
func readMessage(p Patch, raw excerpt) message {
	m := message{patch: p, raw: raw}
	m.head, m.body = readHead(raw)
	return m
}

// separator matches the line between a commit's message and what is said about it.
var separator = regexp.MustCompile(`^---[ \t\r]*\n$`)

// endOfMessage returns how long the message is that text begins with, and how many
// lines it has. A diff begins where git am says so; strictly, only where there
// is one: a line that begins with three dashes may be part of a message.
func endOfMessage(text []byte, strictly bool) (length, lines int) {
	for length < len(text) {
		n := lineLength(text[length:])
		line, rest := text[length:length+n], text[length+n:]
		switch {
		case bytes.HasPrefix(line, []byte("diff -")), bytes.HasPrefix(line, []byte("Index: ")), separator.Match(line):
			return length, lines
		case bytes.HasPrefix(line, []byte("--- ")) && len(line) > 4 && !isSpace(line[4]):
			if !strictly || bytes.HasPrefix(rest, []byte("+++ ")) {
				return length, lines
			}
		}
		length, lines = length+n, lines+1
	}
	return length, lines
}

func isSpace(c byte) bool { return slices.Contains([]byte(" \t\r\n"), c) }
