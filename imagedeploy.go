package slipway

import (
	"context"
	"maps"
	"path"
	"slices"

	"github.com/slipway-build/slipway/images"
	"github.com/slipway-build/slipway/installer"
)

// deployments returns what images are deployed with, which names them by their
// digests: pods, which come into some images too, and what installs at a boot. It
// is files, by the folder of dist that they belong in.
func (g *imaging) deployments(ctx context.Context, all map[string][]images.Image) (map[string]map[string][]byte, error) {
	out := map[string]map[string][]byte{}
	for _, recipe := range g.chosen {
		if len(recipe.Installs) > 0 {
			if out["installer"] == nil {
				out["installer"] = map[string][]byte{}
			}
			if err := g.boots(out["installer"], recipe, all[recipe.Name]); err != nil {
				return nil, err
			}
		}
	}
	if !g.podded {
		return out, nil
	}
	pods, err := g.pods(ctx, all)
	if err != nil {
		return nil, err
	}
	for _, recipe := range g.needed {
		if recipe.Pods == "" {
			continue
		}
		var files []images.File
		for _, name := range slices.Sorted(maps.Keys(pods)) {
			files = append(files, images.File{Path: path.Join(recipe.Pods, name), Data: pods[name]})
		}
		for i := range all[recipe.Name] {
			if err := g.stack(&all[recipe.Name][i], files); err != nil {
				return nil, err
			}
		}
	}
	out["manifests"] = pods
	return out, nil
}

// boots adds what has a host install at its boot, for each role.
func (g *imaging) boots(out map[string][]byte, recipe images.Recipe, made []images.Image) error {
	reference, err := g.reference(recipe.Name, made)
	if err != nil {
		return err
	}
	for role := range recipe.Installs {
		boot := installer.Boot{Name: g.workshop.fork.Name, Image: reference, Role: role}
		for suffix, write := range map[string]func() ([]byte, error){
			".service": boot.Unit, ".bu": boot.Butane, ".ign": boot.Ignition, ".cloud-config": boot.CloudConfig,
		} {
			if out[role+"-install"+suffix], err = write(); err != nil {
				return err
			}
		}
	}
	return nil
}
