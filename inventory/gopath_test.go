package inventory

import (
	"path/filepath"
	"reflect"
	"testing"

	"github.com/slipway-build/slipway/cross"
	"github.com/slipway-build/slipway/internal/testkit"
)

func TestVendored(t *testing.T) {
	root := testkit.Lay(t, map[string]string{
		"Godeps/Godeps.json": `{"Deps": [
			{"ImportPath": "example.com/rope/knots", "Rev": "aa"}, {"ImportPath": "example.com/flag", "Rev": "bb"}]}`,
		"Godeps/_workspace/src/example.com/flag/LICENSE": isc,
		"vendor/example.com/rope/LICENSE":                isc,
		"vendor/example.com/rope/knots/knot.go":          "package knots\n",
		"vendor/example.com/bare/pkg/bare.go":            "package pkg\n",
		"staging/src/example.org/hull/hull.go":           "package hull\n",
		"vendor/example.org/hull":                        ">../../staging/src/example.org/hull",
		"cmd/captain/captain.go":                         "package main\n",
	})
	var packages []cross.Package
	for _, dir := range []string{"cmd/captain", "vendor/example.com/rope/knots", "vendor/example.com/bare/pkg",
		"Godeps/_workspace/src/example.com/flag", "vendor/example.org/hull"} {
		packages = append(packages, cross.Package{Dir: filepath.Join(root, dir)})
	}
	got, err := vendored(packages, root, "example.org/ship")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, p := range got {
		names = append(names, p.Module)
	}
	want := []string{"example.org/ship", "example.com/rope@aa", "example.com/bare/pkg@", "example.com/flag@bb",
		"example.org/ship"}
	if !reflect.DeepEqual(names, want) {
		t.Errorf("they are of %q, want %q", names, want)
	}
	if want := filepath.Join(root, "vendor/example.com/rope"); got[1].Root != want {
		t.Errorf("the rope is in %s, want %s", got[1].Root, want)
	}
}

func TestGodepsRefuses(t *testing.T) {
	root := testkit.Lay(t, map[string]string{"Godeps/Godeps.json": "{"})
	if _, err := vendored(nil, root, "example.org/ship"); err == nil {
		t.Error("a Godeps.json that is broken is read")
	}
	if got, err := godeps(t.TempDir()); err != nil || got != nil {
		t.Errorf("%v, %v, want no revisions", got, err)
	}
}
