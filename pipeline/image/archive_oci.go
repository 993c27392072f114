package image

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/images"
	"github.com/slipway-build/slipway/platform"
)

// containerdName is the annotation by which containerd names an image of an archive that
// it imports: as it says, whatever characters it has.
const containerdName = "io.containerd.image.name"

// Archive returns what makes one image of a fork, for one platform, as an OCI archive: one that
// neither holds pods nor installs packages. It is the image that Run makes for that platform, and
// is named by its digest. programs are as in Request.
func Archive(programs fs.FS) build.Image {
	return func(ctx context.Context, s *build.Session, name string, on platform.Platform) ([]byte, error) {
		p, err := newPlan(s, Request{Images: []string{name}, Platforms: []string{on.String()}, Programs: programs})
		if err != nil {
			return nil, err
		}
		made, err := alone(ctx, s, p)
		if err != nil {
			return nil, err
		}
		image, err := made.Assemble()
		if err != nil {
			return nil, err
		}
		return ociArchive(p.registry()+"/"+name, p.tag(), image)
	}
}

// alone returns the one image of a plan, for its one platform, with its layers written.
func alone(ctx context.Context, s *build.Session, p plan) (images.Image, error) {
	if len(p.needed) != 1 || len(p.pods)+len(p.needed[0].Installs) > 0 {
		return images.Image{}, fmt.Errorf("image %s is not made by itself: it holds pods, or installs packages",
			p.request.Images[0])
	}
	if err := p.readBase(); err != nil {
		return images.Image{}, err
	}
	w := newLayerCache(s, p)
	in, err := gather(ctx, s, w, p)
	if err != nil {
		return images.Image{}, err
	}
	specs, err := compose(p, in, packages{})
	if err != nil {
		return images.Image{}, err
	}
	return w.image(ctx, specs[0])
}

// ociArchive returns an archive with one image, by
// https://github.com/opencontainers/image-spec/blob/main/image-layout.md.
func ociArchive(repository, tag string, image v1.Image) ([]byte, error) {
	digest, err := image.Digest()
	if err != nil {
		return nil, err
	}
	manifest, err := image.RawManifest()
	if err != nil {
		return nil, err
	}
	media, err := image.MediaType()
	if err != nil {
		return nil, err
	}
	index, err := json.Marshal(v1.IndexManifest{SchemaVersion: 2, Manifests: []v1.Descriptor{{
		MediaType: media, Digest: digest, Size: int64(len(manifest)),
		Annotations: map[string]string{containerdName: repository + "@" + digest.String(), reference: tag},
	}}})
	if err != nil {
		return nil, err
	}
	config, err := image.RawConfigFile()
	if err != nil {
		return nil, err
	}
	configName, err := image.ConfigName()
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	w := archive{tar.NewWriter(&out), nil}
	err = errors.Join(w.bytes("oci-layout", []byte(`{"imageLayoutVersion":"1.0.0"}`)), w.bytes("index.json", index),
		w.bytes(blobs+"/"+digest.Hex, manifest), w.bytes(blobs+"/"+configName.Hex, config), w.blobs(image), w.Close())
	return out.Bytes(), err
}

// blobs writes the layers of an image, each once.
func (w archive) blobs(image v1.Image) error {
	layers, err := image.Layers()
	if err != nil {
		return err
	}
	written := map[v1.Hash]bool{}
	for _, l := range layers {
		digest, err := l.Digest()
		if err != nil {
			return err
		}
		if written[digest] {
			continue
		}
		written[digest] = true
		if err := w.layer(blobs+"/"+digest.Hex, l); err != nil {
			return err
		}
	}
	return nil
}
