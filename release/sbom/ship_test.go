package sbom

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/internal/testkit"
)

// digest returns the digest of a file's content as records have it.
func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// captain compiles a program of two modules, with names and versions that a fork's have,
// and returns its bytes.
func captain(t *testing.T) []byte {
	t.Helper()
	dir := testkit.Lay(t, map[string]string{
		"go.mod": "module example.org/ship\n\ngo 1.24.0\n\nrequire example.org/hull v0.0.0\n\n" +
			"replace example.org/hull => ./staging/hull\n",
		"main.go":              "package main\n\nimport \"example.org/hull\"\n\nfunc main() { println(hull.Name) }\n",
		"staging/hull/go.mod":  "module example.org/hull\n\ngo 1.24.0\n",
		"staging/hull/hull.go": "package hull\n\n// Name is the ship's.\nconst Name = \"ship\"\n",
	})
	cmd := exec.Command("go", "build", "-ldflags=-s -w", "-buildvcs=false", "-o", "captain")
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "GOFLAGS=", "GOWORK=off", "CGO_ENABLED=0", "GOTOOLCHAIN=local")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	data, err := os.ReadFile(filepath.Join(dir, "captain"))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// released writes a release with one of each kind, and returns its folder and what is
// known of it.
func released(t *testing.T) (string, Subject) {
	t.Helper()
	program, manifest := captain(t), []byte(`{"schemaVersion":2}`)
	image := digest(manifest)
	files := map[string]string{
		"bin/linux_amd64/captain":                                     string(program),
		"bin/linux_amd64/bosun":                                       "no Go program",
		"deb/linux_amd64/captain_1.4.1+acme.1-1_amd64.deb":            "a deb",
		"rpm/linux_amd64/captain-1.4.1+acme.1-1.x86_64.rpm":           "an rpm",
		"tarballs/ship-server-linux-amd64.tar.gz":                     "a tarball",
		"tarballs/ship-src.tar.gz":                                    "sources",
		"export/ship-1.4.1+acme.1.tar.xz":                             "the patched source",
		"images/blobs/sha256/" + strings.TrimPrefix(image, "sha256:"): string(manifest),
	}
	one := func(kind artifact.Kind, name, path string, holds ...string) artifact.Released {
		return artifact.Released{Kind: kind, Name: name, Path: path, Digest: digest([]byte(files[path])), Holds: holds,
			Format: strings.TrimPrefix(filepath.Ext(path), ".")}
	}
	const amd64 = "linux/amd64"
	on := func(a artifact.Released) artifact.Released {
		a.Platform = amd64
		return a
	}
	release := artifact.Release{
		Schema: 1, Fork: "ship-1.4", Name: "ship", Version: "1.4.1+acme.1", Date: "2026-05-12T09:51:33Z",
		Toolchain: "go1.26.8", Platforms: []string{amd64},
		Upstream: artifact.Pinned{Name: "example.org/ship@v1.4.1", Digest: "h1:BBBB"},
		Patches: []artifact.ReleasedPatch{
			{Name: "0001-crew.patch", Digest: digest([]byte("crew")), Title: "Sort the crew", Author: "Mate <mate@example.org>",
				Origin: "backport, https://example.org/ship/commit/1", CVEs: []string{"CVE-2025-13281", "GHSA-aaaa-bbbb-cccc"}},
			{Name: strings.Repeat("a", 40), Digest: digest([]byte("carried")), Title: "A <carried> commit & more"},
		},
		Artifacts: []artifact.Released{
			on(one(artifact.Binary, "bosun", "bin/linux_amd64/bosun", "bosun")),
			on(one(artifact.Binary, "captain", "bin/linux_amd64/captain", "captain")),
			on(one(artifact.Package, "captain", "deb/linux_amd64/captain_1.4.1+acme.1-1_amd64.deb", "captain")),
			on(one(artifact.Package, "captain", "rpm/linux_amd64/captain-1.4.1+acme.1-1.x86_64.rpm", "captain")),
			one(artifact.Source, "", "export/ship-1.4.1+acme.1.tar.xz"),
			{Kind: artifact.Image, Name: "captain", Format: "oci", Path: "images", Digest: "sha256:01",
				Holds: []string{"captain"}, Images: []artifact.PlatformImage{{Platform: amd64, Digest: image}}},
			on(one(artifact.Tarball, "", "tarballs/ship-server-linux-amd64.tar.gz", "bosun", "captain")),
			one(artifact.Tarball, "", "tarballs/ship-src.tar.gz"),
		},
	}
	return testkit.Lay(t, files), Subject{
		Release: release, Creator: "Acme <ship@example.org>", License: "Apache-2.0",
		Modules: []artifact.Module{
			{Path: "example.com/rope", Version: "v1.2.3", Sum: "h1:AAAA", Licenses: []string{"ISC", "MIT"}},
			{Path: "example.org/hull", Version: "v0.4.1", Licenses: []string{"Apache-2.0"}, Local: true},
			{Path: "example.org/ship", Version: "v1.4.1+acme.1", Licenses: []string{"Apache-2.0"}, Local: true},
			{Path: "example.org/vendored", Version: "0123456789abcdef"},
		},
		Bases: []Base{{Image: "captain", Platform: amd64, Suite: "bookworm", Packages: []Debian{
			{Name: "libc6", Version: "2.36-9+deb12u9", Arch: "amd64", SHA256: strings.Repeat("0", 64)},
			{Name: "tzdata", Version: "1:2025b-0", Arch: "all", SHA256: strings.Repeat("1", 64)},
		}, Programs: []Program{{Name: "installer", Version: "0.1.0", License: []string{"Apache-2.0"}}}}},
		Patches:      map[string][]byte{"0001-crew.patch": []byte("--- a/x\n+++ b/x\n")},
		Repositories: map[string]string{"captain": "registry.example.org/team/captain"},
		Vulnerabilities: []Vulnerability{
			{ID: "CVE-2025-13281", State: "resolved", Detail: "0001-crew.patch fixes it"},
			{ID: "CVE-2024-0001", State: "not_affected", Justification: "code_not_reachable", Components: []string{"bosun"}},
		},
	}
}
