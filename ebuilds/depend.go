package ebuilds

import (
	"fmt"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/packaging"
)

// widest is how many characters a line of dependencies should have at most.
const widest = 110

// ifUse makes lines of bash depend on a USE flag.
func ifUse(flag string, lines []string) []string {
	if flag == "" || len(lines) == 0 {
		return lines
	}
	return slices.Concat([]string{"if " + uses(flag) + "; then"}, indent(lines), []string{"fi"})
}

// ifElse returns lines of bash for a USE flag that is on, and for one that is off.
func ifElse(flag string, on, off []string) []string {
	lines := append([]string{"if " + uses(flag) + "; then"}, indent(on)...)
	return slices.Concat(lines, []string{"else"}, indent(off), []string{"fi"})
}

// uses returns the test of a USE flag, which a ! in front negates.
func uses(flag string) string {
	if name, off := strings.CutPrefix(flag, "!"); off {
		return "! use " + name
	}
	return "use " + flag
}

func indent(lines []string) []string {
	out := make([]string, len(lines))
	for i, line := range lines {
		out[i] = "\t" + line
	}
	return out
}

// useGroup makes atoms depend on a USE flag. It returns as many lines as they need.
func useGroup(flag string, atoms []string) []string {
	if flag == "" || len(atoms) == 0 {
		return atoms
	}
	return strings.Split(group(flag+"?", atoms), "\n")
}

// group writes a group of a dependency specification, on one line if it is not too
// wide.
func group(head string, items []string) string {
	line := head + " ( " + strings.Join(items, " ") + " )"
	if len(line) <= widest && !strings.Contains(line, "\n") {
		return line
	}
	var b strings.Builder
	b.WriteString(head + " (")
	for _, item := range items {
		b.WriteString("\n\t" + strings.ReplaceAll(item, "\n", "\n\t"))
	}
	return b.String() + "\n)"
}

// needs returns the atoms that a package depends on, and the USE flags of the same
// ebuild that it requires. Those of its own fork that it recommends are required.
func (f Fork) needs(p packaging.Package) (run, required []string, err error) {
	for i, r := range slices.Concat(p.Relations.Depends, p.Relations.Recommends) {
		for _, n := range r.Names() {
			flag := f.flag(n.Package)
			switch {
			case !f.has(n.Package):
				if i < len(p.Relations.Depends) && !strings.Contains(n.Package, "/") {
					return nil, nil, fmt.Errorf("package %s depends on %s, which has no known name in Gentoo", p.Name, n.Package)
				}
			case flag != "" && !slices.Contains(required, flag) && !f.separable(p, flag):
				required = append(required, flag)
			}
		}
		// What is only recommended is a dependency of metapackages alone.
		if i >= len(p.Relations.Depends) && !isName(p) {
			continue
		}
		switch atoms := f.atoms(r); {
		case len(atoms) == 1:
			run = append(run, atoms[0])
		case len(atoms) > 1:
			run = append(run, group("||", atoms))
		}
	}
	return run, required, nil
}

// atoms returns what a relation names of Gentoo, without packages of the fork and the
// ebuild itself, each once. What has no known name in Gentoo is left out.
func (f Fork) atoms(r packaging.Relation) []string {
	var out []string
	for _, n := range r.Names() {
		itself := n.Package == f.Project.Category+"/"+f.Project.Name
		if f.has(n.Package) || itself || !strings.Contains(n.Package, "/") {
			continue
		}
		atom := n.Package
		if n.Op != "" && n.Version != "" {
			atom = n.Op + atom + "-" + n.Version
		}
		if !slices.Contains(out, atom) {
			out = append(out, atom)
		}
	}
	return out
}

// has reports whether the fork has a package.
func (f Fork) has(pkg string) bool {
	return slices.ContainsFunc(f.Packages, func(p packaging.Package) bool { return p.Name == pkg })
}

// separable reports whether a package can be installed without the component of
// many programs that a flag installs, as its program can be compiled by itself.
func (f Fork) separable(p packaging.Package, flag string) bool {
	return slices.ContainsFunc(p.Files, func(file packaging.File) bool {
		c, part := f.part(p, file)
		return part && f.flagOf(c.Part) == flag
	})
}

// isName reports whether a package is only a name for others: it has no programs,
// so it is for no platform.
func isName(p packaging.Package) bool { return p.Platform.OS == "" }

// names returns the packages that are only a name for others and have a USE flag.
func (f Fork) names() []packaging.Package {
	var out []packaging.Package
	for _, pkg := range f.Packages {
		if isName(pkg) && f.flag(pkg.Name) != "" {
			out = append(out, pkg)
		}
	}
	return out
}

// closure returns a USE flag and all that REQUIRED_USE has with it, sorted.
func (f Fork) closure(flag string) ([]string, error) {
	out := []string{flag}
	for i := 0; i < len(out); i++ {
		for _, pkg := range f.Packages {
			if f.flag(pkg.Name) != out[i] {
				continue
			}
			if isName(pkg) {
				pkg.Relations.Recommends = nil
			}
			_, required, err := f.needs(pkg)
			if err != nil {
				return nil, err
			}
			for _, r := range required {
				if !slices.Contains(out, r) {
					out = append(out, r)
				}
			}
		}
	}
	slices.Sort(out)
	return out, nil
}
