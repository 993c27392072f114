package recording

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Of the picture, in pixels.
const (
	charWidth  = 8.0
	lineHeight = 20
	margin     = 16
)

// style has the colors of light and dark pages; each has a contrast of at least 4.5 to its
// ground. What is there in the end is also what is shown where nothing moves.
const style = `
svg{--ground:#f6f8fa;--text:#1f2328;--dim:#59636e;--cyan:#0a6375;--yellow:#7d4e00}
@media (prefers-color-scheme:dark){svg{--ground:#161b22;--text:#e6edf3;--dim:#9198a1;--cyan:#56d4dd;--yellow:#d29922}}
rect{fill:var(--ground)}
text{fill:var(--text);font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;white-space:pre}
.c1{font-weight:bold}.c2{fill:var(--dim)}.c33{fill:var(--yellow)}.c36{fill:var(--cyan)}
.past{visibility:hidden}
@keyframes show{from,to{visibility:visible}}
@keyframes hide{from,to{visibility:hidden}}
@media (prefers-reduced-motion:reduce){text{animation:none!important}}
`

// SVG draws a recording. It plays once, and then shows its end.
func SVG(w io.Writer, r Recording) error {
	lines := watch(hurried(r.Writes))
	rows := 1
	var last []string
	for _, l := range lines {
		rows = max(rows, l.row+1)
		if l.to == 0 {
			last = append(last, textOf(l.line))
		}
	}
	width, height := math.Ceil(float64(r.Width)*charWidth)+2*margin, rows*lineHeight+2*margin
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %v %d" width="%[1]v" height="%[2]d" `+
		`role="img" aria-labelledby="title text">`+"\n", width, height)
	fmt.Fprintf(&b, "<title id=\"title\">%s</title>\n<desc id=\"text\">%s</desc>\n", escaped(r.Title),
		escaped(strings.Join(last, "\n")))
	fmt.Fprintf(&b, "<style>%s</style>\n", style)
	b.WriteString("<rect width=\"100%\" height=\"100%\" rx=\"8\"/>\n<g aria-hidden=\"true\">\n")
	for _, l := range lines {
		draw(&b, l)
	}
	b.WriteString("</g>\n</svg>\n")
	_, err := w.Write(b.Bytes())
	return err
}

// draw draws a line.
func draw(b *bytes.Buffer, l shown) {
	line := l.line
	class, animation := ` class="past"`, fmt.Sprintf("show %ss %ss", seconds(l.to-l.from), seconds(l.from))
	if l.to == 0 {
		class, animation = "", fmt.Sprintf("hide %ss", seconds(l.from))
	}
	fmt.Fprintf(b, `<text%s x="%d" y="%d" textLength="%v" style="animation:%s">`, class, margin,
		margin+l.row*lineHeight+lineHeight*3/4, float64(len(line))*charWidth, animation)
	for len(line) > 0 {
		n := slices.IndexFunc(line, func(c cell) bool { return c.color != line[0].color })
		if n < 0 {
			n = len(line)
		}
		part := escaped(textOf(line[:n]))
		if c := line[0].color; c != "" {
			part = fmt.Sprintf(`<tspan class="c%s">%s</tspan>`, c, part)
		}
		b.WriteString(part)
		line = line[n:]
	}
	b.WriteString("</text>\n")
}

// seconds writes a time to hundredths.
func seconds(t float64) string { return strconv.FormatFloat(math.Round(t*100)/100, 'f', -1, 64) }

func escaped(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s))
	return strings.ReplaceAll(b.String(), "&#xA;", "\n")
}
