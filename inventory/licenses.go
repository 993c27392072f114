package inventory

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/module"

	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/cross"
	"github.com/slipway-build/slipway/licenses"
)

// An UnknownError is of a module whose license nobody told.
type UnknownError struct {
	Module, Version string
	Dir             string // of the module's files
}

func (e *UnknownError) Error() string {
	return fmt.Sprintf("module %s %s: no license text in %s is known, "+
		"but the licenses of everything that is linked must be named:\n"+
		"  find out which it is, and add it to fork.yaml: release: {licenses: {%s: MIT}}",
		e.Module, e.Version, e.Dir, e.Module)
}

// Detect returns the licenses of packages as SPDX names them, sorted, by the name of
// their module. A module without a known text has none.
func Detect(packages []cross.Package) (map[string][]string, error) {
	detector, err := licenses.NewDetector()
	if err != nil {
		return nil, err
	}
	out := map[string][]string{}
	for _, p := range packages {
		found, err := detector.Of(p.Root, p.Dir)
		if unknown := (*licenses.UnknownError)(nil); err != nil && !errors.As(err, &unknown) {
			return nil, fmt.Errorf("module %s: %w", p.Module, err)
		}
		out[p.Module] = append(out[p.Module], found...)
	}
	for name := range out {
		slices.Sort(out[name])
		out[name] = slices.Compact(out[name])
	}
	return out, nil
}

// Complete returns the licenses of modules, named path@version, with those that are
// declared: these win. cache is the module cache that has them. It is an *UnknownError
// if one is left without.
func Complete(found map[string][]string, declared licenses.Declared, cache string) (map[string][]string, error) {
	out := map[string][]string{}
	for _, name := range slices.Sorted(maps.Keys(found)) {
		path, version, _ := strings.Cut(name, "@")
		out[name] = found[name]
		if said := declared.Of(path); said != nil {
			out[name] = said
		}
		if len(out[name]) == 0 {
			return nil, &UnknownError{path, version, filepath.Join(cache, filepath.FromSlash(place(path, version)))}
		}
	}
	return out, nil
}

// place returns the folder of a module in a module cache, with slashes.
func place(path, version string) string {
	escaped, err := module.EscapePath(path)
	if err != nil {
		return path + "@" + version
	}
	if v, err := module.EscapeVersion(version); err == nil {
		version = v
	}
	return escaped + "@" + version
}

// licensesStage finds the licenses of modules in the module cache.
var licensesStage = build.Stage[licensesInput, map[string][]string]{
	Name: "licenses", Revision: 1, Keep: 8, Run: detectLicenses, Read: build.ReadJSON[map[string][]string](licensesFile),
}

const licensesFile = "licenses.json"

// licensesInput is modules with their sums, and which of their folders are linked.
type licensesInput struct {
	Modules []listed
}

// licensed returns the licenses of linked modules by their names.
func licensed(ctx context.Context, s *build.Session, list listing, modules []linked) (map[string][]string, error) {
	out := map[string][]string{}
	elsewhere := map[string]listed{}
	for _, m := range modules {
		l, ok := list[m.name]
		if !ok { // only cgo links it, which the list is without
			l = listed{Root: place(m.path, m.version), Dirs: []string{"."}}
		}
		if l.Root == "" {
			out[m.name] = l.Licenses
			continue
		}
		l.Name, l.Sum = m.name, m.sum
		elsewhere[m.name] = l
	}
	if len(elsewhere) == 0 {
		return out, nil
	}
	in := licensesInput{}
	for _, name := range slices.Sorted(maps.Keys(elsewhere)) {
		in.Modules = append(in.Modules, elsewhere[name])
	}
	found, _, err := build.Do(ctx, s, licensesStage, in)
	maps.Copy(out, found)
	return out, err
}

// detectLicenses writes the licenses of modules to dst.
func detectLicenses(ctx context.Context, s *build.Session, in licensesInput, dst string) error {
	if err := fetch(ctx, s, in.Modules); err != nil {
		return err
	}
	var packages []cross.Package
	for _, m := range in.Modules {
		root := filepath.Join(s.Go().GOMODCACHE, filepath.FromSlash(m.Root))
		for _, dir := range m.Dirs {
			packages = append(packages, cross.Package{
				Module: m.Name, Root: root, Dir: filepath.Join(root, filepath.FromSlash(dir)),
			})
		}
	}
	found, err := Detect(packages)
	if err != nil {
		return err
	}
	return build.WriteJSON(dst, licensesFile, found)
}

// fetch downloads the modules that somebody has removed from the module cache.
func fetch(ctx context.Context, s *build.Session, modules []listed) error {
	var missing []string
	for _, m := range modules {
		if _, err := os.Stat(filepath.Join(s.Go().GOMODCACHE, filepath.FromSlash(m.Root))); err == nil {
			continue
		}
		at := strings.LastIndexByte(m.Root, '@')
		path, err := module.UnescapePath(m.Root[:at])
		if err != nil {
			return err
		}
		version, err := module.UnescapeVersion(m.Root[at+1:])
		if err != nil {
			return err
		}
		missing = append(missing, path+"@"+version)
	}
	if len(missing) == 0 {
		return nil
	}
	scratch, err := s.Scratch()
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	got, err := s.HostGo().Download(ctx, scratch, missing)
	for _, m := range got {
		if m.Error != "" {
			err = errors.Join(err, fmt.Errorf("module %s@%s, whose license is to be found out: %s\n%s",
				m.Path, m.Version, m.Error, s.HostGo().ProxyAdvice()))
		}
	}
	return err
}
