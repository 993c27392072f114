package image

import (
	"fmt"
	"path"
	"slices"

	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/packaging"
	"github.com/slipway-build/slipway/profiles"
	"github.com/slipway-build/slipway/registry"
)

// CheckTags returns an error if another fork of the project makes an image by the same
// repository and tag as one of f, so that whichever is pushed last replaces the other.
// made are the names of the images of f, all that it can make if there are none. registries
// are where they are pushed to besides images.registry of f.
func CheckTags(f fork.Fork, made []string, registries ...string) error {
	others, err := f.Others()
	if err != nil {
		return err
	}
	for _, other := range others {
		if other.Parsed.Tag() != f.Parsed.Tag() {
			continue
		}
		at := other.Images.Registry
		if !registry.Same(at, f.Images.Registry) && !slices.ContainsFunc(registries, func(r string) bool {
			return registry.Same(at, r)
		}) {
			continue
		}
		if len(made) == 0 {
			made = imagesOf(f)
		}
		for _, image := range imagesOf(other) {
			if slices.Contains(made, image) {
				return fmt.Errorf("%s and %s: both make the image %s:%s: "+
					"give one of them another version, or another images.registry", f.File("fork.yaml"),
					other.File("fork.yaml"), path.Join(other.Images.Registry, image), f.Parsed.Tag())
			}
		}
	}
	return nil
}

// CheckNames returns an error if a fork does not make images of those names.
func CheckNames(f fork.Fork, names []string) error {
	all := imagesOf(f)
	for _, name := range names {
		if !slices.Contains(all, name) && len(all) > 0 {
			return unknownImage(name, all)
		}
	}
	return nil
}

// imagesOf returns the names of the images that a fork makes, none if that is not known.
func imagesOf(f fork.Fork) []string {
	p, err := forkPlan(f)
	if err != nil {
		return nil
	}
	return names(p.possible())
}

// forkPlan returns what of a plan is known of a fork by itself.
func forkPlan(f fork.Fork) (plan, error) {
	p := plan{fork: f}
	on, err := f.Linux("images are")
	if err != nil {
		return p, err
	}
	if p.recipes, err = profiles.Images(f.Project.Dir, f.Profile); err != nil {
		return p, err
	}
	p.input = packaging.Input{Family: packaging.Debian(), Settings: f.Packages, Version: f.Parsed, Platform: on[0]}
	if p.input.Recipes, p.input.Sources, err = profiles.Recipes(f.Project.Dir, f.Profile, f.Parsed); err != nil {
		return p, err
	}
	for _, c := range f.Defaults {
		if on[0].In(c.Platforms) {
			p.input.Programs = append(p.input.Programs, c.Name)
		}
	}
	return p, nil
}
