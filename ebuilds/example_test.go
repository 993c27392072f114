package ebuilds_test

import (
	"fmt"
	"log"
	"strings"

	"github.com/slipway-build/slipway/ebuilds"
	"github.com/slipway-build/slipway/packaging"
	"github.com/slipway-build/slipway/platform"
)

// bosun is the smallest fork that an overlay can have: one program, no patches.
func bosun() ebuilds.Fork {
	// Sum computes these of a distfile that was written.
	dist := func(name string) ebuilds.Distfile {
		return ebuilds.Distfile{Name: name, Size: 1024, SHA512: strings.Repeat("5", 128), BLAKE: strings.Repeat("b", 128)}
	}
	return ebuilds.Fork{
		Project:  ebuilds.Project{Category: "app-misc", Name: "ship", Summary: "Sails any sea"},
		Version:  "1.4.1_p1",
		Summary:  "Sails any sea",
		Homepage: "https://example.org",
		License:  []string{"MIT"},
		Year:     2026,
		Arches:   []string{"amd64"},
		Packages: []packaging.Package{{
			Name:     "bosun",
			Platform: platform.Platform{OS: "linux", Arch: "amd64"},
			Files:    []packaging.File{{Path: "/usr/bin/bosun", Mode: 0o755, Source: "dist/ship/bin/linux_amd64/bosun"}},
		}},
		Build: ebuilds.Build{
			Go:         "1.26.0",
			Flags:      []string{"-trimpath"},
			Components: []ebuilds.Component{{Name: "bosun", Main: "./cmd/bosun"}},
		},
		BaseURL: "https://example.org/distfiles",
		Distfiles: map[string]ebuilds.Distfile{
			"source": dist("ship-1.4.1.tar.xz"),
			"deps":   dist("ship-1.4.1_p1-deps.tar.xz"),
			"files":  dist("ship-1.4.1_p1-files.tar.xz"),
			"amd64":  dist("ship-1.4.1_p1-amd64.tar.xz"),
		},
	}
}

func Example() {
	overlay := ebuilds.Overlay{
		Name:       "acme",
		Maintainer: "Mate <mate@example.org>",
		Forks:      []ebuilds.Fork{bosun()},
	}
	files, notes, err := overlay.Merge(nil) // nil: there is no overlay yet
	if err != nil {
		log.Fatal(err)
	}
	for _, name := range files.Ebuilds() {
		fmt.Println(name)
	}
	for _, note := range notes {
		fmt.Println(note)
	}
	// Output:
	// app-misc/ship-bin/ship-bin-1.4.1_p1.ebuild
	// app-misc/ship/ship-1.4.1_p1.ebuild
	// commit as "app-misc/ship: new package, add 1.4.1_p1"
	// commit as "app-misc/ship-bin: new package, add 1.4.1_p1"
}

// A change to a fork of the same version needs a new revision of its ebuilds.
func ExampleFork_Differs() {
	overlay := ebuilds.Overlay{Name: "acme", Maintainer: "Mate <mate@example.org>", Forks: []ebuilds.Fork{bosun()}}
	old, _, err := overlay.Merge(nil)
	if err != nil {
		log.Fatal(err)
	}

	fork := bosun()
	fork.Build.Flags = append(fork.Build.Flags, "-race")
	fork.Revision = fork.Latest(old)
	differs, err := fork.Differs(old, overlay)
	if err != nil {
		log.Fatal(err)
	}
	if differs {
		fork.Revision++
	}
	fmt.Println(fork.PF())
	// Output: ship-1.4.1_p1-r1
}

func ExampleLicenses() {
	names, err := ebuilds.Licenses(map[string][]string{
		"example.org/rope@v1.4.0": {"BSD-3-Clause"},
		"example.org/sail@v0.2.0": {"Apache-2.0", "MIT"},
	}, []string{"Apache-2.0"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(names)
	// Output: [BSD MIT]
}

func ExampleManifest() {
	lines := ebuilds.Manifest([]ebuilds.File{
		{Path: "ship-1.4.1.ebuild", Data: []byte("EAPI=8\n")},
		{Path: "metadata.xml", Data: []byte("<pkgmetadata/>\n")},
	}, nil)
	for line := range strings.Lines(string(lines)) {
		fmt.Println(line[:strings.Index(line, " BLAKE2B")])
	}
	// Output:
	// EBUILD ship-1.4.1.ebuild 7
	// MISC metadata.xml 15
}
