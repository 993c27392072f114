// Package provenance says what a release was built from, so that anybody can build it
// again: an in-toto statement with SLSA's provenance v1. docs/provenance.md describes the
// parameters of its build type.
package provenance

import (
	"path"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/lock"
)

// File is the name of the provenance in the folder of a release.
const File = "provenance.json"

// Format is the format of the provenance as a document of a release.
const Format = "in-toto"

// PayloadType is the type of a statement in a DSSE envelope.
const PayloadType = "application/vnd.in-toto+json"

// What the statement says it is. buildType is described in docs/provenance.md.
const (
	PredicateType = "https://slsa.dev/provenance/v1"
	buildType     = "https://github.com/slipway-build/slipway/release/v1"
	// builderID names no platform that vouches for a build: whoever signs the statement does.
	builderID = "https://github.com/slipway-build/slipway/blob/main/docs/provenance.md#the-builder"
)

// Input is what a provenance is made of. Nothing in it may depend on the machine.
type Input struct {
	// Release is what is released, with the digests as they are. Its artifacts are the
	// subjects, but for the provenance itself.
	Release artifact.Release
	Lock    lock.Lock
	// Options are the settings of the command that decide what is released, by name.
	Options  map[string]string
	Sources  Sources
	Checkout Checkout          // zero where the project is no git repository, or has changes
	Slipway  string            // the version of Slipway that builds: v1.2.0
	Go       string            // the machine's release of Go, which compiles Slipway's own programs in images: go1.26.8
	Builds   []Build           // what the compiler is told, by platform
	Modules  []artifact.Module // that binaries are linked with, less those of Lock
	Packages []Package         // Debian packages of bases and sysroots
	Images   []Image           // bases of images that are images themselves
}

// Sources are the files that describe a fork.
type Sources struct {
	// Roots are the files and folders that they were found in, with slashes, relative to
	// the project: a file that is added below one changes the fork.
	Roots []string
	Files []artifact.Pinned // each by its path relative to the project; sorted
}

// A Checkout is a commit of a git repository.
type Checkout struct {
	URL    string // of the remote, without user and password; may be ""
	Commit string // 40 or 64 hex digits
}

// A Build is how the binaries of a platform are compiled.
type Build struct {
	Platform string   // linux/arm64
	Flags    []string // of the go command
	Env      []string // KEY=VALUE pairs, as build.json has them
}

// A Package is a Debian package.
type Package struct{ Name, Version, Architecture, URL, SHA256 string } // hex

// An Image is a base in a registry.
type Image struct{ Reference, Digest string } // sha256:HEX

// SubjectName returns the name that statements give an artifact: its path in the release;
// for an image, the folder of its layout and its name.
func SubjectName(a artifact.Released) string {
	if a.Kind == artifact.Image {
		return path.Join(a.Path, a.Name)
	}
	return a.Path
}

// A Record is what a provenance says that a rebuild has to know.
type Record struct {
	Fork, Name, Version string
	Platforms           []string
	Options             map[string]string
	Sources             Sources
	Lock                string // digest of fork.lock: sha256:HEX
	Date                string // RFC 3339, UTC
	Toolchain           string // go1.26.8
	Slipway, Go         string
	Subjects            []Subject // in the statement's order
}

// A Subject is an artifact by its name and digest.
type Subject struct {
	Name     string
	Digest   string // sha256:HEX
	Unsigned string // before a signature was put into the file; "" where none was
}
