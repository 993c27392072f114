package slipway

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/images"
	"github.com/slipway-build/slipway/packaging"
	"github.com/slipway-build/slipway/profiles"
)

// podsOf returns the pods of the fork's version that run one of some images.
func (g *imaging) podsOf(some []images.Recipe) []images.Pod {
	var out []images.Pod
	for _, pod := range g.recipes.Pods {
		if pod.Versions.Contains(g.in.Version) && slices.ContainsFunc(some, func(r images.Recipe) bool { return r.Name == pod.Name }) {
			out = append(out, pod)
		}
	}
	return out
}

// podPackages returns the packages whose options the pods of an image run with.
func (g *imaging) podPackages(recipe images.Recipe) []string {
	if !g.podded {
		return nil
	}
	var out []string
	for _, pod := range g.podsOf([]images.Recipe{recipe}) {
		out = append(out, pod.Name)
	}
	return out
}

// pods makes the pods of images that are made, and returns them by the names of
// their files, with those of the forks that this one runs with.
func (g *imaging) pods(ctx context.Context, made map[string][]images.Image) (map[string][]byte, error) {
	out := map[string][]byte{}
	pods := g.podsOf(g.needed)
	var names []string
	for _, pod := range pods {
		names = append(names, pod.Name)
	}
	recipes, err := g.brought(names)
	if err != nil {
		return nil, err
	}
	packages, err := g.packages(ctx, recipes, g.targets[0])
	if err != nil {
		return nil, err
	}
	for _, pod := range pods {
		text, err := fs.ReadFile(g.in.Sources, pod.File)
		if err != nil {
			return nil, fmt.Errorf("pod %s: %w", pod.Name, err)
		}
		fields := images.PodFields{Fields: g.in.Version.Fields()}
		if fields.Image, err = g.reference(pod.Name, made[pod.Name]); err != nil {
			return nil, err
		}
		i := slices.IndexFunc(packages, func(p packaging.Package) bool { return p.Name == pod.Name })
		fields.Options = packages[i].Variables(g.to.family)
		if out[pod.Name+".json"], err = pod.Render(text, fields); err != nil {
			return nil, fmt.Errorf("pod %s: %w", pod.Name, err)
		}
	}
	return out, g.podsOfOthers(out)
}

// podsOfOthers adds the pods of the forks that this one runs with.
func (g *imaging) podsOfOthers(out map[string][]byte) error {
	for _, id := range g.workshop.fork.Images.With {
		dir := filepath.Join("dist", id, "manifests")
		entries, err := os.ReadDir(filepath.Join(g.Dir, dir))
		if err != nil {
			return err
		}
		for _, e := range entries {
			if out[e.Name()] != nil {
				return fmt.Errorf("%s: images.with: %s has a pod %s, and so has this fork", g.workshop.fork.file("fork.yaml"), id, strings.TrimSuffix(e.Name(), ".json"))
			}
			if out[e.Name()], err = os.ReadFile(filepath.Join(g.Dir, dir, e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// reference returns what an image is pulled by.
func (g *imaging) reference(name string, platforms []images.Image) (string, error) {
	index, err := indexOf(platforms)
	if err != nil {
		return "", err
	}
	digest, err := index.Digest()
	if err != nil {
		return "", err
	}
	from := g.workshop.fork.Images.Registry
	if from == "" {
		from = "localhost"
	}
	return path.Join(from, name) + "@" + digest.String(), nil
}

// imagesWith makes the images of the forks that a fork runs with, if pods of
// theirs will be asked for.
func (p *Project) imagesWith(ctx context.Context, r ImageRequest) error {
	f, err := p.Fork(r.Fork)
	if err != nil || len(f.Images.With) == 0 {
		return err
	}
	recipes, err := profiles.Images(p.Dir, f.Profile)
	if err != nil {
		return err
	}
	wanted := len(r.Images) == 0 || slices.ContainsFunc(recipes.Images, func(o images.Recipe) bool { return o.Pods != "" && slices.Contains(r.Images, o.Name) })
	for _, id := range f.Images.With {
		other, err := p.Fork(id)
		if err != nil {
			return fmt.Errorf("%s: images.with: %w", f.file("fork.yaml"), err)
		}
		if len(other.Images.With) > 0 {
			return errors.New(f.file("fork.yaml") + ": images.with: " + id + " itself runs with others: name those here, and not there")
		}
		if !wanted {
			continue
		}
		if _, err := p.Image(ctx, ImageRequest{Fork: id, Platforms: r.Platforms, Now: r.Now}); err != nil {
			return err
		}
	}
	return nil
}
