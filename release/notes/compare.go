package notes

import (
	"slices"

	"github.com/slipway-build/slipway/artifact"
)

// A Change is what has become of a patch since the last release.
type Change string

// What can have become of a patch. One that only has another name is the same.
const (
	Same    Change = ""
	New     Change = "new"
	Changed Change = "changed"
)

// A ChangedPatch is a patch and what has become of it.
type ChangedPatch struct {
	artifact.ReleasedPatch
	Change Change
}

// Compare returns the patches of a release, each with what has become of it since the
// last one, and the patches of the last one that are gone. A patch is found again by its
// digest, else by its name, else by its title, so that one that is renumbered is neither
// new nor dropped.
func Compare(now, last []artifact.ReleasedPatch) (changes []ChangedPatch, dropped []artifact.ReleasedPatch) {
	for _, p := range now {
		changes = append(changes, ChangedPatch{p, New})
	}
	dropped = slices.Clone(last)
	for _, alike := range []func(a, b artifact.ReleasedPatch) bool{
		func(a, b artifact.ReleasedPatch) bool { return a.Digest == b.Digest },
		func(a, b artifact.ReleasedPatch) bool { return a.Name == b.Name },
		func(a, b artifact.ReleasedPatch) bool { return a.Title != "" && a.Title == b.Title },
	} {
		for i := range changes {
			c := &changes[i]
			if c.Change != New {
				continue
			}
			at := slices.IndexFunc(dropped, func(p artifact.ReleasedPatch) bool { return alike(c.ReleasedPatch, p) })
			if at < 0 {
				continue
			}
			if c.Change = Same; dropped[at].Digest != c.Digest {
				c.Change = Changed
			}
			dropped = slices.Delete(dropped, at, at+1)
		}
	}
	return changes, dropped
}
