// Package page writes the two files that a reader starts at: index.json says what a
// repository has for machines, index.html for people, with the lines that they copy.
package page

// The files' names, in the repository's root.
const (
	IndexFile = "index.json"
	File      = "index.html"
)

// Schema is the version of the format of index.json. It is raised when a reader of the last
// one could take a new index for something else.
const Schema = 1

// An Input is what a repository has. Lists may be in any order.
type Input struct {
	Name        string // of its files on a client: acme
	Origin      string
	Description string // a line for people; may be empty
	URL         string // of the root, without a slash at its end
	Snapshot    string // the ID of the one that it shows
	// Dated says that apt's dated trees are there: apt/snapshots/ID.
	Dated     bool
	Suites    []Suite
	Snapshots []Snapshot // that are kept, with the one that it shows
	Keys      []Key      // that its indexes are signed with; none: it is unsigned
	Keyring   bool       // NAME-archive-keyring.deb is in the root
	Package   bool       // NAME-release.rpm is in the root
	Overlay   string     // the name of its Gentoo overlay; "" if there is none
	Downloads []Download
	Images    []Image
}

// A Suite is one at the snapshot that is shown.
type Suite struct {
	Name     string   // kubernetes-1.36-candidate
	Channel  string   // candidate
	Fork     string   // kubernetes-1.36
	Minor    string   // 1.36
	Versions []string // 1.36.1+acme.1
	Debs     []string // architectures of its debs, as Debian calls them; none: it is no apt suite
	RPMs     []string // architectures of its rpms, as rpm calls them; none: it is no yum repository
	Revision string   // of its yum metadata
}

// A Snapshot is a state that can be gone back to.
type Snapshot struct {
	ID        string            // 20261126T034500Z
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

// A Download is the folder of a project's binaries and tarballs.
type Download struct {
	Folder   string   // release
	Fork     string   // kubernetes-1.36
	Channel  string   // stable
	Minor    string   // 1.36
	Versions []string // in it
	Pointer  string   // the file that names the newest one, in the folder: stable-1.36.txt
	Program  string   // one of its binaries, for an example: kubectl; "" if it has only tarballs
	Platform string   // of that binary: linux/amd64
}

// An Image is an image in a registry, with the tag of a channel or a version.
type Image struct {
	Name       string // kube-apiserver
	Repository string // registry.example.org/acme/kube-apiserver
	Tag        string // v1.36.1_acme.1
	Digest     string // sha256:HEX, of its index
}

// Index returns index.json. The same input makes the same bytes.
func Index(in Input) ([]byte, error) { return nil, nil }

// HTML returns index.html. The same input makes the same bytes.
func HTML(in Input) ([]byte, error) { return nil, nil }
