package gitrepo

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"

	"github.com/slipway-build/slipway/event"
)

// A receiver reads what git fetch --progress writes to standard error, and emits how many
// objects have arrived, each time that git says so.
type receiver struct {
	events event.Sink
	of     event.Event
	rest   []byte
}

// received matches how git tells that: Receiving objects:  45% (450/1000), 1.20 MiB | 300.00 KiB/s
var received = regexp.MustCompile(`^Receiving objects: +\d+% \((\d+)/(\d+)\)`)

func (w *receiver) Write(p []byte) (int, error) {
	w.rest = append(w.rest, p...)
	for {
		end := bytes.IndexAny(w.rest, "\r\n")
		if end < 0 {
			return len(p), nil
		}
		w.line(w.rest[:end])
		w.rest = w.rest[end+1:]
	}
}

func (w *receiver) line(line []byte) {
	m := received.FindSubmatch(line)
	if m == nil {
		return
	}
	e := w.of
	done, _ := strconv.Atoi(string(m[1]))
	e.Done += done
	if e.Total == 0 {
		e.Total, _ = strconv.Atoi(string(m[2]))
	}
	w.events.Emit(e)
}

// progressLine matches how git, or the server, tells how far it is.
var progressLine = regexp.MustCompile(`^(remote: )?([A-Z][a-z]+ [a-z]+: +\d|Total \d)`)

// withoutProgress returns what git fetch --progress said, without how far it was.
func withoutProgress(said string) string {
	var kept []string
	for line := range strings.FieldsFuncSeq(said, func(r rune) bool { return r == '\r' || r == '\n' }) {
		if !progressLine.MatchString(line) {
			kept = append(kept, line)
		}
	}
	return strings.TrimSpace(strings.Join(kept, "\n"))
}
