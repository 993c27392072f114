// Package deps changes which versions of other modules a tree is built with, as
// its go command would.
package deps

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"

	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/internal/config"
	"github.com/slipway-build/slipway/internal/gotool"
	"github.com/slipway-build/slipway/internal/run"
)

// Deps are modules and what to build with in their place: the section deps of
// fork.yaml. A version is one of the module itself, PATH@VERSION another module,
// which replaces it.
type Deps map[string]string

// target returns the module that is built with in the place of mod.
func (d Deps) target(mod string) module.Version {
	if other, vers, ok := strings.Cut(d[mod], "@"); ok {
		return module.Version{Path: other, Version: vers}
	}
	return module.Version{Path: mod, Version: d[mod]}
}

// Validate returns what is wrong with the section.
func (d Deps) Validate() []config.Fault {
	var faults []config.Fault
	for _, mod := range slices.Sorted(maps.Keys(d)) {
		to := d.target(mod)
		if err := errors.Join(module.CheckPath(mod), module.Check(to.Path, to.Version)); err != nil {
			hint := ""
			if module.CheckPath(to.Path) == nil && !semver.IsValid(to.Version) {
				hint = ": write a full version, such as v0.55.0, or PATH@VERSION for another module"
			}
			faults = append(faults, config.Faultf("", "%v%s", err, hint))
		} else if module.CanonicalVersion(to.Version) != to.Version {
			faults = append(faults, config.Faultf("",
				"%s: %s is only part of a version and pins nothing: write the full version, such as v0.55.0", mod, to.Version))
		}
	}
	return faults
}

// Apply makes the tree require the modules at their versions, in every go.mod
// that requires them already, and updates go.mod, go.sum, go.work, go.work.sum
// and vendor. It works on the files in tree.Path, which nobody else may
// use, and returns what is different then.
func (d Deps) Apply(ctx context.Context, g *gotool.Go, tree filetree.Dir) ([]filetree.Change, error) {
	t := bump{g: g, tree: tree, env: g.Clean().With("GOFLAGS=-mod=mod", "GOWORK=off")}
	if _, ok := tree.Tree.Lookup("go.work"); ok {
		t.work = true
		t.env = g.Clean().With("GOWORK=" + filepath.Join(tree.Path, "go.work"))
	}
	if err := t.require(d); err != nil {
		return nil, err
	}
	if err := t.resolve(ctx); err != nil {
		return nil, fmt.Errorf("changing the dependencies: %w", err)
	}
	if err := t.check(ctx, d); err != nil {
		return nil, err
	}
	return t.changes(ctx)
}

// resolve has the go command update all but the go.mod files that require has
// edited.
func (b bump) resolve(ctx context.Context) error {
	_, vendored := b.tree.Tree.Lookup("vendor/modules.txt")
	var steps [][]string
	switch {
	case b.work && vendored: // which is out of date until the last step
		steps = [][]string{{"go", "work", "sync"}, {"go", "list", "-mod=readonly", "-m", "all"}, {"go", "work", "vendor"}}
	case b.work:
		steps = [][]string{{"go", "work", "sync"}, {"go", "list", "-m", "all"}}
	case vendored: // which holds what tests import, too, and for every platform
		if _, err := b.run(ctx, "go", "list", "-deps", "-test", "./..."); err != nil {
			return err
		}
		changed, err := b.vendoredChanges(ctx)
		if err != nil {
			return err
		}
		if len(changed) > 0 {
			steps = append(steps, append([]string{"go", "mod", "download"}, changed...))
		}
		steps = append(steps, []string{"go", "mod", "vendor"})
	default:
		steps = [][]string{{"go", "list", "-deps", "./..."}}
	}
	for _, args := range steps {
		if _, err := b.run(ctx, args...); err != nil {
			return err
		}
	}
	return nil
}

// vendoredChanges returns the modules, each as PATH@VERSION, whose packages are
// vendored at another version. Vendoring needs their sums, which the go command adds
// to go.sum only for packages that this machine's platform compiles.
func (b bump) vendoredChanges(ctx context.Context) ([]string, error) {
	data, err := b.tree.ReadFile("vendor/modules.txt")
	if err != nil {
		return nil, err
	}
	out, err := b.run(ctx, "go", "list", "-m", "-f", "{{if not (or .Main .Replace)}}{{.Path}} {{.Version}}{{end}}", "all")
	if err != nil {
		return nil, err
	}
	had := vendored(string(data))
	var changed []string
	for line := range strings.Lines(string(out)) {
		mod, vers, _ := strings.Cut(strings.TrimSpace(line), " ")
		if was, ok := had[mod]; ok && was != vers {
			changed = append(changed, mod+"@"+vers)
		}
	}
	return changed, nil
}

// vendored returns the versions of the modules of which vendor/modules.txt lists
// packages.
func vendored(modules string) map[string]string {
	out := map[string]string{}
	mod, vers := "", ""
	for line := range strings.Lines(modules) {
		line = strings.TrimSpace(line)
		if head, ok := strings.CutPrefix(line, "# "); ok {
			mod, vers, _ = strings.Cut(head, " ")
			if strings.Contains(vers, "=>") {
				mod = ""
			}
		} else if mod != "" && line != "" && !strings.HasPrefix(line, "#") {
			out[mod] = vers
		}
	}
	return out
}

// A bump is one change of dependencies.
type bump struct {
	g    *gotool.Go
	tree filetree.Dir
	work bool // it has a go.work
	env  run.Env
}

func (b bump) run(ctx context.Context, args ...string) ([]byte, error) {
	return b.g.Run.Output(ctx, run.Cmd{Args: args, Dir: b.tree.Path, Env: b.env})
}

// require sets the versions in the go.mod files.
func (b bump) require(d Deps) error {
	used := map[string]bool{}
	for _, e := range b.tree.Tree {
		if !isModFile(e) {
			continue
		}
		if err := b.edit(e.Path, d, used); err != nil {
			return err
		}
	}
	var errs []error
	for _, mod := range slices.Sorted(maps.Keys(d)) {
		if !used[mod] {
			errs = append(errs, fmt.Errorf("deps: %s: no go.mod of the patched tree requires it: leave it out", mod))
		}
	}
	return errors.Join(errs...)
}

// isModFile reports whether a file is the go.mod of a module that is built. What
// is vendored has no say, and a module below testdata is input of a test.
func isModFile(e filetree.Entry) bool {
	return path.Base(e.Path) == "go.mod" && e.Mode != filetree.Link &&
		!strings.HasPrefix(e.Path, "vendor/") && !strings.Contains(e.Path, "testdata/")
}

// edit sets the versions in one go.mod, and notes in used which modules it
// requires.
func (b bump) edit(file string, d Deps, used map[string]bool) error {
	name := filepath.Join(b.tree.Path, filepath.FromSlash(file))
	data, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	edited, err := setVersions(file, data, d, used)
	if err != nil || edited == nil {
		return err
	}
	return os.WriteFile(name, edited, 0o644)
}

// setVersions returns a go.mod with the versions of d, or nil if it has them. It
// notes in used which modules it requires or replaces.
func setVersions(file string, data []byte, d Deps, used map[string]bool) ([]byte, error) {
	f, err := modfile.Parse(file, data, nil)
	if err != nil {
		return nil, err
	}
	changed := false
	for _, mod := range slices.Sorted(maps.Keys(d)) {
		set, found, err := setVersion(f, mod, d.target(mod))
		changed, used[mod] = changed || set, used[mod] || found
		if err != nil {
			return nil, err
		}
	}
	if !changed {
		return nil, nil
	}
	return modfile.Format(f.Syntax), nil
}

// setVersion makes a go.mod build with the module to in the place of mod. It reports
// whether that changes the file, and whether the file requires or replaces mod. Where
// it pins the version by a replacement, that is the version that changes.
func setVersion(f *modfile.File, mod string, to module.Version) (changed, found bool, err error) {
	required := slices.IndexFunc(f.Require, func(r *modfile.Require) bool { return r.Mod.Path == mod })
	replaced := slices.IndexFunc(f.Replace, func(r *modfile.Replace) bool { return r.Old.Path == mod })
	found = required >= 0 || replaced >= 0
	switch {
	case replaced >= 0:
		had := *f.Replace[replaced]
		if had.New.Path != to.Path && to.Path == mod {
			return false, true, fmt.Errorf("deps: %s: %s:%d replaces it by %s: change that with a patch, or name the "+
				"module to replace it by, as PATH@VERSION", mod, f.Syntax.Name, had.Syntax.Start.Line, had.New.Path)
		}
		return had.New != to, true, f.AddReplace(mod, had.Old.Version, to.Path, to.Version)
	case to.Path != mod && (found || f.Syntax.Name == "go.mod"): // only the root's go.mod replaces what others require
		return true, found, f.AddReplace(mod, "", to.Path, to.Version)
	case to.Path == mod && found:
		had := f.Require[required].Mod
		return had != to, true, f.AddRequire(to.Path, to.Version)
	}
	return false, false, nil
}

// check returns an error unless the tree is built with the versions.
func (b bump) check(ctx context.Context, d Deps) error {
	var errs []error
	for _, mod := range slices.Sorted(maps.Keys(d)) {
		out, err := b.run(ctx, "go", "list", "-mod=readonly", "-m", "-f",
			"{{with or .Replace .}}{{.Path}}@{{.Version}}{{end}}", mod)
		if run.IsExit(err) && !b.work {
			return fmt.Errorf("deps: %s: %w\n  Only a nested module requires it, which the go.mod of the root does not "+
				"lead to: change go.mod, go.sum and vendor of that module by a patch", mod, err)
		}
		if err != nil {
			return err
		}
		if got := strings.TrimSpace(string(out)); got != d.target(mod).String() {
			errs = append(errs, fmt.Errorf("deps: %s: another dependency requires %s, so %s cannot be used\n"+
				"  To see which: go mod graph in the patched tree", mod, strings.TrimPrefix(got, mod+"@"), d[mod]))
		}
	}
	return errors.Join(errs...)
}

// changes returns what the go command did to the tree.
func (b bump) changes(ctx context.Context) ([]filetree.Change, error) {
	now, err := filetree.Scan(ctx, b.tree.Path)
	if err != nil {
		return nil, err
	}
	var out []filetree.Change
	for _, name := range b.tree.Tree.Differ(now.Tree) {
		e, ok := now.Tree.Lookup(name)
		if !ok {
			out = append(out, filetree.Change{Path: name, Deleted: true})
			continue
		}
		data, err := now.ReadFile(name)
		if err != nil {
			return nil, err
		}
		out = append(out, filetree.Change{Path: name, Mode: e.Mode, Content: data})
	}
	return out, nil
}
