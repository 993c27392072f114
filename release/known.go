package release

import (
	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/lock"
	"github.com/slipway-build/slipway/release/provenance"
	"github.com/slipway-build/slipway/release/sbom"
	"github.com/slipway-build/slipway/release/vex"
)

// Known is what is known of a release beside its files: what its documents say.
type Known struct {
	Lock       lock.Lock
	License    string            // of the fork's sources, as SPDX has it
	Modules    []artifact.Module // linked into the binaries, sorted by path
	Bases      []sbom.Base       // of its images
	Patches    map[string][]byte // the texts of patches, by name
	Statements []vex.Statement
	Options    map[string]string // of the command, that decide what is released
	Sources    provenance.Sources
	Checkout   provenance.Checkout
	Slipway    string // its version
	Go         string // of this machine
	Builds     []provenance.Build
	Packages   []provenance.Package // of Debian, in bases and sysroots
	BaseImages []provenance.Image
}
