package targets

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"golang.org/x/term"

	"github.com/slipway-build/slipway"
	"github.com/slipway-build/slipway/event"
	"github.com/slipway-build/slipway/internal/text"
)

// A printer shows events as lines or as JSON. On a terminal, the progress of the
// current stage is shown below the lines.
type printer struct {
	out     *os.File
	verbose bool
	json    *json.Encoder

	mu        sync.Mutex
	began     time.Time // when the current stage began
	last      event.Event
	artifacts []row
	took      map[string]time.Duration // by platform
	status    bool                     // whether the terminal shows a status line
	stop      chan struct{}
}

func newPrinter(out *os.File, verbose, asJSON bool) *printer {
	now := time.Now()
	p := &printer{out: out, verbose: verbose, began: now, took: map[string]time.Duration{}, stop: make(chan struct{})}
	switch {
	case asJSON:
		p.json = json.NewEncoder(out)
		p.json.SetEscapeHTML(false)
	case term.IsTerminal(int(out.Fd())):
		go p.tick()
	}
	return p
}

// tick keeps the elapsed time on the terminal moving.
func (p *printer) tick() {
	for t := time.NewTicker(200 * time.Millisecond); ; {
		select {
		case <-p.stop:
			t.Stop()
			return
		case <-t.C:
			p.mu.Lock()
			p.drawStatus()
			p.mu.Unlock()
		}
	}
}

// close ends the display with the table of artifacts.
func (p *printer) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	close(p.stop)
	p.clearStatus()
	p.table()
}

// event shows e.
func (p *printer) event(e event.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.json != nil {
		_ = p.json.Encode(e)
		return
	}
	switch e.Kind {
	case event.Fork:
		p.line("%s  %s  from %s, %s", e.Fork, e.Version, e.Upstream, text.Count(e.Total, "patch"))
	case event.Started:
		p.began, p.last = time.Now(), e
	case event.Progress:
		p.last = e
	case event.Finished:
		p.finished(e)
	case event.Artifact:
		p.artifacts = append(p.artifacts, row{e, p.took[e.Platform]})
	case event.Note:
		p.line("  note     %s", e.Detail)
	case event.Command:
		if p.verbose {
			p.line("  $ %s", e.Detail)
		}
	}
}

// finished shows the end of a stage. One that failed is followed by its error.
func (p *printer) finished(e event.Event) {
	took := time.Since(p.began)
	p.last = event.Event{}
	if e.Failed {
		return
	}
	p.took[e.Subject] = took
	state := cmp.Or(e.State(), short(took))
	p.line("  %-8s %-42s %s", e.Stage, strings.TrimSpace(e.Subject+" "+e.Detail), state)
	p.began = time.Now()
}

// table lists the artifacts, with the paths that a person copies.
func (p *printer) table() {
	if len(p.artifacts) == 0 || p.json != nil {
		return
	}
	t := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
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

// An artifact is a finished file, and how long its stage took.
type row struct {
	event.Event
	took time.Duration
}

func (p *printer) line(format string, args ...any) {
	p.clearStatus()
	fmt.Fprintf(p.out, format+"\n", args...)
}

const clearLine = "\r\x1b[K"

func (p *printer) clearStatus() {
	if p.status {
		fmt.Fprint(p.out, clearLine)
		p.status = false
	}
}

func (p *printer) drawStatus() {
	if p.last.Stage == "" {
		return
	}
	status := fmt.Sprintf("  %-8s %s", p.last.Stage, p.last.Subject)
	if p.last.Total > 0 {
		status += fmt.Sprintf("  %d/%d %s", p.last.Done, p.last.Total, p.last.Unit)
	}
	status += "  " + short(time.Since(p.began))
	if width, _, err := term.GetSize(int(p.out.Fd())); err == nil && len(status) >= width && width > 1 {
		status = status[:width-1]
	}
	fmt.Fprint(p.out, clearLine+status)
	p.status = true
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

// printChecks prints the results of the doctor's checks. It returns an error if
// something that a fork needs is missing.
func printChecks(checks []slipway.Check) error {
	t := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	missing := 0
	for _, c := range checks {
		mark := "ok"
		switch {
		case c.OK:
		case c.Needed:
			mark = "MISSING"
			missing++
		default:
			mark = "-"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\n", mark, c.Name, c.Detail)
		if !c.OK && c.Remedy != "" {
			fmt.Fprintf(t, "\t\t%s\n", c.Remedy)
		}
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if missing > 0 {
		return fmt.Errorf("this machine is missing %s", text.Count(missing, "requirement"))
	}
	return nil
}
