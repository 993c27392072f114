package yum

import (
	"encoding/xml"
	"fmt"
	"path"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/slipway-build/slipway/release/vex"
)

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
func FromUpdate(u vex.Update, packages []Package) (Advisory, error) {
	a := Advisory{ID: u.ID, Type: u.Type, Title: u.Title, Description: u.Description, From: u.From, Issued: u.Issued,
		References: u.References}
	if _, err := time.Parse(time.RFC3339, u.Issued); err != nil {
		return a, fmt.Errorf("%s: update %s: it was issued at %q: want a time as in RFC 3339", vex.UpdateFile, u.ID, u.Issued)
	}
	for _, n := range u.Packages {
		i := slices.IndexFunc(packages, func(p Package) bool { return "sha256:"+p.SHA256 == n.Digest })
		if i < 0 {
			return a, fmt.Errorf("%s: update %s: %s is %s, which is not an rpm of the release: make the release again",
				vex.UpdateFile, u.ID, n.File, n.Digest)
		}
		p := packages[i]
		if p.FileName() != path.Base(n.File) {
			return a, fmt.Errorf("%s: update %s: %s is the rpm %s: make the release again",
				vex.UpdateFile, u.ID, n.File, p.FileName())
		}
		a.Packages = append(a.Packages, Advised{Name: p.Name, Epoch: p.Epoch, Version: p.Version, Release: p.Release,
			Architecture: p.Architecture, File: p.FileName(), SHA256: p.SHA256})
	}
	for _, s := range []string{u.ID, u.Title, u.Description, u.From} {
		if _, err := text(s); err != nil {
			return a, fmt.Errorf("%s: update %s: %w", vex.UpdateFile, u.ID, err)
		}
	}
	return a, nil
}

// The elements of updateinfo.xml.
type (
	updates struct {
		XMLName xml.Name `xml:"updates"`
		List    []update `xml:"update"`
	}
	update struct {
		From        string       `xml:"from,attr"`
		Status      string       `xml:"status,attr"`
		Type        string       `xml:"type,attr"`
		Version     string       `xml:"version,attr"`
		ID          string       `xml:"id"`
		Title       string       `xml:"title"`
		Issued      date         `xml:"issued"`
		Updated     date         `xml:"updated"`
		Description string       `xml:"description"`
		References  []reference  `xml:"references>reference"`
		Collections []collection `xml:"pkglist>collection"`
	}
	date struct {
		Date string `xml:"date,attr"`
	}
	reference struct {
		Href  string `xml:"href,attr"`
		ID    string `xml:"id,attr"`
		Type  string `xml:"type,attr"`
		Title string `xml:"title,attr"`
	}
	collection struct {
		Short    string    `xml:"short,attr"`
		Name     string    `xml:"name"`
		Packages []advised `xml:"package"`
	}
	advised struct {
		Name     string   `xml:"name,attr"`
		Version  string   `xml:"version,attr"`
		Release  string   `xml:"release,attr"`
		Epoch    string   `xml:"epoch,attr"`
		Arch     string   `xml:"arch,attr"`
		FileName string   `xml:"filename"`
		Sum      checksum `xml:"sum"`
	}
)

// updates returns updateinfo.xml, the earliest update first. The same advisory may be there
// several times, as in each fork's release that is in the suite.
func (r Repository) updates() (updates, error) {
	var all updates
	byID := map[string]Advisory{}
	for _, a := range r.Advisories {
		if had, ok := byID[a.ID]; ok && !reflect.DeepEqual(had, a) {
			return all, fmt.Errorf("there are two different advisories with the ID %s", a.ID)
		}
		byID[a.ID] = a
	}
	for _, a := range byID {
		u, err := r.update(a)
		if err != nil {
			return all, err
		}
		all.List = append(all.List, u)
	}
	slices.SortFunc(all.List, func(a, b update) int {
		return strings.Compare(a.Issued.Date+a.ID, b.Issued.Date+b.ID)
	})
	return all, nil
}

func (r Repository) update(a Advisory) (update, error) {
	at, err := time.Parse(time.RFC3339, a.Issued)
	if err != nil {
		return update{}, fmt.Errorf("advisory %s: %w", a.ID, err)
	}
	issued := date{at.UTC().Format(time.DateTime)}
	u := update{From: a.From, Status: "final", Type: a.Type, Version: "1", ID: a.ID, Title: a.Title,
		Issued: issued, Updated: issued, Description: a.Description}
	for _, f := range a.References {
		u.References = append(u.References, reference{Href: f.URL, ID: f.ID, Type: f.Type, Title: f.ID})
	}
	packages := collection{Short: r.Name, Name: r.Name}
	for _, p := range a.Packages {
		packages.Packages = append(packages.Packages, advised{Name: p.Name, Version: p.Version, Release: p.Release,
			Epoch: p.Epoch, Arch: p.Architecture, FileName: p.File, Sum: checksum{Type: "sha256", Sum: p.SHA256}})
	}
	u.Collections = []collection{packages}
	return u, nil
}
