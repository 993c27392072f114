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

	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/internal/config"
	"github.com/slipway-build/slipway/internal/gotool"
	"github.com/slipway-build/slipway/internal/run"
)

// Deps are modules and the versions to build with: the section deps of
// fork.yaml.
type Deps map[string]string

// Validate returns what is wrong with the section.
func (d Deps) Validate() []config.Fault {
	var faults []config.Fault
	for _, mod := range slices.Sorted(maps.Keys(d)) {
		if err := module.Check(mod, d[mod]); err != nil {
			faults = append(faults, config.Faultf("", "%v", err))
		} else if module.CanonicalVersion(d[mod]) != d[mod] {
			faults = append(faults, config.Faultf("", "%s: %s is only part of a version, and so no pin: write it whole, as v0.55.0", mod, d[mod]))
		}
	}
	return faults
}

// Apply makes the tree require the modules at their versions, in every go.mod
// that requires them already, and brings go.mod, go.sum, go.work, go.work.sum
// and vendor along. It works on the files in tree.Path, which nobody else may
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
	steps := [][]string{{"go", "list", "-deps", "./..."}}
	if t.work {
		steps = [][]string{{"go", "work", "sync"}, {"go", "list", "-m", "all"}}
	}
	if _, ok := tree.Tree.Lookup("vendor/modules.txt"); ok {
		steps = append(steps, []string{"go", map[bool]string{true: "work", false: "mod"}[t.work], "vendor"})
	}
	for _, args := range steps {
		if _, err := t.run(ctx, args...); err != nil {
			return nil, fmt.Errorf("changing the dependencies: %w", err)
		}
	}
	if err := t.check(ctx, d); err != nil {
		return nil, err
	}
	return t.changes(ctx)
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
		if path.Base(e.Path) != "go.mod" || strings.HasPrefix(e.Path, "vendor/") || e.Mode == filetree.Link || strings.Contains(e.Path, "testdata/") {
			continue
		}
		name := filepath.Join(b.tree.Path, filepath.FromSlash(e.Path))
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		f, err := modfile.Parse(e.Path, data, nil)
		if err != nil {
			return err
		}
		changed := false
		for _, r := range slices.Clone(f.Require) {
			vers, ok := d[r.Mod.Path]
			if !ok {
				continue
			}
			used[r.Mod.Path] = true
			if i := slices.IndexFunc(f.Replace, func(r2 *modfile.Replace) bool { return r2.Old.Path == r.Mod.Path }); i >= 0 {
				return fmt.Errorf("deps: %s: %s:%d replaces it by %s: change that with a patch", r.Mod.Path, e.Path, f.Replace[i].Syntax.Start.Line, f.Replace[i].New.Path)
			}
			if r.Mod.Version != vers {
				if err := f.AddRequire(r.Mod.Path, vers); err != nil {
					return err
				}
				changed = true
			}
		}
		if changed {
			if err := os.WriteFile(name, modfile.Format(f.Syntax), 0o644); err != nil {
				return err
			}
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

// check sees that the versions are the ones that are built with.
func (b bump) check(ctx context.Context, d Deps) error {
	var errs []error
	for _, mod := range slices.Sorted(maps.Keys(d)) {
		out, err := b.run(ctx, "go", "list", "-mod=readonly", "-m", "-f", "{{.Version}}", mod)
		if err != nil {
			return err
		}
		if got := strings.TrimSpace(string(out)); got != d[mod] {
			errs = append(errs, fmt.Errorf("deps: %s: another dependency requires %s, so that %s cannot be had\n  To see which: go mod graph in the patched tree", mod, got, d[mod]))
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
