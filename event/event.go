// Package event describes what a run is doing, as values. Stages emit events and
// print nothing; whoever started the run decides how each is shown.
package event

import (
	"io"
	"sync"
)

// Kind says what an Event reports, and so which of its fields are set.
type Kind string

// The kinds of events, in the order a run emits them.
const (
	Fork     Kind = "fork"     // a fork's run begins: Fork, Version, Upstream, Total patches
	Started  Kind = "started"  // a stage begins: Stage, Subject
	Progress Kind = "progress" // a stage goes on: Stage, Subject, Done of Total, Unit
	Finished Kind = "finished" // a stage ended: Stage, Subject, Detail, Kept, Failed; in a dry run Would, After
	Artifact Kind = "artifact" // a file is in its place: Path, Size, SHA256, Kept or Would, and whose: Component, Platform
	Note     Kind = "note"     // something worth knowing that is not a fault: Detail
	Command  Kind = "command"  // a subprocess starts: Detail, its command line
)

// An Event is one thing that happened. Fields that its Kind does not name are
// zero, and are left out of its JSON.
type Event struct {
	Kind      Kind   `json:"kind"`
	Fork      string `json:"fork,omitempty"`
	Version   string `json:"version,omitempty"`
	Upstream  string `json:"upstream,omitempty"`
	Stage     string `json:"stage,omitempty"`
	Subject   string `json:"subject,omitempty"`
	Detail    string `json:"detail,omitempty"`
	Done      int    `json:"done,omitempty"`
	Total     int    `json:"total,omitempty"`
	Unit      string `json:"unit,omitempty"`
	Component string `json:"component,omitempty"`
	Platform  string `json:"platform,omitempty"`
	Path      string `json:"path,omitempty"`   // relative to the project
	Size      int64  `json:"size,omitempty"`   // bytes
	SHA256    string `json:"sha256,omitempty"` // hex
	Kept      bool   `json:"kept,omitempty"`   // an earlier run's output is up to date
	Failed    bool   `json:"failed,omitempty"` // of a stage that ended with an error
	Would     bool   `json:"would,omitempty"`  // in a dry run: the stage would run, or the file would be made
	After     string `json:"after,omitempty"`  // with Would: the stages before, which decide whether it has to
}

// State says what became of a stage or a file, if nothing was made: "kept", "would run", or
// what it would run after. It is "" for what was made.
func (e Event) State() string {
	switch {
	case e.Kept:
		return "kept"
	case e.Would && e.After != "":
		return "would run after " + e.After
	case e.Would:
		return "would run"
	}
	return ""
}

// A Sink receives events one at a time, possibly from several goroutines. A
// nil Sink drops them.
type Sink func(Event)

// Emit hands e to the sink.
func (s Sink) Emit(e Event) {
	if s != nil {
		s(e)
	}
}

// Counter emits how much of something is done, each time that the function is called, which
// several goroutines may do. e says of what: Stage, Subject, Total and Unit.
func (s Sink) Counter(e Event) (one func()) {
	var mu sync.Mutex
	e.Kind = Progress
	s.Emit(e)
	return func() {
		mu.Lock()
		defer mu.Unlock()
		e.Done++
		s.Emit(e)
	}
}

// Bytes returns what counts the bytes that are written to it, which several goroutines may do,
// and emits each whole MiB. e says of what: Stage and Subject. at is how many there were before,
// and total how many there will be; 0 if that is not known.
func (s Sink) Bytes(e Event, at, total int64) io.Writer {
	e.Kind, e.Unit, e.Total = Progress, "MiB", int(total>>20)
	return &byteCounter{sink: s, event: e, at: at}
}

type byteCounter struct {
	sink  Sink
	mu    sync.Mutex
	event Event
	at    int64
}

func (c *byteCounter) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	before := c.at >> 20
	if c.at += int64(len(p)); c.at>>20 != before {
		c.event.Done = int(c.at >> 20)
		c.sink.Emit(c.event)
	}
	return len(p), nil
}

// Note emits a Note.
func (s Sink) Note(detail string) {
	s.Emit(Event{Kind: Note, Detail: detail})
}

// Stage emits that the stage of e started, calls f, and emits that it finished,
// with what f put into its argument, a copy of e. If f fails, that is said too.
func (s Sink) Stage(e Event, f func(end *Event) error) error {
	start, end := e, e
	start.Kind, end.Kind = Started, Finished
	s.Emit(start)
	err := f(&end)
	end.Failed = err != nil
	s.Emit(end)
	return err
}
