package packaging

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
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
		if !slices.Contains(in.Programs, p) && in.multicall(p) == nil {
			return p
		}
	}
	return ""
}

// multicall returns the component of many programs that is the program in this
// fork, if one is.
func (in Input) multicall(program string) *Multicall {
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
	if m := in.multicall(program); m != nil && !slices.Contains(in.Programs, program) {
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

// A builder collects the files of one package.
type builder struct {
	in     Input
	recipe Recipe
	pkg    *Package
	files  map[string]File
	needs  []Relation // what follows from the files
}

func (b *builder) add(f File) error {
	if old, ok := b.files[f.Path]; ok {
		return fmt.Errorf("%s stands there twice, as %v and as %v", f.Path, old.Kind, f.Kind)
	}
	b.files[f.Path] = f
	return nil
}

// programs adds the binaries, or links to the one that is all of them.
func (b *builder) programs() error {
	for _, program := range slices.Sorted(maps.Keys(b.recipe.Programs)) {
		to := b.recipe.Programs[program]
		f := File{Path: to, Mode: 0o755, Source: b.in.Binaries[program]}
		if c := b.in.Component(program); c != program {
			m := b.in.multicall(program)
			b.need(self(m.Package))
			f = m.called(program, to)
		} else if f.Source == "" {
			return fmt.Errorf("component %s is not built for %s", program, b.in.Platform)
		}
		if err := b.add(f); err != nil {
			return err
		}
	}
	for _, m := range b.in.multicalls() {
		if m.Package != b.recipe.Name {
			continue
		}
		for _, name := range slices.Sorted(maps.Values(m.Programs)) {
			if err := b.add(File{Path: path.Join(path.Dir(m.Path), name), Kind: Link, Mode: 0o777, Target: path.Base(m.Path)}); err != nil {
				return err
			}
		}
	}
	return nil
}

// called returns the file that is one of the programs: a link that the component
// knows itself by, or a script where it answers to another name.
func (m *Multicall) called(program, to string) File {
	name := m.Programs[program]
	if name != path.Base(to) {
		return File{Path: to, Mode: 0o755, Data: fmt.Appendf(nil, "#!/bin/sh\nexec %s %s \"$@\"\n", m.Path, name)}
	}
	target, err := filepath.Rel(path.Dir(to), path.Join(path.Dir(m.Path), name))
	if err != nil {
		panic(err) // both are absolute
	}
	return File{Path: to, Kind: Link, Mode: 0o777, Target: target}
}

func (b *builder) need(r Relation) {
	if !slices.Contains(b.needs, r) {
		b.needs = append(b.needs, r)
	}
}

// sources adds the profile's files.
func (b *builder) sources() error {
	fields := struct {
		version.Fields
		Options string
		Family  string
	}{b.in.Version.Fields(), b.in.Family.Options, b.in.Family.Name}
	for _, to := range slices.Sorted(maps.Keys(b.recipe.Files)) {
		from := b.recipe.Files[to]
		at, err := version.Expand(to, fields)
		if err != nil {
			return fmt.Errorf("files: %w", err)
		}
		if folder, ok := strings.CutSuffix(at, "/"); ok {
			if err := b.add(File{Path: folder, Kind: Folder, Mode: 0o755}); err != nil {
				return err
			}
			continue
		}
		var data []byte
		if name, ok := strings.CutPrefix(from, "tree:"); ok {
			data, err = b.in.Tree(name)
		} else if data, err = fs.ReadFile(b.in.Sources, from); err == nil {
			var filled string
			filled, err = version.Expand(string(data), fields)
			data = []byte(filled)
		}
		if err == nil && path.Ext(at) == ".gz" {
			data, err = Gzip(data)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", at, err)
		}
		if err := b.add(placed(at, data)); err != nil {
			return err
		}
	}
	return nil
}

// placed returns a file with the kind and the mode that its place asks for.
func placed(at string, data []byte) File {
	f := File{Path: at, Mode: 0o644, Data: data}
	if strings.HasPrefix(at, "/etc/") {
		f.Kind = Config
	}
	if bytes.HasPrefix(data, []byte("#!")) {
		f.Mode = 0o755
	}
	return f
}

// documents adds manual pages and completions, as the programs tell them.
func (b *builder) documents() error {
	for _, program := range slices.Sorted(maps.Keys(b.recipe.Man)) {
		section := b.recipe.Man[program]
		page, err := Gzip(manPage(program, section, b.recipe.Summary, b.in.Version.String(), b.in.Date, b.in.Docs[program].Help))
		if err != nil {
			return err
		}
		if err := b.add(placed(fmt.Sprintf("/usr/share/man/man%s/%s.%[1]s.gz", section, program), page)); err != nil {
			return err
		}
	}
	for _, program := range slices.Sorted(maps.Keys(b.recipe.Completions)) {
		for _, shell := range b.recipe.Completions[program] {
			data := b.in.Docs[program].Completions[shell]
			if err := b.add(File{Path: fmt.Sprintf(b.in.Family.Completions[shell], program), Mode: 0o644, Data: data}); err != nil {
				return err
			}
		}
	}
	return nil
}

// options gives variables the values that fork.yaml has for them.
func (b *builder) options() error {
	values := b.in.Settings.Options[b.recipe.Name]
	known := map[string]string{} // variable to the file that has it
	for _, at := range slices.Sorted(maps.Keys(b.files)) {
		if path.Dir(at) == b.in.Family.Options {
			for _, name := range variables(b.files[at].Data) {
				known[name] = at
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		at, ok := known[name]
		if !ok {
			return fmt.Errorf("packages.options.%s: no variable %s: it has %s", b.recipe.Name, name, list(slices.Sorted(maps.Keys(known))))
		}
		f := b.files[at]
		f.Data = assign(f.Data, name, values[name])
		b.files[at] = f
	}
	return nil
}

func list(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// users adds the files of the fork's own folder.
func (b *builder) users() error {
	replace := slices.Clone(b.in.Settings.Replace[b.recipe.Name])
	for _, name := range b.in.userFiles(b.recipe.Name) {
		at := strings.TrimPrefix(name, b.recipe.Name)
		_, made := b.files[at]
		i := slices.Index(replace, at)
		switch {
		case made && i < 0:
			return fmt.Errorf("%s/%s would replace what Slipway makes: if it is to, add %s to packages.replace.%s in fork.yaml", b.in.UserDir, name, at, b.recipe.Name)
		case !made && i >= 0:
			return fmt.Errorf("packages.replace.%s: the package has no %s but the fork's own: leave it out", b.recipe.Name, at)
		case i >= 0:
			replace = slices.Delete(replace, i, i+1)
		}
		data, err := fs.ReadFile(b.in.User, name)
		if err != nil {
			return err
		}
		info, err := fs.Stat(b.in.User, name)
		if err != nil {
			return err
		}
		f := placed(at, data)
		if info.Mode()&0o111 != 0 {
			f.Mode = 0o755
		}
		b.files[at] = f
	}
	if len(replace) > 0 {
		return fmt.Errorf("packages.replace.%s: there is no %s/%s%s to stand for it", b.recipe.Name, b.in.UserDir, b.recipe.Name, replace[0])
	}
	return nil
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

// rivals returns the packages that would bring the same programs in one with
// others: the fork has them one by one.
func (b *builder) rivals() []Relation {
	var out []Relation
	for _, m := range b.in.multicalls() {
		for program := range b.recipe.Programs {
			r := Relation(m.Package)
			if m.Programs[program] != "" && b.in.Component(program) == program && !slices.Contains(out, r) {
				out = append(out, r)
			}
		}
	}
	return out
}

// relations returns what the recipe and the files say of other packages.
func (b *builder) relations() Relations {
	out := b.recipe.Relations
	out.Depends = append(slices.Clone(b.needs), out.Depends...)
	out.Conflicts = append(b.rivals(), out.Conflicts...)
	out.each(func(_ string, list *[]Relation) {
		var resolved []Relation
		for _, r := range *list {
			for _, one := range r.resolve(*b.pkg, b.in.Family) {
				if !slices.Contains(resolved, one) {
					resolved = append(resolved, one)
				}
			}
		}
		*list = resolved
	})
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
		out = append(out, e.Name())
	}
	return out
}
