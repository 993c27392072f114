package patches

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
)

// File returns the patch as the bytes of a file that every tool reads as Parse
// reads the patch: without the diffs of excluded files, and with quote marks before
// the diffs that a commit's message quotes. It is nil if no diff is left. A mail that
// is encoded, or one of several, is none: see Portable.
func (p Patch) File() ([]byte, error) {
	if p.Diff == 0 && len(p.Exclude) == 0 {
		return p.Data, nil
	}
	commits, err := commitsOf(p)
	if err != nil || len(commits) == 0 {
		return nil, err
	}
	c := commits[0]
	if len(commits) > 1 || c.text.encoded || c.text.lines != nil {
		return bytes.Clone(p.Data), nil
	}
	head := p.Data[:len(p.Data)-len(c.text.data)]
	if p.Diff > 0 {
		if quotesDiff(head) {
			head = quoteDiffs(head)
		}
		head = quoteAuthor(head)
	}
	return append(bytes.Clone(head), c.left()...), nil
}

// oddAuthor matches the author of a commit whose name git am would read as another.
var oddAuthor = regexp.MustCompile(`\A((?:From [^\n]*\n)?From: )([^\n]*["\\][^\n]*)( <[^<>\n]*>\n)`)

// quoteAuthor puts a name that has quotes or backslashes in quotes, as mails have it.
func quoteAuthor(head []byte) []byte {
	m := oddAuthor.FindSubmatch(head)
	if m == nil {
		return head
	}
	name := strings.NewReplacer(`"`, `\"`, `\`, `\\`).Replace(string(m[2]))
	return slices.Concat(m[1], []byte(`"`+name+`"`), m[3], head[len(m[0]):])
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
