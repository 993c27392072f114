package build

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/slipway-build/slipway/cross"
	"github.com/slipway-build/slipway/filetree"
)

// TestChecksBeforeCompiling holds what is found out before the compiler starts.
func TestChecksBeforeCompiling(t *testing.T) {
	y := newYard(t)
	asked := 0
	y.opts.Compile = func(context.Context, cross.Builder, cross.Request) (cross.Built, error) {
		asked++
		return cross.Built{}, nil
	}
	s := y.open()
	tree, err := s.Patched(t.Context())
	must(t, err)
	for _, c := range []struct {
		about, err string
		change     func(*Session, *cross.Request)
	}{
		{"nothing is wrong", "", func(*Session, *cross.Request) {}},
		{"another line go", "go is pinned as 1.23.0", func(s *Session, _ *cross.Request) { s.lock.Go = "1.23.0" }},
		{"a component that is not there", "cmd/mate, is not in the patched tree", func(_ *Session, r *cross.Request) {
			r.Components = []cross.Component{{Name: "mate", Main: "cmd/mate"}}
		}},
		{"a component that is no program", "pkg/crew in the patched tree is not a main package",
			func(_ *Session, r *cross.Request) { r.Components = []cross.Component{{Name: "mate", Main: "pkg/crew"}} }},
	} {
		changed, r, before := *s, cross.Request{Dir: tree, Components: y.job("captain").Components}, asked
		c.change(&changed, &r)
		p, err := changed.plan(t.Context(), y.job("captain"))
		must(t, err)
		_, err = changed.compile(t.Context(), p, r)
		if says(t, err, c.err); asked-before != map[bool]int{true: 1}[c.err == ""] {
			t.Errorf("%s: the compiler was asked %d times", c.about, asked-before)
		}
	}
	p, err := s.plan(t.Context(), y.job("captain"))
	must(t, err)
	for stamp, want := range map[string]string{
		"example.org/hull/version.gitVersion": "",
		"example.org/hull/version.motto":      "has a variable motto",
		"example.org/hull/log.gitVersion":     "package example.org/hull/log is not in the patched tree",
		"example.com/rope.length":             "package example.com/rope is not in the patched tree",
	} {
		p.input.Stamps = map[string]string{stamp: "x"}
		_, err := s.compile(t.Context(), p, cross.Request{Dir: tree})
		says(t, err, want)
	}
}

// TestDirOf finds folders of packages in a tree.
func TestDirOf(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":               "module example.org/ship\n",
		"go.work":              "go 1.24\nuse (\n\t.\n\t./rigging\n)\n",
		"main.go":              "",
		"cmd/captain/main.go":  "",
		"rigging/go.mod":       "module example.org/rigging\n",
		"rigging/knot/knot.go": "",
		"nested/deep/deep.go":  "",
	} {
		put(t, filepath.Join(dir, name), text)
	}
	tree, err := filetree.Scan(t.Context(), dir)
	must(t, err)
	pinned := func(s *Session) {
		s.lock.Modules = newYard(t).lock.Modules[:1]
		m := s.lock.Modules[0]
		m.Place, m.Path = "rigging", "example.org/ship/tackle"
		s.lock.Modules = append(s.lock.Modules[:1:1], m)
	}
	gopath := func(s *Session) { s.fork.Settings.Mode, s.fork.Settings.ImportPath = "gopath", "example.org/ship" }
	for _, c := range []struct {
		about   string
		session func(*Session)
		path    string
		want    string
		ok      bool
	}{
		{"a module's root", pinned, "example.org/ship", ".", true},
		{"a package", pinned, "example.org/ship/cmd/captain", "cmd/captain", true},
		{"of the longer of two modules", pinned, "example.org/ship/tackle/knot", "rigging/knot", true},
		{"an empty folder", pinned, "example.org/ship/cmd/mate", "cmd/mate", false},
		{"of a module with the same beginning", pinned, "example.org/shipyard", "", false},
		{"of no module", pinned, "example.com/rope", "", false},
		{"of a module that the tree says it has", func(*Session) {}, "example.org/rigging/knot", "rigging/knot", true},
		{"of its root", func(*Session) {}, "example.org/ship/cmd/captain", "cmd/captain", true},
		{"in a GOPATH", gopath, "example.org/ship/nested/deep", "nested/deep", true},
		{"elsewhere in a GOPATH", gopath, "example.org/rigging/knot", "", false},
	} {
		s := &Session{}
		c.session(s)
		for range 9 { // modules are in no order
			if got, ok := s.dirOf(tree)(c.path); got != c.want || ok != c.ok {
				t.Errorf("%s: %s is in %q, %v, want %q, %v", c.about, c.path, got, ok, c.want, c.ok)
			}
		}
	}
}
