// Package apt writes apt repositories: the indexes of suites, from what debs say of themselves.
package apt

import (
	"context"
	"time"

	"github.com/slipway-build/slipway/release/sign"
	"github.com/slipway-build/slipway/repo/tree"
)

// A Package is a deb as indexes describe it.
type Package struct {
	Name         string   `json:"name"`
	Version      string   `json:"version"`
	Architecture string   `json:"architecture"` // Debian's; all
	Control      string   `json:"control"`      // its control paragraph, ready for Packages: without Filename, Size and sums
	Path         string   `json:"path"`         // in the repository's root: apt/pool/…
	Size         int64    `json:"size"`
	SHA256       string   `json:"sha256"`
	Files        []string `json:"files"` // what it installs: usr/bin/kubelet; sorted
}

// Read reads a deb.
func Read(ctx context.Context, file string) (Package, error) { return Package{}, nil }

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

// Indexes returns the files of a suite below apt/: dists/NAME/…, and those of its dated tree.
func Indexes(ctx context.Context, s Suite, by *sign.Signer) ([]tree.File, error) { return nil, nil }
