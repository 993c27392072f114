package build

import (
	"errors"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/fork"
)

// TestOnAll holds that several forks are taken in one run, each with its lock, in the order
// that they are named.
func TestOnAll(t *testing.T) {
	y := newYard(t)
	p := y.fork.Project
	for _, name := range []string{"fork.yaml", "patches/series", "patches/0001-crew.patch", "patches/0002-bosun.patch"} {
		put(t, p.Path("forks/buoy/"+name), read(t, p.Path("forks/ship-1.4/"+name)))
	}
	put(t, p.Path("forks/ship-1.4/fork.lock"), read(t, "testdata/fork.lock"))
	put(t, p.Path("forks/buoy/fork.lock"), read(t, "testdata/fork.lock"))
	failed := errors.New("failed")
	for _, c := range []struct {
		ids  string
		fail error
	}{{ids: "ship-1.4"}, {ids: "buoy ship-1.4"}, {ids: "ship-1.4 buoy", fail: failed}} {
		set, err := OnAll(t.Context(), p, strings.Fields(c.ids), y.opts, func(sessions []*Session) (artifact.Set, error) {
			var ids []string
			for _, s := range sessions {
				ids = append(ids, s.Fork().ID)
				if s.Lock().Tree == "" {
					t.Errorf("%s: the session on %s has no lock", c.ids, s.Fork().ID)
				}
			}
			return artifact.Set{{Name: strings.Join(ids, " ")}}, c.fail
		})
		if !errors.Is(err, c.fail) || len(set) != 1 || set[0].Name != c.ids {
			t.Errorf("%s: %v, %v", c.ids, set, err)
		}
	}
	never := func([]*Session) (artifact.Set, error) {
		t.Error("it is called although a fork cannot be opened")
		return nil, nil
	}
	if _, err := OnAll(t.Context(), p, []string{"ship-1.4", "purser"}, y.opts, never); err == nil {
		t.Error("there is a fork purser")
	}
	put(t, p.Path("forks/buoy/patches/0001-crew.patch"), "another")
	if _, err := OnAll(t.Context(), p, []string{"ship-1.4", "buoy"}, y.opts, never); err == nil {
		t.Error("a lock that is stale is taken")
	}
	y.open() // a run that failed holds nothing: or this would wait
}

// TestPlan holds that a plan knows which binaries are up to date, and makes none.
func TestPlan(t *testing.T) {
	y := newYard(t)
	var made []string
	y.opts.Compile = writes(&made)
	s := y.open()
	jobs := []fork.Job{y.job("captain", "bosun")}
	plan := func(about, want string) {
		t.Helper()
		set, err := s.Plan(t.Context(), jobs)
		var got []string
		for _, a := range set {
			name := a.Name
			if a.Kept {
				name += "=kept"
			}
			if a.Kept != (a.Digest != "") || a.Path != bin+"/"+a.Name {
				t.Errorf("%s: %+v", about, a)
			}
			got = append(got, name)
		}
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("%s: %q, %v, want %q", about, got, err, want)
		}
	}
	plan("nothing is there", "bosun captain")
	if made != nil || s.Dist().Exists("dist/ship-1.4") {
		t.Errorf("the plan compiled %q", made)
	}
	_, err := s.Cross(t.Context(), []fork.Job{y.job("captain", "deckhand")})
	must(t, err)
	plan("one is there", "bosun captain=kept")
	b, err := s.Current(t.Context(), y.job("captain", "bosun"))
	if err != nil || b.Get("captain").Component != "captain" || b.Get("bosun").Component != "" {
		t.Errorf("up to date are %v, %v", b.All, err)
	}
	put(t, y.fork.Project.Path(bin+"/captain"), "damaged")
	plan("it is damaged", "bosun captain")
}
