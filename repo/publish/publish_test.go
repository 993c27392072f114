package publish

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

const keep = 36 * time.Hour

func publishTo(t testing.TB, target Target, next Next, n int) (Report, error) {
	return Publish(t.Context(), target, next, Request{Now: at(n), Keep: keep})
}

// voyage are three snapshots: the second adds a version and a suite, the third has neither what
// the first had nor the suite. A publisher of the fourth finds the first's files past their time.
func voyage(t testing.TB) (one, two, three, four Next) {
	one = snapshot(t, 1, fleet{"ship-1.4": {"1.4.1"}, "ship-1.5": {"1.5.0"}})
	two = snapshot(t, 2, fleet{"ship-1.4": {"1.4.1", "1.4.2"}, "ship-1.5": {"1.5.0"}, "ship-1.6": {"1.6.0"}}, one)
	three = snapshot(t, 3, fleet{"ship-1.4": {"1.4.2"}, "ship-1.5": {"1.5.0"}}, two, one)
	four = snapshot(t, 9, fleet{"ship-1.4": {"1.4.2"}, "ship-1.5": {"1.5.0", "1.5.1"}}, three, two, one)
	return one, two, three, four
}

func TestPublish(t *testing.T) {
	one, two, three, four := voyage(t)
	for name, wrap := range map[string]func(*memory) Target{
		"one by one": func(m *memory) Target { return m },
		"in batches": func(m *memory) Target { return inBatches{m} },
	} {
		t.Run(name, func(t *testing.T) {
			o := newObjects()
			for i, next := range []Next{one, two, three} {
				if _, err := publishTo(t, wrap(&memory{objects: o}), next, i+1); err != nil {
					t.Fatal(err)
				}
				o.shows(t, next.Snapshot.ID, next)
			}
			for path := range content(t, two) {
				if _, ok := o.at[path]; !ok {
					t.Errorf("%s is gone before its time", path)
				}
			}
			report, err := publishTo(t, wrap(&memory{objects: o}), four, 9)
			if err != nil || report.Deleted.Files == 0 || report.Previous != three.Snapshot.ID {
				t.Fatalf("%+v, %v", report, err)
			}
			o.shows(t, "the fourth", four)
			o.onlyNeeded(t, "the fourth", four)
			again, err := publishTo(t, wrap(&memory{objects: o}), four, 9)
			if err != nil || !again.UpToDate || again.Requests.Total() != again.Requests.Get {
				t.Errorf("once more: %+v, %v", again, err)
			}
		})
	}
}

// onlyNeeded checks that the target has the snapshot, what ends, and nothing else.
func (o *objects) onlyNeeded(t *testing.T, name string, n Next) {
	t.Helper()
	want := content(t, n)
	shown, err := read(t.Context(), &memory{objects: o})
	if err != nil {
		t.Fatal(err)
	}
	want[HeadFile] = o.at[HeadFile]
	for _, e := range shown.Ending {
		want[e.Path] = o.at[e.Path]
	}
	if shown.Head.Ending != "" {
		want[ListingFile(shown.Head.Ending)] = o.at[ListingFile(shown.Head.Ending)]
	}
	o.check(t, name, want)
}

// TestStops kills a publisher at each of its requests. Readers find the old state or the new
// one, and the next run completes, and leaves nothing else behind.
func TestStops(t *testing.T) {
	one, two, three, four := voyage(t)
	for _, c := range []struct {
		name     string
		shown    []Next
		next     Next
		when     int
		requests int // at least
	}{
		{"the first", nil, one, 1, 15},
		{"a version and a suite", []Next{one}, two, 2, 15},
		{"less", []Next{one, two}, three, 3, 10},
		{"two at once, and what ended", []Next{one, two}, four, 9, 15},
		{"what ended", []Next{one, two, three}, four, 9, 15},
	} {
		t.Run(c.name, func(t *testing.T) {
			start := newObjects()
			for i, n := range c.shown {
				if _, err := publishTo(t, &memory{objects: start}, n, i+1); err != nil {
					t.Fatal(err)
				}
			}
			n := 1
			for ; stopsAt(t, start, c.next, c.shown, c.when, n); n++ {
			}
			if n < c.requests {
				t.Errorf("only %d requests", n)
			}
		})
	}
}

// stopsAt kills a publisher at its nth request, and reports whether it made so many.
func stopsAt(t *testing.T, start *objects, next Next, shown []Next, when, n int) bool {
	t.Helper()
	made := false
	for _, becomes := range []fate{refused, answerLost} {
		name := fmt.Sprintf("killed at request %d (%d)", n, becomes)
		o := start.clone()
		m := &memory{objects: o, gate: stopAt(n, becomes)}
		_, err := publishTo(t, m, next, when)
		if made = m.requests >= n; made && (err == nil || !errors.Is(err, errCut)) {
			t.Fatalf("%s: %v", name, err)
		}
		var last []Next
		if len(shown) > 0 {
			last = shown[len(shown)-1:]
		}
		o.read(t, name, append(shown, next)...)
		o.keepsFor(t, name, last)
		if _, err := publishTo(t, &memory{objects: o}, next, when); err != nil {
			t.Fatalf("after it was %s: %v", name, err)
		}
		o.shows(t, name, next)
		o.keepsFor(t, name, last)
		o.onlyNeeded(t, name, next)
	}
	return made
}

// keepsFor checks that readers with the indexes of snapshots find all that these name.
func (o *objects) keepsFor(t *testing.T, name string, snapshots []Next) {
	t.Helper()
	for _, n := range snapshots {
		for _, f := range n.Files {
			if _, ok := o.at[f.Path]; !ok {
				t.Errorf("%s: %s of snapshot %s is gone", name, f.Path, n.Snapshot.ID)
			}
		}
	}
}

// TestTwoPublishers stops one publisher before each of its requests, and another before each of
// its own, and has the first go on before the second does.
func TestTwoPublishers(t *testing.T) {
	one, two, three, _ := voyage(t)
	other := snapshot(t, 3, fleet{"ship-1.4": {"1.4.1"}, "ship-1.5": {"1.5.0", "1.5.2"}}, one)
	for _, c := range []pair{
		{"of one snapshot", one, two, two, true},
		{"of a snapshot and its successor", one, two, three, true},
		{"of two that exclude each other", one, two, other, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			for i := 1; ; i++ {
				for j := 1; ; j++ {
					aEnded, bEnded := c.stop(t, i, j)
					if aEnded {
						return
					}
					if bEnded {
						break
					}
				}
			}
		})
	}
}

// A pair is two snapshots that are published at the same time where one is shown.
type pair struct {
	name        string
	shown, a, b Next
	both        bool // can be published, one after the other
}

// stop stops a before its request i, then b before its request j, then lets a go on to its
// end, and b. It reports whether a, and b, ended before they could be stopped.
func (p pair) stop(t *testing.T, i, j int) (aEnded, bEnded bool) {
	t.Helper()
	name := fmt.Sprintf("stopped at requests %d and %d", i, j)
	o := newObjects()
	if _, err := publishTo(t, &memory{objects: o}, p.shown, 1); err != nil {
		t.Fatal(err)
	}
	var errs [2]error
	synctest.Test(t, func(t *testing.T) {
		run := func(next Next, err *error, stop int) (resume chan struct{}, ended bool) {
			resume = make(chan struct{})
			m := &memory{objects: o, gate: func(n int) fate {
				if n >= stop {
					<-resume
				}
				return served
			}}
			done := make(chan struct{})
			go func() {
				_, *err = Publish(context.Background(), m, next, Request{Now: at(3), Keep: keep})
				close(done)
			}()
			synctest.Wait()
			o.read(t, name, p.shown, p.a, p.b)
			select {
			case <-done:
				ended = true
			default:
			}
			return resume, ended
		}
		var resumeA, resumeB chan struct{}
		resumeA, aEnded = run(p.a, &errs[0], i)
		resumeB, bEnded = run(p.b, &errs[1], j)
		close(resumeA)
		synctest.Wait()
		close(resumeB)
		synctest.Wait()
	})
	p.check(t, name, o, errs)
	return aEnded, bEnded
}

// check checks that one of the two was published, and that the other was too, or was told.
func (p pair) check(t *testing.T, name string, o *objects, errs [2]error) {
	t.Helper()
	won := 0
	for _, err := range errs {
		var conflict *ConflictError
		switch {
		case err == nil:
			won++
		case !errors.As(err, &conflict):
			t.Fatalf("%s: %v", name, err)
		}
	}
	if won == 0 || !p.both && won == 2 {
		t.Fatalf("%s: %v, %v", name, errs[0], errs[1])
	}
	shown, err := Read(t.Context(), &memory{objects: o})
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if shown.Head.Snapshot == p.a.Snapshot.ID {
		o.shows(t, name, p.a)
	} else {
		o.shows(t, name, p.b)
	}
}
