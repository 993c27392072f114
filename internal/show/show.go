// Package show shows what a run does, as its events tell it: on a terminal, finished
// stages as lines and those that run as bars below them; in a pipe, lines alone; for
// programs, JSON.
//
// It has no clock and no terminal of its own. Whoever opens a Printer gives it both,
// and calls Tick several times a second.
package show

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/slipway-build/slipway/event"
	"github.com/slipway-build/slipway/internal/text"
)

// Options are how events are shown, and where.
type Options struct {
	Out     io.Writer
	Now     func() time.Time
	JSON    bool // each event as a line of JSON, and nothing else
	Verbose bool // command lines, too
	Color   bool
	// Size returns the size of the terminal that Out is. It is nil where Out is none, or
	// one that cannot move its cursor.
	Size func() (columns, rows int)
	// Times is a file that remembers how long stages took, so that the next run can tell
	// how long they will take; "" remembers nothing.
	Times string
}

// A Printer shows events. Its methods may be called by several goroutines.
type Printer struct {
	o    Options
	json *json.Encoder

	mu        sync.Mutex
	fork      string // that events are about
	running   []*stage
	past      past
	artifacts []row
	took      map[string]time.Duration // by platform
	screen    screen
	closed    bool
}

// New returns a printer, which shows nothing yet.
func New(o Options) *Printer {
	p := &Printer{o: o, took: map[string]time.Duration{}, screen: screen{out: o.Out}}
	if o.JSON {
		p.json = json.NewEncoder(o.Out)
		p.json.SetEscapeHTML(false)
	} else {
		p.past = readPast(o.Times)
	}
	return p
}

// Event shows e.
func (p *Printer) Event(e event.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.json != nil {
		_ = p.json.Encode(e)
		return
	}
	switch e.Kind {
	case event.Fork:
		p.fork = e.Fork
		p.line("%s  %s  from %s, %s", p.paint(bold, e.Fork), e.Version, e.Upstream, text.Count(e.Total, "patch"))
	case event.Started:
		p.start(e)
	case event.Progress:
		p.progress(e)
	case event.Finished:
		p.finish(e)
	case event.Artifact:
		p.artifacts = append(p.artifacts, row{e, p.took[e.Platform]})
	case event.Note:
		p.line("  %s     %s", p.paint(yellow, "note"), e.Detail)
	case event.Command:
		if p.o.Verbose {
			p.line("  $ %s", e.Detail)
		}
	}
}

// every is how often a pipe is told of a stage that goes on.
const every = 30 * time.Second

// Tick shows how far the stages are that run.
func (p *Printer) Tick() {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.json != nil || p.closed:
	case p.o.Size != nil:
		p.draw()
	default:
		now := p.o.Now()
		for _, s := range p.visible() {
			if now.Sub(s.told) >= every {
				s.told = now
				p.line("%s", s.plain(now))
			}
		}
	}
}

// Close ends the display with the table of artifacts, and remembers how long stages took.
func (p *Printer) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.end()
	p.table()
	p.past.write(p.o.Times)
}

// Abort ends the display, and leaves the terminal as lines alone do.
func (p *Printer) Abort() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.end()
}

func (p *Printer) end() {
	p.closed = true
	p.screen.clear()
}

// finish shows the end of a stage. One that failed is followed by its error.
func (p *Printer) finish(e event.Event) {
	now := p.o.Now()
	s := p.remove(e, now)
	if e.Failed {
		return
	}
	took := now.Sub(s.began)
	p.took[e.Subject] = took
	state := short(took)
	switch {
	case e.Kept:
		state = p.paint(dim, "kept")
	case e.Would:
		state = e.State()
	default:
		p.past.note(s.past(p.fork, now))
	}
	p.line("  %-8s %-42s %s", e.Stage, strings.TrimSpace(e.Subject+" "+e.Detail), state)
}

// An artifact is a finished file, and how long its stage took.
type row struct {
	event.Event
	took time.Duration
}

// table lists the artifacts, with the paths that a person copies.
func (p *Printer) table() {
	if len(p.artifacts) == 0 || p.json != nil {
		return
	}
	t := tabwriter.NewWriter(p.o.Out, 0, 0, 2, ' ', 0)
	for _, a := range p.artifacts {
		if a.Would {
			fmt.Fprintf(t, "  %s\t%s\t\twould be made\t%s\n", a.Component, a.Platform, a.Path)
			continue
		}
		if a.Component == "" {
			fmt.Fprintf(t, "  %s\n", a.Path)
			continue
		}
		state := cmp.Or(a.State(), "built in "+short(a.took))
		fmt.Fprintf(t, "  %s\t%s\t%s\t%s\t%s\tsha256:%.12s…\n",
			a.Component, a.Platform, text.Size(a.Size), state, a.Path, a.SHA256)
	}
	t.Flush()
}

func (p *Printer) line(format string, args ...any) {
	p.screen.clear()
	fmt.Fprintf(p.o.Out, format+"\n", args...)
}

// short formats a duration as 0.2s, 48s or 3m05s.
func short(d time.Duration) string {
	switch {
	case d < 10*time.Second:
		return fmt.Sprintf("%.1fs", d.Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%.0fs", d.Seconds())
	}
	return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
}
