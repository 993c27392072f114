package repotest

import (
	"context"
	"encoding/xml"
	"path"
	"strings"
)

// A repomd is what repomd.xml says.
type repomd struct {
	Data []struct {
		Type     string   `xml:"type,attr"`
		Checksum string   `xml:"checksum"`
		Size     int64    `xml:"size"`
		Location location `xml:"location"`
	} `xml:"data"`
}

// A primary is what primary.xml says.
type primary struct {
	Packages []struct {
		Name     string `xml:"name"`
		Checksum string `xml:"checksum"`
		Size     struct {
			Package int64 `xml:"package,attr"`
		} `xml:"size"`
		Location location `xml:"location"`
	} `xml:"package"`
}

type location struct {
	Href string `xml:"href,attr"`
}

// readYum reads a repository as dnf does by its mirrorlist: repomd.xml and its signature, all
// metadata, and one package.
func readYum(ctx context.Context, v visit, suite string) error {
	dir, err := v.mirror(ctx, suite)
	if err != nil {
		return err
	}
	name := path.Join(dir, "repodata/repomd.xml")
	data, err := v.get(ctx, name)
	if err != nil {
		return err
	}
	if v.verify.OpenPGP() {
		signature, err := v.get(ctx, name+".asc")
		if err != nil {
			return err
		}
		if _, err := v.verify.VerifyDetached(name, data, signature); err != nil {
			return v.broken(name, "%v", err)
		}
	}
	var index repomd
	if err := xml.Unmarshal(data, &index); err != nil {
		return v.broken(name, "%v", err)
	}
	packages, at, err := v.metadata(ctx, dir, index)
	if err != nil || len(packages.Packages) == 0 { // a repository can be empty
		return err
	}
	p := pick(v, packages.Packages)
	_, err = v.compare(ctx, path.Join(dir, p.Location.Href),
		sum{by: at, size: p.Size.Package, sha256: strings.TrimSpace(p.Checksum)})
	return err
}

// mirrorlist returns what dnf starts at.
func mirrorlist(suite string) string { return "rpm/" + suite + "/mirrorlist" }

// mirror returns the folder that a mirrorlist points at, on this site whatever its URL is.
func (s site) mirror(ctx context.Context, suite string) (string, error) {
	name := mirrorlist(suite)
	data, err := s.get(ctx, name)
	if err != nil {
		return "", err
	}
	for _, line := range lines(data) {
		if at := strings.Index(line, "/rpm/"+suite+"/"); at >= 0 && !strings.HasPrefix(line, "#") {
			return strings.Trim(line[at:], "/\r "), nil
		}
	}
	return "", s.broken(name, "it names no folder below rpm/%s/: %q", suite, data)
}

// metadata reads all that repomd.xml names, and returns the list of packages with its name.
func (s site) metadata(ctx context.Context, dir string, index repomd) (packages primary, at string, err error) {
	name := path.Join(dir, "repodata/repomd.xml")
	for _, d := range index.Data {
		file := path.Join(dir, d.Location.Href)
		data, err := s.compare(ctx, file, sum{by: name, size: d.Size, sha256: strings.TrimSpace(d.Checksum)})
		if err == nil {
			data, err = s.plain(file, data)
		}
		if err != nil {
			return packages, at, err
		}
		if d.Type != "primary" {
			continue
		}
		if err := xml.Unmarshal(data, &packages); err != nil {
			return packages, at, s.broken(file, "%v", err)
		}
		at = file
	}
	if at == "" {
		return packages, at, s.broken(name, "it lists no primary")
	}
	return packages, at, nil
}
