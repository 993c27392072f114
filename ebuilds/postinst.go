package ebuilds

import (
	"slices"
	"strings"

	"github.com/slipway-build/slipway/internal/shell"
	"github.com/slipway-build/slipway/packaging"
)

// afterInstall returns the lines of pkg_postinst for a package: what Portage does with
// its files, which other packages it could use, and what its user should know.
func (f Fork) afterInstall(p packaging.Package, in installation) []string {
	var lines []string
	for _, name := range in.tmp {
		lines = append(lines, "tmpfiles_process "+shell.Quote(name))
	}
	for _, feature := range f.features(p) {
		lines = append(lines, "optfeature "+doubleQuoted(feature.For)+" "+strings.Join(quoteAll(feature.Any), " "))
	}
	var notes []string
	for _, note := range f.Project.Notes[p.Name] {
		notes = append(notes, "elog "+doubleQuoted(note))
	}
	if notes == nil {
		return lines
	}
	return slices.Concat(lines, []string{"if [[ -z ${REPLACING_VERSIONS} ]]; then"}, indent(notes), []string{"fi"})
}

func doubleQuoted(s string) string { return `"` + shell.QuoteInside(s) + `"` }

func quoteAll(list []string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = shell.Quote(s)
	}
	return out
}

// features returns what a package can do with others that it does not need: those that
// it recommends, and those that the project names. A metapackage depends on them.
func (f Fork) features(p packaging.Package) []Feature {
	if isName(p) {
		return nil
	}
	var out []Feature
	told := map[string]bool{}
	for _, row := range f.Project.Features {
		if row.Package != p.Name {
			continue
		}
		out = append(out, row)
		for _, atom := range row.Any {
			told[atom] = true
		}
	}
	for _, r := range p.Relations.Recommends {
		known := func(n packaging.Name) bool { return told[n.Package] }
		if atoms := f.atoms(r); len(atoms) > 0 && !slices.ContainsFunc(r.Names(), known) {
			out = append(out, Feature{Package: p.Name, For: p.Name, Any: atoms})
		}
	}
	return out
}
