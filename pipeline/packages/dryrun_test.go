package packages

import (
	"os"
	"testing"

	"github.com/slipway-build/slipway/build/buildtest"
)

// TestDryRun holds what a dry run tells after some work was done, and that it changes
// nothing.
func TestDryRun(t *testing.T) {
	const trees = "source 3 modules: kept\npatches 2 applied: kept\n"
	made := func(t *testing.T, p buildtest.Project, packages ...string) {
		t.Helper()
		var wrote []string
		r := Request{Packages: packages, Platforms: []string{"linux/amd64"}}
		if _, err := Run(t.Context(), p.Open(t, nil), plain(&wrote), r); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		about   string
		prepare func(t *testing.T, p buildtest.Project)
		want    string
		set     string // what is kept is in parentheses
	}{
		{"nothing is there", func(t *testing.T, p buildtest.Project) { remove(t, p, "dist") },
			"source: would run\npatches 2 applied: would run\ncross linux/amd64 captain deckhand: would run\n" +
				"plain linux/amd64 2 packages: would run after cross linux/amd64\n", "captain deckhand"},
		{"all is there", func(t *testing.T, p buildtest.Project) { made(t, p) },
			trees + "cross linux/amd64 captain deckhand: kept\nplain linux/amd64 2 packages: kept\n",
			"(captain) (deckhand)"},
		{"a binary is gone", func(t *testing.T, p buildtest.Project) {
			made(t, p)
			remove(t, p, "dist/ship-1.4/bin/linux_amd64/captain")
		}, "source 3 modules, 0 MB: kept\npatches 2 applied: kept\ncross linux/amd64 captain: would run\n" +
			"plain linux/amd64 2 packages: would run after cross linux/amd64\n", "captain (deckhand)"},
		{"a package was not made", func(t *testing.T, p buildtest.Project) { made(t, p, "deckhand") },
			"source 3 modules, 0 MB: kept\npatches 2 applied: kept\ncross linux/amd64 captain: would run\n" +
				"plain linux/amd64 2 packages: would run after cross linux/amd64\n", "captain (deckhand)"},
		{"the packages are gone", func(t *testing.T, p buildtest.Project) {
			made(t, p)
			remove(t, p, "dist/ship-1.4/plain")
		}, trees + "cross linux/amd64 captain deckhand: kept\nplain linux/amd64 2 packages: would run\n", "captain deckhand"},
	} {
		t.Run(c.about, func(t *testing.T) {
			p := buildtest.Pinned(t, buildtest.Silent)
			c.prepare(t, p)
			var events buildtest.Events
			var wrote []string
			s := p.OpenDry(t, &events)
			set, err := Run(t.Context(), s, plain(&wrote), Request{Platforms: []string{"linux/amd64"}})
			if err != nil || len(wrote) > 0 || len(set) != 2 {
				t.Fatalf("written %q, returned %v, %v", wrote, set, err)
			}
			if got := events.States(); got != c.want {
				t.Errorf("it tells\n%swant\n%s", got, c.want)
			}
			if names(set) != c.set {
				t.Errorf("it returns %s, want %s", names(set), c.set)
			}
		})
	}
}

func remove(t *testing.T, p buildtest.Project, name string) {
	t.Helper()
	if err := os.RemoveAll(p.Path(name)); err != nil {
		t.Fatal(err)
	}
}
