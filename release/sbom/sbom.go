// Package sbom writes the software bills of materials of a release: for each binary, each
// package, each tarball and each image of a platform, one in CycloneDX 1.6 with what
// BSI TR-03183-2 v2.1.0 wants, and one in SPDX 2.3.
//
//	docs, err := sbom.Documents(ctx, "dist/ship/release", sbom.Subject{Release: r, Modules: m, …})
//	for path, data := range docs { … } // sbom/bin/linux_amd64/captain.cdx.json, ….spdx.json, …
//
// What is linked into a binary is read from the binary itself. There is no clock and no
// random number in a document: its time is the release's, its serial number a digest.
package sbom

import (
	"context"
	"fmt"
	"path"
	"runtime"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/slipway-build/slipway/artifact"
)

// Endings of the documents' names.
const (
	CycloneDX = ".cdx.json"
	SPDX      = ".spdx.json"
)

// Media types of the documents, as artifacts beside an image.
const (
	CycloneDXType = "application/vnd.cyclonedx+json"
	SPDXType      = "application/spdx+json"
)

// vulnerabilitiesFile is the path of the CycloneDX document that says which
// vulnerabilities a release is affected by and which not. It names the components of
// the other documents by their BOM-Links. It is apart from them because an SBOM must not
// hold vulnerabilities (BSI TR-03183-2, section 3.1): they change, and it does not.
const vulnerabilitiesFile = "sbom/vulnerabilities" + CycloneDX

// A Subject is a release, and what is known of it beside its record.
type Subject struct {
	Release artifact.Release
	// Creator is who makes the release, as Acme <k8s@example.org>: packages.maintainer.
	Creator string
	// License is that of the fork's sources, as SPDX has it.
	License string
	// Modules are those of all binaries, as inventory.Of returns them.
	Modules []artifact.Module
	// Bases are what images have beside the fork's binaries; an image without any has none.
	Bases []Base
	// Patches are the texts of patches by their names. Those that are missing are named
	// by their digests alone.
	Patches map[string][]byte
	// Repositories are where images are pulled from, by the name of the image:
	// registry.example.org/team/captain. It may be nil.
	Repositories map[string]string
	// SHA512 are digests of files by their paths in the release, in hex. A file that is
	// missing here is read.
	SHA512 map[string]string
	// Vulnerabilities are written to vulnerabilitiesFile, if there are any.
	Vulnerabilities []Vulnerability
}

// A Base is what an image of one platform has beside the fork's binaries: packages of
// Debian or another image below them, and programs that Slipway adds.
type Base struct {
	Image     string // its name, as captain
	Platform  string // linux/arm64
	Suite     string // of the packages, as bookworm
	Packages  []Debian
	Reference string // of another image, with its digest
	Programs  []Program
}

// A Program is one of Slipway's own in an image, as its installer.
type Program struct {
	Name    string
	Version string   // of Slipway
	SHA256  string   // of its file, in hex; it may be ""
	License []string // as SPDX names them, sorted
}

// Debian is a package of Debian in a base.
type Debian struct {
	Name    string
	Version string
	Arch    string
	SHA256  string // of the deb, in hex
}

// A Vulnerability is what one means for the release, in CycloneDX's words
// (https://cyclonedx.org/docs/1.6/json/#vulnerabilities_items_analysis).
type Vulnerability struct {
	ID            string // CVE-2025-13281
	State         string // resolved, exploitable, in_triage, not_affected, …
	Justification string // of not_affected: code_not_reachable, …
	Detail        string
	Components    []string // that it is about; empty: all
}

// Documents returns the documents of a release by their paths in it. dir is the folder
// with the release's files.
func Documents(ctx context.Context, dir string, s Subject) (map[string][]byte, error) {
	creator, ok := parseOrganization(s.Creator)
	if !ok {
		return nil, fmt.Errorf("an SBOM says who makes the release, and %q is not a name and an address: "+
			"set packages.maintainer in fork.yaml, such as Acme <k8s@example.org>", s.Creator)
	}
	a := assembler{Subject: s, dir: dir, creator: creator, read: map[string]binary{}}
	documents, err := a.all(ctx)
	if err != nil {
		return nil, err
	}
	out, about, err := a.encode(ctx, documents)
	if err == nil && len(s.Vulnerabilities) > 0 {
		out[vulnerabilitiesFile], err = a.vulnerabilities(about)
	}
	if err != nil {
		return nil, err
	}
	return out, nil
}

// encode returns documents in both formats, and the BOM-Links of their products, by the
// documents' paths.
func (a *assembler) encode(ctx context.Context, documents []document) (
	out map[string][]byte, about map[string]string, err error,
) {
	out, about = map[string][]byte{}, map[string]string{}
	var mu sync.Mutex
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for _, d := range documents {
		g.Go(func() error {
			inCycloneDX, serial, err := a.cycloneDX(d)
			if err != nil {
				return fmt.Errorf("%s: %w", d.path+CycloneDX, err)
			}
			inSPDX, err := a.spdx(d)
			if err != nil {
				return fmt.Errorf("%s: %w", d.path+SPDX, err)
			}
			mu.Lock()
			defer mu.Unlock()
			out[d.path+CycloneDX], out[d.path+SPDX], about[d.path] = inCycloneDX, inSPDX, bomLink(serial, d.root.ref)
			return ctx.Err()
		})
	}
	return out, about, g.Wait()
}

// Paths returns the paths of the documents of an artifact, without their endings, by
// platform for an image: sbom/bin/linux_amd64/captain, or
// sbom/images/captain/linux_amd64. What has no documents of its own has no paths.
func Paths(a artifact.Released) map[string]string {
	switch a.Kind {
	case artifact.Binary, artifact.Package, artifact.Tarball:
		return map[string]string{a.Platform: path.Join("sbom", a.Path)}
	case artifact.Image:
		out := map[string]string{}
		for _, i := range a.Images {
			out[i.Platform] = path.Join("sbom", a.Path, a.Name, strings.ReplaceAll(i.Platform, "/", "_"))
		}
		return out
	}
	return nil
}
