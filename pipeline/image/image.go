// Package image makes container images of a fork, in dist/FORK/images, with the
// binaries that they need; and what they are deployed with: pods in
// dist/FORK/manifests, units that install at boot in dist/FORK/installer.
package image

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/images"
	"github.com/slipway-build/slipway/profiles"
)

// A Request says which images to make.
type Request struct {
	Images []string // by name; empty: all that the fork has the programs for
	// Platforms are as linux/amd64, or the one word all for those of fork.yaml that are
	// Linux. Empty: Linux on this machine's architecture.
	Platforms []string
	Format    string // oci or empty; docker adds an archive for docker load
	// Registry is where pods and units have hosts pull the images from, as
	// registry.example.org/team. Empty: images.registry of fork.yaml.
	Registry string
	// Programs has the sources of the programs that Slipway itself adds to images,
	// by their paths in Slipway's module: cmd/pause/main.go.
	Programs fs.FS
	// From are sessions on the forks whose programs images.add puts into images.
	From []*build.Session
	// DryRun only tells what would be done; the sessions have to be opened for that.
	DryRun bool
	// Late are the images of other forks that would be made before these, in a dry run.
	Late build.Late
}

// Run makes the images that r names, each with an index for all platforms.
func Run(ctx context.Context, s *build.Session, r Request) (artifact.Set, error) {
	p, err := newPlan(s, r)
	if err != nil {
		return nil, err
	}
	if err := p.readBase(); err != nil {
		return nil, err
	}
	s.Announce()
	p.noteRegistry(s.Note)
	if s.DryRun() {
		return foresee(ctx, s, p)
	}
	w := newLayerCache(s, p)
	in, err := gather(ctx, s, w, p)
	if err != nil {
		return nil, err
	}
	var record artifact.Images
	var kept bool
	err = s.Stage("image", p.tag(), "", func() (build.Done, error) {
		record, kept, err = assembleAll(ctx, s, w, p, in)
		return build.Done{Kept: kept}, err
	})
	if err != nil {
		return nil, err
	}
	return s.Report(p.artifacts(record, kept)...), nil
}

// assembleAll makes the images of what was gathered.
func assembleAll(
	ctx context.Context, s *build.Session, w layerCache, p plan, in inputs,
) (record artifact.Images, kept bool, err error) {
	packages, err := gatherPackages(ctx, s, p, in)
	if err != nil {
		return record, false, err
	}
	specs, err := compose(p, in, packages)
	if err != nil {
		return record, false, err
	}
	return write(ctx, s, w, p, composed{in, packages, specs})
}

// Check returns what is known to keep Run from doing its work on the forks that are
// deployed together, each with its request. base.lock may still be written.
func Check(sessions []*build.Session, requests []Request) error {
	pods := map[string]string{} // to the fork that has it
	without := ""               // a fork that has none
	for i, s := range sessions {
		p, err := newPlan(s, requests[i])
		if err != nil {
			return err
		}
		if without != "" && len(p.pods) > 0 && i == len(sessions)-1 {
			return fmt.Errorf("%s: images.with: %s has no pods: remove it, and make its images by mage image -fork=%[2]s",
				p.fork.File("fork.yaml"), without)
		}
		if len(p.pods) == 0 {
			without = s.Fork().ID
		}
		for _, pod := range p.pods {
			if other, ok := pods[pod.Name]; ok {
				return fmt.Errorf("%s: images.with: %s and %s both have a pod %s: a host runs only one of them",
					sessions[len(sessions)-1].Fork().File("fork.yaml"), other, s.Fork().ID, pod.Name)
			}
			pods[pod.Name] = s.Fork().ID
		}
	}
	return nil
}

// artifacts returns the images of the layout.
func (p plan) artifacts(record artifact.Images, kept bool) []artifact.Artifact {
	out := make([]artifact.Artifact, len(record.Images))
	for i, made := range record.Images {
		out[i] = artifact.Artifact{
			Kind: artifact.Image, Format: cmp.Or(record.Format, images.OCI), Name: made.Name,
			Path: p.fork.Dist("images"), Size: made.Platforms[0].Size, Digest: made.Digest, Holds: p.holds(made.Name),
			Kept: kept,
		}
	}
	return out
}

// holds returns the components whose binaries an image has, sorted.
func (p plan) holds(image string) []string {
	i := slices.IndexFunc(p.needed, func(r images.Recipe) bool { return r.Name == image })
	if i < 0 {
		return nil
	}
	programs := slices.Collect(maps.Keys(p.needed[i].Programs))
	if installed, err := selectPackages(p.input, p.needed[i].Packages()); err == nil {
		programs = append(programs, build.Programs(installed)...)
	}
	var out []string
	for _, c := range build.Components(p.fork, p.input, programs) {
		out = append(out, c.Name)
	}
	return out
}

// With returns the forks whose images have to be made before those of f: the ones
// that images.with names, if pods are asked for. The pods of f are deployed, and
// put into images, with theirs, which Run reads from dist/FORK/manifests; those
// name images by digest, so the images come first. A fork in images.with has none
// itself, so the caller makes all images of each for r.Platforms, in this order,
// and then calls Run on f.
func With(f fork.Fork, r Request) ([]fork.Fork, error) {
	if len(f.Images.With) == 0 {
		return nil, nil
	}
	recipes, err := profiles.Images(f.Project.Dir, f.Profile)
	if err != nil {
		return nil, err
	}
	var out []fork.Fork
	for _, id := range f.Images.With {
		other, err := f.Project.Fork(id)
		if err != nil {
			return nil, fmt.Errorf("%s: images.with: %w", f.File("fork.yaml"), err)
		}
		if len(other.Images.With) > 0 {
			return nil, errors.New(f.File("fork.yaml") + ": images.with: " + id +
				" has images.with itself: name those forks here instead")
		}
		out = append(out, other)
	}
	if !asksForPods(recipes.Images, r.Images) {
		return nil, nil
	}
	return out, nil
}

// asksForPods reports whether images, all of recipes where names is empty, include
// one that holds pods, or all.
func asksForPods(recipes []images.Recipe, names []string) bool {
	return len(names) == 0 || slices.ContainsFunc(recipes, func(r images.Recipe) bool {
		return r.Pods != "" && slices.Contains(names, r.Name)
	})
}
