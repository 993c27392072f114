package deptest

import (
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/tools/go/packages"
)

// TestNothingAssignsToASession holds that a session stays as it was opened: what
// differs is an argument, and what is expensive is remembered in a memo. Its fields
// are not exported, so only its own package could assign one.
func TestNothingAssignsToASession(t *testing.T) {
	loaded, err := packages.Load(&packages.Config{
		Mode: packages.NeedName | packages.NeedFiles | packages.NeedSyntax | packages.NeedTypes | packages.NeedTypesInfo |
			packages.NeedImports | packages.NeedDeps | packages.NeedExportFile,
		Dir: filepath.Join("..", ".."),
	}, "./build")
	if err != nil || len(loaded) != 1 || len(loaded[0].Errors) > 0 {
		t.Fatalf("loading ./build: %v, %+v", err, loaded)
	}
	p := loaded[0]
	if s, ok := p.Types.Scope().Lookup("Session").(*types.TypeName); !ok {
		t.Fatal("./build has no type Session")
	} else if fields := s.Type().Underlying().(*types.Struct); fields.NumFields() == 0 {
		t.Fatal("a Session has no fields")
	} else {
		for f := range fields.Fields() {
			if f.Exported() {
				t.Errorf("Session.%s is exported: any package could assign it", f.Name())
			}
		}
	}
	for _, where := range assigned(p.Fset, p.TypesInfo, p.Syntax, "Session") {
		t.Errorf("%s assigns to a field of a session: pass it as an argument, or remember it in a memo", where)
	}
}

// assigned returns where files assign to a field of the type of that name, or to
// what a field holds, or take its address.
func assigned(fset *token.FileSet, info *types.Info, files []*ast.File, name string) []string {
	var found []string
	check := func(e ast.Expr) {
		for base := e; base != nil; base = inner(base) {
			s, ok := base.(*ast.SelectorExpr)
			if ok && info.Selections[s] != nil && info.Selections[s].Kind() == types.FieldVal && hasType(info, s.X, name) {
				found = append(found, fset.Position(e.Pos()).String())
				return
			}
		}
	}
	for _, file := range files {
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.AssignStmt:
				for _, left := range n.Lhs {
					check(left)
				}
			case *ast.IncDecStmt:
				check(n.X)
			case *ast.RangeStmt:
				check(n.Key)
				check(n.Value)
			case *ast.UnaryExpr:
				if n.Op == token.AND {
					check(n.X)
				}
			}
			return true
		})
	}
	return found
}

// inner returns the expression that a selector, an index or a dereference is of.
func inner(e ast.Expr) ast.Expr {
	switch e := e.(type) {
	case *ast.SelectorExpr:
		return e.X
	case *ast.IndexExpr:
		return e.X
	case *ast.StarExpr:
		return e.X
	case *ast.ParenExpr:
		return e.X
	}
	return nil
}

// hasType reports whether an expression has the type of that name, or points to it.
func hasType(info *types.Info, e ast.Expr, name string) bool {
	t := info.TypeOf(e)
	if p, ok := t.Underlying().(*types.Pointer); ok {
		t = p.Elem()
	}
	n, ok := t.(*types.Named)
	return ok && n.Obj().Name() == name
}

func TestAssigned(t *testing.T) {
	const source = `package p
type Session struct { a int; m map[string]int; o struct{ b int } }
type other struct { a int; s *Session }
func open() *Session { return &Session{a: 1} }
func (s *Session) get() int { a := s.a; a++; return a }
func (s *Session) set() { s.a = 1 }
func (s *Session) count() { s.a++ }
func (s *Session) note() { s.m["x"] = 1 }
func (s *Session) deep() { (*s).o.b = 1 }
func (s *Session) share() *int { return &s.a }
func through(o other) { o.a = 1; o.s.a = 1 }
func loop(s Session) { for s.a = range 3 { } }
func replace(o *other, s *Session) { o.s = s }
`
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "p.go", source, 0)
	if err != nil {
		t.Fatal(err)
	}
	info := &types.Info{
		Types: map[ast.Expr]types.TypeAndValue{}, Selections: map[*ast.SelectorExpr]*types.Selection{},
		Uses: map[*ast.Ident]types.Object{}, Defs: map[*ast.Ident]types.Object{},
	}
	config := types.Config{Importer: importer.Default()}
	if _, err := config.Check("p", fset, []*ast.File{file}, info); err != nil {
		t.Fatal(err)
	}
	want := []string{"p.go:6:27", "p.go:7:29", "p.go:8:28", "p.go:9:28", "p.go:10:42", "p.go:11:34", "p.go:12:28"}
	if got := assigned(fset, info, []*ast.File{file}, "Session"); !slices.Equal(got, want) {
		t.Errorf("assigned at %q, want %q", got, want)
	}
}
