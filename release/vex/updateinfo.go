package vex

import (
	"cmp"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/internal/vulnid"
	"github.com/slipway-build/slipway/release/purl"
)

// UpdateFile is the name of the record of an update in a release's folder.
const UpdateFile = "updateinfo.json"

// An Update is updateinfo.json: what a yum repository's updateinfo.xml says of a
// release that fixes vulnerabilities. It names no severity, since nothing in a fork
// says one.
type Update struct {
	ID          string      `json:"id"`   // ship-1.4.1+acme.1-1
	Type        string      `json:"type"` // security
	Title       string      `json:"title"`
	Description string      `json:"description"`
	From        string      `json:"from"`       // Name <mail>
	Issued      string      `json:"issued"`     // RFC 3339, UTC
	References  []Reference `json:"references"` // sorted by id
	Packages    []NEVRA     `json:"packages"`   // sorted by file
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
func UpdateOf(in Input) (*Update, error) {
	u := Update{Type: "security", From: in.Author, Issued: in.Release.Date}
	var lines []string
	for _, s := range in.Statements {
		if s.Status == Fixed {
			u.References = append(u.References, reference(s.Vulnerability))
			lines = append(lines, strings.TrimSpace(s.Vulnerability+": "+s.detail()))
		}
	}
	for _, a := range in.Release.Kind(artifact.Package) {
		if a.Format != "rpm" {
			continue
		}
		p, err := nevra(a)
		if err != nil {
			return nil, err
		}
		u.Packages = append(u.Packages, p)
	}
	if len(u.References) == 0 || len(u.Packages) == 0 {
		return nil, nil
	}
	slices.SortFunc(u.References, func(a, b Reference) int { return cmp.Compare(a.ID, b.ID) })
	u.References = slices.Compact(u.References)
	u.ID = fmt.Sprintf("%s-%s-%s", in.Release.Name, in.Release.Version, u.Packages[0].Release)
	u.Title = fmt.Sprintf("Security update of %s to %s", in.Release.Name, in.Release.Version)
	u.Description = strings.Join(lines, "\n")
	return &u, nil
}

func reference(id string) Reference {
	kind := "other"
	if strings.HasPrefix(id, "CVE-") {
		kind = "cve"
	}
	return Reference{ID: id, Type: kind, URL: vulnid.URL(id)}
}

// nevra returns what the file name of an rpm says. No package of a fork has an epoch.
func nevra(a artifact.Released) (NEVRA, error) {
	name, version, arch, ok := purl.RPM(path.Base(a.Path))
	if !ok || path.Ext(a.Path) != ".rpm" {
		return NEVRA{}, fmt.Errorf("%s is not named as an rpm is: NAME-VERSION-RELEASE.ARCH.rpm", a.Path)
	}
	p := NEVRA{Name: name, Epoch: "0", Arch: arch, File: a.Path, Digest: a.Digest}
	p.Version, p.Release, _ = strings.Cut(version, "-")
	return p, nil
}

// Encode returns the update as updateinfo.json has it.
func (u Update) Encode() ([]byte, error) {
	data, err := json.MarshalIndent(u, "", "  ")
	return append(data, '\n'), err
}
