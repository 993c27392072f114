// Package apt writes apt repositories: the indexes of suites, from what debs say of themselves.
//
// An index lies at its name and below by-hash, so that a client with an earlier InRelease finds
// what that names while the suite changes. InRelease is what clients start at.
package apt

import (
	"context"
	"time"

	"github.com/slipway-build/slipway/release/sign"
	"github.com/slipway-build/slipway/repo/tree"
)

// Root is the folder of apt in a repository: what clients have as URIs is its URL.
const Root = "apt"

// A Package is a deb as indexes describe it.
type Package struct {
	Name         string   `json:"name"`
	Version      string   `json:"version"`      // Debian's: 1.36.1+acme.1-1
	Architecture string   `json:"architecture"` // Debian's: amd64, all
	Section      string   `json:"section,omitempty"`
	Control      string   `json:"control"` // its control paragraph, ready for Packages: without Filename, Size and sums
	Path         string   `json:"path"`    // in the repository's root: apt/pool/…
	Size         int64    `json:"size"`
	SHA256       string   `json:"sha256"`
	Files        []string `json:"files"` // what it installs but for folders: usr/bin/kubelet; sorted
}

// Read reads a deb, to its end: one that is cut off or damaged is an error with its path.
func Read(ctx context.Context, file string) (Package, error) { return Package{}, nil }

// PoolPath returns the path of a deb in the repository's root, by its content, so that other
// bytes under the same name and version never meet it.
func PoolPath(p Package) string { return "" }

// A Suite is one dists/NAME.
type Suite struct {
	Name          string // kubernetes-1.36: its folder below dists, its Suite and its Codename
	Origin, Label string
	Description   string
	Date          time.Time
	ValidUntil    time.Time // zero: there is no end
	Snapshots     string    // the URL of dated trees, with @SNAPSHOTID@; "": there are none
	Snapshot      string    // the ID of the state, for the dated tree; "": there is none
	Packages      []Package
}

// Indexes returns the files of a suite in the repository's root: apt/dists/NAME/…, and those of
// its dated tree, apt/snapshots/ID/…. A deb in the dated tree is an alias of the one at its Path.
func Indexes(ctx context.Context, s Suite, by *sign.Signer) ([]tree.File, error) { return nil, nil }
