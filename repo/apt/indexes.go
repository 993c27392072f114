package apt

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// architectures returns those that a suite has indexes for: the packages' own. Packages for all
// are in the indexes of each; where a suite has nothing else, for those that servers have.
func architectures(packages []Package) []string {
	var out []string
	for _, p := range packages {
		if p.Architecture != "all" && !slices.Contains(out, p.Architecture) {
			out = append(out, p.Architecture)
		}
	}
	if out == nil {
		return []string{"amd64", "arm64"}
	}
	slices.Sort(out)
	return out
}

// byArchitecture returns the architectures, and the packages in the indexes of each.
func (s Suite) byArchitecture() (archs []string, chosen map[string][]Package, err error) {
	archs, chosen = architectures(s.Packages), map[string][]Package{}
	for _, arch := range archs {
		if chosen[arch], err = choose(s.Packages, arch); err != nil {
			return nil, nil, err
		}
	}
	return archs, chosen, nil
}

// choose returns the packages for an architecture, sorted by name and version. Two of one name
// and version are refused: a client could take either for the other.
func choose(packages []Package, arch string) ([]Package, error) {
	var out []Package
	for _, p := range packages {
		if p.Architecture == arch || p.Architecture == "all" {
			out = append(out, p)
		}
	}
	slices.SortFunc(out, func(a, b Package) int {
		if a.Name != b.Name {
			return strings.Compare(a.Name, b.Name)
		}
		return cmp.Or(Compare(a.Version, b.Version), strings.Compare(a.Path, b.Path))
	})
	for i := 1; i < len(out); i++ {
		if a, b := out[i-1], out[i]; a.Name == b.Name && Compare(a.Version, b.Version) == 0 {
			return nil, fmt.Errorf("%s and %s are both %s %s for %s: remove one of them, or build it as another version",
				a.Path, b.Path, b.Name, b.Version, arch)
		}
	}
	return out, nil
}

// packagesOf returns the index Packages.
func packagesOf(packages []Package) []byte {
	out := []byte{}
	for _, p := range packages {
		out = append(out, p.Control...)
		out = fmt.Appendf(out, "Filename: %s\nSize: %d\nSHA256: %s\n\n", strings.TrimPrefix(p.Path, Root+"/"),
			p.Size, p.SHA256)
	}
	return out
}

// contentsOf returns the index Contents: each file, and the packages that install it, with their
// sections. A package counts once, however many versions there are.
func contentsOf(packages []Package) []byte {
	type line struct{ file, owner string }
	var lines []line
	for _, p := range packages {
		owner := p.Name
		if p.Section != "" {
			owner = p.Section + "/" + p.Name
		}
		for _, file := range p.Files {
			lines = append(lines, line{file, owner})
		}
	}
	slices.SortFunc(lines, func(a, b line) int {
		return cmp.Or(strings.Compare(a.file, b.file), strings.Compare(a.owner, b.owner))
	})
	lines = slices.Compact(lines)
	out := []byte{}
	for i, l := range lines {
		if i > 0 && lines[i-1].file == l.file {
			out = append(out, ","+l.owner...)
			continue
		}
		if i > 0 {
			out = append(out, '\n')
		}
		out = fmt.Appendf(out, "%-59s %s", l.file, l.owner)
	}
	if len(lines) > 0 {
		out = append(out, '\n')
	}
	return out
}
