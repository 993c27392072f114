package contents

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// MaxManifest is the most bytes of a manifest, which registries bound likewise:
// https://github.com/opencontainers/distribution-spec/blob/v1.1.0/spec.md#pushing-manifests.
const MaxManifest = 4 << 20

// A LayerError says what is wrong with a blob of an image.
type LayerError struct {
	Digest string // of the blob: sha256:HEX
	Part   string // what of the image it is: "linux/amd64 layer 2"
	Err    error
}

func (e *LayerError) Error() string { return fmt.Sprintf("%s, %s: %v", e.Part, e.Digest, e.Err) }
func (e *LayerError) Unwrap() error { return e.Err }

// An Image is an image of an OCI layout.
type Image struct {
	Layout fs.FS  // the folder of the layout
	Digest string // sha256:HEX of its index, or of the manifest of one platform
	Limits Limits
}

// WalkImage calls f for the index of an image, for the manifest and the configuration of
// each platform, as fields, and for each member of their layers. Every blob is checked
// against its digest. A layer that is missing is an error, unless its manifest says where
// else it is: then it is a member of the type Foreign.
func WalkImage(ctx context.Context, i Image, f func(Member) error) error {
	w := &imageWalker{walker: walker{ctx: ctx, limits: i.Limits.defaults(), f: f}, layout: i.Layout}
	hash, err := v1.NewHash(i.Digest)
	if err != nil {
		return err
	}
	return w.done("image "+i.Digest, w.image(v1.Descriptor{Digest: hash}))
}

type imageWalker struct {
	walker
	layout fs.FS
}

// image walks an index, or a manifest.
func (w *imageWalker) image(d v1.Descriptor) error {
	data, err := w.blob(d.Digest, "manifest")
	if err != nil {
		return err
	}
	index, err := v1.ParseIndexManifest(bytes.NewReader(data))
	if err == nil && index.MediaType.IsIndex() {
		return w.index(*index, data)
	}
	return w.manifest(data, platformOf(d))
}

func (w *imageWalker) index(index v1.IndexManifest, data []byte) error {
	if err := w.field("", "index", data); err != nil {
		return err
	}
	if w.depth++; w.depth > 2 {
		return errors.New("its indexes are nested in each other")
	}
	for _, d := range index.Manifests {
		if err := w.image(d); err != nil {
			return err
		}
	}
	w.depth--
	return nil
}

func platformOf(d v1.Descriptor) string {
	if d.Platform == nil {
		return ""
	}
	return d.Platform.String()
}

// manifest walks the image of one platform.
func (w *imageWalker) manifest(data []byte, platform string) error {
	m, err := v1.ParseManifest(bytes.NewReader(data))
	if err != nil {
		return within(platform, err)
	}
	if err := w.field(platform, "manifest", data); err != nil {
		return err
	}
	config, err := w.blob(m.Config.Digest, part(platform, "configuration"))
	if err != nil {
		return err
	}
	if err := w.field(platform, "config", config); err != nil {
		return err
	}
	for i, d := range m.Layers {
		if err := w.layer(d, part(platform, fmt.Sprintf("layer %d", i+1))); err != nil {
			return err
		}
	}
	return nil
}

func part(platform, name string) string {
	if platform == "" {
		return name
	}
	return platform + " " + name
}

func (w *imageWalker) field(part, name string, data []byte) error {
	return w.give(Member{Part: part, Name: name, Type: Field, Size: int64(len(data)), Reader: bytes.NewReader(data)})
}

// layer walks one layer. Where a layer has no tar inside, it is one member.
func (w *imageWalker) layer(d v1.Descriptor, part string) error {
	f, err := w.layout.Open(blobPath(d.Digest))
	if errors.Is(err, fs.ErrNotExist) && len(d.URLs) > 0 {
		return w.give(Member{Part: part, Name: d.Digest.String(), Type: Foreign, Size: d.Size, Link: d.URLs[0]})
	}
	if err != nil {
		return &LayerError{d.Digest.String(), part, missing(err)}
	}
	defer f.Close()
	sum := sha256.New()
	in := io.TeeReader(f, sum)
	if d.MediaType.IsLayer() || d.MediaType == "application/vnd.docker.image.rootfs.diff.tar.zstd" {
		err = w.tar(in, part)
	} else {
		err = w.give(Member{Part: part, Name: d.Digest.String(), Type: Regular, Size: d.Size, Reader: in})
	}
	if err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, in); err != nil {
		return &LayerError{d.Digest.String(), part, err}
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != d.Digest.Hex {
		return &LayerError{d.Digest.String(), part, fmt.Errorf("its digest is sha256:%s", got)}
	}
	return nil
}

// blob returns a manifest or a configuration.
func (w *imageWalker) blob(d v1.Hash, part string) ([]byte, error) {
	f, err := w.layout.Open(blobPath(d))
	if err != nil {
		return nil, &LayerError{d.String(), part, missing(err)}
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, MaxManifest+1))
	switch sum := sha256.Sum256(data); {
	case err != nil:
	case len(data) > MaxManifest:
		err = &LimitError{"bytes of a manifest", MaxManifest}
	case hex.EncodeToString(sum[:]) != d.Hex:
		err = fmt.Errorf("its digest is sha256:%x", sum)
	}
	if err != nil {
		return nil, &LayerError{d.String(), part, err}
	}
	return data, nil
}

func missing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return errors.New("the layout does not have it")
	}
	return err
}

func blobPath(d v1.Hash) string { return path.Join("blobs", d.Algorithm, d.Hex) }
