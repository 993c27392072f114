package patches

import "bytes"

// A pattern is the lines of one side of a hunk, and where they may be.
type pattern struct {
	lines          [][]byte
	atStart, atEnd bool // of the file
}

// pattern returns the lines of h without those of one op. Where a hunk must lie
// is git's rule: one that says line 1 begins the file, and one with no context
// behind its changes ends it.
func (h Hunk) pattern(without byte) pattern {
	p := pattern{lines: make([][]byte, 0, len(h.Lines)), atStart: h.OldStart <= 1}
	for _, l := range h.Lines {
		p.atEnd = l.Op != ' '
		if l.Op != without {
			p.lines = append(p.lines, l.Text)
		}
	}
	return p
}

// fits reports whether p matches lines at pos, exactly.
func (p pattern) fits(lines [][]byte, pos int) bool {
	end := pos + len(p.lines)
	switch {
	case end > len(lines), p.atStart && pos > 0, p.atEnd && end < len(lines):
		return false
	case len(p.lines) == 0 && pos > 0 && !endsLine(lines[pos-1]):
		return false // what is added there would grow that line
	}
	for i, l := range p.lines {
		if !bytes.Equal(l, lines[pos+i]) {
			return false
		}
	}
	return true
}

// find returns where p lies at or after low, and nearest to want.
func (p pattern) find(lines [][]byte, low, want int) (int, bool) {
	high := len(lines) - len(p.lines)
	if p.atStart {
		high = min(high, 0)
	}
	if p.atEnd {
		low = max(low, high)
	}
	want = max(low, min(want, high))
	for d := 0; want+d <= high || want-d >= low; d++ {
		if want+d <= high && p.fits(lines, want+d) {
			return want + d, true
		}
		if d > 0 && want-d >= low && want-d <= high && p.fits(lines, want-d) {
			return want - d, true
		}
	}
	return 0, false
}

// nearest returns where p lies best, though it does not fit: the position about
// want at which most of its lines are right.
func (p pattern) nearest(lines [][]byte, low, want int) int {
	const window = 200
	best, most := max(low, min(want, len(lines))), 0
	try := func(pos int) {
		if pos < low || pos > len(lines) {
			return
		}
		right := 0
		for i := range min(len(p.lines), len(lines)-pos) {
			if bytes.Equal(p.lines[i], lines[pos+i]) {
				right++
			}
		}
		if right > most {
			best, most = pos, right
		}
	}
	for d := range window + 1 {
		try(want + d)
		try(want - d)
	}
	return best
}
