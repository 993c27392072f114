package overlay

import (
	"path/filepath"
	"testing"

	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/packaging"
	"github.com/slipway-build/slipway/profiles"
)

// TestForksOfThisProject shows that an overlay can have all forks of this project:
// their units become init scripts, and no two write the same.
func TestForksOfThisProject(t *testing.T) {
	dir, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	project := fork.Project{Dir: dir}
	ids, err := project.IDs()
	if err != nil {
		t.Fatal(err)
	}
	var all []taken
	for _, id := range ids {
		f, err := project.Fork(id)
		if err != nil {
			t.Fatal(err)
		}
		p := plan{source: id}
		if p.fork.Project, err = profiles.Gentoo(dir, f.Profile); err != nil {
			t.Fatal(err)
		}
		if p.fork.Version, err = f.Parsed.Gentoo(); err != nil {
			t.Fatal(err)
		}
		in := packaging.Input{Family: packaging.Gentoo(), Settings: f.Packages, Version: f.Parsed}
		if in.Recipes, in.Sources, err = profiles.Recipes(dir, f.Profile, f.Parsed); err != nil {
			t.Fatal(err)
		}
		for _, c := range f.Defaults {
			in.Programs = append(in.Programs, c.Name)
		}
		recipes, err := in.Select(nil)
		if err != nil {
			t.Fatal(err)
		}
		if p.known, err = knownPackages(in, recipes); err != nil {
			t.Errorf("%s: %v", id, err)
		}
		if len(p.known) == 0 {
			t.Errorf("%s has no packages", id)
		}
		all = append(all, p.taken(id))
	}
	for i, a := range all {
		for _, b := range all[i+1:] {
			if err := collide(a, b); err != nil {
				t.Error(err)
			}
		}
	}
}
