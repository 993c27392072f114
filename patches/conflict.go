package patches

import (
	"bytes"
	"fmt"
	"strconv"
)

// A Conflict is the error of a hunk that meets other lines than it expects.
type Conflict struct {
	File    string // as it was named before the patch
	Hunk    int    // of the file, from 1
	Line    int    // of the file as the patch met it: the first that is not as expected
	Already bool   // the file has the lines that the hunk would make

	Expected, Found string // that line, without the space around it, or what is there instead
}

// Error says what was expected and found, on three lines or four.
func (c *Conflict) Error() string {
	s := fmt.Sprintf("%s, hunk %d at line %d\n    expected  %s\n    found     %s",
		c.File, c.Hunk, c.Line, c.Expected, c.Found)
	if c.Already {
		s += "\n  it looks applied already"
	}
	return s
}

const endOfFile = "(end of file)"

// differs says where p, applied to lines at pos, meets something else. It must
// not fit there.
func (p pattern) differs(lines [][]byte, pos int) (line int, expected, found string) {
	for i, l := range p.lines {
		if pos+i >= len(lines) {
			return pos + i + 1, shown(l), endOfFile
		}
		if !bytes.Equal(l, lines[pos+i]) {
			expected, found = shownApart(l, lines[pos+i])
			return pos + i + 1, expected, found
		}
	}
	end := pos + len(p.lines)
	switch {
	case p.atEnd && end < len(lines):
		return end + 1, endOfFile, shown(lines[end])
	case p.atStart && pos > 0:
		return pos, "(start of file)", shown(lines[pos-1])
	}
	return pos, "(a newline at the end of the file)", shown(lines[pos-1])
}

// shownApart shows two lines that differ so that the difference is seen.
func shownApart(a, b []byte) (string, string) {
	x, y := shown(a), shown(b)
	switch {
	case x == y && endsLine(a) && !endsLine(b):
		y += noNewline
	case x == y && endsLine(b) && !endsLine(a):
		x += noNewline
	case bytes.Equal(bytes.TrimSpace(a), bytes.TrimSpace(b)): // only the space about them differs
		return strconv.Quote(string(a)), strconv.Quote(string(b))
	}
	return x, y
}

const noNewline = " (a line without a newline at its end)"

func shown(line []byte) string {
	if text := bytes.TrimLeft(bytes.TrimSuffix(line, []byte("\n")), " \t"); len(text) > 0 {
		return string(text)
	}
	return "(an empty line)"
}
