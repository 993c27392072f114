package image

import (
	"context"
	"fmt"
	"maps"
	"path"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/images"
	"github.com/slipway-build/slipway/layers"
)

// A layerCache writes the layers that are not in the cache.
type layerCache struct {
	layers.Cache
	one func() // counts a layer of a fork's images
}

func newLayerCache(s *build.Session, p plan) layerCache {
	return layerCache{Cache: layers.New(s, p.compressions(), p.input.Date), one: func() {}}
}

// made are images whose layers are written, by name: one for each platform.
type made map[string][]images.Image

// composed is what is written.
type composed struct {
	inputs   inputs
	packages packages
	specs    []spec
}

// write writes the images, and what they are deployed with. It returns the record
// of the layout, and whether that was there already.
func write(ctx context.Context, s *build.Session, w layerCache, p plan, c composed) (artifact.Images, bool, error) {
	all, err := w.images(ctx, s, p, c)
	if err != nil {
		return artifact.Images{}, false, err
	}
	pods, err := p.renderPods(all, c.packages.pods, c.inputs.others)
	if err != nil {
		return artifact.Images{}, false, err
	}
	boots, err := p.boots(all)
	if err != nil {
		return artifact.Images{}, false, err
	}
	if all, err = w.withPods(ctx, p, all, pods); err != nil {
		return artifact.Images{}, false, err
	}
	record, kept, err := placeLayout(s, p, all)
	if err != nil {
		return record, false, err
	}
	for folder, files := range map[string]map[string][]byte{"manifests": pods, "installer": boots} {
		if files == nil {
			continue
		}
		if _, err := s.Dist().Files(p.fork.Dist(folder), files); err != nil {
			return record, false, err
		}
	}
	return record, kept, nil
}

// images writes the layers of images, several platforms at a time.
func (w layerCache) images(ctx context.Context, s *build.Session, p plan, c composed) (made, error) {
	// Platforms share this layer: it is in the cache before they could write it twice.
	if _, err := w.Files(ctx, c.inputs.system); err != nil {
		return nil, err
	}
	layers := 0
	for _, spec := range c.specs {
		layers += len(spec.layers)
	}
	w.one = s.Counter("image", p.tag(), layers, "layers")
	list := make([]images.Image, len(c.specs))
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for _, on := range p.platforms {
		group.Go(func() error {
			for i, spec := range c.specs {
				if spec.image.Platform != on {
					continue
				}
				if err := groupCtx.Err(); err != nil {
					return err
				}
				var err error
				if list[i], err = w.image(groupCtx, spec); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	out := made{}
	for _, image := range list {
		out[image.Recipe.Name] = append(out[image.Recipe.Name], image)
	}
	return out, nil
}

// image writes the layers of an image.
func (w layerCache) image(ctx context.Context, spec spec) (images.Image, error) {
	image := spec.image
	if spec.debian != nil {
		image.AppendLayer(spec.debian)
	}
	for _, files := range spec.layers {
		var err error
		if image, err = w.stack(ctx, image, files); err != nil {
			return image, err
		}
		w.one()
	}
	return image, nil
}

// stack returns an image with a layer of files on top.
func (w layerCache) stack(ctx context.Context, image images.Image, files []images.File) (images.Image, error) {
	layers, err := w.Files(ctx, files)
	if err != nil {
		return image, fmt.Errorf("image %s: %w", image.Recipe.Name, err)
	}
	image.AppendLayer(layers)
	return image, nil
}

// withPods returns the images with the pods in those that hold pods.
func (w layerCache) withPods(ctx context.Context, p plan, all made, pods map[string][]byte) (made, error) {
	if pods == nil {
		return all, nil
	}
	out := maps.Clone(all)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		list := slices.Clone(all[name])
		for i, image := range list {
			if image.Recipe.Pods == "" {
				continue
			}
			var err error
			if list[i], err = w.stack(ctx, image, podFiles(image.Recipe.Pods, pods, p.added[name].replace)); err != nil {
				return nil, err
			}
		}
		out[name] = list
	}
	return out, nil
}

// podFiles returns the files of pods in a folder of an image, without those that are
// replaced there.
func podFiles(dir string, pods map[string][]byte, replaced []string) []images.File {
	var out []images.File
	for _, name := range slices.Sorted(maps.Keys(pods)) {
		if at := path.Join(dir, name); !slices.Contains(replaced, at) {
			out = append(out, images.File{Path: at, Data: pods[name]})
		}
	}
	return out
}
