package series

import (
	"slices"
	"testing"

	"github.com/slipway-build/slipway/patches"
	"github.com/slipway-build/slipway/version"
)

func TestRebaseRequestCheck(t *testing.T) {
	const fault = "name the new upstream: -onto=VERSION or -onto=COMMIT, or -all for a report on every newer patch release"
	for _, c := range []struct {
		request RebaseRequest
		want    string
	}{
		{RebaseRequest{Onto: "1.4.2"}, ""},
		{RebaseRequest{Onto: "1.4.2", Write: true}, ""},
		{RebaseRequest{All: true}, ""},
		{RebaseRequest{}, fault},
		{RebaseRequest{Write: true}, fault},
		{RebaseRequest{All: true, Onto: "1.4.2"}, fault},
		{RebaseRequest{All: true, Write: true}, fault},
	} {
		says(t, c.request.Check(), c.want)
	}
}

func TestNewer(t *testing.T) {
	names := []string{"v1.4.10", "v1.4.0", "v1.4.1", "1.4.2", "v1.4.3-rc.1", "v1.5.0", "v2.4.9", "latest", "v1.4",
		"v1.4.9+acme.0", "v1.4.9", "1.4.9"}
	for than, want := range map[string][]string{
		"1.4.1+test.1": {"1.4.2", "v1.4.9", "v1.4.9+acme.0", "v1.4.10"},
		"1.4.9":        {"v1.4.10"},
		"1.4.10":       nil,
		"1.3.0":        nil,
	} {
		v, err := version.Parse(than)
		if err != nil {
			t.Fatal(err)
		}
		if got := newer(v, names); !slices.Equal(got, want) {
			t.Errorf("newer than %s are %q, want %q", than, got, want)
		}
	}
}

func TestTallyAndConflicts(t *testing.T) {
	for name, c := range map[string]struct {
		patches   []RebasedPatch
		tally     string
		conflicts []string
	}{
		"none": {},
		"all apply": {
			patches: []RebasedPatch{{Name: "a", Status: patches.Applies}, {Name: "b", Status: patches.Applies}},
			tally:   "2 applies",
		},
		"one of each, in the order of how much is to do": {
			patches: []RebasedPatch{
				{Name: "a", Status: patches.Conflicts}, {Name: "b", Status: patches.InUpstream},
				{Name: "c", Status: patches.Merges}, {Name: "d", Status: patches.Moves},
				{Name: "e", Status: patches.Applies}, {Name: "f", Status: patches.Conflicts},
			},
			tally:     "1 applies, 1 moved, 1 merged, 1 upstream, 2 conflicts",
			conflicts: []string{"a", "f"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := RebaseReport{Patches: c.patches}
			if got := tally(r); got != c.tally {
				t.Errorf("the tally is %q, want %q", got, c.tally)
			}
			if got := r.Conflicts(); !slices.Equal(got, c.conflicts) {
				t.Errorf("the conflicts are %q, want %q", got, c.conflicts)
			}
		})
	}
}
