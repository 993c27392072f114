package images

import (
	"errors"
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// The formats of images.
const (
	OCI    = "oci"    // https://github.com/opencontainers/image-spec
	Docker = "docker" // https://distribution.github.io/distribution/spec/manifest-v2-2/
)

// A mediaSet is the media types of an image in one format.
type mediaSet struct{ index, manifest, config types.MediaType }

func mediaOf(format string) mediaSet {
	if format == Docker {
		return mediaSet{
			index: types.DockerManifestList, manifest: types.DockerManifestSchema2, config: types.DockerConfigJSON,
		}
	}
	return mediaSet{index: types.OCIImageIndex, manifest: types.OCIManifestSchema1, config: types.OCIConfigJSON}
}

// dockerZstd is what BuildKit names a layer in Docker's format that is compressed by zstd. Docker
// defines no such type: https://github.com/distribution/distribution/blob/v2.8.3/manifest/schema2/manifest.go.
const dockerZstd types.MediaType = "application/vnd.docker.image.rootfs.diff.tar.zstd"

// layerTypes are the media types of layers of one kind in both formats; "" is none.
var layerTypes = []struct{ oci, docker types.MediaType }{
	{types.OCILayer, types.DockerLayer},
	{types.OCIUncompressedLayer, types.DockerUncompressedLayer},
	{types.OCIRestrictedLayer, types.DockerForeignLayer},
	{types.OCIUncompressedRestrictedLayer, ""},
	{types.OCILayerZStd, ""},
}

// layerType returns the media type of a layer in a format. A type that is unknown stays as it
// is in an OCI image, which may have any.
func layerType(format string, t types.MediaType) (types.MediaType, error) {
	if t == dockerZstd {
		t = types.OCILayerZStd
	}
	for _, row := range layerTypes {
		switch {
		case t == "" || t != row.oci && t != row.docker:
		case format != Docker:
			return row.oci, nil
		case row.docker != "":
			return row.docker, nil
		}
	}
	switch {
	case format != Docker:
		return t, nil
	case t == types.OCILayerZStd:
		return "", errors.New("is compressed by zstd, which images.format: docker does not have")
	}
	return "", fmt.Errorf("is of type %s, which images.format: docker does not have", t)
}

// A typed is a layer with the media type that it has in another format.
type typed struct {
	v1.Layer
	media types.MediaType
}

// MediaType returns the media type, as v1.Layer has it.
func (l typed) MediaType() (types.MediaType, error) { return l.media, nil }

// checkLayers returns an error if an image has a layer that there is not in a format.
func checkLayers(format string, image v1.Image) error {
	manifest, err := image.Manifest()
	if err != nil {
		return err
	}
	for _, d := range manifest.Layers {
		if _, err := layerType(format, d.MediaType); err != nil {
			return fmt.Errorf("its layer %s %w: take a base with gzip layers, or set images.format: oci", d.Digest, err)
		}
	}
	return nil
}

// convert returns an image with the layers of base, which keep their bytes, in a format. The
// configuration is left to the caller. What is in that format already is returned as it is.
func convert(format string, base v1.Image) (v1.Image, error) {
	manifest, err := base.Manifest()
	if err != nil {
		return nil, err
	}
	layers, err := base.Layers()
	if err != nil {
		return nil, err
	}
	same := format != Docker
	var adds []mutate.Addendum
	for n, l := range layers {
		d := manifest.Layers[n]
		media, err := layerType(format, d.MediaType)
		if err != nil {
			return nil, fmt.Errorf("layer %s %w", d.Digest, err)
		}
		same = same && media == d.MediaType
		add := mutate.Addendum{Layer: typed{Layer: l, media: media}, URLs: d.URLs}
		if format != Docker {
			add.Annotations = d.Annotations
		}
		adds = append(adds, add)
	}
	if same {
		return base, nil
	}
	image, err := mutate.Append(empty.Image, adds...)
	if err != nil || format == Docker {
		return image, err
	}
	return mutate.Annotations(image, manifest.Annotations).(v1.Image), nil
}

// forDocker changes a configuration to what Docker wants: one entry of the history for each
// layer, besides those that say that they have none. Some tools write no history at all.
func forDocker(config *v1.ConfigFile) {
	config.RootFS.Type = "layers"
	n := 0
	for _, h := range config.History {
		if !h.EmptyLayer {
			n++
		}
	}
	if n == len(config.RootFS.DiffIDs) {
		return
	}
	config.History = nil
	for range config.RootFS.DiffIDs {
		config.History = append(config.History, v1.History{Created: config.Created, CreatedBy: "base"})
	}
}
