package show

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/slipway-build/slipway/event"
)

// A stage is one that runs.
type stage struct {
	name, subject, detail string // as it was started
	of                    string // what it works on now, if it tells that
	done, total           int
	unit                  string
	implied               bool // it was never said to have started

	began   time.Time
	told    time.Time // when a line told of it
	changed time.Time // when its count last changed
	curve   curve
	recent  []count // the last ones, at least a second apart
	last    took    // how long it took the last time; zero if that is not known
}

// A count is how much was done at a time.
type count struct {
	at   time.Time
	done int
}

// start notes that a stage runs. One that two ask for at the same time is one.
func (p *Printer) start(e event.Event) *stage {
	now := p.o.Now()
	s := &stage{name: e.Stage, subject: e.Subject, detail: e.Detail, began: now, told: now, changed: now}
	s.last = p.past.of(p.fork, s)
	p.running = append(slices.DeleteFunc(p.running, func(o *stage) bool {
		return o.implied || o.name == e.Stage && o.subject == e.Subject
	}), s)
	return s
}

// find returns the stage that an event is about: that of its name and subject, or else the
// last of its name, for some tell what they work on as their subject.
func (p *Printer) find(e event.Event) *stage {
	var found *stage
	for _, s := range p.running {
		if s.name == e.Stage && s.subject == e.Subject {
			return s
		}
		if s.name == e.Stage {
			found = s
		}
	}
	return found
}

// progress notes how far a stage is.
func (p *Printer) progress(e event.Event) {
	s := p.find(e)
	if s == nil {
		s = p.start(event.Event{Stage: e.Stage})
		s.implied = true
	}
	if e.Subject != s.subject {
		s.of = e.Subject
	}
	s.count(e, p.o.Now())
}

// count takes a count, which begins again where it is of something else.
func (s *stage) count(e event.Event, now time.Time) {
	if e.Unit != s.unit || e.Done < s.done {
		s.recent, s.curve, s.done = nil, nil, 0
	}
	if e.Done > s.done || len(s.recent) == 0 {
		s.changed = now
	}
	s.done, s.total, s.unit = e.Done, e.Total, e.Unit
	s.curve = s.curve.reached(s.done, s.total, now.Sub(s.began))
	if n := len(s.recent); n == 0 || now.Sub(s.recent[n-1].at) >= time.Second {
		s.recent = append(s.recent[max(0, n-15):], count{now, s.done})
	}
}

// remove takes a stage away that ended. Those that were waiting for it begin now.
func (p *Printer) remove(e event.Event, now time.Time) *stage {
	s := p.find(e)
	if s == nil {
		s = p.start(e)
	}
	at := slices.Index(p.running, s)
	for _, o := range p.running[:at] {
		if o.waits() {
			o.began, o.told = now, now
		}
	}
	p.running = slices.DeleteFunc(p.running, func(o *stage) bool { return o == s || o.implied })
	return s
}

// waits reports whether a stage does nothing yet that it could tell of. While one that
// began later runs, it probably waits for that.
func (s *stage) waits() bool { return s.unit == "" }

// visible returns the stages to show.
func (p *Printer) visible() []*stage {
	var out []*stage
	for i, s := range p.running {
		if !s.waits() || i == len(p.running)-1 {
			out = append(out, s)
		}
	}
	return out
}

// label returns what a stage works on.
func (s *stage) label() string {
	return cmp.Or(s.of, strings.TrimSpace(s.subject+" "+s.detail))
}

// counted returns how much is done, as 1312/2104 packages.
func (s *stage) counted() string {
	switch {
	case s.unit == "":
		return ""
	case s.total < s.done || s.total == 0:
		return fmt.Sprintf("%d %s", s.done, s.unit)
	}
	return fmt.Sprintf("%d/%d %s", s.done, s.total, s.unit)
}

// plain returns the line that a pipe is told.
func (s *stage) plain(now time.Time) string {
	head := strings.TrimRight(fmt.Sprintf("  %-8s %s", s.name, s.label()), " ")
	return join(head, s.counted(), short(now.Sub(s.began)))
}

// join joins the columns of a line that are not empty.
func join(columns ...string) string {
	columns = slices.DeleteFunc(columns, func(c string) bool { return strings.TrimSpace(c) == "" })
	return strings.Join(columns, "  ")
}

// rate returns how much is done in a second, over the last quarter of a minute or more; ""
// where there is nothing to tell.
func (s *stage) rate(now time.Time) string {
	if len(s.recent) < 2 {
		return ""
	}
	first := s.recent[0]
	seconds := now.Sub(first.at).Seconds()
	per := float64(s.done-first.done) / seconds
	switch {
	case seconds < 2 || per < 0.05:
		return ""
	case s.unit == "MiB":
		return fmt.Sprintf("%.1f MiB/s", per)
	case per < 10:
		return fmt.Sprintf("%.1f/s", per)
	}
	return fmt.Sprintf("%.0f/s", per)
}
