package deptest

import (
	"fmt"
	"go/ast"
	"go/build/constraint"
	"go/parser"
	"go/token"
	"os"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

func readFile(module, shown, name string) (imports, uses []string, err error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, nil, err
	}
	return read(module, shown, data)
}

// read returns what a Go file of the module imports, and each exported name of another package that it uses. A file
// that only mage reads is passed over.
func read(module, shown string, data []byte) (imports, uses []string, err error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, shown, data, parser.ParseComments)
	if err != nil {
		return nil, nil, err
	}
	if onlyMage(file) {
		return nil, nil, nil
	}
	where := func(n ast.Node) string { return fmt.Sprintf("%s:%d", shown, fset.Position(n.Pos()).Line) }
	names := map[string]string{} // of imports in this file
	for _, spec := range file.Imports {
		name, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, nil, err
		}
		imports = append(imports, short(module, name))
		switch local := called(name); {
		case spec.Name == nil:
			names[local] = name
		case spec.Name.Name == ".":
			uses = append(uses, where(spec)+" dot import of "+name)
		default:
			names[spec.Name.Name] = name
		}
	}
	slices.Sort(imports)
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			// The parser resolves what is declared in this file: an identifier with an object is no import.
			if id, ok := n.X.(*ast.Ident); ok && id.Obj == nil && names[id.Name] != "" {
				uses = append(uses, where(n)+" "+names[id.Name]+"."+n.Sel.Name)
			}
		case *ast.CallExpr:
			if id, ok := n.Fun.(*ast.Ident); ok && id.Obj == nil && (id.Name == "print" || id.Name == "println") {
				uses = append(uses, where(n)+" builtin."+id.Name)
			}
		}
		return true
	})
	return imports, uses, nil
}

func onlyMage(file *ast.File) bool {
	for _, group := range file.Comments {
		for _, c := range group.List {
			if expr, err := constraint.Parse(c.Text); err == nil && constraint.IsGoBuild(c.Text) {
				return !expr.Eval(func(tag string) bool { return tag != "mage" })
			}
		}
	}
	return false
}

var majorVersion = regexp.MustCompile(`^v[0-9]+$`)

// called returns the name that a package most likely has.
func called(importPath string) string {
	name := path.Base(importPath)
	if majorVersion.MatchString(name) {
		name = path.Base(path.Dir(importPath))
	}
	return name
}

// short names a package of the module as this package does.
func short(module, importPath string) string {
	if importPath == module {
		return "."
	}
	if rest, ok := strings.CutPrefix(importPath, module+"/"); ok {
		return "./" + rest
	}
	return importPath
}
