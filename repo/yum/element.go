package yum

import (
	"encoding/xml"
	"errors"
	"strconv"
	"strings"

	rpmutils "github.com/sassoftware/go-rpmutils"
)

// The elements of a package in the three files of metadata. See createrepo_c, whose metadata
// they equal; clients read no other description of the format.
type (
	primaryElement struct {
		XMLName     xml.Name   `xml:"package"`
		Type        string     `xml:"type,attr"`
		Name        string     `xml:"name"`
		Arch        string     `xml:"arch"`
		Version     evrElement `xml:"version"`
		Checksum    checksum   `xml:"checksum"`
		Summary     string     `xml:"summary"`
		Description string     `xml:"description"`
		Packager    string     `xml:"packager"`
		URL         string     `xml:"url"`
		Time        times      `xml:"time"`
		Size        sizes      `xml:"size"`
		Location    location   `xml:"location"`
		Format      format     `xml:"format"`
	}
	evrElement struct {
		Epoch   string `xml:"epoch,attr"`
		Version string `xml:"ver,attr"`
		Release string `xml:"rel,attr"`
	}
	checksum struct {
		Type  string `xml:"type,attr"`
		PkgID string `xml:"pkgid,attr,omitempty"`
		Sum   string `xml:",chardata"`
	}
	times struct {
		File  uint64 `xml:"file,attr"`
		Build uint64 `xml:"build,attr"`
	}
	sizes struct {
		Package   int64  `xml:"package,attr"`
		Installed uint64 `xml:"installed,attr"`
		Archive   uint64 `xml:"archive,attr"`
	}
	location struct {
		Href string `xml:"href,attr"`
	}
	format struct {
		License     string      `xml:"rpm:license"`
		Vendor      string      `xml:"rpm:vendor"`
		Group       string      `xml:"rpm:group"`
		BuildHost   string      `xml:"rpm:buildhost"`
		SourceRPM   string      `xml:"rpm:sourcerpm"`
		HeaderRange headerRange `xml:"rpm:header-range"`
		Provides    *entries    `xml:"rpm:provides"`
		Requires    *entries    `xml:"rpm:requires"`
		Conflicts   *entries    `xml:"rpm:conflicts"`
		Obsoletes   *entries    `xml:"rpm:obsoletes"`
		Suggests    *entries    `xml:"rpm:suggests"`
		Enhances    *entries    `xml:"rpm:enhances"`
		Recommends  *entries    `xml:"rpm:recommends"`
		Supplements *entries    `xml:"rpm:supplements"`
		Files       []file      `xml:"file"`
	}
	headerRange struct {
		Start int `xml:"start,attr"`
		End   int `xml:"end,attr"`
	}
	entries struct {
		List []relation `xml:"rpm:entry"`
	}
	file struct {
		Type string `xml:"type,attr,omitempty"` // dir or ghost
		Path string `xml:",chardata"`
	}

	// otherElement is a package in filelists, with files, or in other, with changes.
	otherElement struct {
		XMLName xml.Name   `xml:"package"`
		PkgID   string     `xml:"pkgid,attr"`
		Name    string     `xml:"name,attr"`
		Arch    string     `xml:"arch,attr"`
		Version evrElement `xml:"version"`
		Files   []file     `xml:"file"`
		Changes []change   `xml:"changelog"`
	}
	change struct {
		Author string `xml:"author,attr"`
		Date   uint64 `xml:"date,attr"`
		Text   string `xml:",chardata"`
	}
)

// primary reports whether the file is in primary metadata, so that requiring it needs no more.
func (f file) primary() bool {
	return strings.HasPrefix(f.Path, "/etc/") || f.Path == "/usr/lib/sendmail" || strings.Contains(f.Path, "bin/")
}

// describe returns a package from its header; size and sum are those of the file.
func describe(tags *rpmutils.RpmHeader, size int64, sum string) (Package, error) {
	h := &header{tags: tags}
	p := Package{
		Name: h.one(rpmutils.NAME), Version: h.one(rpmutils.VERSION), Release: h.one(rpmutils.RELEASE),
		Epoch:        strconv.FormatUint(h.number(rpmutils.EPOCH), 10),
		Architecture: h.one(rpmutils.ARCH), Size: size, SHA256: sum, Signer: h.signer(),
	}
	if p.Name == "" || p.Version == "" || p.Release == "" || p.Architecture == "" {
		return p, errors.New("its header does not say its name, version, release and architecture")
	}
	if h.one(rpmutils.SOURCERPM) == "" {
		return p, errors.New("it is a source rpm: want binary ones")
	}
	p.Path = PoolPath(sum, p.FileName())
	files := h.files()
	for _, e := range []struct {
		to   *string
		from any
	}{
		{&p.Primary, h.primary(p, files)},
		{&p.Filelists, p.other(files, nil)},
		{&p.Other, p.other(nil, h.changes())},
	} {
		data, err := xml.Marshal(e.from)
		if err != nil {
			return p, err
		}
		*e.to = string(data)
	}
	return p, h.err
}

// other returns the package's element in filelists or other.
func (p Package) other(files []file, changes []change) otherElement {
	return otherElement{PkgID: p.SHA256, Name: p.Name, Arch: p.Architecture, Version: p.evr(), Files: files,
		Changes: changes}
}

func (p Package) evr() evrElement { return evrElement{p.Epoch, p.Version, p.Release} }

// primary returns the package's element in primary. Its file's time is that of the build, since
// a file has another one on each machine.
func (h *header) primary(p Package, files []file) primaryElement {
	built := h.number(rpmutils.BUILDTIME)
	return primaryElement{
		Type: "rpm", Name: p.Name, Arch: p.Architecture, Version: p.evr(), Checksum: checksum{"sha256", "YES", p.SHA256},
		Summary: h.one(rpmutils.SUMMARY), Description: h.one(rpmutils.DESCRIPTION),
		Packager: h.one(rpmutils.PACKAGER), URL: h.one(rpmutils.URL),
		Time: times{built, built},
		Size: sizes{p.Size, h.number(rpmutils.LONGSIZE, rpmutils.SIZE),
			h.number(rpmutils.SIG_LONGARCHIVESIZE, rpmutils.SIG_PAYLOADSIZE, rpmutils.ARCHIVESIZE)},
		Location: location{toPool + "/" + inPool(p.SHA256, p.FileName())},
		Format:   h.format(files),
	}
}

func (h *header) format(files []file) format {
	span := h.tags.GetRange()
	provided := h.relations(provides)
	f := format{
		License: h.one(rpmutils.LICENSE), Vendor: h.one(rpmutils.VENDOR), Group: h.one(rpmutils.GROUP),
		BuildHost: h.one(rpmutils.BUILDHOST), SourceRPM: h.one(rpmutils.SOURCERPM),
		HeaderRange: headerRange{span.Start, span.End},
		Provides:    list(provided),
		Requires:    list(wanted(h.relations(requires), provided, files)),
		Conflicts:   list(h.relations(conflicts)),
		Obsoletes:   list(h.relations(obsoletes)),
		Suggests:    list(h.relations(suggests)),
		Enhances:    list(h.relations(enhances)),
		Recommends:  list(h.relations(recommends)),
		Supplements: list(h.relations(supplements)),
	}
	for _, one := range files {
		if one.primary() {
			f.Files = append(f.Files, one)
		}
	}
	return f
}

// list returns an element with relations; nil without any.
func list(all []relation) *entries {
	if len(all) == 0 {
		return nil
	}
	return &entries{all}
}
