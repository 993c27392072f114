package packaging

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/slipway-build/slipway/platform"
	"github.com/slipway-build/slipway/version"
)

// Installer is the folder of the fork's files that is no package's: what hosts
// without packages get beside them.
const Installer = "installer"

// An Input is what packages are assembled from.
type Input struct {
	Family   Family
	Recipes  Recipes
	Settings Settings
	Version  version.Version
	Platform platform.Platform
	Date     time.Time
	Changes  []string          // what this version brings, a line each
	Programs []string          // the components that the fork builds for the platform
	Binaries map[string]string // component to its file; needed by Assemble
	Docs     map[string]Doc    // program to its documents; needed by Assemble
	Tree     func(name string) ([]byte, error)
	Sources  fs.FS  // the profile's files
	User     fs.FS  // the fork's files: PACKAGE/PATH
	UserDir  string // what errors call that folder
}

// Select returns the recipes of the packages that the fork comes to: those of
// the names, or all that it has the programs for.
func (in Input) Select(names []string) ([]Recipe, error) {
	var out []Recipe
	var have []string
	for _, r := range in.Recipes.Packages {
		if r.Versions.Contains(in.Version) && in.lacks(r) == "" {
			have = append(have, r.Name)
			if len(names) == 0 || slices.Contains(names, r.Name) {
				out = append(out, r)
			}
		}
	}
	for _, name := range names {
		if slices.Contains(have, name) {
			continue
		}
		i := slices.IndexFunc(in.Recipes.Packages, func(r Recipe) bool { return r.Name == name && r.Versions.Contains(in.Version) })
		if i < 0 {
			return nil, fmt.Errorf("no package %q: the fork comes to %s", name, strings.Join(have, ", "))
		}
		return nil, fmt.Errorf("package %s needs the component %s: add it to build.components of fork.yaml", name, in.lacks(in.Recipes.Packages[i]))
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("the fork comes to no package: none of the profile's is of %s alone", strings.Join(in.Programs, ", "))
	}
	return out, nil
}

// lacks returns a program that the recipe needs and the fork has not.
func (in Input) lacks(r Recipe) string {
	for _, p := range append(slices.Sorted(maps.Keys(r.Programs)), r.Requires...) {
		if !slices.Contains(in.Programs, p) && in.Multicall(p) == nil {
			return p
		}
	}
	return ""
}

// Multicall returns the component of many programs that is the program in this
// fork, if one is.
func (in Input) Multicall(program string) *Multicall {
	for _, m := range in.multicalls() {
		if slices.Contains(in.Programs, m.Component) && m.Programs[program] != "" {
			return &m
		}
	}
	return nil
}

// multicalls returns the components of many programs that the version has: of
// each the first row that holds it.
func (in Input) multicalls() []Multicall {
	var out []Multicall
	for _, m := range in.Recipes.Multicall {
		if m.Versions.Contains(in.Version) && !slices.ContainsFunc(out, func(o Multicall) bool { return o.Component == m.Component }) {
			out = append(out, m)
		}
	}
	return out
}

// Component returns the component that a program is.
func (in Input) Component(program string) string {
	if m := in.Multicall(program); m != nil && !slices.Contains(in.Programs, program) {
		return m.Component
	}
	return program
}

// Check returns what is wrong with the settings, as far as it shows before
// anything is built.
func (in Input) Check() error {
	all, err := in.Select(nil)
	if err != nil {
		return err
	}
	var names []string
	for _, r := range all {
		names = append(names, r.Name)
	}
	var errs []error
	if in.Settings.Maintainer == "" {
		errs = append(errs, errors.New("packages need somebody who answers for them: set packages.maintainer in fork.yaml, as Acme <k8s@example.org>"))
	}
	if _, err := in.Version.Distro(); err != nil {
		errs = append(errs, err)
	}
	for _, key := range []struct {
		what string
		pkgs []string
	}{
		{"packages.options", slices.Sorted(maps.Keys(in.Settings.Options))},
		{"packages.replace", slices.Sorted(maps.Keys(in.Settings.Replace))},
		{in.UserDir, in.userPackages()},
	} {
		for _, pkg := range key.pkgs {
			if !slices.Contains(names, pkg) {
				errs = append(errs, fmt.Errorf("%s: no package %q: the fork comes to %s", key.what, pkg, list(names)))
			}
		}
	}
	return errors.Join(errs...)
}

// Assemble puts together the packages of recipes that Select returned, and
// checks them: against each other, and against the rules for any package. The
// content must name none of the folders in private.
func (in Input) Assemble(recipes []Recipe, private []string) ([]Package, error) {
	var out []Package
	var errs []error
	for _, r := range recipes {
		p, err := in.assemble(r)
		if err != nil {
			errs = append(errs, fmt.Errorf("package %s: %w", r.Name, err))
		}
		out = append(out, p)
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return out, in.check(out, private)
}

func (in Input) assemble(r Recipe) (Package, error) {
	distro, err := in.Version.Distro()
	if err != nil {
		return Package{}, err
	}
	p := Package{
		Name: r.Name, Version: in.Version, Distro: distro, Revision: in.Settings.Revision,
		Summary: r.Summary, Description: strings.TrimSpace(r.Description), Homepage: in.Recipes.Homepage, Section: in.Recipes.Section,
		License: in.Recipes.License, Copyright: in.Recipes.Copyright, Maintainer: in.Settings.Maintainer, Date: in.Date,
		Restart: r.Restart, State: r.State, Retired: r.Retired, Changes: in.Changes, Overrides: r.Overrides,
		Compression: compressions[in.Settings.Compression],
	}
	if len(r.Programs) > 0 {
		p.Platform = in.Platform
	}
	if p.LicenseText, err = in.Tree(cmp.Or(in.Recipes.LicenseFile, "LICENSE")); err != nil {
		return p, err
	}
	b := builder{in: in, recipe: r, pkg: &p, files: map[string]File{}}
	for _, step := range []func() error{b.programs, b.sources, b.documents, b.options, b.users, b.libraries} {
		if err := step(); err != nil {
			return p, err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(b.files)) {
		p.Files = append(p.Files, b.files[name])
	}
	if len(p.Sysusers()) > 0 {
		b.needs = append(b.needs, in.Family.Sysusers)
	}
	p.Relations = b.relations()
	return p, nil
}

// userFiles returns the fork's own files for a package.
func (in Input) userFiles(pkg string) []string {
	var out []string
	if in.User != nil {
		_ = fs.WalkDir(in.User, pkg, func(name string, e fs.DirEntry, err error) error {
			if err == nil && !e.IsDir() {
				out = append(out, name)
			}
			return nil
		})
	}
	return out
}

// userPackages returns the packages that the fork has files of its own for.
func (in Input) userPackages() []string {
	if in.User == nil {
		return nil
	}
	entries, _ := fs.ReadDir(in.User, ".")
	var out []string
	for _, e := range entries {
		if e.Name() != Installer {
			out = append(out, e.Name())
		}
	}
	return out
}
