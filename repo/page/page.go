// Package page writes the two files that say what a repository has: index.json for machines, and
// index.html for people, with the lines that they copy.
package page

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"

	"github.com/slipway-build/slipway/release/page/style"
)

// File is the name of the page, in the repository's root.
const File = "index.html"

// An Input is what a repository has. Lists are put in order, but for keys.
type Input struct {
	Name        string // of its files on a client: acme
	Origin      string
	Description string // a line for people; may be empty
	URL         string // of the root, without a slash at its end
	Snapshot    string // the ID of the one that it shows
	// Channels are what releases go through, the first first.
	Channels []string
	// Dated says that apt's dated trees are there: apt/snapshots/ID.
	Dated     bool
	Suites    []Suite
	Snapshots []Snapshot // that are kept, with the one that it shows
	Keys      []Key      // that its indexes are signed with; none: it is unsigned
	Keyring   bool       // NAME-archive-keyring.deb is in the root
	Package   bool       // NAME-release.rpm is in the root
	Overlay   Overlay
	Downloads []Download
	Images    []Image
}

// A Suite is one at the snapshot that is shown.
type Suite struct {
	Name     string   // kubernetes-1.36-candidate
	Channel  string   // candidate
	Forks    []Fork   // that are in it
	Debs     []string // architectures of its debs, as Debian calls them; none: it is no apt suite
	RPMs     []string // architectures of its rpms, as rpm calls them; none: it is no yum repository
	Revision string   // of its yum metadata
}

// A Fork is the versions of one.
type Fork struct {
	ID       string   // kubernetes-1.36
	Minor    string   // 1.36
	Versions []string // 1.36.1+acme.1
}

// A Snapshot is a state that can be gone back to.
type Snapshot struct {
	ID        string            // 20261126T034500.000Z
	Time      string            // RFC 3339
	Verb      string            // what made it: add, promote, rollback, resign
	Args      []string          // of the verb
	Revisions map[string]string // of the yum metadata of each suite that has rpms then, by suite
	Debs      []string          // suites that have debs then
}

// A Key is a public key by its fingerprint.
type Key struct {
	Fingerprint string
	Name        string
	Expires     string // RFC 3339; "" if it does not
}

// An Overlay is the Gentoo overlay of a repository: overlay.git.
type Overlay struct {
	Name string // "" if there is none
	Conf string // the lines of /etc/portage/repos.conf/NAME.conf
}

// A Download is the versions of a fork in a channel whose binaries and tarballs are there.
type Download struct {
	Fork     Fork
	Channel  string // stable
	Folder   string // release
	Pointer  string // the file in Folder that names the newest one: stable-1.36.txt
	Program  string // one of its binaries, for an example: kubectl; "" if it has only tarballs
	Platform string // of that binary: linux/amd64
}

// An Image is an image in a registry, with the tag of a channel or a version.
type Image struct {
	Name       string // kube-apiserver
	Repository string // registry.example.org/acme/kube-apiserver
	Tag        string // v1.36.1_acme.1
	Digest     string // sha256:HEX, of its index
}

// Index returns index.json. The same input makes the same bytes.
func Index(in Input) ([]byte, error) {
	doc, err := in.index()
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err = enc.Encode(doc)
	return out.Bytes(), err
}

//go:embed page.html.tmpl
var pageTemplate string

// HTML returns index.html. The same input makes the same bytes.
func HTML(in Input) ([]byte, error) {
	doc, err := in.index()
	if err != nil {
		return nil, err
	}
	page, err := style.Parse(pageTemplate, template.FuncMap{"day": style.Day})
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := page.Execute(&out, newView(in, doc)); err != nil {
		return nil, fmt.Errorf("writing %s: %w", File, err)
	}
	return out.Bytes(), nil
}
