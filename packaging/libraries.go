package packaging

import (
	"fmt"
	"maps"
	"slices"

	"github.com/slipway-build/slipway/internal/dynlink"
)

// linked returns the packages with the shared libraries that programs among the
// files are linked with, and whether a program is linked with none.
func (f Family) linked(files contents) (needs []Relation, static bool, err error) {
	for _, name := range slices.Sorted(maps.Keys(files)) {
		source := files[name].Source
		if source == "" {
			continue
		}
		program, err := dynlink.Open(source)
		if err != nil {
			return nil, false, fmt.Errorf("%s: %w", name, err)
		}
		relations, err := f.libraryPackages(program)
		if err != nil {
			return nil, false, fmt.Errorf("%s: %w", name, err)
		}
		static = static || len(relations) == 0
		needs = append(needs, relations...)
	}
	return needs, static, nil
}

// libraryPackages returns the packages that have a program's libraries: of the C library, from
// the newest version that it wants symbols of.
func (f Family) libraryPackages(program dynlink.Object) ([]Relation, error) {
	versions := map[string][]string{} // of symbols, by package
	for _, want := range program.Wants {
		pkg := f.Libraries[want.Library]
		versions[pkg] = append(versions[pkg], want.Version)
	}
	var out []Relation
	for _, name := range program.Needed {
		pkg, ok := f.Libraries[name]
		if !ok {
			return nil, fmt.Errorf("it is linked with %s, which no known package contains", name)
		}
		r := Relation(pkg)
		if newest := dynlink.Newest("GLIBC_", versions[pkg]); newest != "" {
			r = Relation(fmt.Sprintf("%s >= %s", pkg, newest))
		}
		if !slices.Contains(out, r) {
			out = append(out, r)
		}
	}
	return out, nil
}
