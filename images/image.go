package images

import (
	"fmt"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"

	"github.com/slipway-build/slipway/platform"
)

// An Image describes an image for one platform. Assemble makes a v1.Image of it.
type Image struct {
	Recipe   Recipe
	Platform platform.Platform
	Format   string            // OCI or Docker; empty is OCI
	Base     v1.Image          // nil is scratch
	Layers   []*Layer          // on top of Base, the lowest first
	Gzipped  []*Layer          // the same layers as docker load reads them, by gzip
	Command  []string          // the entrypoint; empty leaves it to whoever runs the image
	Labels   map[string]string // and annotations of the manifest, which Docker's has none of
	Created  time.Time
}

// AppendLayer adds a layer on top of the others. compressed holds it once for each
// compression: the first is appended to Layers, the last to Gzipped. These may be the same.
func (i *Image) AppendLayer(compressed []*Layer) {
	i.Layers = append(i.Layers, compressed[0])
	i.Gzipped = append(i.Gzipped, compressed[len(compressed)-1])
}

// defaultPath is the PATH of an image whose base sets no environment.
const defaultPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// Assemble makes the image: the layers of the base, those of i.Layers, and a
// configuration. The same Image makes the same bytes.
func (i Image) Assemble() (v1.Image, error) {
	base := i.Base
	if base == nil {
		base = empty.Image
	}
	config, err := i.config(base)
	if err != nil {
		return nil, err
	}
	image, err := convert(i.Format, base)
	if err != nil {
		return nil, fmt.Errorf("image %s: its base: %w", i.Recipe.Name, err)
	}
	if image, err = mutate.ConfigFile(image, config); err != nil {
		return nil, err
	}
	var added []mutate.Addendum
	for _, l := range i.Layers {
		media, err := layerType(i.Format, l.Type)
		if err != nil {
			return nil, fmt.Errorf("image %s: layer %s %w", i.Recipe.Name, l.CompressedHash, err)
		}
		history := v1.History{Created: config.Created, CreatedBy: "slipway"}
		added = append(added, mutate.Addendum{Layer: typed{Layer: l, media: media}, History: history})
	}
	if image, err = mutate.Append(image, added...); err != nil {
		return nil, err
	}
	media := mediaOf(i.Format)
	image = mutate.ConfigMediaType(mutate.MediaType(image, media.manifest), media.config)
	if i.Format == Docker {
		return image, nil
	}
	return mutate.Annotations(image, i.Labels).(v1.Image), nil
}

// config returns the configuration of the base, with what the image sets itself.
func (i Image) config(base v1.Image) (*v1.ConfigFile, error) {
	config, err := base.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	if i.Base != nil && (config.OS != i.Platform.OS || config.Architecture != i.Platform.Arch) {
		return nil, fmt.Errorf("image %s: its base is for %s/%s, not for %s",
			i.Recipe.Name, config.OS, config.Architecture, i.Platform)
	}
	config.OS, config.Architecture, config.Variant = i.Platform.OS, i.Platform.Arch, ""
	config.Created = v1.Time{Time: i.Created.UTC()}
	config.Config.Entrypoint, config.Config.Cmd = i.Command, i.Recipe.Args
	config.Config.User, config.Config.Labels = i.Recipe.User, i.Labels
	if i.Format == Docker {
		forDocker(config)
	}
	if len(config.Config.Env) == 0 {
		config.Config.Env = []string{defaultPath}
	}
	for _, port := range i.Recipe.Ports {
		if config.Config.ExposedPorts == nil {
			config.Config.ExposedPorts = map[string]struct{}{}
		}
		config.Config.ExposedPorts[port] = struct{}{}
	}
	return config, nil
}

// A runnable is an image without an artifact type. Tools that do not know that
// field of an index drop it, and so change the digest.
type runnable struct{ v1.Image }

// ArtifactType returns none.
func (runnable) ArtifactType() (string, error) { return "", nil }

// Index returns an index of images for several platforms, all of the same format: an OCI
// index with annotations, or a Docker manifest list, which has no annotations.
func Index(format string, images []v1.Image, annotations map[string]string) (v1.ImageIndex, error) {
	index := mutate.IndexMediaType(empty.Index, mediaOf(format).index)
	for _, image := range images {
		config, err := image.ConfigFile()
		if err != nil {
			return nil, err
		}
		d := v1.Descriptor{Platform: &v1.Platform{OS: config.OS, Architecture: config.Architecture}}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: runnable{image}, Descriptor: d})
	}
	if format == Docker {
		return index, nil
	}
	return mutate.Annotations(index, annotations).(v1.ImageIndex), nil
}
