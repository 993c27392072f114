package artifact_test

import (
	"fmt"

	"github.com/slipway-build/slipway/artifact"
)

// What verbs return can be put together. It is sorted by path.
func ExampleOf() {
	debs := artifact.Set{
		{Kind: artifact.Package, Name: "captain", Format: "deb", Path: "dist/ship/deb/linux_amd64/captain_1.4.1_amd64.deb"},
	}
	binaries := artifact.Set{
		{Kind: artifact.Binary, Name: "captain", Path: "dist/ship/bin/linux_amd64/captain"},
		{Kind: artifact.Binary, Name: "bosun", Path: "dist/ship/bin/linux_amd64/bosun"},
	}
	all := artifact.Of(debs, binaries)
	for _, a := range all {
		fmt.Println(a.Kind, a.Path)
	}
	fmt.Println(len(all.Kind(artifact.Binary)), "binaries")
	// Output:
	// binary dist/ship/bin/linux_amd64/bosun
	// binary dist/ship/bin/linux_amd64/captain
	// package dist/ship/deb/linux_amd64/captain_1.4.1_amd64.deb
	// 2 binaries
}

// A patch is found again by its digest, its name or its title.
func ExampleComparePatches() {
	last := []artifact.ReleasedPatch{
		{Name: "0001-crew.patch", Digest: "sha256:aa", Title: "Sign on a crew"},
		{Name: "0002-bosun.patch", Digest: "sha256:bb", Title: "Add a bosun"},
	}
	now := []artifact.ReleasedPatch{
		{Name: "0001-bosun.patch", Digest: "sha256:cc", Title: "Add a bosun"},
		{Name: "0002-mate.patch", Digest: "sha256:dd", Title: "Add a mate", CVEs: []string{"CVE-2025-0001"}},
	}
	changes, dropped := artifact.ComparePatches(now, last)
	for _, c := range changes {
		fmt.Println(c.Change, c.Name)
	}
	for _, d := range dropped {
		fmt.Println("dropped", d.Name)
	}
	fmt.Println(artifact.FixedBy(now))
	// Output:
	// changed 0001-bosun.patch
	// new 0002-mate.patch
	// dropped 0001-crew.patch
	// map[CVE-2025-0001:[0002-mate.patch]]
}
