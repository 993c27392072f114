package ebuilds

import (
	"bytes"
	"cmp"
	"fmt"
	"regexp"
)

// header returns the comment that the fork's ebuilds begin with.
func (f Fork) header() string {
	return fmt.Sprintf("# Copyright %d %s\n# %s\n",
		f.Year, cmp.Or(f.Copyright, DefaultCopyright), cmp.Or(f.Notice, DefaultNotice))
}

// headerLines matches that comment.
var headerLines = regexp.MustCompile(`\A# Copyright [^\n]*\n#[^\n]*\n`)

// sameButHeader reports whether two files are the same but for the comment that ebuilds
// begin with: the year changes, and who holds the rights may.
func sameButHeader(a, b []byte) bool {
	return bytes.Equal(headerLines.ReplaceAll(a, nil), headerLines.ReplaceAll(b, nil))
}
