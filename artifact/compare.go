package artifact

import "slices"

// A PatchChange is what has become of a patch since the last release.
type PatchChange string

// What can have become of a patch. One that only has another name is the same.
const (
	PatchSame    PatchChange = ""
	PatchNew     PatchChange = "new"
	PatchChanged PatchChange = "changed"
)

// A ChangedPatch is a patch and what has become of it.
type ChangedPatch struct {
	ReleasedPatch
	Change PatchChange
}

// ComparePatches returns the patches of a release, each with what has become of it since the
// last one, and the patches of the last one that are gone. A patch is found again by its
// digest, else by its name, else by its title, so that one that is renumbered is neither
// new nor dropped.
func ComparePatches(now, last []ReleasedPatch) (changes []ChangedPatch, dropped []ReleasedPatch) {
	for _, p := range now {
		changes = append(changes, ChangedPatch{p, PatchNew})
	}
	dropped = slices.Clone(last)
	for _, alike := range []func(a, b ReleasedPatch) bool{
		func(a, b ReleasedPatch) bool { return a.Digest == b.Digest },
		func(a, b ReleasedPatch) bool { return a.Name == b.Name },
		func(a, b ReleasedPatch) bool { return a.Title != "" && a.Title == b.Title },
	} {
		for i := range changes {
			c := &changes[i]
			if c.Change != PatchNew {
				continue
			}
			at := slices.IndexFunc(dropped, func(p ReleasedPatch) bool { return alike(c.ReleasedPatch, p) })
			if at < 0 {
				continue
			}
			if c.Change = PatchSame; dropped[at].Digest != c.Digest {
				c.Change = PatchChanged
			}
			dropped = slices.Delete(dropped, at, at+1)
		}
	}
	return changes, dropped
}
