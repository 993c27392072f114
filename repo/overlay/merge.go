package overlay

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/slipway-build/slipway/ebuilds"
	"github.com/slipway-build/slipway/version"
)

// merge returns the overlay of a branch, without the Manifest of its root.
func (b Branch) merge() (ebuilds.Tree, error) {
	if len(b.Releases) == 0 {
		return ebuilds.Tree{}, nil
	}
	layers := make([]ebuilds.Layer, len(b.Releases))
	for i, r := range byAge(b.Releases) {
		layers[i] = ebuilds.Layer{Name: r.String(), Tree: r.Files}
	}
	files, err := ebuilds.Union(layers...)
	if err != nil {
		return nil, fmt.Errorf("the overlay of %s: %w", b.Name, err)
	}
	return files, nil
}

// byAge returns releases by age, the oldest first. Those of one date are in the order of their
// forks and versions.
func byAge(releases []Release) []Release {
	return slices.SortedStableFunc(slices.Values(releases), func(a, b Release) int {
		return cmp.Or(a.Date.Compare(b.Date), cmp.Compare(a.Fork, b.Fork), compare(a.Version, b.Version))
	})
}

// compare compares versions of one fork with their revisions, which semver does not.
func compare(a, b string) int {
	av, errA := version.Parse(a)
	bv, errB := version.Parse(b)
	if errA != nil || errB != nil {
		return cmp.Compare(a, b)
	}
	ag, errA := av.Gentoo()
	bg, errB := bv.Gentoo()
	if errA != nil || errB != nil {
		return cmp.Or(av.Compare(bv), cmp.Compare(a, b))
	}
	c, _ := version.CompareGentoo(ag, bg) // both are versions
	return c
}
