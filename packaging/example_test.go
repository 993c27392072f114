package packaging_test

import (
	"fmt"
	"testing/fstest"
	"time"

	"github.com/slipway-build/slipway/packaging"
	"github.com/slipway-build/slipway/version"
)

// A package of a script and its unit, for Debian and for Fedora.
func Example() {
	v, err := version.Parse("1.4.1+acme.2")
	if err != nil {
		fmt.Println(err)
		return
	}
	in := packaging.Input{
		Recipes: packaging.Recipes{
			Homepage: "https://example.org/ship", License: "MIT", Copyright: "2026 Mate", Section: "admin",
			Packages: []packaging.Recipe{{
				Name: "lookout", Summary: "looks out", Description: "It tells of land.",
				Files: map[string]string{
					"/usr/sbin/lookout":                       "lookout.sh",
					"/usr/lib/systemd/system/lookout.service": "lookout.service",
					"{{.Options}}/lookout":                    "lookout.options",
				},
				State:     []string{"/var/lib/lookout"},
				Relations: packaging.Relations{Depends: []packaging.Relation{"conntrack"}},
			}},
		},
		Settings: packaging.Settings{
			Maintainer: "Mate <mate@example.org>",
			Options:    map[string]map[string]string{"lookout": {"LOOKOUT_ARGS": "--far"}},
		}.Defaulted(),
		Version: v, Date: time.Unix(1e9, 0),
		Tree: func(string) ([]byte, error) { return []byte("as you like\n"), nil }, // the license
		Sources: fstest.MapFS{
			"lookout.sh": {Data: []byte("#!/bin/sh\necho land\n")},
			"lookout.service": {Data: []byte(
				"[Unit]\n\n[Service]\nEnvironmentFile=-{{.Options}}/lookout\nExecStart=/usr/sbin/lookout $LOOKOUT_ARGS\n")},
			"lookout.options": {Data: []byte("LOOKOUT_ARGS=\"\"\n")},
		},
	}
	for _, family := range []packaging.Family{packaging.Debian(), packaging.Fedora()} {
		in.Family = family
		recipes, err := in.Select(nil)
		if err != nil {
			fmt.Println(err)
			return
		}
		packages, err := in.Assemble(recipes, nil)
		if err != nil {
			fmt.Println(err)
			return
		}
		for _, p := range packages {
			fmt.Println(p.Name, p.Release(), "needs", p.Relations.Depends[0])
			for _, f := range p.Files {
				fmt.Printf("  %04o %s, a %v\n", f.Mode, f.Path, f.Kind)
			}
			fmt.Println(" ", p.Variables(family))
		}
	}
	// Output:
	// lookout 1.4.1+acme.2-1 needs conntrack
	//   0644 /etc/default/lookout, a configuration file
	//   0644 /usr/lib/systemd/system/lookout.service, a regular file
	//   0755 /usr/sbin/lookout, a regular file
	//   [{LOOKOUT_ARGS --far}]
	// lookout 1.4.1+acme.2-1 needs conntrack-tools
	//   0644 /etc/sysconfig/lookout, a configuration file
	//   0644 /usr/lib/systemd/system/lookout.service, a regular file
	//   0755 /usr/sbin/lookout, a regular file
	//   [{LOOKOUT_ARGS --far}]
}
