package page

import (
	"cmp"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/release/page/sizes"
)

// A picture is what one binary is made of.
type picture struct {
	Name, Platform, Total, Change string
	Open                          bool
	Cells                         []cell
	Modules, Packages             []row
	Compared                      bool // the rows say how much has changed
}

// A cell is a module in the picture, or what is not code.
type cell struct {
	rect
	Class              string // own, other, std or notCode
	Title, Wide, Short string // Wide and Short are what there is room for on a wide screen, and on a phone
	Size               string // "" where there is no room
	Both               bool   // there is room for the size on a phone, too
	Parts              []part
}

// A part is a package in a cell.
type part struct {
	rect
	Title string
}

// A row is a line of the table.
type row struct {
	Name, Size, Share, Change string
}

// A thing takes bytes of a binary: a module with its packages, or what is not code.
type thing struct {
	name, short string // short is where there is little room
	class       string
	bytes       int64
	packages    []sizes.Weight // the largest first
	folded      bool           // it is several small modules
}

// notCode is the class of what is not code.
const notCode = "rest"

const (
	few       = 0.003  // of a binary: a smaller module has no cell of its own
	fewer     = 0.0015 // of a binary: a smaller package has none
	rows      = 20     // packages in the table
	wide      = 1000   // pixels that a picture is wide on a wide screen
	narrow    = 350    // and on a phone
	high      = 340    // that it is high
	character = 7.2    // that a character is wide
)

// pictures returns one for each binary whose sizes are known.
func pictures(in Input) []picture {
	var out []picture
	for _, a := range in.Release.Kind(artifact.Binary) {
		weights := in.Sizes[a.Path]
		if len(weights) == 0 {
			continue
		}
		p := newPicture(weights, in.LastSizes[a.Path], in.Release.Upstream.Name)
		p.Name, p.Platform, p.Total, p.Open = cmp.Or(a.Name, a.Path), a.Platform, amount(a.Size), len(out) == 0
		if was, ok := newLast(in).before(a); ok {
			p.Change = change(a.Size, was.Size)
		}
		out = append(out, p)
	}
	return out
}

func newPicture(weights, before []sizes.Weight, upstream string) picture {
	things, total := gather(weights, upstream)
	was, _ := gather(before, upstream)
	shown := fold(things, total)
	return picture{
		Cells: cells(shown, total), Modules: moduleRows(shown, was, total),
		Packages: packageRows(weights, before, total), Compared: len(before) > 0,
	}
}

func moduleRows(shown, was []thing, total int64) []row {
	old, others := map[string]int64{}, int64(0)
	for _, t := range was {
		old[t.name] = t.bytes
		if t.class != notCode && !slices.ContainsFunc(shown, func(s thing) bool { return s.name == t.name }) {
			others += t.bytes
		}
	}
	var out []row
	for _, t := range shown {
		before := old[t.name]
		if t.folded {
			before = others
		}
		out = append(out, newRow(t.name, t.bytes, total, since(t.bytes, before, len(was) > 0)))
	}
	return out
}

// packageRows returns those of the largest packages.
func packageRows(weights, was []sizes.Weight, total int64) []row {
	old := map[string]int64{}
	for _, w := range was {
		if w.Module != "" {
			old[w.Package] = w.Bytes
		}
	}
	code := slices.DeleteFunc(slices.Clone(weights), func(w sizes.Weight) bool { return w.Module == "" })
	slices.SortStableFunc(code, func(a, b sizes.Weight) int { return cmp.Compare(b.Bytes, a.Bytes) })
	var out []row
	for _, w := range code[:min(rows, len(code))] {
		out = append(out, newRow(w.Package, w.Bytes, total, since(w.Bytes, old[w.Package], len(was) > 0)))
	}
	return out
}

func newRow(name string, bytes, total int64, change string) row {
	return row{name, amount(bytes), fmt.Sprintf("%.1f %%", 100*float64(bytes)/float64(total)), change}
}

// since returns how a number of bytes differs from the one before; "" where nothing is
// known of the last release.
func since(now, before int64, known bool) string {
	switch {
	case !known:
		return ""
	case before == 0:
		return "new"
	}
	return change(now, before)
}

// cells returns the boxes of code, and beside them those of the rest.
func cells(things []thing, total int64) []cell {
	var out []cell
	left := 0.0
	for _, rest := range []bool{false, true} {
		group := slices.DeleteFunc(slices.Clone(things), func(t thing) bool { return (t.class == notCode) != rest })
		weights := shares(group, total)
		width := sum(weights)
		for i, b := range squarify(weights, box{left, 0, width, float64(high) / wide}) {
			b.y, b.h = b.y*wide/high, b.h*wide/high
			out = append(out, newCell(group[i], b, total))
		}
		left += width
	}
	return out
}

// gather returns what takes bytes, the largest first, and how many there are in total.
func gather(weights []sizes.Weight, upstream string) ([]thing, int64) {
	index, total := map[string]int{}, int64(0)
	var out []thing
	for _, w := range weights {
		name := cmp.Or(w.Module, w.Package)
		short := tail(name)
		if name == sizes.Standard {
			name, short = "standard library", sizes.Standard
		}
		i, ok := index[name]
		if !ok {
			i = len(out)
			index[name] = i
			out = append(out, thing{name: name, short: short, class: class(w, upstream)})
		}
		out[i].bytes += w.Bytes
		total += w.Bytes
		if w.Module != "" {
			out[i].packages = append(out[i].packages, w)
		}
	}
	for _, t := range out {
		slices.SortStableFunc(t.packages, func(a, b sizes.Weight) int { return cmp.Compare(b.Bytes, a.Bytes) })
	}
	slices.SortStableFunc(out, func(a, b thing) int { return cmp.Compare(b.bytes, a.bytes) })
	return out, total
}

func class(w sizes.Weight, upstream string) string {
	module, _, _ := strings.Cut(upstream, "@")
	switch w.Module {
	case "":
		return notCode
	case sizes.Standard:
		return "std"
	case module:
		return "own"
	}
	return "other"
}

// fold puts the small modules together.
func fold(things []thing, total int64) []thing {
	var out []thing
	small := thing{class: "other"}
	n := 0
	for _, t := range things {
		if t.class == notCode || float64(t.bytes) >= few*float64(total) {
			out = append(out, t)
			continue
		}
		n++
		small.name, small.short, small.bytes = t.name, t.short, small.bytes+t.bytes
	}
	if n == 0 {
		return out
	}
	if n > 1 {
		small.folded = true
		small.name, small.short = fmt.Sprintf("%d smaller modules", n), fmt.Sprintf("%d more", n)
	}
	out = append(out, small)
	slices.SortStableFunc(out, func(a, b thing) int { return cmp.Compare(b.bytes, a.bytes) })
	return out
}

func shares(things []thing, total int64) []float64 {
	var out []float64
	for _, t := range things {
		out = append(out, float64(t.bytes)/float64(total))
	}
	return out
}

func newCell(t thing, b box, total int64) cell {
	c := cell{rect: b.rect(), Class: t.class, Title: t.name + ", " + amount(t.bytes)}
	if b.h*high >= 20 {
		c.Wide, c.Short = fitting(b.w*wide, t.name, t.short), fitting(b.w*narrow, t.name, t.short)
	}
	if b.h*high >= 40 && c.Wide != "" {
		c.Size = fitting(b.w*wide, amount(t.bytes))
		c.Both = c.Short != "" && fitting(b.w*narrow, c.Size) != ""
	}
	if len(t.packages) > 1 {
		c.Parts = parts(t, b, total)
	}
	return c
}

// parts returns the packages of a module whose box is b.
func parts(t thing, b box, total int64) []part {
	var shown []thing
	for _, w := range t.packages {
		if float64(w.Bytes) >= fewer*float64(total) {
			shown = append(shown, thing{name: w.Package, bytes: w.Bytes})
		}
	}
	if len(shown) == 0 {
		return nil
	}
	left := thing{name: fmt.Sprintf("%d smaller packages", len(t.packages)-len(shown)), bytes: t.bytes}
	for _, s := range shown {
		left.bytes -= s.bytes
	}
	if left.bytes > 0 {
		shown = append(shown, left)
		slices.SortStableFunc(shown, func(a, b thing) int { return cmp.Compare(b.bytes, a.bytes) })
	}
	var out []part
	width, height := b.w*wide, b.h*high
	for i, in := range squarify(shares(shown, t.bytes), box{0, 0, 1, height / width}) {
		in.y, in.h = in.y*width/height, in.h*width/height
		out = append(out, part{in.rect(), shown[i].name + ", " + amount(shown[i].bytes)})
	}
	return out
}

// fitting returns the first text that there is room for.
func fitting(pixels float64, texts ...string) string {
	for _, text := range texts {
		if float64(len(text))*character+12 <= pixels {
			return text
		}
	}
	return ""
}

var major = regexp.MustCompile(`/v[0-9]+$`)

// tail returns the last part of a module's path: grpc, api/v3.
func tail(module string) string {
	return path.Base(major.ReplaceAllString(module, "")) + major.FindString(module)
}
