package build

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/event"
	"github.com/slipway-build/slipway/lock"
)

func TestMemo(t *testing.T) {
	var m memo[int]
	made, fails := 0, errors.New("no")
	count := func() (int, error) { made++; return made, nil }
	if _, err := m.get(func() (int, error) { return 9, fails }); !errors.Is(err, fails) {
		t.Errorf("got %v", err)
	}
	for _, want := range []int{1, 1} {
		if got, err := m.get(count); got != want || err != nil {
			t.Errorf("got %d, %v, want %d", got, err, want)
		}
	}
	m.forget()
	if got, err := m.get(count); got != 2 || err != nil {
		t.Errorf("got %d, %v, want it made again", got, err)
	}
}

func TestStage(t *testing.T) {
	fails := errors.New("no wind")
	started := event.Event{Kind: event.Started, Stage: "sails", Subject: "main", Detail: "to set"}
	for _, c := range []struct {
		about string
		done  Done
		err   error
		want  event.Event
	}{
		{"nothing more to say", Done{}, nil, event.Event{Detail: "to set"}},
		{"something to say", Done{Detail: "set"}, nil, event.Event{Detail: "set"}},
		{"kept", Done{Kept: true}, nil, event.Event{Detail: "to set", Kept: true}},
		{"failed", Done{}, fails, event.Event{Detail: "to set", Failed: true}},
		{"failed, with something to say", Done{Detail: "half"}, fails, event.Event{Detail: "half", Failed: true}},
	} {
		var got []event.Event
		s := &Session{opts: Options{Events: func(e event.Event) { got = append(got, e) }}}
		err := s.Stage("sails", "main", "to set", func() (Done, error) {
			if len(got) != 1 {
				t.Errorf("%s: %d events before the stage runs", c.about, len(got))
			}
			return c.done, c.err
		})
		c.want.Kind, c.want.Stage, c.want.Subject = event.Finished, "sails", "main"
		if want := []event.Event{started, c.want}; !reflect.DeepEqual(got, want) || !errors.Is(err, c.err) {
			t.Errorf("%s: got %+v, %v, want %+v", c.about, got, err, want)
		}
	}
}

func TestDate(t *testing.T) {
	upstream := time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)
	for _, c := range []struct {
		env  []string
		want time.Time
		err  string
	}{
		{nil, upstream, ""},
		{[]string{"SOURCE_DATE_EPOCH="}, upstream, ""},
		{[]string{"SOURCE_DATE_EPOCH=0"}, time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC), ""},
		{[]string{"SOURCE_DATE_EPOCH=1700000000", "TZ=Asia/Tokyo"}, time.Date(2023, 11, 14, 22, 13, 20, 0, time.UTC), ""},
		{[]string{"SOURCE_DATE_EPOCH=2026-02-03"}, time.Time{}, "SOURCE_DATE_EPOCH=2026-02-03: want seconds since 1970"},
		{[]string{"SOURCE_DATE_EPOCH=1e9"}, time.Time{}, "SOURCE_DATE_EPOCH=1e9: want seconds since 1970"},
	} {
		got, err := (&Session{opts: Options{Env: c.env}}).Date(upstream)
		if says(t, err, c.err); got != c.want {
			t.Errorf("%v: got %v, want %v", c.env, got, c.want)
		}
	}
}

func TestAnnounceAndReport(t *testing.T) {
	y := newYard(t)
	s := y.open()
	s.Announce()
	set := s.Report(
		artifact.Artifact{Kind: artifact.Binary, Name: "mate", Path: "dist/mate", Size: 4, Digest: "sha256:04"},
		artifact.Artifact{Kind: artifact.Binary, Name: "bosun", Path: "dist/bosun", Platform: amd64, Kept: true},
	)
	want := []event.Event{
		{Kind: event.Fork, Fork: "ship-1.4", Version: "1.4.1+test.1", Upstream: "example.org/ship@v1.4.1", Total: 2},
		{Kind: event.Artifact, Component: "mate", Path: "dist/mate", Size: 4, SHA256: "04"},
		{Kind: event.Artifact, Component: "bosun", Path: "dist/bosun", Platform: "linux/amd64", Kept: true},
	}
	if got := y.events[len(y.events)-3:]; !reflect.DeepEqual(got, want) {
		t.Errorf("the events are %+v, want %+v", got, want)
	}
	if len(set) != 2 || set[0].Name != "bosun" || set[1].Name != "mate" {
		t.Errorf("the set is %+v, want it sorted by path", set)
	}
}

// TestToolchain holds how a session settles its toolchain before it exists.
func TestToolchain(t *testing.T) {
	have := newYard(t).open().Go().GOVERSION
	for _, c := range []struct {
		about, pin, needs, err string
	}{
		{about: "nothing is said"},
		{about: "an old line go", needs: "1.21"},
		{about: "a pin of the one at hand", pin: have},
		{about: "a newer line go", needs: "1.99.1", err: "this fork is built with go1.99.1 " +
			"(fork.lock says that its tree needs go 1.99.1), but this machine has " + have + " and GOTOOLCHAIN=local"},
		{about: "another pin", pin: "go1.98.2", err: "this fork is built with go1.98.2 (build.toolchain pins it), " +
			"but this machine has " + have + " and GOTOOLCHAIN=local"},
		{about: "a pin older than the line go", pin: "go1.26.1", needs: "1.27", err: "build.toolchain pins go1.26.1, " +
			"but fork.lock says that its tree needs go 1.27: pin a newer one"},
	} {
		t.Run(c.about, func(t *testing.T) {
			y := newYard(t)
			y.fork.Build.Toolchain, y.lock.Go = c.pin, c.needs
			s, err := Open(t.Context(), y.fork, y.lock, y.opts)
			says(t, err, c.err)
			if err == nil {
				if s.Go().GOVERSION != have || s.HostGo().GOVERSION != have {
					t.Errorf("the fork is built with %s on %s", s.Go().GOVERSION, s.HostGo().GOVERSION)
				}
				must(t, s.Close())
			}
			// Whether or not there was a session, the next one need not wait.
			y.fork.Build.Toolchain, y.lock.Go = "", ""
			y.open()
			equal(t, "notes", y.notes(), nil)
		})
	}
}

// TestOn holds that a session within another shares its hold, and nothing else.
func TestOn(t *testing.T) {
	y := newYard(t)
	s := y.open()
	l := lock.Lock{Tree: "sha256:00"}
	f := y.fork
	f.ID = "ship-1.5"
	within, err := s.On(t.Context(), f, l)
	must(t, err)
	if within.Lock().Tree != l.Tree || within.Fork().ID != "ship-1.5" || s.Lock().Tree == l.Tree ||
		s.Fork().ID != "ship-1.4" {
		t.Errorf("got forks %s and %s", within.Fork().ID, s.Fork().ID)
	}
	if within.hold != s.hold || within.trees == s.trees || within.series == s.series {
		t.Error("the sessions have to share their hold, and no tree or series")
	}
	if within.patchedSlot() == s.patchedSlot() {
		t.Errorf("both patched trees are in %s", s.patchedSlot())
	}
	again, err := s.On(t.Context(), y.fork, l)
	must(t, err)
	if again.dist.Memory != s.dist.Memory || within.dist.Memory == s.dist.Memory {
		t.Error("what is known of dist has to be one for each fork")
	}
	var made int
	stage := log(&made)
	for _, s := range []*Session{s, within, again} {
		if _, _, err := Do(t.Context(), s, stage, 7); err != nil || made != 1 {
			t.Errorf("got %v, and was made %d times", err, made)
		}
	}
	equal(t, "notes", y.notes(), nil)
	f.Build.Toolchain = "go1.98.2"
	_, err = s.On(t.Context(), f, l)
	says(t, err, "this fork is built with go1.98.2")
}

// TestHold holds that there is one run at a time, and that one that waits says so.
func TestHold(t *testing.T) {
	y := newYard(t)
	s := y.open()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err := Open(ctx, y.fork, y.lock, y.opts)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a second session: %v", err)
	}
	equal(t, "notes", y.notes(), []string{"waiting for another run in this project to end"})
	y.again(s)
	equal(t, "notes", y.notes(), nil)
}

// TestCloseLearns holds that what this run read of dist is left for the next one.
func TestCloseLearns(t *testing.T) {
	y := newYard(t)
	s := y.open()
	must(t, os.MkdirAll(s.dist.Abs("dist/ship-1.4"), 0o755))
	// Only a file that was not changed just now is remembered.
	must(t, os.Symlink(filepath.Join(s.Go().GOROOT, "VERSION"), s.dist.Abs("dist/ship-1.4/old")))
	if s.dist.Intact("dist/ship-1.4/old", 6, "00") {
		t.Error("a file with another sum is intact")
	}
	must(t, s.Close())
	if _, err := os.Stat(s.CacheDir("outputs", "ship-1.4")); err != nil {
		t.Errorf("what was learned is not written down: %v", err)
	}
}

func TestSessionGivesWhatItWasGiven(t *testing.T) {
	y := newYard(t)
	s := y.open()
	if s.Host().OS != s.HostGo().GOHOSTOS || s.Host().Arch != s.HostGo().GOHOSTARCH {
		t.Errorf("the host is %s", s.Host())
	}
	if f := s.Fetcher(); f.Dir != y.fork.Project.Dir || f.Cache != s.CacheDir() || f.Go != s.Go() {
		t.Errorf("the fetcher works in %s, with the cache %s", f.Dir, f.Cache)
	}
	if got := s.Git().Env.Get("GOSUMDB"); got != "off" {
		t.Errorf("git's environment has GOSUMDB=%s", got)
	}
	if got := s.Env().Get("GOSUMDB"); got != "off" {
		t.Errorf("the environment has GOSUMDB=%s", got)
	}
	dir, err := s.Scratch()
	must(t, err)
	if rel, err := filepath.Rel(s.CacheDir("tmp"), dir); err != nil || filepath.Dir(rel) != "." {
		t.Errorf("the scratch is %s", dir)
	}
	if got := s.Dist().Abs("dist"); got != y.fork.Project.Path("dist") {
		t.Errorf("dist is %s", got)
	}
}
