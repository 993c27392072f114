package packaging

import (
	"debug/elf"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"
)

// linked returns the packages with the shared libraries that programs among the
// files are linked with, and whether a program is linked with none.
func (f Family) linked(files contents) (needs []Relation, static bool, err error) {
	for _, name := range slices.Sorted(maps.Keys(files)) {
		source := files[name].Source
		if source == "" {
			continue
		}
		libraries, symbols, err := imports(source)
		if err != nil {
			return nil, false, fmt.Errorf("%s: %w", name, err)
		}
		relations, err := f.libraryPackages(libraries, symbols)
		if err != nil {
			return nil, false, fmt.Errorf("%s: %w", name, err)
		}
		static = static || len(relations) == 0
		needs = append(needs, relations...)
	}
	return needs, static, nil
}

// imports reads the shared libraries and the symbols that a program needs.
func imports(program string) ([]string, []elf.ImportedSymbol, error) {
	f, err := elf.Open(program)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	libraries, err := f.ImportedLibraries()
	if err != nil || len(libraries) == 0 {
		return nil, nil, err
	}
	symbols, err := f.ImportedSymbols()
	return libraries, symbols, err
}

// libraryPackages returns the packages that have the libraries, from the newest
// version that a symbol is of.
func (f Family) libraryPackages(libraries []string, symbols []elf.ImportedSymbol) ([]Relation, error) {
	var newest *semver.Version
	for _, s := range symbols {
		v, err := semver.NewVersion(strings.TrimPrefix(s.Version, "GLIBC_"))
		if err == nil && (newest == nil || v.GreaterThan(newest)) {
			newest = v
		}
	}
	var out []Relation
	for _, name := range libraries {
		pkg, ok := f.Libraries[name]
		if !ok {
			return nil, fmt.Errorf("it is linked with %s, which no known package contains", name)
		}
		r := Relation(pkg)
		if newest != nil {
			r = Relation(fmt.Sprintf("%s >= %s", pkg, newest.Original()))
		}
		if !slices.Contains(out, r) {
			out = append(out, r)
		}
	}
	return out, nil
}
