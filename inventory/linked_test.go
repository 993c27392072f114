package inventory

import (
	"runtime/debug"
	"testing"

	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/lock"
	"github.com/slipway-build/slipway/profiles"
	"github.com/slipway-build/slipway/source"
	"github.com/slipway-build/slipway/version"
)

func TestRecorded(t *testing.T) {
	for _, c := range []struct {
		in   debug.Module
		want linked
	}{
		{debug.Module{Path: "example.com/rope", Version: "v1.2.3", Sum: "h1:x"},
			linked{name: "example.com/rope@v1.2.3", path: "example.com/rope", version: "v1.2.3", sum: "h1:x"}},
		{debug.Module{Path: "example.org/ship", Version: "(devel)"},
			linked{name: "example.org/ship", path: "example.org/ship", local: true}},
		{debug.Module{Path: "example.org/ship"}, linked{name: "example.org/ship", path: "example.org/ship", local: true}},
		{debug.Module{Path: "example.org/hull", Version: "v0.0.0",
			Replace: &debug.Module{Path: "./staging/src/example.org/hull", Version: "(devel)"}},
			linked{name: "example.org/hull", path: "example.org/hull", local: true}},
		{debug.Module{Path: "example.com/rope", Version: "v1.2.3",
			Replace: &debug.Module{Path: "example.org/line", Version: "v1.2.4", Sum: "h1:y"}},
			linked{name: "example.com/rope@v1.2.3", path: "example.org/line", version: "v1.2.4", sum: "h1:y"}},
	} {
		if got := recorded(&c.in); got != c.want {
			t.Errorf("%+v is %+v, want %+v", c.in, got, c.want)
		}
	}
}

func TestLocalVersions(t *testing.T) {
	var f fork.Fork
	var err error
	f.Version = "1.4.1+acme.1"
	if f.Parsed, err = version.Parse(f.Version); err != nil {
		t.Fatal(err)
	}
	f.Facts = profiles.Profile{Layout: []source.Layout{{Versions: ">=1.0.0", Siblings: []source.Sibling{
		{Place: "staging/*", Module: "example.org/sibling/*", Version: "v0.{{.Minor}}.{{.Patch}}"},
		{Place: "tools", Module: "example.org/tools", Version: "v2.0.0"},
	}}}}
	of := localVersions(f, []lock.Module{
		{Path: "example.org/ship", Version: "v1.4.1"}, {Path: "example.org/hull", Version: "v0.4.1"},
		{Path: "example.org/sibling/locked", Version: "v0.4.0"},
	})
	for path, want := range map[string]string{
		"example.org/ship":           "v1.4.1+acme.1",
		"example.org/hull":           "v0.4.1",
		"example.org/sibling/hull":   "v0.4.1",
		"example.org/sibling/locked": "v0.4.0",
		"example.org/sibling/":       "v1.4.1+acme.1",
		"example.org/tools":          "v2.0.0",
		"example.org/unheard-of":     "v1.4.1+acme.1",
	} {
		if got, err := of(path); err != nil || got != want {
			t.Errorf("%s is at %s, %v, want %s", path, got, err, want)
		}
	}
}
