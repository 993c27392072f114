// Package overlay keeps the ebuilds of all releases of a repository: as a git repository that
// any web server serves as files, with the distfiles beside it.
package overlay

import (
	"time"

	"github.com/slipway-build/slipway/internal/gitrepo"
	"github.com/slipway-build/slipway/release/sign"
	"github.com/slipway-build/slipway/repo/tree"
)

// Dir is the folder of the git repository, relative to the root of the whole one.
const Dir = "overlay.git"

// A Release is the overlay of one release, and what its ebuilds fetch.
type Release struct {
	Fork      string            // its ID: kubernetes-1.36
	Version   string            // 1.36.1+acme.1
	Date      time.Time         // what differs in several releases, and may, is as the newest has it
	Files     map[string][]byte // by path in the overlay
	Distfiles []tree.File       // at distfiles/NAME; without content where they are there already
}

// String names a release in messages.
func (r Release) String() string { return r.Fork + " " + r.Version }

// A Branch is what readers of a channel have.
type Branch struct {
	Name     string // of the channel: stable, candidate
	Releases []Release
}

// A Repository is the bare git repository in a folder of this machine. What is published are
// its files.
type Repository struct {
	Git gitrepo.Git
	Dir string // absolute; nobody else may use it
	// mostPacks is how many packs it has at most; 0 is as the constant says.
	mostPacks int
}

// An Update is what a repository is to hold.
type Update struct {
	Branches []Branch // HEAD is stable, or else the first
	// Maintainer makes the commits, as packages.maintainer of fork.yaml has it: Name <mail>.
	Maintainer string
	Time       time.Time // of the commits
	// Signer signs commits and Manifests with its first OpenPGP key: git and gemato refuse a
	// signature of several keys if one is unknown. Without a key both are unsigned.
	Signer *sign.Signer
}
