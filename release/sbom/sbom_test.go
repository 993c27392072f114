package sbom

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	cdx "github.com/CycloneDX/cyclonedx-go"
	spdxjson "github.com/spdx/tools-golang/json"
	"github.com/spdx/tools-golang/spdx/v2/v2_3"
	"github.com/spdx/tools-golang/spdxlib"

	"github.com/slipway-build/slipway/artifact"
)

func documents(t *testing.T, dir string, s Subject) map[string][]byte {
	t.Helper()
	docs, err := Documents(t.Context(), dir, s)
	if err != nil {
		t.Fatal(err)
	}
	return docs
}

// read reads a CycloneDX document.
func read(t *testing.T, data []byte) cdx.BOM {
	t.Helper()
	var bom cdx.BOM
	if err := cdx.NewBOMDecoder(bytes.NewReader(data), cdx.BOMFileFormatJSON).Decode(&bom); err != nil {
		t.Fatal(err)
	}
	return bom
}

// components returns the product of a document, and what is in it.
func components(bom cdx.BOM) []cdx.Component {
	out := []cdx.Component{*bom.Metadata.Component}
	if bom.Components != nil {
		out = append(out, *bom.Components...)
	}
	return out
}

func TestDocumentsOfEachProduct(t *testing.T) {
	dir, s := released(t)
	docs := documents(t, dir, s)
	want := []string{vulnerabilitiesFile}
	for _, name := range []string{
		"bin/linux_amd64/bosun", "bin/linux_amd64/captain", "deb/linux_amd64/captain_1.4.1+acme.1-1_amd64.deb",
		"images/captain/linux_amd64", "rpm/linux_amd64/captain-1.4.1+acme.1-1.x86_64.rpm",
		"tarballs/ship-server-linux-amd64.tar.gz", "tarballs/ship-src.tar.gz",
	} {
		want = append(want, "sbom/"+name+CycloneDX, "sbom/"+name+SPDX)
	}
	slices.Sort(want)
	if got := slices.Sorted(maps.Keys(docs)); !slices.Equal(got, want) {
		t.Errorf("the documents are %q, want %q", got, want)
	}
	serials := map[string]bool{}
	for name, data := range docs {
		if strings.HasSuffix(name, CycloneDX) {
			serials[read(t, data).SerialNumber] = true
		}
	}
	if len(serials) != 8 {
		t.Errorf("%d documents have a serial number of their own, want 8", len(serials))
	}
}

// TestDocumentsAreStable holds that the documents are a function of the release.
func TestDocumentsAreStable(t *testing.T) {
	dir, s := released(t)
	first := documents(t, dir, s)
	slices.Reverse(s.Modules)
	slices.Reverse(s.Release.Artifacts)
	slices.Reverse(s.Vulnerabilities)
	again := documents(t, dir, s)
	for name, data := range first {
		if !bytes.Equal(data, again[name]) {
			t.Errorf("%s differs", name)
		}
	}
	s.Release.Date = "2026-05-12T09:51:34Z"
	for name, data := range documents(t, dir, s) {
		if strings.HasSuffix(name, CycloneDX) && read(t, data).SerialNumber == read(t, first[name]).SerialNumber {
			t.Errorf("%s has the serial number of another document", name)
		}
	}
}

// TestBinary holds what is said of a binary that records its modules, and of one that
// does not.
func TestBinary(t *testing.T) {
	dir, s := released(t)
	docs := documents(t, dir, s)
	info, _ := debug.ReadBuildInfo()
	std := "stdlib@v" + strings.TrimPrefix(strings.Fields(info.GoVersion)[0], "go")
	for _, c := range []struct {
		name  string
		parts []string
		how   cdx.CompositionAggregate
	}{
		{"captain", []string{"example.org/hull@v0.4.1", "example.org/ship@v1.4.1+acme.1", std},
			cdx.CompositionAggregateComplete},
		{"bosun", []string{"example.com/rope@v1.2.3", "example.org/hull@v0.4.1", "example.org/ship@v1.4.1+acme.1",
			"example.org/vendored@0123456789abcdef", "stdlib@v1.26.8"}, cdx.CompositionAggregateIncomplete},
	} {
		bom := read(t, docs["sbom/bin/linux_amd64/"+c.name+CycloneDX])
		var parts []string
		for _, part := range *bom.Components {
			parts = append(parts, part.BOMRef)
		}
		ref := "bin/linux_amd64/" + c.name
		if !slices.Equal(parts, c.parts) {
			t.Errorf("%s has %q, want %q", c.name, parts, c.parts)
		}
		if dep := (*bom.Dependencies)[0]; dep.Ref != ref || !slices.Equal(*dep.Dependencies, c.parts) {
			t.Errorf("%s depends on %+v", c.name, dep)
		}
		if of := (*bom.Compositions)[0]; of.Aggregate != c.how || (*of.Dependencies)[0] != cdx.BOMReference(ref) {
			t.Errorf("the dependencies of %s are %+v, want %s", c.name, of, c.how)
		}
	}
}

// TestFields holds the fields that BSI TR-03183-2 has for each component.
func TestFields(t *testing.T) {
	dir, s := released(t)
	docs := documents(t, dir, s)
	for name, data := range docs {
		if name == vulnerabilitiesFile || !strings.HasSuffix(name, CycloneDX) {
			continue
		}
		bom := read(t, data)
		if m := bom.Metadata; m.Timestamp != s.Release.Date || (*m.Manufacturer.Contact)[0].Email != "ship@example.org" {
			t.Errorf("%s is of %s by %+v", name, m.Timestamp, m.Manufacturer)
		}
		if bom.Vulnerabilities != nil {
			t.Errorf("%s holds vulnerabilities", name)
		}
		for _, c := range components(bom) {
			has := map[string]string{}
			for _, p := range *c.Properties {
				has[p.Name] = p.Value
			}
			for _, p := range []string{"filename", "executable", "archive", "structured"} {
				if has["bsi:component:"+p] == "" {
					t.Errorf("%s: %s has no property %s", name, c.BOMRef, p)
				}
			}
			if c.Manufacturer == nil || c.Manufacturer.URL == nil && c.Manufacturer.Contact == nil || c.Version == "" ||
				c.PackageURL == "" {
				t.Errorf("%s: %s says too little: %+v", name, c.BOMRef, c)
			}
		}
		var sums []cdx.HashAlgorithm
		for _, h := range *(*bom.Metadata.Component.ExternalReferences)[0].Hashes {
			sums = append(sums, h.Algorithm)
		}
		if want := []cdx.HashAlgorithm{"SHA-256", "SHA-512"}; !slices.Equal(sums, want) {
			t.Errorf("%s: the product's file has the digests %q, want %q", name, sums, want)
		}
	}
}

func TestPedigree(t *testing.T) {
	dir, s := released(t)
	docs := documents(t, dir, s)
	find := func(name, ref string) cdx.Component {
		bom := read(t, docs[name])
		for _, c := range components(bom) {
			if c.BOMRef == ref {
				return c
			}
		}
		t.Fatalf("%s has no %s", name, ref)
		return cdx.Component{}
	}
	ship := find("sbom/deb/linux_amd64/captain_1.4.1+acme.1-1_amd64.deb.cdx.json", "example.org/ship@v1.4.1+acme.1")
	if ship.Pedigree == nil || len(*ship.Pedigree.Patches) != 2 {
		t.Fatalf("the pedigree is %+v", ship.Pedigree)
	}
	first, second := (*ship.Pedigree.Patches)[0], (*ship.Pedigree.Patches)[1]
	want := "patches/0001-crew.patch#sha256=" + strings.TrimPrefix(digest([]byte("crew")), "sha256:")
	if first.Diff.URL != want {
		t.Errorf("the first is %s, want %s", first.Diff.URL, want)
	}
	if first.Type != cdx.PatchTypeBackport || len(*first.Resolves) != 2 || (*first.Resolves)[0].ID != "CVE-2025-13281" ||
		first.Diff.Text.Content != "--- a/x\n+++ b/x\n" {
		t.Errorf("the first is %+v", first)
	}
	if second.Type != cdx.PatchTypeCherryPick || second.Resolves != nil || second.Diff.Text != nil {
		t.Errorf("the second is %+v", second)
	}
	if up := (*ship.Pedigree.Ancestors)[0]; up.PackageURL != "pkg:golang/example.org/ship@v1.4.1" {
		t.Errorf("it is made from %s", up.PackageURL)
	}
	// What has no module of the fork's is made from the upstream itself.
	if src := find("sbom/tarballs/ship-src.tar.gz.cdx.json", "tarballs/ship-src.tar.gz"); src.Pedigree == nil {
		t.Error("the sources have no pedigree")
	}
	if c := find("sbom/bin/linux_amd64/captain.cdx.json", "bin/linux_amd64/captain"); c.Pedigree != nil {
		t.Error("the binary has the pedigree of its module")
	}
}

func TestImage(t *testing.T) {
	dir, s := released(t)
	bom := read(t, documents(t, dir, s)["sbom/images/captain/linux_amd64.cdx.json"])
	want := []string{"bin/linux_amd64/captain", "debian:libc6@2.36-9+deb12u9:amd64", "debian:tzdata@1:2025b-0:all",
		"slipway:installer"}
	if got := *(*bom.Dependencies)[0].Dependencies; !slices.Equal(got, want) {
		t.Errorf("it holds %q, want %q", got, want)
	}
	if root := bom.Metadata.Component; root.Type != cdx.ComponentTypeContainer ||
		!strings.Contains(root.PackageURL, "repository_url=registry.example.org%2Fteam%2Fcaptain") {
		t.Errorf("it is %s, a %s", root.PackageURL, root.Type)
	}
	s.Bases = []Base{{Image: "captain", Platform: "linux/amd64",
		Reference: "registry.example.org:5000/base/static:v1@sha256:" + strings.Repeat("2", 64)}}
	bom = read(t, documents(t, dir, s)["sbom/images/captain/linux_amd64.cdx.json"])
	how := map[cdx.BOMReference]cdx.CompositionAggregate{}
	for _, c := range *bom.Compositions {
		for _, ref := range *c.Dependencies {
			how[ref] = c.Aggregate
		}
	}
	if how["images/captain/linux_amd64"] != cdx.CompositionAggregateIncomplete {
		t.Errorf("on a base that nobody described, its parts are %s", how["images/captain/linux_amd64"])
	}
}

func TestVulnerabilities(t *testing.T) {
	dir, s := released(t)
	docs := documents(t, dir, s)
	bom := read(t, docs[vulnerabilitiesFile])
	serial := strings.TrimPrefix(read(t, docs["sbom/bin/linux_amd64/bosun.cdx.json"]).SerialNumber, "urn:uuid:")
	refs := map[string][]string{}
	for _, v := range *bom.Vulnerabilities {
		for _, a := range *v.Affects {
			refs[v.ID] = append(refs[v.ID], a.Ref)
		}
	}
	if got := refs["CVE-2024-0001"]; len(got) != 2 || // the binary, and the tarball that it is in
		!slices.Contains(got, "urn:cdx:"+serial+"/1#bin%2Flinux_amd64%2Fbosun") {
		t.Errorf("the bosun's is about %q", got)
	}
	if got := refs["CVE-2025-13281"]; len(got) != 6 { // all but the sources
		t.Errorf("that of all is about %q", got)
	}
	for _, got := range refs {
		var of []string
		for _, ref := range got {
			if !cdx.IsBOMLink(ref) {
				t.Errorf("%s is no BOM-Link", ref)
			}
			_, product, _ := strings.Cut(ref, "#")
			of = append(of, product)
		}
		if !slices.IsSorted(of) { // not by the digests in the links, which a signature changes
			t.Errorf("products are in the order %q", of)
		}
	}
	s.Vulnerabilities = nil
	if _, ok := documents(t, dir, s)[vulnerabilitiesFile]; ok {
		t.Error("there is a document without a word")
	}
}

func TestSPDX(t *testing.T) {
	dir, s := released(t)
	for name, data := range documents(t, dir, s) {
		if !strings.HasSuffix(name, SPDX) {
			continue
		}
		var doc v2_3.Document
		if err := spdxjson.ReadInto(bytes.NewReader(data), &doc); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := spdxlib.ValidateDocument(&doc); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		patches := 0
		for _, r := range doc.Relationships {
			if r.Relationship == "PATCH_FOR" {
				patches++
			}
		}
		if patches != 2 || doc.CreationInfo.Created != s.Release.Date {
			t.Errorf("%s has %d patches, of %s", name, patches, doc.CreationInfo.Created)
		}
	}
}

func TestDocumentsRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(dir string, s *Subject)
		want  string
	}{
		"no creator": {func(_ string, s *Subject) { s.Creator = "" }, "set packages.maintainer in fork.yaml"},
		"an unknown module": {func(_ string, s *Subject) { s.Modules = s.Modules[:1] },
			"bin/linux_amd64/captain: module example.org/ship (devel) is linked into it, but not among those"},
		"a binary that is missing": {func(_ string, s *Subject) { s.Release.Artifacts = s.Release.Artifacts[2:] },
			"captain_1.4.1+acme.1-1_amd64.deb: it holds captain for linux/amd64, which the release has no binary of"},
		"a file that is missing": {
			func(dir string, _ *Subject) { _ = os.Remove(filepath.Join(dir, "tarballs/ship-src.tar.gz")) },
			"tarballs/ship-src.tar.gz: no such file"},
	} {
		dir, s := released(t)
		c.spoil(dir, &s)
		docs, err := Documents(t.Context(), dir, s)
		if docs != nil || err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %d documents, %v, want %s", name, len(docs), err, c.want)
		}
	}
}

func TestMakerOf(t *testing.T) {
	for path, want := range map[string]string{
		"github.com/Acme/rope/v2": "https://github.com/Acme", "example.org/ship": "https://example.org",
		"rope": "https://rope",
	} {
		if got := makerOf(path).url; got != want {
			t.Errorf("%s is by %s, want %s", path, got, want)
		}
	}
}

func TestUpstreamOf(t *testing.T) {
	for name, want := range map[string]upstream{
		"example.org/Ship@v1.4.1": {name: "example.org/Ship", version: "v1.4.1", purl: "pkg:golang/example.org/ship@v1.4.1",
			where: "https://pkg.go.dev/example.org/Ship@v1.4.1"},
		"https://example.org/ship.git@0123": {name: "https://example.org/ship.git", version: "0123",
			where: "https://example.org/ship.git"},
		"https://example.org/ship.tgz": {name: "https://example.org/ship.tgz"},
	} {
		if got := upstreamOf(artifact.Pinned{Name: name}); got != want {
			t.Errorf("%s is %+v, want %+v", name, got, want)
		}
	}
}

// TestJSON holds that the documents are JSON for people, too.
func TestJSON(t *testing.T) {
	dir, s := released(t)
	for name, data := range documents(t, dir, s) {
		if !json.Valid(data) || !bytes.HasSuffix(data, []byte("}\n")) || bytes.Contains(data, []byte(`\u003c`)) {
			t.Errorf("%s is not written as JSON for people", name)
		}
	}
}
