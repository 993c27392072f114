package profiles

import (
	"strings"
	"testing"

	"github.com/slipway-build/slipway/ebuilds"
	"github.com/slipway-build/slipway/packaging"
)

// TestPackagesAreEbuilds has ebuilds be written of the packages of each project. A package
// that changes what others do is installed with a USE flag only.
func TestPackagesAreEbuilds(t *testing.T) {
	for _, c := range []struct{ profile, version, flagged string }{
		{"kubernetes", "1.36.1+acme.1", ""}, {"etcd", "3.7.3+acme.1", ""},
		{"flannel", "0.28.4+acme.1", "if use kubernetes; then\n"}, {"cni-plugins", "1.9.1+acme.1", "if use bridge; then\n"},
	} {
		project, err := Gentoo("", c.profile)
		if err != nil {
			t.Fatal(err)
		}
		f := ebuilds.Fork{
			Profile: c.profile, Project: project.At(parse(t, c.version)), Version: "1_p1", Summary: "of a test",
			Homepage: "https://example.org", License: []string{"Apache-2.0"}, Year: 2026, Arches: []string{"amd64"},
			Packages: assembledFor(t, packaging.Gentoo(), c.profile, c.version), BaseURL: "https://example.org/distfiles",
			Distfiles: map[string]ebuilds.Distfile{},
		}
		for _, role := range []string{"source", "deps", "files", "amd64"} {
			f.Distfiles[role] = ebuilds.Distfile{Name: role + ".tar.xz", Size: 1}
		}
		files, err := ebuilds.Overlay{Name: "acme", Maintainer: "Mate <mate@example.org>", Forks: []ebuilds.Fork{f}}.Files()
		if err != nil {
			t.Errorf("%s: %v", c.profile, err)
		}
		for _, file := range files {
			text := string(file.Data)
			itself := strings.Contains(text, "( "+project.Category+"/"+project.Name)
			if strings.HasSuffix(file.Path, "-bin-1_p1.ebuild") && (!strings.Contains(text, c.flagged) || itself) {
				t.Errorf("%s: the ebuild has no %q, or needs itself:\n%s", c.profile, c.flagged, text)
			}
		}
	}
}
