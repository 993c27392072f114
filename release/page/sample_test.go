package page

import (
	"fmt"
	"strings"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/release/page/sizes"
)

func digest(n int) string { return "sha256:" + strings.Repeat(fmt.Sprintf("%02x", n%256), 32) }

// sample is a release of the ship for two platforms, with something of each kind.
func sample() Input {
	in := Input{
		Release: artifact.Release{
			Schema: artifact.ReleaseSchema, Fork: "ship-1.5", Name: "ship", Version: "1.5.0+acme.2",
			Upstream: artifact.Pinned{Name: "example.org/ship@v1.5.0",
				Digest: "h1:rIBzrDxwBrCJUvFLNCoJNoGXgDEfOmNOMr6Jqq9cTXg="},
			Tree: digest(1), Commit: strings.Repeat("c0ffee11", 5), Lock: digest(2),
			Date: "2026-02-03T04:05:06Z", Toolchain: "go1.26.8", Platforms: []string{"linux/amd64", "linux/arm64"},
			Patches: []artifact.ReleasedPatch{
				{Name: "0001-bosun-keep-the-watch.patch", Digest: digest(3),
					Title:  "bosun: keep the watch while the anchor is down",
					Author: "Mate <mate@example.org>",
					Origin: "backport, https://example.org/ship/pull/12", CVEs: []string{"CVE-2026-1001"}},
				{Name: "0002-captain-quote.patch", Digest: digest(4), Title: "captain: quote <names> & \"titles\"",
					Author: "O'Mate <o@example.org>", Origin: "javascript:alert(1)"},
				{Name: strings.Repeat("ab", 20), Digest: digest(5), Title: "mate: answer sooner",
					Author: "Bosun <bosun@example.org>", CVEs: []string{"CVE-2026-1002", "CVE-2026-1001"}},
			},
		},
		Sizes: map[string][]sizes.Weight{}, LastSizes: map[string][]sizes.Weight{},
		Tag: "v1.5.0_acme.2", Registry: "registry.example.org/ship", URL: "https://example.org/ship/1.5.0+acme.2/",
		Files: []string{"SHA256SUMS", "SHA256SUMS.asc", "SHA256SUMS.sigstore.json", "SHA512SUMS", "keys/release.asc",
			"keys/release.pub", "notes.md", "provenance.sigstore.json", "bin/linux_amd64/captain.sigstore.json"},
		Keys: []artifact.ReleaseKey{
			{Use: OpenPGP, ID: "0123456789ABCDEF0123456789ABCDEF01234567", Path: "keys/release.asc"},
			{Use: Sigstore, ID: digest(6), Path: "keys/release.pub"},
		},
	}
	in.Release.Artifacts = sampleFiles()
	last := in.Release
	last.Version = "1.5.0+acme.1"
	last.Patches = []artifact.ReleasedPatch{
		{Name: "0001-bosun-keep-the-watch.patch", Digest: digest(99), Title: "bosun: keep the watch"},
		{Name: "0002-captain-quote.patch", Digest: digest(4)}, {Name: "0009-old.patch", Title: "stow the <old> sails"}}
	last.Artifacts = nil
	for i, a := range in.Release.Artifacts[:len(in.Release.Artifacts)-1] {
		a.Path = strings.ReplaceAll(a.Path, "acme.2", "acme.1")
		a.Size -= int64(i%3-1) * a.Size / 400
		last.Artifacts = append(last.Artifacts, a)
	}
	last.Artifacts = append(last.Artifacts, artifact.Released{Kind: artifact.Binary, Name: "stoker",
		Platform: "linux/amd64", Path: "bin/linux_amd64/stoker", Size: 5})
	in.Last = &last
	for _, a := range in.Release.Kind(artifact.Binary) {
		in.Sizes[a.Path] = sampleWeights(a.Size)
		in.LastSizes[a.Path] = sampleWeights(a.Size - 90000)
	}
	in.Timeline = sampleTimeline()
	return in
}

func sampleFiles() []artifact.Released {
	var out []artifact.Released
	add := func(a artifact.Released, size int64) {
		a.Size, a.Digest = size, digest(20+len(out))
		out = append(out, a)
	}
	for i, p := range []string{"amd64", "arm64"} {
		on := "linux/" + p
		for j, name := range []string{"bosun", "captain", "mate"} {
			add(artifact.Released{Kind: artifact.Binary, Name: name, Platform: on, Path: "bin/linux_" + p + "/" + name,
				Holds: []string{name}}, int64(31-7*j-i)<<20)
			add(artifact.Released{Kind: artifact.Package, Name: "ship-" + name, Format: "deb", Platform: on,
				Path: "deb/linux_" + p + "/ship-" + name + "_1.5.0+acme.2_" + p + ".deb"}, int64(11-j)<<20)
			add(artifact.Released{Kind: artifact.Package, Name: "ship-" + name, Format: "rpm", Platform: on,
				Path: "rpm/linux_" + p + "/ship-" + name + "-1.5.0+acme.2-1." + p + ".rpm"}, int64(10-j)<<20)
		}
		add(artifact.Released{Kind: artifact.Tarball, Platform: on,
			Path: "tarballs/ship-server-linux-" + p + ".tar.gz"}, 33<<20)
	}
	add(artifact.Released{Kind: artifact.Tarball, Path: "tarballs/ship-src.tar.gz"}, 3<<20)
	for _, path := range []string{"app/ship-bin/ship-bin-1.5.0_p2.ebuild", "app/ship/ship-1.5.0_p2.ebuild",
		"app/ship-meta/ship-meta-1.5.0_p2.ebuild", "app/dock/dock-1.5.01.ebuild", "acct-user/ship/ship-0.ebuild",
		"app/ship/Manifest", "profiles/repo_name"} {
		add(artifact.Released{Kind: artifact.Overlay, Path: "overlay/" + path}, 1234)
	}
	add(artifact.Released{Kind: artifact.Image, Name: "captain", Format: "oci", Path: "images",
		Images: []artifact.PlatformImage{{Platform: "linux/amd64", Digest: digest(7), Size: 21 << 20},
			{Platform: "linux/arm64", Digest: digest(8), Size: 20 << 20}}}, 41<<20)
	add(artifact.Released{Kind: artifact.Layout, Path: "images/oci-layout"}, 31)
	add(artifact.Released{Kind: artifact.Document, Format: "cyclonedx", Path: "sbom/ship.cdx.json"}, 84321)
	add(artifact.Released{Kind: artifact.Document, Format: "spdx", Path: "sbom/ship.spdx.json"}, 64321)
	add(artifact.Released{Kind: artifact.Document, Format: "openvex", Path: "vex.openvex.json"}, 900)
	add(artifact.Released{Kind: artifact.Document, Format: "in-toto", Path: "provenance.json"}, 9000)
	return out
}

func sampleWeights(size int64) []sizes.Weight {
	out := []sizes.Weight{
		{Package: sizes.Lines, Bytes: size * 36 / 100}, {Package: sizes.ReadOnly, Bytes: size * 15 / 100},
		{Package: sizes.Data, Bytes: size / 50}, {Package: sizes.Symbols, Bytes: size / 300}}
	add := func(module, name string, share int64) {
		out = append(out, sizes.Weight{Module: module, Package: module + name, Bytes: size * share / 1000})
	}
	for i, name := range []string{"/cmd/captain", "/pkg/deck", "/pkg/rope", "/pkg/sail", "/pkg/<hull>"} {
		add("example.org/ship", name, int64(70-13*i))
	}
	for i := range int64(12) {
		add(fmt.Sprintf("example.org/dock%d", i), "", max(1, 40-i*i))
	}
	for i, name := range []string{"runtime", "net/http", "crypto/tls", "reflect", "fmt"} {
		add(sizes.Standard, "", 0)
		out[len(out)-1] = sizes.Weight{Module: sizes.Standard, Package: name, Bytes: size * int64(30-5*i) / 1000}
	}
	return out
}

func sampleTimeline() artifact.Timeline {
	return artifact.Timeline{Spans: []artifact.Span{
		{Stage: "source", Detail: "7 modules, 6 MB", Start: 0, End: 350},
		{Stage: "patches", Detail: "3 applied", Start: 350, End: 470, Kept: true},
		{Stage: "cross", Subject: "linux/amd64", Detail: "bosun captain mate", Start: 500, End: 23400},
		{Stage: "cross", Subject: "linux/arm64", Detail: "bosun captain mate", Start: 510, End: 24100},
		{Stage: "documents", Start: 24100, End: 24900, Kept: true},
		{Stage: "deb", Subject: "ship-captain", Detail: "linux/amd64", Start: 24900, End: 29100},
		{Stage: "deb", Subject: "ship-mate", Detail: "linux/amd64", Start: 24950, End: 27000, Kept: true},
		{Stage: "image", Subject: "v1.5.0_acme.2", Start: 29100, End: 33000},
	}}
}
