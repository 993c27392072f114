package cross

import (
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

func hasGo(tree filetree.Tree, dir string) bool { return len(goFiles(tree, dir)) > 0 }

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
