// Package state is what a repository remembers: snapshots, each with the releases in every
// channel, and a record of every release with all that its indexes say.
package state

import (
	"strings"
	"time"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/repo/apt"
	"github.com/slipway-build/slipway/repo/tree"
	"github.com/slipway-build/slipway/repo/yum"
)

// A Head says which snapshot a repository shows. It is the one file of the state that is replaced.
type Head struct {
	Schema   int    `json:"schema"`
	Snapshot string `json:"snapshot"`
	// Pending is true from when the head is replaced until all that readers start at is, too.
	// Anybody who finds it so can complete the change, from state/commits/SNAPSHOT.json.gz.
	Pending bool `json:"pending"`
	// Previous is the snapshot that the repository showed before: the difference is what has to be
	// completed while the change is pending.
	Previous string `json:"previous,omitempty"`
	// Ending is the SHA-256 of a listing in state/trees: files that no snapshot here needs, and that
	// stay until their time for readers with an older index.
	Ending string `json:"ending,omitempty"`
	// Pruned is the time, RFC 3339, UTC, up to which ended files have been deleted.
	Pruned string `json:"pruned,omitempty"`
}

// A Snapshot is the repository at one moment: apt, yum, overlay, downloads and image tags together.
type Snapshot struct {
	Schema    int                 `json:"schema"`
	ID        string              `json:"id"`     // its time: 20261126T034500Z
	Parent    string              `json:"parent"` // "" of the first
	Change    Change              `json:"change"`
	Identity  Identity            `json:"identity"`
	Channels  map[string][]Member `json:"channels"`            // sorted by fork, then by version
	Suites    []Suite             `json:"suites"`              // sorted by name
	Keys      []Key               `json:"keys"`                // that its indexes are signed with; the first signs rpms
	Overlay   map[string]string   `json:"overlay,omitempty"`   // the commits of the overlay, by channel
	Bootstrap *Bootstrap          `json:"bootstrap,omitempty"` // nil where the repository is not signed
	Tree      string              `json:"tree"`                // SHA-256 of the listing in state/trees
	// Kept are the IDs of the snapshots that can be gone back to, the newest first; this one is among them.
	Kept []string `json:"kept"`
}

// A Change is what made a snapshot of the one before.
type Change struct {
	Verb string   `json:"verb"` // add, promote, rollback, resign
	Args []string `json:"args"`
	Of   []Change `json:"of,omitempty"` // of rebase: what was done again
}

// String returns the change as it was asked for.
func (c Change) String() string { return strings.Join(append([]string{c.Verb}, c.Args...), " ") }

// An Identity is what clients have accepted, and would refuse to see changed.
type Identity struct {
	Name   string `json:"name"`
	Origin string `json:"origin"`
	Label  string `json:"label"`
	URL    string `json:"url"`
}

// A Member is a release in a channel.
type Member struct {
	Fork    string `json:"fork"`    // its ID: kubernetes-1.36
	Version string `json:"version"` // 1.36.1+acme.1
	Record  string `json:"record"`  // SHA-256 of the record in state/records
}

// A Suite is what clients subscribe to: an apt suite, and a yum repository of the same name.
type Suite struct {
	Name     string `json:"name"`               // kubernetes-1.36, kubernetes-1.36-candidate
	Channel  string `json:"channel"`            // stable
	Date     string `json:"date"`               // RFC 3339: when its indexes were last made
	Inputs   string `json:"inputs"`             // digest of what they were made of
	Revision string `json:"revision,omitempty"` // of its yum metadata: the folder that has it
}

// A Bootstrap is what a client starts with: the keyring package and the release package.
type Bootstrap struct {
	Version int          `json:"version"`
	Digest  string       `json:"digest"`  // of what they say
	Date    string       `json:"date"`    // RFC 3339: when this version was made
	Suites  []Shipped    `json:"suites"`  // that they know, sorted by name
	Trusted []string     `json:"trusted"` // fingerprints of the keys that they have
	Keys    []byte       `json:"keys"`    // those keys, armored
	Deb     apt.Package  `json:"deb"`
	RPM     *yum.Package `json:"rpm,omitempty"`
}

// Shipped is a suite that bootstrap packages know. Whether they switch it on never changes by itself.
type Shipped struct {
	Name    string `json:"name"`
	Project string `json:"project"` // whose suite it is: kubernetes
	Enabled bool   `json:"enabled"`
}

// A Key is a public key by its fingerprint.
type Key struct {
	Fingerprint string `json:"fingerprint"`
	Name        string `json:"name"`
	Expires     string `json:"expires,omitempty"` // RFC 3339
}

// A Record is a release as the repository needs it, without opening a file of it again.
type Record struct {
	Schema   int               `json:"schema"`
	Release  artifact.Release  `json:"release"` // without documents' content
	Suites   []string          `json:"suites"`  // base names of suites, without a channel: kubernetes-1.36
	Debs     []apt.Package     `json:"debs"`
	RPMs     []yum.Package     `json:"rpms"`
	Advisory []yum.Advisory    `json:"advisories"`
	Overlay  map[string][]byte `json:"overlay"` // the files of its overlay, by path
	// Files are those that the repository serves for it: packages, distfiles, downloads.
	Files     []tree.Entry `json:"files"`
	Downloads string       `json:"downloads"` // the folder of its downloads: release
}

// Time parses the time of a snapshot's ID.
func Time(id string) (time.Time, error) { return time.Parse(IDLayout, id) }

// IDLayout is the form of snapshots' IDs: UTC, as Debian's archive of snapshots has them, and
// milliseconds, so that two machines that change a repository in one second make two snapshots.
const IDLayout = "20060102T150405.000Z"
