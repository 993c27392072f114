// Package purl names what is released by package URLs
// (https://github.com/package-url/purl-spec): in SBOMs, and as the products of VEX
// statements, so that both speak of the same thing.
//
//	pkg:generic/ship/captain@1.4.1%2Bacme.1?arch=amd64&os=linux     a binary
//	pkg:deb/ship/captain@1.4.1%2Bacme.1-1?arch=amd64                a package
//	pkg:oci/captain@sha256:…?repository_url=registry.example.org%2Fteam%2Fcaptain
//	pkg:golang/example.org/ship@v1.4.1%2Bacme.1                     a module, as a scanner finds it in a binary
//
// The namespace of debs and rpms is the project's name, as kubernetes. It is not a
// distribution's: whoever takes a fork's package for one of Debian's also applies
// Debian's advisories to it.
package purl

import (
	"path"
	"strings"

	"github.com/package-url/packageurl-go"

	"github.com/slipway-build/slipway/artifact"
)

// Artifact returns the package URL of something released. That of an image is of its
// index; repository is where it is pulled from, as registry.example.org/team/captain,
// and may be empty.
func Artifact(r artifact.Release, a artifact.Released, repository string) string {
	name := path.Base(a.Path)
	switch {
	case a.Kind == artifact.Image:
		return Image(a.Name, a.Digest, "", repository)
	case a.Kind == artifact.Binary:
		return of(packageurl.TypeGeneric, r.Name, a.Name, r.Version, qualifiers("os", system(a), "arch", arch(a)))
	case a.Kind == artifact.Package && a.Format == "deb":
		if name, version, arch, ok := deb(name); ok {
			return of(packageurl.TypeDebian, r.Name, name, version, qualifiers("arch", arch))
		}
	case a.Kind == artifact.Package && a.Format == "rpm":
		if name, version, arch, ok := RPM(name); ok {
			return of(packageurl.TypeRPM, r.Name, name, version, qualifiers("arch", arch))
		}
	}
	return of(packageurl.TypeGeneric, r.Name, name, r.Version, qualifiers("checksum", a.Digest))
}

// Image returns the package URL of an image or of an index by its digest. An index has
// no arch, and what is in no registry has no repository.
func Image(name, digest, arch, repository string) string {
	return of(packageurl.TypeOCI, "", name, digest, qualifiers("arch", arch, "repository_url", repository))
}

// Module returns the package URL of a Go module. Scanners match it with advisories, so
// version is one that they can compare: v1.4.1+acme.1.
func Module(modulePath, version string) string {
	dir, name := path.Split(modulePath)
	return of(packageurl.TypeGolang, strings.TrimSuffix(dir, "/"), name, version, nil)
}

// Debian returns the package URL of a package of Debian itself, as a base is made of.
// distro is its suite, as bookworm, and may be empty.
func Debian(name, version, arch, distro string) string {
	return of(packageurl.TypeDebian, "debian", name, version, qualifiers("arch", arch, "distro", distro))
}

// Program returns the package URL of a program of a project that is published by no other
// name.
func Program(project, name, version string) string {
	return of(packageurl.TypeGeneric, project, name, version, nil)
}

// of returns a package URL in its canonical form.
func of(kind, namespace, name, version string, q packageurl.Qualifiers) string {
	p := packageurl.NewPackageURL(kind, namespace, name, version, q, "")
	_ = p.Normalize() // it refuses what is of no known form, which is written as it is
	return p.ToString()
}

// qualifiers returns those of some keys and values that have a value.
func qualifiers(pairs ...string) packageurl.Qualifiers {
	set := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			set[pairs[i]] = pairs[i+1]
		}
	}
	return packageurl.QualifiersFromMap(set)
}

func system(a artifact.Released) string {
	system, _, _ := strings.Cut(a.Platform, "/")
	return system
}

func arch(a artifact.Released) string {
	_, arch, _ := strings.Cut(a.Platform, "/")
	return arch
}

// deb returns what the file name of a deb says: NAME_VERSION_ARCH.deb. Neither a name
// nor a version of Debian has an underscore.
func deb(file string) (name, version, arch string, ok bool) {
	parts := strings.Split(strings.TrimSuffix(file, ".deb"), "_")
	if len(parts) != 3 {
		return "", "", "", false
	}
	return parts[0], parts[1], parts[2], true
}

// RPM returns what the file name of an rpm says: NAME-VERSION-RELEASE.ARCH.rpm. The
// version has its release behind a hyphen: neither of them has one itself.
func RPM(file string) (name, version, arch string, ok bool) {
	file = strings.TrimSuffix(file, ".rpm")
	dot := strings.LastIndexByte(file, '.')
	if dot < 0 {
		return "", "", "", false
	}
	file, arch = file[:dot], file[dot+1:]
	release := strings.LastIndexByte(file, '-')
	if release < 0 {
		return "", "", "", false
	}
	at := strings.LastIndexByte(file[:release], '-')
	if at < 0 {
		return "", "", "", false
	}
	return file[:at], file[at+1:], arch, true
}
