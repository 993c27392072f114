// Package artifact describes finished files: what every verb returns, and what a
// release is made of.
package artifact

import (
	"cmp"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/event"
	"github.com/slipway-build/slipway/platform"
)

// A Kind says what an Artifact is.
type Kind string

// The kinds of artifacts.
const (
	Binary     Kind = "binary"     // a component, compiled for one platform
	Package    Kind = "package"    // a deb or an rpm
	Ebuild     Kind = "ebuild"     // an ebuild of the overlay
	Distfile   Kind = "distfile"   // a file that an ebuild fetches
	Image      Kind = "image"      // an image index, in a layout or in a registry
	Deploy     Kind = "deploy"     // settings that a deployment tool reads
	Source     Kind = "source"     // the patched source as a tarball
	Series     Kind = "series"     // the series, in the form of another tool
	Tree       Kind = "tree"       // the work tree that a series is edited in
	Patch      Kind = "patch"      // a patch file, or a carried commit
	Lock       Kind = "lock"       // fork.lock, or base.lock
	Tarball    Kind = "tarball"    // a release tarball of binaries, or of what upstream releases beside them
	Overlay    Kind = "overlay"    // a file of the Gentoo overlay, in a release
	Layout     Kind = "layout"     // a file of the OCI layout that images are in, in a release
	Shard      Kind = "shard"      // what one machine made of a release
	Repository Kind = "repository" // a file that readers of a repository start at
	Document   Kind = "document"   // an SBOM, a VEX, a provenance: what says something of a release
)

// An Artifact is one finished file, or a folder that belongs together.
type Artifact struct {
	Kind     Kind
	Name     string            // component, package or image; "" where the path says all
	Format   string            // deb, rpm, oci, tar.xz …; "" where the kind has only one
	Path     string            // relative to the project, or the reference of an image in a registry
	Platform platform.Platform // zero where it is for all
	Size     int64             // bytes; 0 for a folder
	Digest   string            // sha256:HEX; "" for a folder
	Holds    []string          // components whose binaries are in it, sorted
	Kept     bool              // an earlier run made it, and it is up to date
}

// Event returns the event that tells of the artifact. The stages that make them tell
// of the kinds Distfile, Patch and Lock, and of images in a registry, which have none.
func (a Artifact) Event() event.Event {
	e := event.Event{
		Kind: event.Artifact, Path: a.Path, Size: a.Size, SHA256: strings.TrimPrefix(a.Digest, "sha256:"), Kept: a.Kept,
	}
	switch a.Kind {
	case Binary, Package, Ebuild, Image, Deploy:
		e.Component = a.Name
	}
	if a.Platform != (platform.Platform{}) {
		e.Platform = a.Platform.String()
	}
	return e
}

// A Set is artifacts, sorted by path, then by name.
type Set []Artifact

// Of returns the set of the artifacts of some sets.
func Of(sets ...Set) Set {
	out := slices.Concat(sets...)
	slices.SortStableFunc(out, func(a, b Artifact) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), strings.Compare(a.Name, b.Name))
	})
	return out
}

// Kind returns the artifacts of a kind.
func (s Set) Kind(k Kind) Set {
	return slices.DeleteFunc(slices.Clone(s), func(a Artifact) bool { return a.Kind != k })
}
