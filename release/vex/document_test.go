package vex

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/openvex/go-vex/pkg/vex"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/internal/golden"
)

// digest is one of 64 equal hex digits.
func digest(digit string) string { return "sha256:" + strings.Repeat(digit, 64) }

// released is a release with an artifact of each kind that a document names.
func released() artifact.Release {
	return artifact.Release{
		Name: "ship", Version: "1.4.1+acme.1", Date: "2026-02-10T08:00:00Z",
		Upstream: artifact.Pinned{Name: "example.org/ship@v1.4.1", Digest: "h1:abc="},
		Artifacts: []artifact.Released{
			{Kind: artifact.Binary, Name: "bosun", Platform: "linux/amd64", Path: "bin/linux_amd64/bosun", Digest: digest("1"),
				Holds: []string{"bosun"}},
			{Kind: artifact.Binary, Name: "captain", Platform: "linux/amd64", Path: "bin/linux_amd64/captain",
				Digest: digest("2"), Holds: []string{"captain"}},
			{Kind: artifact.Package, Format: "deb", Name: "captain", Platform: "linux/amd64",
				Path: "deb/linux_amd64/captain_1.4.1+acme.1-2_amd64.deb", Digest: digest("3"), Holds: []string{"captain"}},
			{Kind: artifact.Image, Name: "captain", Path: "images", Digest: digest("4"), Holds: []string{"captain"},
				Images: []artifact.PlatformImage{{Platform: "linux/amd64", Digest: digest("5")}}},
			{Kind: artifact.Package, Format: "rpm", Name: "captain", Platform: "linux/amd64",
				Path: "rpm/linux_amd64/captain-1.4.1+acme.1-2.x86_64.rpm", Digest: digest("6"), Holds: []string{"captain"}},
			{Kind: artifact.Document, Format: "spdx", Path: "sbom/captain.spdx.json", Digest: digest("7")},
		},
	}
}

func input() Input {
	return Input{
		Release: released(), Author: "Mate <mate@example.org>", Module: "example.org/ship",
		Repositories: map[string]string{"captain": "registry.example.org/team/captain"},
		Statements: []Statement{
			{Vulnerability: "CVE-2025-13281", Status: Fixed, Patches: []string{"1.patch"}},
			{Vulnerability: "CVE-2026-0001", Status: NotAffected, Justification: "component_not_present",
				Impact: "The bosun has <no> whistle.", Components: []string{"bosun"}},
			{Vulnerability: "CVE-2026-0002", Status: Affected, Impact: "All are.", Action: "Wait."},
			{Vulnerability: "CVE-2026-0003", Status: UnderInvestigation, Impact: "Since Monday.",
				Components: []string{"purser"}},
			{Vulnerability: "GO-2025-4240", Status: Fixed, Impact: "By rope v1.2.3."},
		},
	}
}

func TestDocument(t *testing.T) {
	got, err := Document(input())
	if err != nil {
		t.Fatal(err)
	}
	golden.Check(t, filepath.Join("testdata", DocumentFile), got)
	if again, err := Document(input()); err != nil || string(again) != string(got) {
		t.Errorf("a second run makes another document: %v", err)
	}
}

// TestDocumentIsRead asks the document as a scanner does.
func TestDocumentIsRead(t *testing.T) {
	data, err := Document(input())
	if err != nil {
		t.Fatal(err)
	}
	doc, err := vex.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range doc.Statements {
		if err := s.Validate(); err != nil {
			t.Errorf("%s: %v", s.Vulnerability.Name, err)
		}
	}
	const (
		binary   = "pkg:generic/ship/captain@1.4.1%2Bacme.1?arch=amd64&os=linux"
		bosun    = "pkg:generic/ship/bosun@1.4.1%2Bacme.1?arch=amd64&os=linux"
		upstream = "pkg:golang/example.org/ship@v1.4.1"
	)
	image := "pkg:oci/captain@sha256:" + strings.Repeat("4", 64) + "?repository_url=registry.example.org/team/captain"
	for _, c := range []struct {
		vulnerability, product, part string
		want                         vex.Status // "" is that nothing is said
	}{
		{"CVE-2025-13281", binary, upstream, vex.StatusFixed},
		{"CVE-2025-13281", binary, "pkg:golang/example.org/ship@v1.4.1%2Bacme.1", vex.StatusFixed},
		{"CVE-2025-13281", binary, "pkg:golang/example.org/rope@v1.2.3", ""},
		{"CVE-2025-13281", image, upstream, vex.StatusFixed},
		{"CVE-2025-13281", "pkg:deb/ship/captain@1.4.1%2Bacme.1-2?arch=amd64", upstream, vex.StatusFixed},
		{"CVE-2026-0001", bosun, "", vex.StatusNotAffected},
		{"CVE-2026-0001", binary, "", ""},
		{"CVE-2026-0002", binary, "", vex.StatusAffected},
		{"GO-2025-4240", binary, "pkg:golang/example.org/rope@v1.2.3", vex.StatusFixed},
		{"CVE-2026-0003", binary, "", ""},
	} {
		var got vex.Status
		for _, s := range doc.Matches(c.vulnerability, c.product, []string{c.part}) {
			got = s.Status
		}
		if got != c.want {
			t.Errorf("%s in %s of %s is %q, want %q", c.vulnerability, c.part, c.product, got, c.want)
		}
	}
}

// TestDocumentID holds that the id covers what the document says.
func TestDocumentID(t *testing.T) {
	ids := map[string]string{}
	for name, change := range map[string]func(*Input){
		"as it is":         func(*Input) {},
		"another text":     func(in *Input) { in.Statements[1].Impact = "No." },
		"another author":   func(in *Input) { in.Author = "Bosun <bosun@example.org>" },
		"another digest":   func(in *Input) { in.Release.Artifacts[0].Digest = digest("8") },
		"another time":     func(in *Input) { in.Release.Date = "2026-02-11T08:00:00Z" },
		"one patch more":   func(in *Input) { in.Statements[0].Patches = []string{"1.patch", "2.patch"} },
		"no module":        func(in *Input) { in.Module = "" },
		"one of them less": func(in *Input) { in.Statements = in.Statements[1:] },
	} {
		in := input()
		in.Statements = slices.Clone(in.Statements)
		change(&in)
		data, err := Document(in)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := vex.Parse(data)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(doc.ID, "https://openvex.dev/docs/public/vex-") {
			t.Errorf("%s: the id is %s", name, doc.ID)
		}
		if other, ok := ids[doc.ID]; ok {
			t.Errorf("%s and %s have one id", name, other)
		}
		ids[doc.ID] = name
	}
}

func TestDocumentOfNothing(t *testing.T) {
	for name, change := range map[string]func(*Input){
		"no statement": func(in *Input) { in.Statements, in.Author = nil, "" },
		"no product":   func(in *Input) { in.Release.Artifacts = in.Release.Artifacts[5:] },
	} {
		in := input()
		change(&in)
		if got, err := Document(in); err != nil || got != nil {
			t.Errorf("%s: the document is %s, %v", name, got, err)
		}
	}
}

func TestDocumentRefuses(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*Input)
		want   string
	}{
		{"no author", func(in *Input) { in.Author = "" }, "statements on vulnerabilities need an author: " +
			"set packages.maintainer in fork.yaml, such as Acme <k8s@example.org>"},
		{"no time", func(in *Input) { in.Release.Date = "now" }, "the date of the release: "},
		{"a status without its text", func(in *Input) {
			in.Statements = []Statement{{Vulnerability: "CVE-2025-13281",
				Status: Affected}}
		}, "the statement on CVE-2025-13281: "},
	} {
		in := input()
		c.change(&in)
		if got, err := Document(in); got != nil || err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: the error is %v, want %s", c.name, err, c.want)
		}
	}
}
