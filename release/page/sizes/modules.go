package sizes

import (
	"debug/buildinfo"
	"net/url"
	"strings"
)

// modules finds the module of a package, and remembers it.
type modules struct {
	main  string          // import path of the main package
	paths map[string]bool // of the modules in the program; empty, if it was compiled in a GOPATH
	known map[string]Weight
}

func newModules(info *buildinfo.BuildInfo) *modules {
	m := &modules{main: info.Path, paths: map[string]bool{}, known: map[string]Weight{}}
	if info.Main.Path != "" {
		m.paths[info.Main.Path] = true
	}
	for _, d := range info.Deps {
		m.paths[d.Path] = true
	}
	return m
}

// of returns a weight of no bytes for the package that the linker calls name.
func (m *modules) of(name string) Weight {
	if w, ok := m.known[name]; ok {
		return w
	}
	path, err := url.PathUnescape(name) // the linker writes gopkg.in/yaml.v3 as gopkg.in/yaml%2ev3
	if err != nil {
		path = name
	}
	if path == "main" && m.main != "" {
		path = m.main
	}
	w := Weight{Module: m.module(path), Package: path}
	m.known[name] = w
	return w
}

// module returns the longest path of a module that a package can be in.
func (m *modules) module(path string) string {
	for at := path; at != ""; {
		if m.paths[at] {
			return at
		}
		at = at[:max(0, strings.LastIndexByte(at, '/'))]
	}
	if i := strings.LastIndex(path, "/vendor/"); i >= 0 { // of a GOPATH
		path = path[i+len("/vendor/"):]
	}
	parts := strings.Split(path, "/")
	if !strings.Contains(parts[0], ".") {
		if parts[0] == "main" {
			return "main"
		}
		return Standard // and what it has in vendor/, and C's "_cgo_…"
	}
	n := 2
	if parts[0] == "github.com" {
		n = 3
	}
	return strings.Join(parts[:min(n, len(parts))], "/")
}
