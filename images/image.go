package images

import (
	"fmt"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/slipway-build/slipway/platform"
)

// An Image is one for one platform.
type Image struct {
	Recipe   Recipe
	Platform platform.Platform
	Base     v1.Image // nil is none
	Layers   []*Layer // from the lowest on
	Gzipped  []*Layer // the same by gzip, which is all that docker load takes, if that was asked for
	Command  []string // how it starts; none leaves that to whoever runs it
	Labels   map[string]string
	Created  time.Time
}

// Stack puts a layer on top, as each compression that is wanted has it: the
// image's own first, and that of docker load last.
func (i *Image) Stack(layer []*Layer) {
	i.Layers, i.Gzipped = append(i.Layers, layer[0]), append(i.Gzipped, layer[len(layer)-1])
}

// search is where programs look for others.
const search = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// Assemble puts an image together.
func (i Image) Assemble() (v1.Image, error) {
	base := i.Base
	if base == nil {
		base = empty.Image
	}
	config, err := base.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	if i.Base != nil && (config.OS != i.Platform.OS || config.Architecture != i.Platform.Arch) {
		return nil, fmt.Errorf("image %s: its base is for %s/%s, and not for %s", i.Recipe.Name, config.OS, config.Architecture, i.Platform)
	}
	config.OS, config.Architecture, config.Variant = i.Platform.OS, i.Platform.Arch, ""
	config.Created = v1.Time{Time: i.Created.UTC()}
	config.Config.Entrypoint, config.Config.Cmd = i.Command, i.Recipe.Args
	config.Config.User, config.Config.Labels = i.Recipe.User, i.Labels
	if len(config.Config.Env) == 0 {
		config.Config.Env = []string{search}
	}
	for _, port := range i.Recipe.Ports {
		if config.Config.ExposedPorts == nil {
			config.Config.ExposedPorts = map[string]struct{}{}
		}
		config.Config.ExposedPorts[port] = struct{}{}
	}
	image, err := mutate.ConfigFile(base, config)
	if err != nil {
		return nil, err
	}
	var added []mutate.Addendum
	for _, l := range i.Layers {
		added = append(added, mutate.Addendum{Layer: l, History: v1.History{Created: config.Created, CreatedBy: "slipway"}})
	}
	if image, err = mutate.Append(image, added...); err != nil {
		return nil, err
	}
	image = mutate.ConfigMediaType(mutate.MediaType(image, types.OCIManifestSchema1), types.OCIConfigJSON)
	return mutate.Annotations(image, i.Labels).(v1.Image), nil
}

// A runnable is no artifact of another type. Tools that do not know that field of
// an index drop it, and change the digest.
type runnable struct{ v1.Image }

// ArtifactType returns none.
func (runnable) ArtifactType() (string, error) { return "", nil }

// Index puts the images of several platforms together.
func Index(images []v1.Image, annotations map[string]string) (v1.ImageIndex, error) {
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, image := range images {
		config, err := image.ConfigFile()
		if err != nil {
			return nil, err
		}
		d := v1.Descriptor{Platform: &v1.Platform{OS: config.OS, Architecture: config.Architecture}}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: runnable{image}, Descriptor: d})
	}
	return mutate.Annotations(index, annotations).(v1.ImageIndex), nil
}
