package packages

import (
	"slices"

	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/packaging"
	"github.com/slipway-build/slipway/platform"
)

// Names returns the names of the packages that a fork makes, none if that is not known.
func Names(f fork.Fork) []string {
	i := slices.IndexFunc(f.Platforms, func(p platform.Platform) bool { return p.OS == "linux" })
	if i < 0 {
		return nil
	}
	in, err := build.PackageInput(f, packaging.Debian(), f.Platforms[i])
	if err != nil {
		return nil
	}
	recipes, err := in.Select(nil)
	if err != nil {
		return nil
	}
	var names []string
	for _, r := range recipes {
		names = append(names, r.Name)
	}
	return names
}
