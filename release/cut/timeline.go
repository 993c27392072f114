package cut

import (
	"encoding/json"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/event"
)

// A timeline is when the stages of a run began and ended.
type timeline struct {
	now   func() time.Time
	began time.Time
	mu    sync.Mutex
	spans []artifact.Span
	fork  string          // that events are about
	done  map[string]bool // stages of it that have ended
}

// timed returns a cutter with a timeline of what it does, whose events tell of several
// media as of one run: not of single artifacts, since who asks for this tells of what they
// become together; and of each stage once, although each medium asks for what it needs.
func (c Cutter) timed() (Cutter, *timeline) {
	t := &timeline{now: c.Now, done: map[string]bool{}}
	if t.now != nil {
		t.began = t.now()
	}
	all := c.Options.Events
	c.Options.Events = func(e event.Event) {
		if t.note(e); !t.again(e) && e.Kind != event.Artifact {
			all.Emit(e)
		}
	}
	return c, t
}

// note takes an event.
func (t *timeline) note(e event.Event) {
	if t.now == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	at := t.now().Sub(t.began).Milliseconds()
	switch e.Kind {
	case event.Started:
		t.spans = append(t.spans, artifact.Span{
			Stage: e.Stage, Subject: e.Subject, Detail: e.Detail, Start: at, End: -1,
		})
	case event.Finished:
		for i := range slices.Backward(t.spans) {
			if s := &t.spans[i]; s.End < 0 && s.Stage == e.Stage && s.Subject == e.Subject {
				s.End, s.Detail, s.Kept, s.Failed = at, e.Detail, e.Kept, e.Failed
				return
			}
		}
	}
}

// before puts what other machines did in front of what this one does.
func (t *timeline) before(others artifact.Timeline) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var end int64
	for _, s := range others.Spans {
		end = max(end, s.End)
	}
	for i := range t.spans {
		t.spans[i].Start += end
		if t.spans[i].End >= 0 {
			t.spans[i].End += end
		}
	}
	t.spans = append(others.Spans, t.spans...)
	if t.now != nil {
		t.began = t.began.Add(-time.Duration(end) * time.Millisecond)
	}
}

// again reports whether an event tells what was told before: which fork it is about, or of
// a stage that has ended.
func (t *timeline) again(e event.Event) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	of := t.fork + "\x00" + e.Stage + "\x00" + e.Subject
	switch e.Kind {
	case event.Fork:
		was := t.fork
		t.fork = e.Fork
		return was == e.Fork
	case event.Started, event.Progress:
		return t.done[of]
	case event.Finished:
		was := t.done[of]
		t.done[of] = !e.Failed
		return was
	}
	return false
}

// ended returns the stages that have ended.
func (t *timeline) ended() artifact.Timeline {
	t.mu.Lock()
	defer t.mu.Unlock()
	return artifact.Timeline{
		Spans: slices.DeleteFunc(slices.Clone(t.spans), func(s artifact.Span) bool { return s.End < 0 }),
	}
}

// write writes dist/FORK/timeline.json, unless nothing was made: then the one that tells
// how it was made stays.
func (t *timeline) write(s *build.Session) error {
	times := t.ended()
	at := s.Fork().Dist(artifact.TimelineFile)
	made := slices.ContainsFunc(times.Spans, func(s artifact.Span) bool { return !s.Kept })
	if len(times.Spans) == 0 || !made && s.Dist().Exists(at) {
		return nil
	}
	data, err := json.Marshal(times)
	if err != nil {
		return err
	}
	return s.Dist().Replace(at, func(dst string) error { return os.WriteFile(dst, data, 0o644) })
}
