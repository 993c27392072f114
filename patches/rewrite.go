package patches

import (
	"bytes"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
)

// Preamble returns what the patch says before its first diff, as it is in the file.
func (p Patch) Preamble() string {
	at, ok := p.firstDiff()
	if !ok {
		return ""
	}
	return string(p.Data[:at])
}

// firstDiff returns where the first diff begins, with the lines that programs write
// before it. It is not ok if the diff is not in the file as it is read.
func (p Patch) firstDiff() (at int, ok bool) {
	commits, err := commitsOf(p)
	if err != nil || len(commits) == 0 || p.Diff > 0 || commits[0].text.encoded || commits[0].text.lines != nil {
		return 0, false
	}
	before := 0 // where the lines begin that belong to the diff
	for n := 1; n < commits[0].diffs[0].Line; n++ {
		line := p.Data[at : at+lineLength(p.Data[at:])]
		at += len(line)
		if !announces.Match(line) {
			before = at
		}
	}
	return before, true
}

// announces matches what programs write before a diff's --- line.
var announces = regexp.MustCompile(`(?m)^(Index: |={20,}|diff -).*\n`)

// diffstat matches the lines of a diffstat, which is of no other change.
var diffstat = regexp.MustCompile(`(?m)^ \S.* \|\s+(\d+ ?[+-]*|Bin.*|Unknown)\s*\n|` +
	`^ \d+ files? changed.*\n|^ (create|delete) mode .*\n|^ (rename|copy) .*\(\d+%\)\n|^ mode change .*\n`)

// Notes returns what a patch in mail format says between the line of three dashes
// and its diff, without a diffstat: what its author says, but not of the commit.
func (p Patch) Notes() string {
	commits, err := commitsOf(p)
	if err != nil || len(commits) == 0 || p.Diff > 0 || commits[0].head.get("From") == "" {
		return ""
	}
	text := commits[0].text.data[:commits[0].spans[0].from]
	n, _ := endOfMessage(text, true)
	line := text[n : n+lineLength(text[n:])]
	if !separator.Match(line) {
		return ""
	}
	notes := strings.ReplaceAll(string(text[n+len(line):]), "\r\n", "\n")
	return strings.Trim(announces.ReplaceAllString(diffstat.ReplaceAllString(notes, ""), ""), "\n")
}

// WithNotes returns a patch in mail format with notes before its diff.
func WithNotes(data []byte, notes string) []byte {
	head, diff, ok := bytes.Cut(data, []byte("\n---\n"))
	if notes == "" || !ok {
		return data
	}
	return slices.Concat(head, []byte("\n---\n"+notes+"\n\n"), diff)
}

// Rewrite returns the bytes of the patch once its commit was changed. before and now
// are the commit as it was laid out and as it is, in git's mail format. The head of
// the file stays as its author wrote it, with all that no commit has a place for, as
// long as nobody has changed what the commit says. Otherwise it becomes the commit's,
// and keeps the notes.
func (p Patch) Rewrite(before, now []byte) []byte {
	at, ok := p.firstDiff()
	was, _, ok2 := cutDiff(before)
	is, diff, ok3 := cutDiff(now)
	if !ok || !ok2 || !ok3 || !bytes.Equal(was, is) {
		before, behind := p.excluded(0)
		return slices.Concat(before, WithNotes(now, p.Notes()), behind)
	}
	head := diffstat.ReplaceAll(p.Data[:at], nil)
	head = emptyNotes.ReplaceAll(inSeries.ReplaceAll(head, []byte("${1}[PATCH] ")), []byte("\n---\n"))
	mails, behind := p.excluded(at)
	from, mail := now[:lineLength(now)], []byte("From ")
	if len(mails) == 0 && bytes.HasPrefix(head, mail) && bytes.HasPrefix(from, mail) {
		head = append(bytes.Clone(from), head[lineLength(head):]...)
	}
	return slices.Concat(head, diff, behind)
}

// excluded returns what upstream.exclude leaves out of a file: the diffs behind a place
// in it, and the mails around the only one that counts.
func (p Patch) excluded(at int) (before, behind []byte) {
	commits, err := commitsOf(p)
	if err != nil || len(commits) != 1 || commits[0].text.encoded || commits[0].text.lines != nil || p.Diff > 0 {
		return nil, nil
	}
	c := commits[0]
	before, mails, _ := bytes.Cut(p.Data, c.raw.data)
	body := len(before) + len(c.raw.data) - len(c.text.data)
	for _, s := range c.spans {
		if !s.left && body+s.from >= at {
			behind = append(behind, c.text.data[s.from:s.to]...)
		}
	}
	return bytes.TrimPrefix(before, []byte("\ufeff")), append(behind, mails...)
}

// inSeries matches a subject with the place of its patch in a series that once was,
// and emptyNotes the line before notes that there are none of.
var (
	inSeries   = regexp.MustCompile(`(?m)^(Subject: )\[PATCH[^\]]*\] *`)
	emptyNotes = regexp.MustCompile(`\n---\n\n+$`)
)

// cutDiff parts a patch in git's mail format in what it says of the commit, without
// the line that names it, and its diff.
func cutDiff(data []byte) (head, diff []byte, ok bool) {
	head, diff, ok = bytes.Cut(data[lineLength(data):], []byte("\n---\ndiff --git "))
	return head, append([]byte("diff --git "), diff...), ok
}

// Portable returns the patch as patch and git apply read it: as File does, or, if it
// is a mailbox of several mails or encoded, each mail as a patch of its own, decoded.
// The names of several are NAME-1.patch, NAME-2.patch and so on.
func (p Patch) Portable() ([]Patch, error) {
	commits, err := commitsOf(p)
	if err != nil {
		return nil, err
	}
	if len(commits) == 1 && !commits[0].text.encoded && commits[0].text.lines == nil && len(messages(p)) == 1 {
		data, err := p.File()
		return []Patch{{Name: p.Name, Strip: p.Strip, Data: data}}, err
	}
	out := make([]Patch, len(commits))
	for i, c := range commits {
		out[i] = Patch{Name: p.Name, Strip: p.Strip, Data: c.plain()}
		if len(commits) > 1 {
			out[i].Name = fmt.Sprintf("%s-%d.patch", strings.TrimSuffix(p.Name, path.Ext(p.Name)), i+1)
		}
	}
	return out, nil
}

// plain returns a mail without its encoding and what says of that.
func (c commit) plain() []byte {
	var out bytes.Buffer
	for _, f := range c.head {
		switch name := strings.ToLower(f.name); name {
		case "content-type", "content-transfer-encoding", "content-disposition", "mime-version":
		case "from", "subject":
			fmt.Fprintf(&out, "%s: %s\n", f.name, decodeWords(c.head.get(name)))
		default:
			fmt.Fprintf(&out, "%s: %s", f.name, f.value)
		}
	}
	if out.Len() > 0 {
		out.WriteString("\n")
	}
	out.Write(c.left())
	return out.Bytes()
}
