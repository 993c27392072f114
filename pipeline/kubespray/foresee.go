package kubespray

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/internal/near"
	"github.com/slipway-build/slipway/kubespray"
	"github.com/slipway-build/slipway/packaging"
	"github.com/slipway-build/slipway/platform"
	"github.com/slipway-build/slipway/profiles"
)

// Foresee returns what will keep Run from writing the variables once the images with some names
// are made. A *kubespray.MissingError is of what only this fork is missing; any other error is
// of the profile.
func Foresee(s *build.Session, made []string) error {
	f := s.Fork()
	var p plan
	var err error
	if p.recipes, err = profiles.Kubespray(f.Project.Dir, f.Profile); err != nil {
		return err
	}
	// Both can be said on the command line.
	r := Request{Registry: cmp.Or(f.Images.Registry, "registry.example.org"), URL: "https://downloads.example.org"}
	if p.input, err = settings(f, r, artifact.Images{}); err != nil {
		return err
	}
	p.input.Tag = f.Parsed.Tag()
	if p.targets, err = f.Linux("Kubespray deploys"); err != nil {
		return err
	}
	if err := p.checkNames(f.Project.Dir, f.Profile); err != nil {
		return err
	}
	if p.packages, err = s.PackageInput(packaging.Debian(), p.targets[0]); err != nil {
		return err
	}
	p.input.Images, p.programs = made, p.built()
	_, err = p.compose(unknown(p))
	return err
}

// checkNames returns an error if the variables name an image that the profile has no recipe
// for, or a program that no row lists.
func (p plan) checkNames(project, profile string) error {
	all := p
	recipes, err := profiles.Images(project, profile)
	if missing := (*profiles.MissingError)(nil); err != nil && !errors.As(err, &missing) {
		return err
	}
	all.input.Images, all.programs = recipes.Names(p.input.Version), p.recipes.Programs(p.input.Version)
	all.targets = platform.Known()
	_, err = all.compose(unknown(all))
	missing, ok := errors.AsType[*kubespray.MissingError](err)
	what, name, have := "image", "", all.input.Images
	switch {
	case ok && missing.Image != "":
		name = missing.Image
	case ok && missing.Program != "":
		what, name, have = "program", missing.Program, all.programs
	default:
		return err
	}
	return fmt.Errorf("%s: unknown %s %q; for %s, the profile has %s%s", p.input.Profile, what, name, p.input.Version,
		cmp.Or(strings.Join(have, ", "), "none"), near.Hint(name, have...))
}
