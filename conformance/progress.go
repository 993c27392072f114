package conformance

import (
	"bytes"
	"io"
	"regexp"
	"strconv"

	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/event"
)

// progress passes on what Ginkgo prints, and tells how many tests have ended: each begins with a bullet then.
type progress struct {
	to          io.Writer
	s           *build.Session
	subject     string
	done, total int
	line        []byte // the last one, as far as it was printed, until the total is known
}

var willRun = regexp.MustCompile(`Will run (\d+) of \d+ specs`)

func (p *progress) Write(data []byte) (int, error) {
	if p.total == 0 {
		p.line = append(p.line, data...)
		if m := willRun.FindSubmatch(p.line); m != nil {
			p.total, _ = strconv.Atoi(string(m[1]))
			p.line = nil
		}
	}
	if n := bytes.Count(data, []byte("•")); n > 0 && p.total > 0 {
		p.done = min(p.done+n, p.total)
		p.s.Emit(event.Event{Kind: event.Progress, Stage: "conformance", Subject: p.subject, Done: p.done, Total: p.total,
			Unit: "tests"})
	}
	return p.to.Write(data)
}
