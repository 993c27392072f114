// Package index is index.json, which says to machines what a repository has.
package index

// File is the file's name, in the repository's root.
const File = "index.json"

// Schema is the version of the format of index.json. It is raised when a reader of the last
// one could take a new index for something else.
const Schema = 1

// An Index is index.json: what a repository has, with the URLs that clients need.
type Index struct {
	Schema      int        `json:"schema"`
	Name        string     `json:"name"`   // of its files on a client
	Origin      string     `json:"origin"` // of its apt suites
	Description string     `json:"description,omitempty"`
	URL         string     `json:"url"`      // of the root
	Snapshot    string     `json:"snapshot"` // the ID of the one that it shows
	Time        string     `json:"time"`     // RFC 3339, UTC: when that was made
	Suites      []Suite    `json:"suites"`   // of one project together, newer minor versions first
	Snapshots   []Snapshot `json:"snapshots"`
	Keys        []Key      `json:"keys"` // that its indexes are signed with; none, if it is unsigned
	Overlay     *Overlay   `json:"overlay,omitempty"`
	Downloads   []Download `json:"downloads"`
	Images      []Image    `json:"images"` // sorted by name, then by tag
}

// A Suite is what clients subscribe to: an apt suite, a yum repository of the same name, or both.
type Suite struct {
	Name    string `json:"name"`
	Channel string `json:"channel"`
	Forks   []Fork `json:"forks"` // that are in it
	Apt     *Apt   `json:"apt,omitempty"`
	Yum     *Yum   `json:"yum,omitempty"`
}

// A Fork is the versions that are there of one.
type Fork struct {
	ID       string   `json:"id"`       // kubernetes-1.36
	Minor    string   `json:"minor"`    // 1.36
	Versions []string `json:"versions"` // the newest first
}

// An Apt is the parts of a suite's entry in sources.list.
type Apt struct {
	URI           string   `json:"uri"`
	Suite         string   `json:"suite"`
	Components    []string `json:"components"`
	Architectures []string `json:"architectures"`     // as Debian calls them
	Sources       string   `json:"sources,omitempty"` // URL of a .sources with these; the repository is unsigned without
}

// A Yum is where dnf finds a suite.
type Yum struct {
	Mirrorlist    string   `json:"mirrorlist"` // URL of the file that names the newest metadata
	BaseURL       string   `json:"baseurl"`    // of this snapshot's metadata, which stay as they are
	Revision      string   `json:"revision"`
	Architectures []string `json:"architectures"`  // as rpm calls them
	Repo          string   `json:"repo,omitempty"` // URL of a .repo with these; the repository is unsigned without
}

// A Snapshot is a state that can be gone back to. The newest is the first.
type Snapshot struct {
	ID   string   `json:"id"`
	Time string   `json:"time"` // RFC 3339, UTC
	Verb string   `json:"verb"` // what made it: add, promote, rollback, resign
	Args []string `json:"args"` // of the verb
	// Apt is the URI of apt's suites as they were; "" if it has none.
	Apt string `json:"apt,omitempty"`
	// AptSuites are those of Apt.
	AptSuites []string `json:"apt_suites,omitempty"`
	// Yum is the base URLs of the yum repositories as they were, by suite.
	Yum map[string]string `json:"yum,omitempty"`
}

// A Key is a public key.
type Key struct {
	Fingerprint string `json:"fingerprint"`
	Name        string `json:"name"`
	Expires     string `json:"expires,omitempty"` // RFC 3339, UTC; without, it does not expire
	URL         string `json:"url"`               // of a file with all keys, armored
}

// An Overlay is a git repository of ebuilds.
type Overlay struct {
	Name string `json:"name"` // of the overlay, as profiles/repo_name has it
	URL  string `json:"url"`  // to clone
}

// A Download is binaries and tarballs of a fork in a channel, as dl.k8s.io has them.
type Download struct {
	Fork    Fork   `json:"fork"`
	Channel string `json:"channel"`
	URL     string `json:"url"`     // of the folder that has a folder v… for each version
	Pointer string `json:"pointer"` // URL of the file that names the newest version
}

// An Image is one in a registry.
type Image struct {
	Name       string `json:"name"`
	Repository string `json:"repository"` // without a tag
	Tag        string `json:"tag"`
	Digest     string `json:"digest"` // sha256:HEX, of its index
}
