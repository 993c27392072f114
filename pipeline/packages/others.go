package packages

import (
	"fmt"
	"slices"

	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/packaging"
)

// checkOthers returns an error if another fork of the project makes a package with the
// name, version, revision and architecture of a planned one: in a repository, and on a
// host, there is one of them.
func checkOthers(f fork.Fork, plans []plan) error {
	others, err := f.Others()
	if err != nil {
		return err
	}
	version, err := f.Parsed.Distro()
	if err != nil {
		return err
	}
	for _, other := range others {
		v, err := other.Parsed.Distro()
		if err != nil || v != version || other.Packages.Revision != f.Packages.Revision {
			continue
		}
		for _, p := range plans {
			if name := p.shared(other); name != "" {
				return fmt.Errorf("%s and %s both make the %s package %s %s-%d for %s: a repository holds only one of them\n"+
					"  Give one of the forks another version: what is behind the + is its own revision",
					f.File("fork.yaml"), other.File("fork.yaml"), p.format.Name, name, version,
					f.Packages.Revision, p.platform)
			}
		}
	}
	return nil
}

// shared returns the name of a planned package that another fork makes, too, or "".
func (p plan) shared(other fork.Fork) string {
	if !slices.Contains(other.Platforms, p.platform) {
		return ""
	}
	in, err := build.PackageInput(other, p.format.Family, p.platform)
	if err != nil {
		return "" // it makes none
	}
	recipes, err := in.Select(nil)
	if err != nil {
		return ""
	}
	for _, r := range p.recipes {
		if slices.ContainsFunc(recipes, func(o packaging.Recipe) bool { return o.Name == r.Name }) {
			return r.Name
		}
	}
	return ""
}
