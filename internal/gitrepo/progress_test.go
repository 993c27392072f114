package gitrepo

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"github.com/slipway-build/slipway/event"
)

// told is what git fetch --progress writes, and a failure at its end.
const told = "remote: Enumerating objects: 1000, done.        \nremote: Counting objects:  50% (500/1000)        \r" +
	"remote: Counting objects: 100% (1000/1000), done.        \n" +
	"remote: Total 1000 (delta 0), reused 0 (delta 0)        \n" +
	"Receiving objects:  45% (450/1000), 1.20 MiB | 300.00 KiB/s\rReceiving objects: 100% (1000/1000), 2 MiB, done.\n" +
	"Resolving deltas: 100% (3/3), done.\nremote: the disk is full: 90% (of it)\nfatal: early EOF\n"

func TestReceiver(t *testing.T) {
	for _, c := range []struct {
		of   event.Event
		want []string
	}{
		{event.Event{Unit: "objects"}, []string{"450/1000 objects", "1000/1000 objects"}},
		{event.Event{Done: 2000, Total: 5000, Unit: "files"}, []string{"2450/5000 files", "3000/5000 files"}},
	} {
		for _, chunk := range []int{1, 7, len(told)} {
			var got []string
			w := &receiver{of: c.of, events: func(e event.Event) {
				got = append(got, fmt.Sprintf("%d/%d %s", e.Done, e.Total, e.Unit))
			}}
			for part := range slices.Chunk([]byte(told), chunk) {
				if n, err := w.Write(part); n != len(part) || err != nil {
					t.Fatalf("Write() = %d, %v", n, err)
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%d bytes at a time: %q, want %q", chunk, got, c.want)
			}
		}
	}
}

func TestWithoutProgress(t *testing.T) {
	const want = "remote: the disk is full: 90% (of it)\nfatal: early EOF"
	if got := withoutProgress(told); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// A fetch counts objects, and then the files of a commit.
func TestFetchCounts(t *testing.T) {
	r := newRepo(t)
	for i := range 20 {
		r.put(fmt.Sprintf("%d/file", i), fmt.Sprint(i))
	}
	id := r.commit("all")
	last := map[string]event.Event{}
	git := r.user()
	git.Events = func(e event.Event) { last[e.Unit] = e }
	m, err := git.Open(t.Context(), filepath.Join(t.TempDir(), "x"), r.dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Fetch(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Export(t.Context(), id, nil, filepath.Join(t.TempDir(), "tree")); err != nil {
		t.Fatal(err)
	}
	for unit, n := range map[string]int{"objects": 22, "files": 20} { // a commit and its trees
		want := event.Event{Kind: event.Progress, Stage: "source", Subject: r.dir, Done: n, Total: n, Unit: unit}
		if last[unit] != want {
			t.Errorf("the last event is %+v, want %+v", last[unit], want)
		}
	}
}
