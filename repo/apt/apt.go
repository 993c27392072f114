// Package apt writes apt repositories: the indexes of suites, from what debs say of themselves.
//
// An index lies at its name and below by-hash, so that a client with an earlier InRelease finds
// what that names while the suite changes. InRelease is what clients start at.
package apt

import (
	"path"
	"strings"
	"time"

	"pault.ag/go/debian/version"

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

// PoolPath returns the path of a deb in the repository's root. It is by content, so that other
// bytes of the same name and version never meet it, in one suite or in two. The version is in
// the name without its epoch, as ever, and with "_" for "+", which some servers take for a blank.
func PoolPath(p Package) string {
	v := p.Version
	if _, after, ok := strings.Cut(v, ":"); ok {
		v = after
	}
	name := strings.ReplaceAll(p.Name+"_"+v+"_"+p.Architecture+".deb", "+", "_")
	return path.Join(Root, "pool", p.SHA256[:2], p.SHA256, name)
}

// entry is the deb as the repository lists it, without its content.
func (p Package) entry() tree.File {
	return tree.File{Entry: tree.Entry{Path: p.Path, Size: p.Size, SHA256: p.SHA256, Class: tree.Content}}
}

// Compare compares versions as dpkg does. Both must be versions of Debian, as those of packages
// that Read returned are.
func Compare(a, b string) int {
	x, _ := version.Parse(a)
	y, _ := version.Parse(b)
	return version.Compare(x, y)
}

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
