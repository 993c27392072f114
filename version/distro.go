package version

import (
	"fmt"
	"regexp"
	"strings"
)

// What keeps its order in a distribution's version: a pre-release that is a
// word of which none begins another, and numbers; metadata that is a name and
// numbers. dpkg puts letters before other characters and rpm numbers above
// letters, so anything freer comes in another order in the one or the other.
var (
	prerelease = regexp.MustCompile(`^(alpha|beta|dev|pre|rc)(\.(0|[1-9][0-9]*))*$`)
	metadata   = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]*(\.(0|[1-9][0-9]*))*$`)
)

// Distro returns the version as distributions write it, without a packaging
// revision: 1.37.0~rc.1+acme.2. dpkg and rpm order such versions as semver does,
// a fork's revision above the upstream it is made from, and below the next one.
// A version that cannot be written so is an error.
func (v Version) Distro() (string, error) {
	f := v.Fields()
	s := fmt.Sprintf("%d.%d.%d", f.Major, f.Minor, f.Patch)
	if f.Prerelease != "" {
		if !prerelease.MatchString(f.Prerelease) {
			return "", fmt.Errorf("version %s cannot be a package version: dpkg and rpm order %q differently from semver: "+
				"write the pre-release as alpha, beta, dev, pre or rc, and numbers, such as rc.1", v, f.Prerelease)
		}
		s += "~" + f.Prerelease
	}
	if f.Metadata != "" {
		if !metadata.MatchString(f.Metadata) {
			return "", fmt.Errorf("version %s cannot be a package version: dpkg and rpm do not agree on the order of %q: "+
				"write the fork's revision as a name and numbers, such as acme.1", v, f.Metadata)
		}
		s += "+" + f.Metadata
	}
	return s, nil
}

// ParseDistro reads what Distro wrote.
func ParseDistro(s string) (Version, error) {
	v, err := Parse(strings.Replace(s, "~", "-", 1))
	if err != nil {
		return v, fmt.Errorf("%q is not the version of a fork's package: "+
			"want one like 1.36.1+acme.1, or 1.37.0~rc.1+acme.1", s)
	}
	if back, err := v.Distro(); err != nil || back != s {
		return Version{},
			fmt.Errorf("%q is not the version of a fork's package: "+
				"want one like 1.36.1+acme.1, or 1.37.0~rc.1+acme.1", s)
	}
	return v, nil
}
