package cut

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/build/buildtest"
	"github.com/slipway-build/slipway/event"
)

// clock returns one that goes on by a second each time it is asked.
func clock() func() time.Time {
	at := time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)
	return func() time.Time {
		at = at.Add(time.Second)
		return at
	}
}

// told returns a cutter that emits to the returned timeline, and what gets past it.
func told(now func() time.Time) (event.Sink, *timeline, *[]string) {
	var out []string
	c := Cutter{Now: now}
	c.Options.Events = func(e event.Event) {
		out = append(out, strings.TrimSpace(fmt.Sprintf("%s %s %s%s", e.Kind, e.Stage, e.Subject, e.Fork)))
	}
	with, times := c.timed()
	return with.Options.Events, times, &out
}

func began(stage, subject string) event.Event {
	return event.Event{Kind: event.Started, Stage: stage, Subject: subject}
}

func ended(stage, subject string) event.Event {
	return event.Event{Kind: event.Finished, Stage: stage, Subject: subject}
}

// TestTimeline holds that spans are those of stages, and that one that has not ended is none.
func TestTimeline(t *testing.T) {
	emit, times, _ := told(clock())
	kept, failed := ended("source", ""), ended("cross", "linux/arm64")
	kept.Kept, failed.Failed, failed.Detail = true, true, "captain"
	for _, e := range []event.Event{
		began("source", ""), kept, began("cross", "linux/amd64"), began("cross", "linux/arm64"), failed,
		{Kind: event.Note, Detail: "the wind turns"}, ended("cross", "linux/amd64"), began("deb", "linux/amd64"),
		ended("rpm", "linux/amd64"),
	} {
		emit(e)
	}
	want := []artifact.Span{
		{Stage: "source", Start: 1000, End: 2000, Kept: true},
		{Stage: "cross", Subject: "linux/amd64", Start: 3000, End: 7000},
		{Stage: "cross", Subject: "linux/arm64", Detail: "captain", Start: 4000, End: 5000, Failed: true},
	}
	if got := times.ended().Spans; !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// TestTimelineWithoutAClock holds that nothing is noted then.
func TestTimelineWithoutAClock(t *testing.T) {
	emit, times, out := told(nil)
	emit(began("source", ""))
	emit(ended("source", ""))
	if got := times.ended().Spans; len(got) > 0 || len(*out) != 2 {
		t.Errorf("%+v; told are %q", got, *out)
	}
}

// TestAgain holds which events are told of a run in which several media need the same.
func TestAgain(t *testing.T) {
	ship, buoy := event.Event{Kind: event.Fork, Fork: "ship"}, event.Event{Kind: event.Fork, Fork: "buoy"}
	failed := ended("cross", "")
	failed.Failed = true
	for _, c := range []struct {
		about  string
		events []event.Event
		want   string
	}{
		{"a stage twice", []event.Event{began("cross", ""), ended("cross", ""), began("cross", ""), ended("cross", "")},
			"started cross, finished cross"},
		{"two stages", []event.Event{began("cross", "a"), ended("cross", "a"), began("cross", "b"), ended("cross", "b")},
			"started cross a, finished cross a, started cross b, finished cross b"},
		{"one that failed", []event.Event{began("cross", ""), failed, began("cross", ""), ended("cross", "")},
			"started cross, finished cross, started cross, finished cross"},
		{"a fork twice", []event.Event{ship, ship, buoy, ship}, "fork  ship, fork  buoy, fork  ship"},
		{"a stage of two forks", []event.Event{ship, began("cross", ""), ended("cross", ""), buoy, began("cross", ""),
			ended("cross", "")}, "fork  ship, started cross, finished cross, fork  buoy, started cross, finished cross"},
		{"artifacts", []event.Event{{Kind: event.Artifact, Path: "dist/ship/bin/captain"}}, ""},
		{"notes", []event.Event{{Kind: event.Note}, {Kind: event.Note}}, "note, note"},
	} {
		emit, _, out := told(clock())
		for _, e := range c.events {
			emit(e)
		}
		if got := strings.Join(*out, ", "); got != c.want {
			t.Errorf("%s: told are %q, want %q", c.about, got, c.want)
		}
	}
}

// TestBefore holds that what other machines did comes first, also for stages that go on.
func TestBefore(t *testing.T) {
	emit, times, _ := told(clock())
	emit(began("source", ""))
	emit(ended("source", ""))
	emit(began("image", ""))
	times.before(artifact.Timeline{Spans: []artifact.Span{
		{Stage: "cross", Subject: "linux/amd64", End: 9000}, {Stage: "cross", Subject: "linux/arm64", End: 4000},
	}})
	emit(ended("image", ""))
	want := []artifact.Span{
		{Stage: "cross", Subject: "linux/amd64", End: 9000}, {Stage: "cross", Subject: "linux/arm64", End: 4000},
		{Stage: "source", Start: 10000, End: 11000}, {Stage: "image", Start: 12000, End: 13000},
	}
	if got := times.ended().Spans; !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// TestWrite holds that the timeline of a run that made nothing does not replace one that did.
func TestWrite(t *testing.T) {
	s := buildtest.Pinned(t, buildtest.Silent).Open(t, nil)
	kept := ended("source", "")
	kept.Kept = true
	written := func() string {
		data, err := os.ReadFile(s.Dist().Abs(s.Fork().Dist(artifact.TimelineFile)))
		if err != nil {
			return ""
		}
		var line artifact.Timeline
		if err := json.Unmarshal(data, &line); err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, one := range line.Spans {
			out = append(out, one.Stage)
		}
		return strings.Join(out, " ")
	}
	for _, c := range []struct {
		about  string
		events []event.Event
		want   string
	}{
		{"nothing ended", []event.Event{began("source", "")}, ""},
		{"nothing made, and none there", []event.Event{began("source", ""), kept}, "source"},
		{"something made", []event.Event{began("source", ""), kept, began("deb", ""), ended("deb", "")}, "source deb"},
		{"nothing made after that", []event.Event{began("source", ""), kept}, "source deb"},
		{"something else made", []event.Event{began("rpm", ""), ended("rpm", "")}, "rpm"},
	} {
		emit, times, _ := told(clock())
		for _, e := range c.events {
			emit(e)
		}
		if err := times.write(s); err != nil || written() != c.want {
			t.Errorf("%s: written is %q, %v, want %q", c.about, written(), err, c.want)
		}
	}
}
