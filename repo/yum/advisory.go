package yum

import "github.com/slipway-build/slipway/release/vex"

// An Advisory is an update of updateinfo.xml.
type Advisory struct {
	ID          string          `json:"id"`
	Type        string          `json:"type"` // security
	Title       string          `json:"title"`
	Description string          `json:"description"`
	From        string          `json:"from"`   // Name <mail>
	Issued      string          `json:"issued"` // RFC 3339, UTC
	References  []vex.Reference `json:"references"`
	Packages    []Advised       `json:"packages"`
}

// An Advised is a package that an advisory tells clients to install.
type Advised struct {
	Name         string `json:"name"`
	Epoch        string `json:"epoch"`
	Version      string `json:"version"`
	Release      string `json:"release"`
	Architecture string `json:"architecture"`
	File         string `json:"file"` // captain-1.36.1-1.x86_64.rpm
	SHA256       string `json:"sha256"`
}

// FromUpdate returns the advisory of a release's updateinfo.json. Its packages have to be among
// those that were read of the release, with the same content.
func FromUpdate(u vex.Update, packages []Package) (Advisory, error) { return Advisory{}, nil }
