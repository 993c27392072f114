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

// An Input is what packages are assembled from.
type Input struct {
	Family   Family
	Recipes  Recipes
	Settings Settings
	Version  version.Version
	Platform platform.Platform
	Date     time.Time
	Changes  []string          // what is new in this version, a line each
	Closes   []string          // ids of the vulnerabilities that this version fixes, sorted
	Programs []string          // the components that the fork builds for the platform
	Binaries map[string]string // component to its file; needed by Assemble
	Docs     map[string]Doc    // program to its documents; needed by Assemble
	Tree     func(name string) ([]byte, error)
	Images   []string                          // the images that packages can have in them
	Image    func(name string) ([]byte, error) // one of these, as an archive
	Sources  fs.FS                             // the profile's files
	User     fs.FS                             // the fork's files: PACKAGE/PATH
	UserDir  string                            // what errors call that folder
}

// Check returns an error that lists what is wrong with the settings, as far as that is known
// before anything is built.
func (in Input) Check() error {
	recipes, err := in.Select(nil)
	if err != nil {
		return err
	}
	var errs []error
	if in.Settings.Maintainer == "" {
		errs = append(errs, errors.New(
			"packages need a maintainer: set packages.maintainer in fork.yaml, such as Acme <k8s@example.org>"))
	}
	if _, err := in.Version.Distro(); err != nil {
		errs = append(errs, err)
	}
	users, err := in.userPackages()
	if err != nil {
		return errors.Join(append(errs, fmt.Errorf("%s: %w", in.UserDir, err))...)
	}
	for _, r := range recipes {
		errs = append(errs, in.checkFiles(r))
	}
	names := recipeNames(recipes)
	for i, name := range names {
		if slices.Contains(names[:i], name) {
			errs = append(errs, fmt.Errorf("package %s has two rows in packages.yaml for version %s: "+
				"give each the range of its versions", name, in.Version))
		}
	}
	for _, key := range []struct {
		what string
		pkgs []string
	}{
		{"packages.options", slices.Sorted(maps.Keys(in.Settings.Options))},
		{"packages.replace", slices.Sorted(maps.Keys(in.Settings.Replace))},
		{in.UserDir, users},
	} {
		for _, pkg := range key.pkgs {
			if !slices.Contains(names, pkg) {
				errs = append(errs, fmt.Errorf("%s: %w", key.what, unknown(pkg, names)))
			}
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return in.CheckOptions(recipes)
}

// checkFiles returns what is wrong with the files of a recipe and with the fork's for
// the package, as far as that shows before anything is built.
func (in Input) checkFiles(r Recipe) error {
	files, err := in.planned(r)
	if err != nil {
		return fmt.Errorf("package %s: %w", r.Name, err)
	}
	p := Package{Name: r.Name, Restart: r.Restart, State: r.State, Retired: r.Retired, Files: files.sorted()}
	var errs []error
	for _, rule := range []func(checked, Package) []string{places, nesting, papers, unitNames, state, retired} {
		for _, fault := range rule(checked{}, p) {
			errs = append(errs, fmt.Errorf("package %s: %s", r.Name, fault))
		}
	}
	return errors.Join(errs...)
}

// planned returns the files of a recipe's package. Programs, their documents, images and
// files of the patched tree are not there yet, and empty.
func (in Input) planned(r Recipe) (contents, error) {
	in.Binaries, in.Docs = map[string]string{}, nil
	for program := range r.Programs {
		in.Binaries[program] = program
	}
	in.Tree = func(string) ([]byte, error) { return nil, nil }
	in.Image = in.Tree
	files, _, err := in.files(r)
	return files, err
}

func recipeNames(recipes []Recipe) []string {
	var out []string
	for _, r := range recipes {
		out = append(out, r.Name)
	}
	return out
}

// Assemble makes the packages of recipes that Select returned, and checks them by
// the rules in check.go, also against each other. Files in which search finds something are
// refused; nil finds nothing.
func (in Input) Assemble(recipes []Recipe, search Search) ([]Package, error) {
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
	return out, in.check(out, search)
}

func (in Input) assemble(r Recipe) (Package, error) {
	p, err := in.described(r)
	if err != nil {
		return p, err
	}
	files, needs, err := in.contents(r)
	if err != nil {
		return p, err
	}
	linked, static, err := in.Family.linked(files)
	if err != nil {
		return p, err
	}
	p.static = static
	p.Files = files.sorted()
	needs = append(needs, linked...)
	if len(p.Sysusers()) > 0 {
		needs = append(needs, in.Family.Sysusers)
	}
	p.Relations = in.relations(r, p, needs)
	return p, nil
}

// described returns the package without its files and relations.
func (in Input) described(r Recipe) (Package, error) {
	distro, err := in.Version.Distro()
	if err != nil {
		return Package{}, err
	}
	p := Package{
		Name: r.Name, Version: in.Version, Distro: distro, Revision: in.Settings.Revision, Date: in.Date,
		Summary: r.Summary, Description: strings.TrimSpace(r.Description), Homepage: in.Recipes.Homepage,
		Section: in.Recipes.Section, License: in.Recipes.License, Copyright: in.Recipes.Copyright,
		Maintainer: in.Settings.Maintainer, Restart: r.Restart, State: r.State, Retired: r.Retired,
		Changes: in.Changes, Closes: in.Closes, Overrides: r.Overrides, Compression: compressions[in.Settings.Compression],
	}
	if len(r.Programs) > 0 {
		p.Platform = in.Platform
	}
	p.LicenseText, err = in.Tree(cmp.Or(r.LicenseFile, in.Recipes.LicenseFile, "LICENSE"))
	return p, err
}

// relations returns the relations of the recipe and those that follow from its
// files.
func (in Input) relations(r Recipe, p Package, needs []Relation) Relations {
	out := r.Relations
	out.Depends = append(slices.Clone(needs), out.Depends...)
	out.Conflicts = append(in.rivals(r), out.Conflicts...)
	out.each(func(_ string, list *[]Relation) {
		var resolved []Relation
		for _, r := range *list {
			for _, one := range r.resolve(p, in.Family) {
				if !slices.Contains(resolved, one) {
					resolved = append(resolved, one)
				}
			}
		}
		*list = resolved
	})
	return out
}

// rivals returns the packages of components that are the recipe's programs, too,
// and have files at the same paths. The fork builds the programs one by one.
func (in Input) rivals(r Recipe) []Relation {
	var out []Relation
	for _, m := range in.multicalls() {
		for program := range r.Programs {
			rival := Relation(m.Package)
			if m.Programs[program] != "" && in.Component(program) == program && !slices.Contains(out, rival) {
				out = append(out, rival)
			}
		}
	}
	return out
}
