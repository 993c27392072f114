package cross

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"strings"

	"github.com/slipway-build/slipway/filetree"
)

// goFiles returns the Go files of a package's folder, tests left out.
func goFiles(tree filetree.Tree, dir string) []filetree.Entry {
	var files []filetree.Entry
	for _, e := range tree.Below(dir) {
		if path.Dir(e.Path) == dir && strings.HasSuffix(e.Path, ".go") && !strings.HasSuffix(e.Path, "_test.go") {
			files = append(files, e)
		}
	}
	return files
}

// checkMain returns an error unless a component's main package is one. What another module
// has is left to the go command.
func checkMain(tree filetree.Dir, c Component) error {
	if c.Module != "" {
		return nil
	}
	if c.Test {
		return checkTest(tree.Tree, c)
	}
	files := goFiles(tree.Tree, c.Main)
	for _, e := range files {
		data, err := tree.ReadFile(e.Path)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), e.Path, data, parser.PackageClauseOnly)
		if err == nil && file.Name.Name == "main" {
			return nil
		}
	}
	if len(files) == 0 {
		return fmt.Errorf("component %s: its main package, %s, is not in the patched tree", c.Name, c.Main)
	}
	return fmt.Errorf("component %s: %s in the patched tree is not a main package", c.Name, c.Main)
}

// checkTest returns an error unless the package of a component has tests.
func checkTest(tree filetree.Tree, c Component) error {
	for _, e := range tree.Below(c.Main) {
		if path.Dir(e.Path) == c.Main && strings.HasSuffix(e.Path, "_test.go") {
			return nil
		}
	}
	return fmt.Errorf("component %s: %s in the patched tree has no tests", c.Name, c.Main)
}

// declares reports whether a Go file declares the package-level variable.
func declares(src []byte, name string) bool {
	file, err := parser.ParseFile(token.NewFileSet(), "", src, parser.SkipObjectResolution)
	if err != nil {
		return false
	}
	for _, d := range file.Decls {
		gen, ok := d.(*ast.GenDecl)
		if !ok || gen.Tok != token.VAR {
			continue
		}
		for _, s := range gen.Specs {
			for _, id := range s.(*ast.ValueSpec).Names {
				if id.Name == name {
					return true
				}
			}
		}
	}
	return false
}
