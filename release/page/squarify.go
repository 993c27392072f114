package page

import (
	"fmt"
	"slices"
)

// A box is a part of a picture.
type box struct{ x, y, w, h float64 }

// squarify divides a box into one for each weight, as large as the weight says, and none
// long and thin as far as that can be: the squarified treemap of Bruls, Huizing and van
// Wijk. The weights are sorted, the largest first.
func squarify(weights []float64, in box) []box {
	total := 0.0
	for _, w := range weights {
		total += w
	}
	var out []box
	for len(weights) > 0 {
		scale := in.w * in.h / total // from a weight to an area
		side := min(in.w, in.h)
		n := 1
		for n < len(weights) && thinnest(weights[:n+1], scale, side) <= thinnest(weights[:n], scale, side) {
			n++
		}
		row := sum(weights[:n])
		out = append(out, strip(weights[:n], row, scale, &in)...)
		weights, total = weights[n:], total-row
	}
	return out
}

// strip cuts a row of boxes off the shorter side of in.
func strip(weights []float64, total, scale float64, in *box) []box {
	var out []box
	thick := total * scale / min(in.w, in.h)
	at := 0.0
	for _, w := range weights {
		long := w * scale / thick
		if in.w >= in.h {
			out = append(out, box{in.x, in.y + at, thick, long})
		} else {
			out = append(out, box{in.x + at, in.y, long, thick})
		}
		at += long
	}
	if in.w >= in.h {
		in.x, in.w = in.x+thick, in.w-thick
	} else {
		in.y, in.h = in.y+thick, in.h-thick
	}
	return out
}

// thinnest returns how long the thinnest box of a row is for its width.
func thinnest(weights []float64, scale, side float64) float64 {
	thick := sum(weights) * scale / side
	worst := 1.0
	for _, w := range []float64{slices.Max(weights), slices.Min(weights)} {
		long := w * scale / thick
		worst = max(worst, long/thick, thick/long)
	}
	return worst
}

func sum(weights []float64) float64 {
	total := 0.0
	for _, w := range weights {
		total += w
	}
	return total
}

// A rect is a box as an SVG has it, in percent of what it is in.
type rect struct{ X, Y, W, H string }

func (b box) rect() rect {
	p := func(f float64) string { return fmt.Sprintf("%.2f%%", 100*f) }
	return rect{p(b.x), p(b.y), p(b.w), p(b.h)}
}
