//go:build acceptance && linux

package acceptance

import (
	"path"
	"strings"
	"testing"

	"github.com/openvex/go-vex/pkg/vex"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/release/sbom/sbomtest"
)

// bills holds that there is an SBOM in both formats of everything that has programs, that
// each keeps to the schema of its format, and that they say what is linked.
func (r released) bills(t *testing.T) {
	for ending, check := range map[string]sbomtest.Check{
		".cdx.json": sbomtest.CycloneDX(t), ".spdx.json": sbomtest.SPDX(t),
	} {
		for _, subject := range r.described() {
			name := path.Join("sbom", subject) + ending
			bill := read(t, r.at(name))
			if err := check([]byte(bill)); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			says(t, name, bill, "pkg:golang/example.org/ship@v1.4.1%2Btest.1", "pkg:golang/example.org/hull@v0.4.1",
				"0001-crew.patch", "0002-bosun.patch")
		}
	}
}

// described are the parts of a release that have SBOMs, by the names of those. A tarball of
// sources has none.
func (r released) described() []string {
	var out []string
	for _, a := range r.record.Artifacts {
		switch {
		case a.Kind == artifact.Image:
			for _, one := range a.Images {
				out = append(out, path.Join("images", a.Name, strings.ReplaceAll(one.Platform, "/", "_")))
			}
		case a.Kind == artifact.Binary, a.Kind == artifact.Package, a.Kind == artifact.Tarball && a.Platform != "":
			out = append(out, a.Path)
		}
	}
	return out
}

// vex has OpenVEX's own library read what the release says of vulnerabilities: the one that
// a patch fixes, of each product, and that of fork.yaml, of one.
func (r released) vex(t *testing.T) {
	doc, err := vex.Load(r.at("vex.openvex.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		id, product string
		want        vex.Status // none: nothing is said
	}{
		{cve, "pkg:deb/ship/captain@1.4.1%2Btest.1-1?arch=amd64", vex.StatusFixed},
		{cve, "pkg:rpm/ship/bosun@1.4.1%2Btest.1-1?arch=aarch64", vex.StatusFixed},
		{cve, "pkg:generic/ship/captain@1.4.1%2Btest.1?arch=arm64&os=linux", vex.StatusFixed},
		{cve, "pkg:deb/ship/captain@1.4.1-1?arch=amd64", ""},
		{"CVE-2026-4321", "pkg:deb/ship/bosun@1.4.1%2Btest.1-1?arch=amd64", vex.StatusNotAffected},
		{"CVE-2026-4321", "pkg:deb/ship/captain@1.4.1%2Btest.1-1?arch=amd64", ""},
		{"CVE-2026-9999", "pkg:deb/ship/captain@1.4.1%2Btest.1-1?arch=amd64", ""},
	} {
		var got vex.Status
		if found := doc.Matches(c.id, c.product, nil); len(found) > 0 {
			got = found[0].Status
		}
		if got != c.want {
			t.Errorf("of %s in %s it says %q, want %q", c.id, c.product, got, c.want)
		}
	}
	if sbom := read(t, r.at("sbom/vulnerabilities.cdx.json")); !strings.Contains(sbom, "resolved_with_pedigree") {
		t.Errorf("CycloneDX is not told that a patch fixes it:\n%s", sbom)
	}
}
