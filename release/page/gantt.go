package page

import (
	"fmt"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/artifact"
)

// A gantt shows when what was built.
type gantt struct {
	Total  string
	Height int // pixels
	Base   int // where the axis is
	Ticks  []tick
	Lanes  []lane
	Rows   []span
}

// A tick is a time on the axis.
type tick struct{ X, Label string }

// A lane has the spans of one stage.
type lane struct {
	Stage, Note string
	Y           int // of its name's baseline
	Bars        []bar
}

// A bar is a span in the picture.
type bar struct {
	X, W  string
	Y     int
	Class string // made, kept or failed
	Title string
}

// A span is a line of the table.
type span struct{ Stage, What, Detail, Began, Took, State string }

const (
	nameHeight = 22 // pixels of a stage's name
	barHeight  = 14
	barGap     = 3
	laneGap    = 10
	axisHeight = 24
)

// newGantt returns the picture of a timeline, or nil of an empty one.
func newGantt(t artifact.Timeline) *gantt {
	var end int64
	for _, s := range t.Spans {
		end = max(end, s.End)
	}
	if len(t.Spans) == 0 || end <= 0 {
		return nil
	}
	g := &gantt{Total: duration(end), Ticks: ticks(end)}
	for _, s := range t.Spans {
		g.Rows = append(g.Rows, span{s.Stage, s.Subject, s.Detail, duration(s.Start), duration(s.End - s.Start), state(s)})
	}
	var stages []string
	for _, s := range t.Spans {
		if !slices.Contains(stages, s.Stage) {
			stages = append(stages, s.Stage)
		}
	}
	for _, stage := range stages {
		g.add(stage, t.Spans, end)
	}
	g.Base = g.Height
	g.Height += axisHeight
	return g
}

// add adds a stage below those there are. Spans that overlap are below each other.
func (g *gantt) add(stage string, spans []artifact.Span, end int64) {
	l := lane{Stage: stage, Y: g.Height + nameHeight - 7}
	var busy []int64 // when each line of bars is free again
	made, kept, took := 0, 0, int64(0)
	for _, s := range spans {
		if s.Stage != stage {
			continue
		}
		line := slices.IndexFunc(busy, func(until int64) bool { return until <= s.Start })
		if line < 0 {
			line, busy = len(busy), append(busy, 0)
		}
		busy[line] = s.End
		if took += s.End - s.Start; s.Kept {
			kept++
		} else {
			made++
		}
		l.Bars = append(l.Bars, bar{
			X: percent(s.Start, end), W: percent(s.End-s.Start, end),
			Y: g.Height + nameHeight + line*(barHeight+barGap), Class: state(s),
			Title: strings.Join(strings.Fields(s.Stage+" "+s.Subject+" "+s.Detail), " ") + ": " +
				duration(s.End-s.Start) + ", " + state(s),
		})
	}
	if n := made + kept; n > 1 {
		l.Note = fmt.Sprintf("%d runs, ", n)
	}
	l.Note += duration(took)
	if kept > 0 {
		l.Note += fmt.Sprintf(", %d kept", kept)
	}
	g.Lanes = append(g.Lanes, l)
	g.Height += nameHeight + len(busy)*(barHeight+barGap) + laneGap
}

func state(s artifact.Span) string {
	switch {
	case s.Failed:
		return "failed"
	case s.Kept:
		return "kept"
	}
	return "made"
}

// ticks returns at most six round times up to end.
func ticks(end int64) []tick {
	var out []tick
	step := int64(100)
	for _, s := range []int64{200, 500, 1e3, 2e3, 5e3, 10e3, 15e3, 30e3, 60e3, 120e3, 300e3, 600e3, 900e3, 1800e3,
		3600e3} {
		if end/step < 5 {
			break
		}
		step = s
	}
	for end/step >= 5 {
		step *= 2
	}
	for at := int64(0); at <= end-end/16; at += step { // the last would leave no room for its label
		out = append(out, tick{percent(at, end), duration(at)})
	}
	return out
}

func percent(part, of int64) string { return fmt.Sprintf("%.2f%%", 100*float64(part)/float64(of)) }

// duration returns milliseconds as people read them.
func duration(ms int64) string {
	switch s := ms / 1000; {
	case ms == 0:
		return "0 s"
	case s < 10 && ms%1000 != 0:
		return fmt.Sprintf("%.1f s", float64(ms)/1000)
	case s < 60:
		return fmt.Sprintf("%d s", s)
	case s < 3600:
		return fmt.Sprintf("%d:%02d min", s/60, s%60)
	default:
		return fmt.Sprintf("%d:%02d h", s/3600, s/60%60)
	}
}
