package cross

import (
	"strings"
	"testing"
)

func TestTarget(t *testing.T) {
	const (
		mod     = "-- go.mod --\nmodule example.org/ship\n"
		replace = mod + "replace example.org/hull => ./staging/hull\n"
		hull    = "-- staging/hull/go.mod --\nmodule example.org/hull\n"
		vendor  = "-- vendor/modules.txt --\n"
	)
	for _, c := range []struct {
		name, tree, gopath, main string
		want                     Target
	}{
		{"of the root", mod, "", "cmd/captain", Target{Dir: ".", Main: "./cmd/captain"}},
		{"the root itself", mod, "", ".", Target{Dir: ".", Main: "."}},
		{"with a vendor", mod + vendor, "", "cmd/captain", Target{".", "vendor", "./cmd/captain"}},
		{"a vendor without a list", mod + "-- vendor/OWNERS --\n", "", "cmd/captain",
			Target{Dir: ".", Main: "./cmd/captain"}},
		{"in a workspace", replace + hull + vendor + "-- go.work --\n", "", "staging/hull/cmd/pump",
			Target{Dir: ".", Main: "./staging/hull/cmd/pump"}},
		{"in a GOPATH", mod + hull + vendor, "example.org/ship", "staging/hull/cmd/pump",
			Target{Dir: ".", Main: "./staging/hull/cmd/pump"}},
		{"of a module that the root replaces", replace + hull, "", "staging/hull/cmd/pump",
			Target{".", "readonly", "example.org/hull/cmd/pump"}},
		{"the root of such a module", replace + hull, "", "staging/hull", Target{".", "readonly", "example.org/hull"}},
		{"of such a module, with a vendor", replace + hull + vendor, "", "staging/hull/cmd/pump",
			Target{".", "readonly", "example.org/hull/cmd/pump"}},
		{"of a module that the root requires", mod + "go 1.17\nrequire example.org/hull v0.0.0\n" +
			strings.TrimPrefix(replace, mod) + hull, "", "staging/hull/cmd/pump",
			Target{".", "readonly", "example.org/hull/cmd/pump"}},
		{"of one that it replaces and does not require", mod + "go 1.17\n" + strings.TrimPrefix(replace, mod) + hull, "",
			"staging/hull/cmd/pump", Target{Dir: "staging/hull", Main: "./cmd/pump"}},
		{"of a module that finds others of the tree", replace + hull + "replace example.org/rope => ../rope\n", "",
			"staging/hull/cmd/pump", Target{Dir: "staging/hull", Main: "./cmd/pump"}},
		{"of a module by itself", mod + hull, "", "staging/hull/cmd/pump", Target{Dir: "staging/hull", Main: "./cmd/pump"}},
		{"the root of a module by itself", hull, "", "staging/hull", Target{Dir: "staging/hull", Main: "."}},
		{"of a module by itself, with a vendor", mod + hull + "-- staging/hull/vendor/modules.txt --\n", "",
			"staging/hull/cmd/pump", Target{"staging/hull", "vendor", "./cmd/pump"}},
		{"a folder with the beginning of its name", mod + hull, "", "staging/hullside",
			Target{Dir: ".", Main: "./staging/hullside"}},
	} {
		got, err := Input{GOPATH: c.gopath}.Target(lay(t, c.tree), Component{Main: c.main})
		if err != nil || got != c.want {
			t.Errorf("%s: %+v, %v, want %+v", c.name, got, err, c.want)
		}
	}
}
