package packaging

import (
	"debug/elf"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"
)

// libraries makes relations of the shared libraries that the programs are linked
// with.
func (b *builder) libraries() error {
	for _, name := range slices.Sorted(maps.Keys(b.files)) {
		f := b.files[name]
		if f.Source == "" {
			continue
		}
		needs, err := b.linked(f.Source)
		if err != nil {
			return fmt.Errorf("%s: %w", f.Path, err)
		}
		b.pkg.static = b.pkg.static || needs == nil
		for _, r := range needs {
			b.need(r)
		}
	}
	return nil
}

// linked returns the packages of the libraries that a program is linked with, in
// the version that its symbols ask for.
func (b *builder) linked(path string) ([]Relation, error) {
	f, err := elf.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	names, err := f.ImportedLibraries()
	if err != nil || len(names) == 0 {
		return nil, err
	}
	symbols, err := f.ImportedSymbols()
	if err != nil {
		return nil, err
	}
	var out []Relation
	for _, name := range names {
		pkg, ok := b.in.Family.Libraries[name]
		if !ok {
			return nil, fmt.Errorf("it is linked with %s, and no package is known that has it", name)
		}
		newest := semver.MustParse("0")
		for _, s := range symbols {
			if v, err := semver.NewVersion(strings.TrimPrefix(s.Version, "GLIBC_")); err == nil && v.GreaterThan(newest) {
				newest = v
			}
		}
		r := Relation(pkg)
		if !newest.Equal(semver.MustParse("0")) {
			r = Relation(fmt.Sprintf("%s >= %s", pkg, newest.Original()))
		}
		if !slices.Contains(out, r) {
			out = append(out, r)
		}
	}
	return out, nil
}
