package publish_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/slipway-build/slipway/repo/publish"
	"github.com/slipway-build/slipway/repo/publish/publishtest"
)

func TestPublish(t *testing.T) {
	t.Run("one by one", func(t *testing.T) { publishtest.Publishes(t, &memory{objects: newObjects()}, nil) })
	t.Run("in batches", func(t *testing.T) { publishtest.Publishes(t, inBatches{&memory{objects: newObjects()}}, nil) })
	t.Run("target", func(t *testing.T) { publishtest.Target(t, &memory{objects: newObjects()}) })
	t.Run("swaps", func(t *testing.T) { publishtest.Swaps(t, &memory{objects: newObjects()}) })
}

// TestStops kills a publisher at each of its requests. Readers find the old state or the new
// one, and the next run completes, and leaves nothing else behind.
func TestStops(t *testing.T) {
	one, two, three, four := publishtest.Voyage(t)
	for _, c := range []struct {
		name     string
		shown    []publish.Next
		next     publish.Next
		when     int
		requests int // at least
	}{
		{"the first", nil, one, 1, 15},
		{"a version and a suite", []publish.Next{one}, two, 2, 15},
		{"less", []publish.Next{one, two}, three, 3, 10},
		{"two at once, and what ended", []publish.Next{one, two}, four, 9, 15},
		{"what ended", []publish.Next{one, two, three}, four, 9, 15},
	} {
		t.Run(c.name, func(t *testing.T) {
			start := newObjects()
			for i, n := range c.shown {
				if _, err := publishtest.Publish(t, &memory{objects: start}, n, i+1); err != nil {
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
func stopsAt(t *testing.T, start *objects, next publish.Next, shown []publish.Next, when, n int) bool {
	t.Helper()
	made := false
	for _, becomes := range []fate{refused, answerLost} {
		name := fmt.Sprintf("killed at request %d (%d)", n, becomes)
		o := start.clone()
		m := &memory{objects: o, gate: stopAt(n, becomes)}
		_, err := publishtest.Publish(t, m, next, when)
		if made = m.requests >= n; made && (err == nil || !errors.Is(err, errCut)) {
			t.Fatalf("%s: %v", name, err)
		}
		var last []publish.Next
		if len(shown) > 0 {
			last = shown[len(shown)-1:]
		}
		o.at.Read(t, name, append(shown, next)...)
		o.at.Has(t, name, last...)
		if _, err := publishtest.Publish(t, &memory{objects: o}, next, when); err != nil {
			t.Fatalf("after it was %s: %v", name, err)
		}
		o.at.ShowsAlone(t, name, &memory{objects: o}, next)
		o.at.Has(t, name, last...)
	}
	return made
}

// TestTwoPublishers stops one publisher before each of its requests, and another before each of
// its own, and has the first go on before the second does.
func TestTwoPublishers(t *testing.T) {
	one, two, three, _ := publishtest.Voyage(t)
	other := publishtest.Snapshot(t, 3, publishtest.Fleet{"ship-1.4": {"1.4.1"}, "ship-1.5": {"1.5.0", "1.5.2"}}, one)
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
	shown, a, b publish.Next
	both        bool // can be published, one after the other
}

// stop stops a before its request i, then b before its request j, then lets a go on to its
// end, and b. It reports whether a, and b, ended before they could be stopped.
func (p pair) stop(t *testing.T, i, j int) (aEnded, bEnded bool) {
	t.Helper()
	name := fmt.Sprintf("stopped at requests %d and %d", i, j)
	o := newObjects()
	if _, err := publishtest.Publish(t, &memory{objects: o}, p.shown, 1); err != nil {
		t.Fatal(err)
	}
	var errs [2]error
	synctest.Test(t, func(t *testing.T) {
		run := func(next publish.Next, err *error, stop int) (resume chan struct{}, ended bool) {
			resume = make(chan struct{})
			m := &memory{objects: o, gate: func(n int) fate {
				if n >= stop {
					<-resume
				}
				return served
			}}
			done := make(chan struct{})
			go func() {
				r := publish.Request{Now: publishtest.At(3), Keep: publishtest.Keep}
				_, *err = publish.Publish(context.Background(), m, next, r)
				close(done)
			}()
			synctest.Wait()
			o.at.Read(t, name, p.shown, p.a, p.b)
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
		var conflict *publish.ConflictError
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
	shown, err := publish.Read(t.Context(), &memory{objects: o})
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if shown.Head.Snapshot == p.a.Snapshot.ID {
		o.at.Shows(t, name, &memory{objects: o}, p.a)
	} else {
		o.at.Shows(t, name, &memory{objects: o}, p.b)
	}
}

// TestSameID has two machines make a snapshot in the same millisecond, which have the same ID then.
func TestSameID(t *testing.T) {
	one, two, _, _ := publishtest.Voyage(t)
	other := publishtest.Snapshot(t, 2, publishtest.Fleet{"ship-1.4": {"1.4.1", "1.4.3"}}, one)
	o := newObjects()
	for _, n := range []publish.Next{one, two} {
		if _, err := publishtest.Publish(t, &memory{objects: o}, n, 2); err != nil {
			t.Fatal(err)
		}
	}
	_, err := publishtest.Publish(t, &memory{objects: o}, other, 2)
	if conflict := (*publish.ConflictError)(nil); !errors.As(err, &conflict) || conflict.Snapshot != two.Snapshot.ID {
		t.Errorf("the second is told %v", err)
	}
	o.at.Shows(t, "then", &memory{objects: o}, two)
}
