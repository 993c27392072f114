package event

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"sync"
	"testing"
)

// TestJSON holds the form of the lines that pipelines read.
func TestJSON(t *testing.T) {
	for _, c := range []struct {
		event Event
		want  string
	}{
		{Event{Kind: Fork, Fork: "ship-1.4", Version: "1.4.1+acme.1", Upstream: "example.org/ship@v1.4.1", Total: 2},
			`{"kind":"fork","fork":"ship-1.4","version":"1.4.1+acme.1","upstream":"example.org/ship@v1.4.1","total":2}`},
		{Event{Kind: Started, Stage: "source"}, `{"kind":"started","stage":"source"}`},
		{Event{Kind: Progress, Stage: "cross", Subject: "linux/amd64", Done: 3, Total: 9, Unit: "packages"},
			`{"kind":"progress","stage":"cross","subject":"linux/amd64","done":3,"total":9,"unit":"packages"}`},
		{Event{Kind: Finished, Stage: "patches", Detail: "1 applied", Kept: true},
			`{"kind":"finished","stage":"patches","detail":"1 applied","kept":true}`},
		{Event{Kind: Artifact, Component: "captain", Platform: "linux/arm64", Path: "dist/captain", Size: 7, SHA256: "00"},
			`{"kind":"artifact","component":"captain","platform":"linux/arm64","path":"dist/captain","size":7,"sha256":"00"}`},
		{Event{Kind: Note, Detail: "waiting"}, `{"kind":"note","detail":"waiting"}`},
		{Event{Kind: Command, Detail: "go build"}, `{"kind":"command","detail":"go build"}`},
	} {
		got, err := json.Marshal(c.event)
		if err != nil || string(got) != c.want {
			t.Errorf("the event is\n%s (%v), want\n%s", got, err, c.want)
		}
	}
}

func TestSink(t *testing.T) {
	var none Sink
	none.Emit(Event{Kind: Note}) // must not panic
	none.Note("nobody listens")
	var got []Event
	sink := Sink(func(e Event) { got = append(got, e) })
	sink.Emit(Event{Kind: Started, Stage: "source"})
	sink.Note("something")
	want := []Event{{Kind: Started, Stage: "source"}, {Kind: Note, Detail: "something"}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the sink received %v, want %v", got, want)
	}
}

func TestCounter(t *testing.T) {
	var got []int
	one := Sink(func(e Event) {
		if e.Kind != Progress || e.Stage != "deb" || e.Total != 5 || e.Unit != "packages" {
			t.Errorf("the event is %+v", e)
		}
		got = append(got, e.Done)
	}).Counter(Event{Stage: "deb", Total: 5, Unit: "packages"})
	var group sync.WaitGroup
	for range 5 {
		group.Go(one)
	}
	group.Wait()
	if want := []int{0, 1, 2, 3, 4, 5}; !slices.Equal(got, want) {
		t.Errorf("it counts %v, want %v", got, want)
	}
	Sink(nil).Counter(Event{})() // must not panic
}

func TestBytes(t *testing.T) {
	var got []int
	out := Sink(func(e Event) {
		if e.Kind != Progress || e.Stage != "source" || e.Total != 5 || e.Unit != "MiB" {
			t.Errorf("the event is %+v", e)
		}
		got = append(got, e.Done)
	}).Bytes(Event{Stage: "source"}, 1<<20+1, 5<<20+7)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() { out.Write(make([]byte, 1<<19)) })
	}
	group.Wait()
	if want := []int{2, 3, 4, 5}; !slices.Equal(got, want) {
		t.Errorf("it counts %v, want %v", got, want)
	}
}

func TestStage(t *testing.T) {
	failed := errors.New("failed")
	begin := Event{Stage: "cross", Subject: "linux/arm64", Detail: "captain"}
	for name, c := range map[string]struct {
		f    func(end *Event) error
		err  error
		want Event // the last
	}{
		"nothing to add": {
			f:    func(*Event) error { return nil },
			want: Event{Kind: Finished, Stage: "cross", Subject: "linux/arm64", Detail: "captain"},
		},
		"something to add": {
			f: func(end *Event) error {
				end.Subject, end.Detail, end.Kept = "linux/amd64", "captain bosun", true
				return nil
			},
			want: Event{Kind: Finished, Stage: "cross", Subject: "linux/amd64", Detail: "captain bosun", Kept: true},
		},
		"a failure": {
			f: func(end *Event) error {
				end.Detail = "half"
				return failed
			},
			err:  failed,
			want: Event{Kind: Finished, Stage: "cross", Subject: "linux/arm64", Detail: "half", Failed: true},
		},
		"what only Stage says": {
			f: func(end *Event) error {
				end.Failed = true
				return nil
			},
			want: Event{Kind: Finished, Stage: "cross", Subject: "linux/arm64", Detail: "captain"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var got []Event
			within := 0
			err := Sink(func(e Event) { got = append(got, e) }).Stage(begin, func(end *Event) error {
				within = len(got)
				return c.f(end)
			})
			start := begin
			start.Kind = Started
			if want := []Event{start, c.want}; !errors.Is(err, c.err) || within != 1 || !reflect.DeepEqual(got, want) {
				t.Errorf("%v, %d events before f, events %+v, want %+v", err, within, got, want)
			}
			if err := Sink(nil).Stage(begin, c.f); !errors.Is(err, c.err) {
				t.Errorf("without a sink: %v", err)
			}
		})
	}
}
