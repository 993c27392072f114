package packages

import (
	"path"
	"slices"
	"testing"

	"github.com/slipway-build/slipway/build/buildtest"
)

// TestPlan holds what is known of packages before they are made: which are up to date, and
// that none is whose binaries are not.
func TestPlan(t *testing.T) {
	p := buildtest.Pinned(t, buildtest.Silent)
	var wrote []string
	r := Request{Platforms: []string{"linux/arm64"}}
	plan := func(about string, want ...string) {
		t.Helper()
		s := p.Open(t, nil)
		set, err := Plan(t.Context(), s, plain(&wrote), r)
		var got []string
		for _, a := range set {
			state := "to be made"
			if a.Kept {
				state = path.Base(a.Path)
			} else if a.Path != dir || a.Digest != "" {
				t.Errorf("%s: %s is at %s with the digest %q, and is not made yet", about, a.Name, a.Path, a.Digest)
			}
			got = append(got, a.Name+" "+state)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %q, %v, want %q", about, got, err, want)
		}
	}
	plan("nothing is there", "captain to be made", "deckhand to be made")
	if wrote != nil {
		t.Errorf("the plan wrote %q", wrote)
	}
	s := p.Open(t, nil)
	one := Request{Packages: []string{"captain"}, Platforms: r.Platforms}
	if _, err := Run(t.Context(), s, plain(&wrote), one); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	plan("one is there", "deckhand to be made", "captain captain.txt")
	p.Write(t, "dist/ship-1.4/bin/linux_arm64/captain", "damaged")
	plan("its binary is damaged", "captain to be made", "deckhand to be made")
}
