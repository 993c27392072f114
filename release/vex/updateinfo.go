package vex

// UpdateFile is the name of the record of an update in a release's folder.
const UpdateFile = "updateinfo.json"

// An Update is updateinfo.json: what a yum repository's updateinfo.xml says of a
// release that fixes vulnerabilities.
type Update struct {
	ID          string      `json:"id"` // ship-1.4.1+acme.1-1
	Type        string      `json:"type"`
	Title       string      `json:"title"`
	Description string      `json:"description"`
	From        string      `json:"from"`   // Name <mail>
	Issued      string      `json:"issued"` // RFC 3339, UTC
	References  []Reference `json:"references"`
	Packages    []NEVRA     `json:"packages"` // sorted by file
}

// A Reference is a vulnerability that an update fixes.
type Reference struct {
	ID   string `json:"id"`
	Type string `json:"type"` // cve, or other
	URL  string `json:"url"`
}

// A NEVRA is an rpm by its name, epoch, version, release and architecture.
type NEVRA struct {
	Name    string `json:"name"`
	Epoch   string `json:"epoch"`
	Version string `json:"version"`
	Release string `json:"release"`
	Arch    string `json:"arch"`
	File    string `json:"file"` // its path in the release
	Digest  string `json:"digest"`
}

// UpdateOf returns the update that a release is to a yum repository, or nil if it fixes
// nothing or has no rpms.
func UpdateOf(in Input) (*Update, error) { return nil, nil }

// Encode returns the update as updateinfo.json has it.
func (u Update) Encode() ([]byte, error) { return nil, nil }
