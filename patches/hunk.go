package patches

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// A Hunk is some lines of a file, before and after. Line numbers count from 1;
// where a side has no lines, its start is the line before.
type Hunk struct {
	Line               int // of the patch, where the hunk begins
	OldStart, OldLines int
	NewStart, NewLines int
	Lines              []Line
}

// A Line is one line of a hunk.
type Line struct {
	Op   byte   // ' ' stays, '-' goes, '+' comes
	Text []byte // with its newline, unless the file ends without one
}

// first returns how many lines of the old file are before the hunk.
func (h Hunk) first() int {
	if h.OldLines == 0 {
		return h.OldStart
	}
	return h.OldStart - 1
}

// side is how much of the old or new half of a hunk is still to come.
type side struct {
	left  int
	ended bool // the file ended, without a newline
}

func (s *side) take() bool {
	s.left--
	return s.left >= 0 && !s.ended
}

// hunks reads the hunks from the current line on.
func (p *parser) hunks() []Hunk {
	var hunks []Hunk
	end := 0 // of the hunk before, in the old file
	for p.at("@@") && p.err == nil {
		h := p.hunk()
		if h.first() < end {
			p.fail(h.Line, "the hunk begins before the end of the one before it")
		}
		end = h.first() + h.OldLines
		hunks = append(hunks, h)
	}
	if len(hunks) == 0 || len(p.line) == 0 || p.atMarks() || string(p.line) == "-- \n" {
		return hunks
	}
	if strings.IndexByte(` +-\`, p.line[0]) >= 0 {
		p.fail(p.n, "the line belongs to no hunk: the one at line %d has more lines than its header says",
			hunks[len(hunks)-1].Line)
	}
	return hunks
}

// hunk reads one hunk, whose header and lines have to agree, and goes to the
// line behind it.
func (p *parser) hunk() Hunk {
	h, err := parseRanges(string(p.line))
	if err != nil {
		p.fail(p.n, "%w", err)
	}
	h.Line = p.n
	old, new := side{left: h.OldLines}, side{left: h.NewLines}
	changes := false
	for p.next(); p.err == nil && (old.left > 0 || new.left > 0 || p.at(`\ `)); p.next() {
		if p.at(`\ `) {
			op := p.endLast(h.Lines)
			old.ended, new.ended = old.ended || op != '+', new.ended || op != '-'
			continue
		}
		l, ok := p.hunkLine()
		if !ok {
			p.fail(p.n, "the hunk at line %d is cut off: its header says %d more old and %d more new lines",
				h.Line, old.left, new.left)
		} else if l.Op != '+' && !old.take() || l.Op != '-' && !new.take() {
			p.fail(p.n, "the hunk at line %d continues past its end: its header says fewer lines, or the file ended", h.Line)
		}
		h.Lines = append(h.Lines, l)
		changes = changes || l.Op != ' '
	}
	if !changes {
		p.fail(h.Line, "the hunk changes nothing")
	}
	return h
}

// hunkLine returns the current line as one of a hunk.
func (p *parser) hunkLine() (Line, bool) {
	if !bytes.HasSuffix(p.line, []byte("\n")) {
		return Line{}, false
	}
	switch op := p.line[0]; op {
	case ' ', '-', '+':
		return Line{op, p.line[1:]}, true
	case '\n': // an empty line of context that lost its space on the way, as in diff --suppress-blank-empty
		return Line{' ', p.line}, true
	}
	return Line{}, false
}

// endLast takes the newline off the last line, as a "\ No newline" line says.
func (p *parser) endLast(lines []Line) (op byte) {
	if len(lines) > 0 {
		l := &lines[len(lines)-1]
		if text, ok := bytes.CutSuffix(l.Text, []byte("\n")); ok && len(text) > 0 {
			l.Text = text
			return l.Op
		}
	}
	p.fail(p.n, "no line before this one can end without a newline")
	return 0
}

func (p *parser) atHunk() bool {
	if !p.at("@@ -") {
		return false
	}
	_, err := parseRanges(string(p.line))
	return err == nil
}

// parseRanges reads "@@ -1,2 +3,4 @@".
func parseRanges(line string) (h Hunk, err error) {
	inner, ok := strings.CutPrefix(line, "@@ -")
	inner, _, ok2 := strings.Cut(inner, " @@")
	before, after, ok3 := strings.Cut(inner, " +")
	if !ok || !ok2 || !ok3 {
		return h, errors.New("the hunk header is not of the form @@ -LINE,COUNT +LINE,COUNT @@")
	}
	if h.OldStart, h.OldLines, err = parseRange(before); err == nil {
		h.NewStart, h.NewLines, err = parseRange(after)
	}
	return h, err
}

func parseRange(s string) (start, lines int, err error) {
	first, count, ok := strings.Cut(s, ",")
	if !ok {
		count = "1"
	}
	x, err := strconv.ParseUint(first, 10, 30)
	y, err2 := strconv.ParseUint(count, 10, 30)
	if err != nil || err2 != nil || x == 0 && y > 0 {
		return 0, 0, fmt.Errorf("the hunk header has a range %q that is not LINE,COUNT", s)
	}
	return int(x), int(y), nil
}
