package cross

import (
	"fmt"
	"go/version"
	"path"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"

	"github.com/slipway-build/slipway/filetree"
)

// A Target is how the go command is told to compile a component.
type Target struct {
	Dir  string // folder of the tree that it runs in; "." is the root
	Mod  string // its flag -mod; "" for what it takes by itself
	Main string // the main package, as it is named there: ./cmd/captain
}

// flags returns what the go command is told before the main package.
func (t Target) flags() []string {
	if t.Mod == "" {
		return nil
	}
	return []string{"-mod=" + t.Mod}
}

// alone reports whether a binary is not named after the folder of its main package.
func (t Target) alone() bool { return t.Main == "." || majorVersion.MatchString(t.Main) }

var majorVersion = regexp.MustCompile(`(^|/)v[0-9]+$`)

// Target returns how a component of the tree is compiled. Without a go.work, the go
// command builds what belongs to the module that it runs in, and what that one
// requires. A component with a go.mod above it is compiled in that folder. But a module
// whose go.mod leads to none of the tree's others would get them as they were
// published: if the root's go.mod requires it and replaces it by its folder, it is
// compiled from there, by its import path.
func (in Input) Target(tree filetree.Dir, c Component) (Target, error) {
	if c.Module != "" {
		return Target{Dir: ".", Main: path.Join(c.Module, c.Main)}, nil
	}
	if _, work := tree.Tree.Lookup("go.work"); work || in.GOPATH != "" {
		return Target{Dir: ".", Main: below(".", c.Main)}, nil
	}
	dir := moduleDir(tree.Tree, c.Main)
	if dir != "." {
		module, err := fromRoot(tree, dir)
		if err != nil {
			return Target{}, err
		}
		if module != "" { // and vendor has no package that only a program of another module imports
			return Target{Dir: ".", Mod: "readonly", Main: path.Join(module, below(dir, c.Main))}, nil
		}
	}
	t := Target{Dir: dir, Main: below(dir, c.Main)}
	if _, ok := tree.Tree.Lookup(path.Join(dir, "vendor/modules.txt")); ok {
		t.Mod = "vendor" // by itself the go command passes over it if go.mod is of Go 1.13 or before
	}
	return t, nil
}

// moduleDir returns the folder of the module that has a package of the tree.
func moduleDir(tree filetree.Tree, pkg string) string {
	for dir := pkg; dir != "."; dir = path.Dir(dir) {
		if _, ok := tree.Lookup(path.Join(dir, "go.mod")); ok {
			return dir
		}
	}
	return "."
}

// fromRoot returns the path of the module in a folder if its programs are compiled from
// the root of the tree, or "".
func fromRoot(tree filetree.Dir, dir string) (string, error) {
	nested, err := goMod(tree, dir)
	if err != nil || len(replacements(nested, dir)) > 0 {
		return "", err
	}
	root, err := goMod(tree, ".")
	if err != nil {
		return "", err
	}
	module := replacements(root, ".")[dir]
	if module == "" || !requires(root, module) {
		return "", nil
	}
	return module, nil
}

// goMod returns the go.mod in a folder of the tree, which is empty if there is none.
func goMod(tree filetree.Dir, dir string) (*modfile.File, error) {
	name := path.Join(dir, "go.mod")
	if _, ok := tree.Tree.Lookup(name); !ok {
		return &modfile.File{}, nil
	}
	data, err := tree.ReadFile(name)
	if err != nil {
		return nil, err
	}
	mod, err := modfile.Parse(name, data, nil)
	if err != nil {
		return nil, fmt.Errorf("the patched tree: %w", err)
	}
	return mod, nil
}

// replacements returns the modules that the go.mod in a folder replaces by folders, by
// these.
func replacements(mod *modfile.File, dir string) map[string]string {
	out := map[string]string{}
	for _, r := range mod.Replace {
		if modfile.IsDirectoryPath(r.New.Path) {
			out[path.Join(dir, r.New.Path)] = r.Old.Path
		}
	}
	return out
}

// requires reports whether a go.mod may lead to a module. Before Go 1.17 it does not list
// what only its requirements require.
func requires(mod *modfile.File, module string) bool {
	if mod.Go == nil || version.Compare("go"+mod.Go.Version, "go1.17") < 0 {
		return true
	}
	return slices.ContainsFunc(mod.Require, func(r *modfile.Require) bool { return r.Mod.Path == module })
}

// below returns the folder pkg as the go command takes it in dir, which is above it.
func below(dir, pkg string) string {
	if pkg == dir {
		return "."
	}
	return "./" + strings.TrimPrefix(pkg, dir+"/")
}
