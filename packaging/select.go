package packaging

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/internal/near"
)

// Select returns the recipes of the packages with these names. Without names, it returns all
// recipes whose programs the fork builds. An unknown name is an error.
func (in Input) Select(names []string) ([]Recipe, error) {
	var out []Recipe
	var have []string
	for _, r := range in.Recipes.Packages {
		if r.Versions.Contains(in.Version) && in.missing(r) == "" {
			have = append(have, r.Name)
			if len(names) == 0 || slices.Contains(names, r.Name) {
				out = append(out, r)
			}
		}
	}
	for _, name := range names {
		if !slices.Contains(have, name) {
			return nil, in.unavailable(name, have)
		}
	}
	if len(out) == 0 {
		return nil, NothingError("no package of the profile can be made from the fork's programs: " + list(in.Programs))
	}
	return out, nil
}

// A NothingError says that nothing of a kind can be made from the programs that a fork builds.
type NothingError string

func (e NothingError) Error() string { return string(e) }

// unavailable tells why the fork does not build a package.
func (in Input) unavailable(name string, have []string) error {
	for _, r := range in.Recipes.Packages {
		if r.Name == name && r.Versions.Contains(in.Version) {
			return fmt.Errorf("package %s needs the component %s: add it to build.components of fork.yaml", name, in.missing(r))
		}
	}
	return unknown(name, have)
}

func unknown(pkg string, have []string) error {
	return near.Unknown(pkg, have, "unknown package %q; this fork builds %s", pkg, list(have))
}

func list(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// missing returns a program that the recipe needs and the fork does not build, or
// "".
func (in Input) missing(r Recipe) string {
	for _, p := range append(slices.Sorted(maps.Keys(r.Programs)), r.Requires...) {
		if !slices.Contains(in.Programs, p) && in.Multicall(p) == nil {
			return p
		}
	}
	return ""
}

// Multicall returns the multi-call component that contains the program, or nil if the fork
// builds none.
func (in Input) Multicall(program string) *Multicall {
	for _, m := range in.multicalls() {
		if slices.Contains(in.Programs, m.Component) && m.Programs[program] != "" {
			return &m
		}
	}
	return nil
}

// multicalls returns the components of several programs that the version has: for
// each, the first row whose range contains it.
func (in Input) multicalls() []Multicall {
	var out []Multicall
	for _, m := range in.Recipes.Multicall {
		seen := slices.ContainsFunc(out, func(o Multicall) bool { return o.Component == m.Component })
		if m.Versions.Contains(in.Version) && !seen {
			out = append(out, m)
		}
	}
	return out
}

// Component returns the component that contains the program in this fork: the program
// itself, or a multi-call component.
func (in Input) Component(program string) string {
	if m := in.Multicall(program); m != nil && !slices.Contains(in.Programs, program) {
		return m.Component
	}
	return program
}

// CalledAs returns the name by which the fork's binary is called as a program.
func (in Input) CalledAs(program string) string {
	if in.Component(program) != program {
		return path.Base(in.Multicall(program).Programs[program])
	}
	return program
}
