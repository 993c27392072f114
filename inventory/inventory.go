// Package inventory finds out which Go modules are linked into a fork's binaries, and
// under which licenses: for ebuilds, which name them, and for SBOMs.
//
// Which modules those are, the binaries say themselves. Which of a module's folders are
// linked, and so which license texts count, the go command says. A fork in a GOPATH has
// no modules: there it is the vendored repositories, at the revisions that
// Godeps/Godeps.json records, and under the licenses that are known.
package inventory

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/licenses"
	"github.com/slipway-build/slipway/profiles"
)

// Of returns the modules that are linked into binaries, sorted by path, then by version.
// It is an *UnknownError if the license of one is neither found nor declared.
func Of(
	ctx context.Context, s *build.Session, declared licenses.Declared, binaries ...build.Binaries,
) ([]artifact.Module, error) {
	all := listing{}
	var modules []linked
	for _, b := range binaries {
		in, err := listInputOf(s, b)
		if err != nil {
			return nil, err
		}
		list, _, err := build.Do(ctx, s, listStage, in)
		if err != nil {
			return nil, err
		}
		into, err := linkedInto(b, list)
		if err != nil {
			return nil, err
		}
		all.add(list)
		modules = append(modules, into...)
	}
	found, err := licensed(ctx, s, all, modules)
	if err != nil {
		return nil, err
	}
	return described(s, modules, found, declared)
}

// described returns modules as artifacts' records have them. found are their licenses,
// by the name of the module. The error has all whose license nobody knows.
func described(
	s *build.Session, modules []linked, found map[string][]string, declared licenses.Declared,
) ([]artifact.Module, error) {
	own, err := License(s.Fork())
	if err != nil {
		return nil, err
	}
	version := localVersions(s.Fork(), s.Lock().Modules)
	out, unknown := map[string]artifact.Module{}, map[string]error{}
	for _, m := range modules {
		a := artifact.Module{Path: m.path, Version: m.version, Sum: m.sum, Local: m.local}
		a.Licenses = found[m.name]
		if m.local {
			if a.Version, err = version(m.path); err != nil {
				return nil, err
			}
			if len(a.Licenses) == 0 && own != "" {
				a.Licenses = []string{own}
			}
		}
		if said := declared.Of(m.path); said != nil {
			a.Licenses = said
		}
		if len(a.Licenses) == 0 && !m.vendored {
			unknown[m.path] = &UnknownError{Module: m.path, Version: a.Version, Dir: m.dir(s)}
		}
		out[a.Path+"@"+a.Version] = a
	}
	var faults []error
	for _, name := range slices.Sorted(maps.Keys(unknown)) {
		faults = append(faults, unknown[name])
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	return slices.SortedFunc(maps.Values(out), func(a, b artifact.Module) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), strings.Compare(a.Version, b.Version))
	}), nil
}

// License returns the license that the profile has for a fork's sources, as SPDX names
// it, "" if it has none. It counts where no text in the tree is known.
func License(f fork.Fork) (string, error) {
	recipes, _, err := profiles.Recipes(f.Project.Dir, f.Profile, f.Parsed)
	if none := (*profiles.MissingError)(nil); errors.As(err, &none) {
		return "", nil
	}
	return recipes.License, err
}
