package page

import (
	"cmp"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/release/page/style"
)

// What the signatures of an artifact.ReleaseKey are.
const (
	OpenPGP  = "OpenPGP"
	Sigstore = "sigstore"
)

// folder is written where a command that runs elsewhere names the folder of the page.
const folder = "FOLDER"

// A document says something of the release, and is beside the page.
type document struct {
	link
	Note string
}

// checks returns how somebody checks what they have, with tools of their own and ours.
func checks(in Input) []command {
	var out []command
	if has(in, "SHA256SUMS") {
		out = append(out, command{For: "files arrived whole",
			Lines: []string{"sha256sum --check --ignore-missing --quiet SHA256SUMS"}})
	}
	var keys []string
	for _, k := range in.Keys {
		if at := folder + "/" + k.Path; k.Path != "" && !slices.Contains(keys, at) {
			keys = append(keys, at)
		}
		switch {
		case k.Use == OpenPGP && has(in, "SHA256SUMS.asc"):
			c := command{For: "the checksums are from who has the OpenPGP key"}
			if k.Path != "" {
				c.Lines = append(c.Lines, style.Words("gpg", "--import", k.Path))
			}
			c.Lines = append(c.Lines, "gpg --verify SHA256SUMS.asc SHA256SUMS")
			out = append(out, c)
		case k.Use == Sigstore && has(in, "SHA256SUMS.sigstore.json"):
			out = append(out, command{For: "the same with cosign, offline", Lines: style.Continued([]string{
				style.Words("cosign", "verify-blob", "--key", cmp.Or(k.Path, "release.pub")),
				"--bundle SHA256SUMS.sigstore.json --insecure-ignore-tlog", "SHA256SUMS"})})
		}
	}
	if len(in.Keys) > 0 {
		out = append(out, command{For: "everything at once, offline, with Slipway in a checkout of the project",
			Lines: style.Continued([]string{style.Words("go", "tool", "mage", "release:verify", folder),
				style.Words("-key=" + cmp.Or(strings.Join(keys, ","), "KEY"))})})
	}
	return append(out, command{For: "the same bytes can be built again, in a checkout of what it was built from",
		Lines: style.Continued([]string{style.Words("go", "tool", "mage", "release:reproduce"),
			style.Words("-fork="+in.Release.Fork, "-from="+folder)})})
}

// documents returns what says something of the release, as far as it is there.
func documents(in Input) []document {
	out := []document{{link{artifact.ReleaseFile, artifact.ReleaseFile}, "the record of this release, for programs"}}
	for _, d := range []struct{ path, note string }{
		{"notes.md", "release notes"},
		{"SHA256SUMS", "checksums"}, {"SHA256SUMS.asc", "their OpenPGP signature"},
		{"SHA256SUMS.sigstore.json", "their signature as a sigstore bundle"},
		{"SHA512SUMS", "checksums"}, {"SHA512SUMS.asc", "their OpenPGP signature"},
		{"SHA512SUMS.sigstore.json", "their signature as a sigstore bundle"},
		{"provenance.json", "what it was built from, and how: SLSA provenance"},
		{"provenance.sigstore.json", "the same, signed"},
		{"vex.openvex.json", "which vulnerabilities concern it, and which do not: OpenVEX"},
	} {
		if has(in, d.path) {
			out = append(out, document{link{d.path, d.path}, d.note})
		}
	}
	notes := map[string]string{
		"cyclonedx": "what is in it: CycloneDX", "spdx": "what is in it: SPDX",
	}
	for _, a := range in.Release.Kind(artifact.Document) {
		if note := notes[a.Format]; note != "" {
			out = append(out, document{link{a.Path, escaped(a.Path)}, note})
		}
	}
	for _, k := range in.Keys {
		if k.Path != "" {
			out = append(out, document{link{k.Path, escaped(k.Path)}, "the public key for " + k.Use})
		}
	}
	for _, path := range in.Rebuilds {
		out = append(out, document{link{path, escaped(path)}, "somebody else built the same: a signed statement"})
	}
	slices.SortStableFunc(out, func(a, b document) int { return cmp.Compare(depth(a), depth(b)) })
	return out
}

// depth has documents in folders, of which there are many, after the others.
func depth(d document) int { return strings.Count(d.Text, "/") }

// has reports whether there is a file in the release.
func has(in Input, path string) bool {
	return slices.Contains(in.Files, path) ||
		slices.ContainsFunc(in.Release.Artifacts, func(a artifact.Released) bool { return a.Path == path })
}
