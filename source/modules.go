package source

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/mod/modfile"

	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/lock"
	"github.com/slipway-build/slipway/version"
)

// siblings returns the modules in the root module's repository beside
// it: those of the layout, at the version that goes with the upstream's.
func siblings(root string, layout []Sibling, fields version.Fields) ([]lock.Module, error) {
	local, err := localPlaces(root)
	if err != nil {
		return nil, err
	}
	var out []lock.Module
	for _, s := range layout {
		vers, err := version.Expand(s.Version, fields)
		if err != nil {
			return nil, err
		}
		for place, stem := range matches(s.Place, local) {
			out = append(out, lock.Module{Place: place, Path: strings.Replace(s.Module, "*", stem, 1), Version: vers})
		}
	}
	slices.SortFunc(out, lock.ByPlace)
	return out, nil
}

// matches returns the places that a pattern matches, and what its * matches in
// each.
func matches(pattern string, places []string) map[string]string {
	before, after, star := strings.Cut(pattern, "*")
	if !star {
		return map[string]string{pattern: ""}
	}
	found := map[string]string{}
	for _, p := range places {
		stem, ok := strings.CutPrefix(p, before)
		if stem, end := strings.CutSuffix(stem, after); ok && end && stem != "" {
			found[p] = stem
		}
	}
	return found
}

// localPlaces returns the folders below root that its go.work uses or its
// go.mod replaces modules by.
func localPlaces(root string) ([]string, error) {
	var places []string
	work, err := readWork(filepath.Join(root, "go.work"))
	if err != nil {
		return nil, err
	}
	for _, u := range work.Use {
		places = append(places, path.Clean(u.Path))
	}
	name := filepath.Join(root, "go.mod")
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	mod, err := modfile.Parse(name, data, nil) // ParseLax would pass over replacements
	if err != nil {
		return nil, err
	}
	for _, r := range mod.Replace {
		if strings.HasPrefix(r.New.Path, "./") {
			places = append(places, path.Clean(r.New.Path))
		}
	}
	slices.Sort(places)
	return slices.Compact(places), nil
}

// readWork reads a go.work file; a missing one is empty.
func readWork(name string) (*modfile.WorkFile, error) {
	data, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return &modfile.WorkFile{}, nil
	}
	if err != nil {
		return nil, err
	}
	return modfile.ParseWork(name, data, nil)
}

// importer returns the first file of the tree, other than a test, that imports
// a package of the module, or "".
func importer(tree filetree.Dir, mod string) (string, error) {
	for _, e := range tree.Tree {
		if !built(e.Path) {
			continue
		}
		data, err := tree.ReadFile(e.Path)
		if err != nil {
			return "", err
		}
		if bytes.Contains(data, []byte(mod)) && imports(data, mod) {
			return e.Path, nil
		}
	}
	return "", nil
}

// built reports whether the go command would compile the file at path into
// anything but a test.
func built(path string) bool {
	for part := range strings.SplitSeq(path, "/") {
		if part[0] == '_' || part[0] == '.' || part == "testdata" {
			return false
		}
	}
	return strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go")
}

// imports reports whether a Go file imports a package of the module.
func imports(src []byte, mod string) bool {
	file, err := parser.ParseFile(token.NewFileSet(), "", src, parser.ImportsOnly)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(file.Imports, func(s *ast.ImportSpec) bool {
		path, err := strconv.Unquote(s.Path.Value)
		return err == nil && (path == mod || strings.HasPrefix(path, mod+"/"))
	})
}

// without returns the changes that take every mention of a module out of the
// tree's go.work and go.mod files.
func without(tree filetree.Dir, places []string, dropped []lock.Module) ([]filetree.Change, error) {
	return editEach(tree, append(goMods(places), "go.work"), func(name string, data []byte) ([]byte, error) {
		return dropLines(name, data, dropped)
	})
}

// aligned returns the changes that make the go.mod files of modules require each other
// at their versions, where they replace each other by folders.
func aligned(tree filetree.Dir, modules []lock.Module) ([]filetree.Change, error) {
	places := make([]string, len(modules))
	for i, m := range modules {
		places[i] = m.Place
	}
	return editEach(tree, goMods(places), func(name string, data []byte) ([]byte, error) {
		return alignLines(name, data, modules)
	})
}

// goMods returns the names of the go.mod files of modules at places.
func goMods(places []string) []string {
	names := make([]string, len(places))
	for i, p := range places {
		names[i] = path.Join(p, "go.mod")
	}
	return names
}

// editEach returns the changes that edit makes to those of the files that the tree has.
func editEach(
	tree filetree.Dir, names []string, edit func(name string, data []byte) ([]byte, error),
) ([]filetree.Change, error) {
	var changes []filetree.Change
	for _, name := range names {
		if _, ok := tree.Tree.Lookup(name); !ok {
			continue
		}
		data, err := tree.ReadFile(name)
		if err != nil {
			return nil, err
		}
		edited, err := edit(name, data)
		if err != nil {
			return nil, err
		}
		if !bytes.Equal(edited, data) {
			changes = append(changes, filetree.Change{Path: name, Mode: filetree.Regular, Content: edited})
		}
	}
	return changes, nil
}

func dropLines(name string, data []byte, dropped []lock.Module) ([]byte, error) {
	if name == "go.work" {
		f, err := modfile.ParseWork(name, data, nil)
		if err != nil {
			return nil, err
		}
		for _, m := range dropped {
			if err := errors.Join(f.DropUse("./"+m.Place), f.DropReplace(m.Path, "")); err != nil {
				return nil, fmt.Errorf("dropping %s from %s: %w", m.Path, name, err)
			}
		}
		f.Cleanup()
		return modfile.Format(f.Syntax), nil
	}
	f, err := modfile.Parse(name, data, nil)
	if err != nil {
		return nil, err
	}
	for _, m := range dropped {
		if err := errors.Join(f.DropRequire(m.Path), f.DropReplace(m.Path, "")); err != nil {
			return nil, fmt.Errorf("dropping %s from %s: %w", m.Path, name, err)
		}
	}
	f.Cleanup()
	return modfile.Format(f.Syntax), nil
}

// alignLines returns the go.mod at name with the versions of modules.
func alignLines(name string, data []byte, modules []lock.Module) ([]byte, error) {
	f, err := modfile.Parse(name, data, nil)
	if err != nil {
		return nil, err
	}
	edited := data
	for _, m := range modules {
		replaced := slices.ContainsFunc(f.Replace, func(r *modfile.Replace) bool {
			return r.Old.Path == m.Path && r.Old.Version == "" && path.Join(path.Dir(name), r.New.Path) == m.Place
		})
		required := slices.ContainsFunc(f.Require, func(r *modfile.Require) bool {
			return r.Mod.Path == m.Path && r.Mod.Version != m.Version
		})
		if !replaced || !required {
			continue
		}
		if err := f.AddRequire(m.Path, m.Version); err != nil {
			return nil, fmt.Errorf("requiring %s@%s in %s: %w", m.Path, m.Version, name, err)
		}
		edited = modfile.Format(f.Syntax)
	}
	return edited, nil
}

// ModulesIn returns the folder of each module that a tree has by itself: its
// root, and what its go.work uses or its go.mod replaces by a folder. What
// cannot be read is left out: the go command will say so.
func ModulesIn(tree filetree.Dir) map[string]string {
	folders, err := localPlaces(tree.Path)
	if err != nil {
		folders = nil
	}
	places := map[string]string{}
	for _, dir := range append(folders, ".") {
		data, err := tree.ReadFile(path.Join(dir, "go.mod"))
		if err != nil {
			continue
		}
		if name := modfile.ModulePath(data); name != "" {
			places[name] = dir
		}
	}
	return places
}

// GoVersion returns the oldest Go that go.work or go.mod says a tree builds
// with, as 1.26.0, or "" where neither does. The tree is what changes make of
// base.
func GoVersion(base filetree.Dir, changes []filetree.Change) (string, error) {
	read := func(name string) ([]byte, error) {
		for _, c := range changes {
			if c.Path == name {
				return c.Content, nil
			}
		}
		if _, ok := base.Tree.Lookup(name); !ok {
			return nil, nil
		}
		return base.ReadFile(name)
	}
	data, err := read("go.work")
	if err != nil {
		return "", err
	}
	work, err := modfile.ParseWork("go.work", data, nil)
	if err != nil {
		return "", err
	}
	if work.Go != nil {
		return work.Go.Version, nil
	}
	if data, err = read("go.mod"); err != nil {
		return "", err
	}
	mod, err := modfile.ParseLax("go.mod", data, nil)
	if err != nil {
		return "", err
	}
	if mod.Go == nil {
		return "", nil
	}
	return mod.Go.Version, nil
}
