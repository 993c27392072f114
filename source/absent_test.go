package source

import (
	"slices"
	"testing"

	"github.com/slipway-build/slipway/lock"
)

// TestFetchAsksForNothingThatIsAbsent says before the fetch what is not published:
// where nothing can be asked, and where it is published all the same.
func TestFetchAsksForNothingThatIsAbsent(t *testing.T) {
	lantern := func(version string) lock.Module {
		return lock.Module{Place: staging + "sample-lantern", Path: "example.org/sample-lantern", Version: version}
	}
	hull := lock.Module{Place: staging + "hull", Path: "example.org/hull", Version: "v0.4.1"}
	for _, c := range []struct {
		name, version string
		absent        []lock.Module
		env           []string
		modules       int
		dropped       []lock.Module
		err           string
	}{
		{name: "nothing can be asked", version: "v1.4.1", absent: []lock.Module{lantern("v0.4.1")},
			env: []string{"GOPROXY=off"}, modules: 3, dropped: []lock.Module{lantern("v0.4.1")}},
		{name: "it is published", version: "v1.4.0", absent: []lock.Module{lantern("v0.4.0")},
			modules: 3, dropped: []lock.Module{lantern("v0.4.0")}},
		{name: "nothing is absent", version: "v1.4.0", absent: []lock.Module{}, modules: 4},
		{name: "another version is", version: "v1.4.0", absent: []lock.Module{lantern("v0.3.0")}, modules: 4},
		{name: "something needs it", version: "v1.4.1", absent: []lock.Module{hull},
			err: "example.org/hull@v0.4.1 is dropped, but cmd/anchor/anchor.go imports it"},
	} {
		f, _ := fetcher(t)
		if len(c.env) > 0 { // all that is there is in the module cache
			if _, err := fetch(t, f, ship(c.version)); err != nil {
				t.Fatal(err)
			}
			f.Go.Env = f.Go.Env.With(c.env...)
		}
		in := ship(c.version)
		in.Absent = c.absent
		tree, err := fetch(t, f, in)
		if c.err != "" || err != nil {
			if err == nil || err.Error() != c.err {
				t.Errorf("%s: Fetch() fails with %v, want %s", c.name, err, c.err)
			}
			continue
		}
		if len(tree.Modules) != c.modules || !slices.Equal(tree.Dropped, c.dropped) {
			t.Errorf("%s: the tree is of %q, less %q", c.name, places(tree.Modules), tree.Dropped)
		}
	}
}
