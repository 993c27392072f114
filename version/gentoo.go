package version

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"
)

// What a Gentoo version can say of a pre-release and of a fork's revision: one
// number each.
var (
	gentooPrerelease = regexp.MustCompile(`^(alpha|beta|pre|rc)\.(0|[1-9][0-9]*)$`)
	gentooMetadata   = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]*\.(0|[1-9][0-9]*)$`)
)

// Gentoo returns the version as ebuilds have it, without a revision of the
// ebuild: 1.37.0_rc1_p2 for 1.37.0-rc.1+acme.2. The fork's name is not in it.
// Portage orders such versions as Distro's are ordered. A version that cannot be
// written so is an error.
func (v Version) Gentoo() (string, error) {
	f := v.Fields()
	s := fmt.Sprintf("%d.%d.%d", f.Major, f.Minor, f.Patch)
	if f.Prerelease != "" {
		m := gentooPrerelease.FindStringSubmatch(f.Prerelease)
		if m == nil {
			return "", fmt.Errorf("version %s cannot be an ebuild version: "+
				"write the pre-release %q as alpha, beta, pre or rc, and "+
				"one number, such as rc.1", v, f.Prerelease)
		}
		s += "_" + m[1] + m[2]
	}
	if f.Metadata != "" {
		m := gentooMetadata.FindStringSubmatch(f.Metadata)
		if m == nil {
			return "", fmt.Errorf("version %s cannot be an ebuild version: "+
				"write the fork's revision %q as a name and one number, "+
				"such as acme.1", v, f.Metadata)
		}
		s += "_p" + m[1]
	}
	return s, nil
}

// gentoo matches a version of an ebuild, as the Package Manager Specification
// has it, chapter 3.2.
var gentoo = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)*)([a-z]?)((?:_(?:alpha|beta|pre|rc|p)[0-9]*)*)(?:-r([0-9]+))?$`)

// CompareGentoo compares versions of ebuilds, with their revisions, by the
// Package Manager Specification, chapter 3.3. It returns -1, 0 or 1, and an error
// if one of them is not a version.
func CompareGentoo(a, b string) (int, error) {
	as, bs := gentoo.FindStringSubmatch(a), gentoo.FindStringSubmatch(b)
	for i, m := range [][]string{as, bs} {
		if m == nil {
			return 0, fmt.Errorf("%q is not the version of an ebuild", []string{a, b}[i])
		}
	}
	return cmp.Or(compareNumbers(as[1], bs[1]), strings.Compare(as[2], bs[2]), compareSuffixes(as[3], bs[3]),
		compareInteger(as[4], bs[4])), nil
}

// compareNumbers compares what is between dots: the first as integers, the
// others as fractions where one begins with a zero.
func compareNumbers(a, b string) int {
	as, bs := strings.Split(a, "."), strings.Split(b, ".")
	if c := compareInteger(as[0], bs[0]); c != 0 {
		return c
	}
	for i := 1; i < min(len(as), len(bs)); i++ {
		c := compareInteger(as[i], bs[i])
		if as[i][0] == '0' || bs[i][0] == '0' {
			c = strings.Compare(strings.TrimRight(as[i], "0"), strings.TrimRight(bs[i], "0"))
		}
		if c != 0 {
			return c
		}
	}
	return cmp.Compare(len(as), len(bs))
}

// compareSuffixes compares what follows underscores. A version that has one more
// is the later one if that is _p, and the earlier one if not.
func compareSuffixes(a, b string) int {
	as, bs := strings.Split(a, "_")[1:], strings.Split(b, "_")[1:]
	for i := range max(len(as), len(bs)) {
		// A version without a suffix ranks between _rc and _p.
		ar, an, br, bn := 4, "", 4, ""
		if i < len(as) {
			ar, an = suffix(as[i])
		}
		if i < len(bs) {
			br, bn = suffix(bs[i])
		}
		if c := cmp.Or(cmp.Compare(ar, br), compareInteger(an, bn)); c != 0 {
			return c
		}
	}
	return 0
}

// suffix returns the rank of a suffix's word, and its number.
func suffix(s string) (int, string) {
	word := strings.TrimRight(s, "0123456789")
	return map[string]int{"alpha": 0, "beta": 1, "pre": 2, "rc": 3, "p": 5}[word], s[len(word):]
}

// compareInteger compares numbers of any length; none is 0.
func compareInteger(a, b string) int {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
}
