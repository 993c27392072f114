package cross

import (
	"fmt"
	"path"
	"regexp"
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
// requires: a component with a go.mod above it is named by its import path where the
// root's go.mod replaces that module by its folder, and compiled in that folder
// otherwise.
func (in Input) Target(tree filetree.Dir, c Component) (Target, error) {
	if _, work := tree.Tree.Lookup("go.work"); work || in.GOPATH != "" {
		return Target{Dir: ".", Main: below(".", c.Main)}, nil
	}
	dir := moduleDir(tree.Tree, c.Main)
	if dir != "." {
		module, err := replacedBy(tree, dir)
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

// replacedBy returns the path of the module that the root's go.mod replaces by a
// folder of the tree, or "".
func replacedBy(tree filetree.Dir, dir string) (string, error) {
	if _, ok := tree.Tree.Lookup("go.mod"); !ok {
		return "", nil
	}
	data, err := tree.ReadFile("go.mod")
	if err != nil {
		return "", err
	}
	mod, err := modfile.Parse("go.mod", data, nil)
	if err != nil {
		return "", fmt.Errorf("the patched tree: %w", err)
	}
	for _, r := range mod.Replace {
		if strings.HasPrefix(r.New.Path, "./") && path.Clean(r.New.Path) == dir {
			return r.Old.Path, nil
		}
	}
	return "", nil
}

// below returns the folder pkg as the go command takes it in dir, which is above it.
func below(dir, pkg string) string {
	if pkg == dir {
		return "."
	}
	return "./" + strings.TrimPrefix(pkg, dir+"/")
}
