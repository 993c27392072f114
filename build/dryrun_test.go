package build_test

import (
	"os"
	"testing"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/build/buildtest"
	"github.com/slipway-build/slipway/fork"
)

// TestDryRun holds what a dry run of cross tells after some work was done, and that it
// changes nothing.
func TestDryRun(t *testing.T) {
	const both = "source 3 modules: kept\npatches 2 applied: kept\n"
	for _, c := range []struct {
		about   string
		prepare func(t *testing.T, p buildtest.Project)
		want    string
		kept    int // of the two components for each of two platforms
	}{
		{"nothing is there", func(*testing.T, buildtest.Project) {},
			"source: would run\npatches 2 applied: would run\n" +
				"cross linux/amd64 captain deckhand: would run\ncross linux/arm64 captain deckhand: would run\n", 0},
		{"all is there", func(t *testing.T, p buildtest.Project) { compiled(t, p, "") },
			both + "cross linux/amd64 captain deckhand: kept\ncross linux/arm64 captain deckhand: kept\n", 4},
		{"one platform is there", func(t *testing.T, p buildtest.Project) { compiled(t, p, "linux/amd64") },
			"source 3 modules, 0 MB: kept\npatches 2 applied: kept\n" +
				"cross linux/amd64 captain deckhand: kept\ncross linux/arm64 captain deckhand: would run\n", 2},
		{"one component is gone", func(t *testing.T, p buildtest.Project) {
			compiled(t, p, "")
			if err := os.Remove(p.Path("dist/ship-1.4/bin/linux_arm64/captain")); err != nil {
				t.Fatal(err)
			}
		}, "source 3 modules, 0 MB: kept\npatches 2 applied: kept\n" +
			"cross linux/amd64 captain deckhand: kept\ncross linux/arm64 captain: would run\n", 3},
		{"the cache is gone", func(t *testing.T, p buildtest.Project) {
			compiled(t, p, "")
			if err := os.RemoveAll(p.Path("dist/.cache")); err != nil {
				t.Fatal(err)
			}
		}, both + "cross linux/amd64 captain deckhand: kept\ncross linux/arm64 captain deckhand: kept\n", 4},
		{"the patched tree is gone", func(t *testing.T, p buildtest.Project) {
			compiled(t, p, "linux/amd64")
			if err := os.RemoveAll(p.Path("dist/.cache/patched")); err != nil {
				t.Fatal(err)
			}
		}, "source 3 modules, 0 MB: kept\npatches 2 applied: would run\n" +
			"cross linux/amd64 captain deckhand: kept\ncross linux/arm64 captain deckhand: would run\n", 2},
	} {
		t.Run(c.about, func(t *testing.T) {
			p := buildtest.Pinned(t, buildtest.Silent)
			if err := os.RemoveAll(p.Path("dist")); err != nil { // the pinning's
				t.Fatal(err)
			}
			c.prepare(t, p)
			var events buildtest.Events
			s := p.OpenDry(t, &events)
			set := crossIn(t, s, "")
			if got := events.States(); got != c.want {
				t.Errorf("it tells\n%swant\n%s", got, c.want)
			}
			kept := 0
			for _, a := range set {
				if a.Kept {
					kept++
				}
			}
			if len(set) != 4 || kept != c.kept {
				t.Errorf("%d of %d binaries are kept, want %d of 4", kept, len(set), c.kept)
			}
		})
	}
}

// compiled compiles the project's components for a platform, or for all.
func compiled(t *testing.T, p buildtest.Project, on string) {
	t.Helper()
	s := p.Open(t, nil)
	crossIn(t, s, on)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func crossIn(t *testing.T, s *build.Session, on string) artifact.Set {
	t.Helper()
	if on == "" {
		on = "all"
	}
	jobs, err := s.Fork().Jobs(fork.Request{Platforms: []string{on}}, s.Host())
	if err != nil {
		t.Fatal(err)
	}
	set, err := s.Cross(t.Context(), jobs)
	if err != nil {
		t.Fatal(err)
	}
	return set
}
