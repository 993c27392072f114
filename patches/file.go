package patches

import (
	"bytes"
	"regexp"
	"strings"
)

// File returns the patch as the bytes of a file that every tool reads as Parse
// reads the patch: without the diffs of excluded files, and with quote marks before
// the diffs that a commit's message quotes. It is nil if no diff is left.
func (p Patch) File() ([]byte, error) {
	if p.Diff == 0 && len(p.Exclude) == 0 {
		return p.Data, nil
	}
	left, err := Parse(p)
	if err != nil || len(left) == 0 {
		return nil, err
	}
	head := p.Data[:p.Diff]
	if quotesDiff(head) {
		head = quoteDiffs(head)
	}
	if len(p.Exclude) == 0 {
		return append(bytes.Clone(head), p.Data[p.Diff:]...), nil
	}
	found, err := parseAll(p)
	if err != nil {
		return nil, err
	}
	return append(bytes.Clone(head), p.cut(found, left)...), nil
}

// cut returns the text of the diffs less those of found that are not left.
func (p Patch) cut(found []span, left []FileDiff) []byte {
	kept := map[int]bool{}
	for _, d := range left {
		kept[d.Line] = true
	}
	var out []byte
	at := p.Diff
	for _, f := range found {
		out = append(out, p.Data[at:f.from]...)
		if kept[f.diff.Line] {
			out = append(out, p.Data[f.from:f.to]...)
		}
		at = f.to
	}
	return append(out, p.Data[at:]...)
}

// QuotesDiff reports whether the message of a patch that is a commit has something
// in it that looks like a diff.
func (p Patch) QuotesDiff() bool { return quotesDiff(p.Data[:p.Diff]) }

func quotesDiff(head []byte) bool {
	p := parser{rest: head}
	for p.next(); len(p.line) > 0; {
		if _, ok := p.diff(); ok || p.err != nil {
			return true
		}
	}
	return false
}

// beginsDiff matches the lines at which programs see a diff begin, or go on.
var beginsDiff = regexp.MustCompile(`(?m)^(diff -|Index: |--- |\+\+\+ |\*\*\* |@@|Binary files |GIT binary patch)`)

// quoteDiffs puts a quote mark before each line of the paragraphs that have such a
// line. Spaces would not do: GNU patch reads indented diffs too.
func quoteDiffs(head []byte) []byte {
	headers, message, ok := strings.Cut(string(head), "\n\n")
	if !ok {
		return head
	}
	end := ""
	if message, ok = strings.CutSuffix(message, "---\n"); ok {
		end = "---\n"
	}
	paragraphs := strings.Split(message, "\n\n")
	for i, text := range paragraphs {
		if beginsDiff.MatchString(text) {
			paragraphs[i] = "> " + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n> ")
			if strings.HasSuffix(text, "\n") {
				paragraphs[i] += "\n"
			}
		}
	}
	return []byte(headers + "\n\n" + strings.Join(paragraphs, "\n\n") + end)
}
