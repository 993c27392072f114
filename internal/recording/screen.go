package recording

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A cell is a character on the screen, and the code of its color.
type cell struct {
	char  rune
	color string // "" is the usual one
}

// A screen is a terminal, as far as Slipway uses one.
type screen struct {
	lines    [][]cell
	row, col int
	color    string
}

// escape matches the sequences that a screen knows: they clear a line, move the cursor up, and
// set a color.
var escape = regexp.MustCompile(`^\x1b\[(\d*)([KAm])`)

func (s *screen) write(text string) {
	for text != "" {
		if m := escape.FindStringSubmatch(text); m != nil {
			s.escape(m[1], m[2])
			text = text[len(m[0]):]
			continue
		}
		r, n := utf8.DecodeRuneInString(text)
		s.put(r)
		text = text[n:]
	}
}

func (s *screen) escape(number, what string) {
	n, _ := strconv.Atoi(number)
	switch what {
	case "K":
		if line := s.line(); s.col < len(line) {
			s.lines[s.row] = line[:s.col]
		}
	case "A":
		s.row = max(0, s.row-max(1, n))
	case "m":
		if s.color = number; n == 0 {
			s.color = ""
		}
	}
}

func (s *screen) put(r rune) {
	switch {
	case r == '\r':
		s.col = 0
	case r == '\n':
		s.row++
	case r >= ' ':
		line := s.line()
		for len(line) <= s.col {
			line = append(line, cell{' ', ""})
		}
		line[s.col] = cell{r, s.color}
		s.lines[s.row] = line
		s.col++
	}
}

// line returns the line of the cursor.
func (s *screen) line() []cell {
	for len(s.lines) <= s.row {
		s.lines = append(s.lines, nil)
	}
	return s.lines[s.row]
}

// A shown is a line, and for how long it is on the screen.
type shown struct {
	row      int
	line     []cell
	from, to float64 // seconds; to is 0 of a line that stays
}

// step is the shortest time, in seconds, that a line is shown.
const step = 0.1

// watch returns all lines that a screen shows, in order, and its last ones.
func watch(writes []Write) []shown {
	var s screen
	var out, now []shown
	for i, w := range writes {
		s.write(w.Text)
		if i < len(writes)-1 && writes[i+1].At-w.At < step/2 {
			continue // nobody would see it
		}
		for row := range max(len(s.lines), len(now)) {
			var line []cell
			if row < len(s.lines) {
				line = slices.Clone(s.lines[row])
			}
			if row == len(now) {
				now = append(now, shown{row: row})
			}
			if slices.Equal(now[row].line, line) {
				continue
			}
			if was := now[row]; len(was.line) > 0 && w.At > was.from {
				was.to = w.At
				out = append(out, was)
			}
			now[row] = shown{row: row, line: line, from: w.At}
		}
	}
	return append(out, slices.DeleteFunc(now, func(l shown) bool { return len(l.line) == 0 })...)
}

// textOf returns cells without their colors.
func textOf(line []cell) string {
	var b strings.Builder
	for _, c := range line {
		b.WriteRune(c.char)
	}
	return b.String()
}
