package show

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// A screen is the end of a terminal, where lines are replaced. The cursor stays behind the
// last of them.
type screen struct {
	out   io.Writer
	lines []string // that are shown
}

const (
	clearLine = "\r\x1b[K"
	lineAbove = "\x1b[1A" + clearLine
)

// cleared returns what takes the lines away.
func (s *screen) cleared() string {
	if len(s.lines) == 0 {
		return ""
	}
	return clearLine + strings.Repeat(lineAbove, len(s.lines)-1)
}

func (s *screen) clear() {
	if len(s.lines) > 0 {
		fmt.Fprint(s.out, s.cleared())
		s.lines = nil
	}
}

// show replaces the lines, in one write.
func (s *screen) show(lines []string) {
	if slices.Equal(lines, s.lines) {
		return
	}
	before := cmp.Or(s.cleared(), clearLine)
	s.lines = lines
	fmt.Fprint(s.out, before+strings.Join(lines, "\n"))
}

// most is how many stages are shown.
const most = 6

// draw shows the stages that run, at the end of the terminal.
func (p *Printer) draw() {
	columns, rows := p.o.Size()
	shown := p.visible()
	if len(shown) == 0 || columns < 2 {
		p.screen.clear()
		return
	}
	now := p.o.Now()
	limit := max(1, min(most, rows-2))
	var lines []string
	for _, s := range shown[:min(limit, len(shown))] {
		lines = append(lines, p.status(s, now, columns-1))
	}
	if more := len(shown) - limit; more > 0 {
		last := &lines[limit-1]
		*last = fit(fmt.Sprintf("  and %d more", more+1), columns-1)
	}
	p.screen.show(lines)
}

// Bars have at least, and at most, as many columns.
const (
	shortest = 10
	longest  = 30
)

// status returns the line of a stage that runs, in at most width columns. Where there is not
// enough room for all, the columns that tell least are left out.
func (p *Printer) status(s *stage, now time.Time, width int) string {
	head := fmt.Sprintf("  %-8s ", s.name)
	label, bar, rate, left := s.label(), strings.Repeat("━", shortest), s.rate(now), ""
	if d := s.left(now); d > 0 {
		left = "~" + short(d.Round(time.Second)) + " left"
	}
	if s.total <= 0 || s.done > s.total {
		bar = ""
	}
	elapsed := short(now.Sub(s.began))
	line := func(bar string) string { return head + join(label, bar, s.counted(), rate, elapsed, left) }
	for _, drop := range []func(){
		func() { rate = "" }, func() { label = cmp.Or(s.of, s.subject, label) }, func() { bar = "" }, func() { left = "" },
	} {
		if utf8.RuneCountInString(line(bar)) > width {
			drop()
		}
	}
	text := line(bar)
	room := width - utf8.RuneCountInString(text)
	switch {
	case room < 0:
		return fit(text, width)
	case bar == "":
		return text
	}
	return line(p.bar(s.done, s.total, min(longest, shortest+room)))
}

// bar returns a bar of some columns.
func (p *Printer) bar(done, total, columns int) string {
	full := columns * done / total
	return p.paint(cyan, strings.Repeat("━", full)) + p.paint(dim, strings.Repeat("─", columns-full))
}

// fit cuts a line off at a width.
func fit(line string, width int) string {
	runes := []rune(line)
	return string(runes[:min(width, len(runes))])
}

// Colors, by their codes.
const (
	bold   = "1"
	dim    = "2"
	yellow = "33"
	cyan   = "36"
)

func (p *Printer) paint(color, s string) string {
	if !p.o.Color || s == "" {
		return s
	}
	return "\x1b[" + color + "m" + s + "\x1b[0m"
}
