package sbom

import (
	"path"
	"strings"

	"github.com/slipway-build/slipway/release/purl"
)

// components returns what a base adds to an image that an organization makes.
func (b Base) components(by organization) []component {
	var out []component
	if repository, digest, _ := strings.Cut(b.Reference, "@"); repository != "" {
		out = append(out, component{
			ref: b.Reference, kind: container, name: repository, version: digest, purl: basePURL(repository, digest),
			form: archiveForm,
		})
	}
	for _, p := range b.Packages {
		out = append(out, component{
			ref: "debian:" + p.Name + "@" + p.Version + ":" + p.Arch, kind: library, name: p.Name, version: p.Version,
			purl:    purl.Debian(p.Name, p.Version, p.Arch, b.Suite),
			creator: organization{name: "Debian", url: "https://www.debian.org"}, form: archiveForm,
			filename: p.Name + "_" + withoutEpoch(p.Version) + "_" + p.Arch + ".deb", sha256: p.SHA256,
		})
	}
	for _, p := range b.Programs {
		out = append(out, component{
			ref: "slipway:" + p.Name, kind: program, name: p.Name, version: p.Version, sha256: p.SHA256, filename: p.Name,
			purl: purl.Program("slipway", p.Name, p.Version), creator: by, licenses: p.License, form: programForm,
		})
	}
	return out
}

// basePURL returns the package URL of another image by its name, which may have a tag, and
// its digest.
func basePURL(repository, digest string) string {
	if colon := strings.LastIndexByte(repository, ':'); colon > strings.LastIndexByte(repository, '/') {
		repository = repository[:colon]
	}
	return purl.Image(path.Base(repository), digest, "", repository)
}

// withoutEpoch returns a version of Debian as file names have it.
func withoutEpoch(version string) string {
	if _, rest, ok := strings.Cut(version, ":"); ok {
		return rest
	}
	return version
}
