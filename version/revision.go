package version

import "strings"

// CompareRevisions orders versions of a fork: by the upstream's version, as Compare does, then by
// the fork's revision of it, which is the build metadata, as semver orders pre-releases. What is no
// version is ordered as text. It returns -1, 0 or 1.
func CompareRevisions(a, b string) int {
	v, errA := Parse(a)
	w, errB := Parse(b)
	if errA != nil || errB != nil {
		return strings.Compare(a, b)
	}
	if n := v.Compare(w); n != 0 {
		return n
	}
	x, errA := Parse("0.0.0-" + v.Fields().Metadata)
	y, errB := Parse("0.0.0-" + w.Fields().Metadata)
	if errA != nil || errB != nil {
		return strings.Compare(a, b)
	}
	return x.Compare(y)
}
