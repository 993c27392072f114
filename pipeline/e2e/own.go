package e2e

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/partial"

	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/platform"
	"github.com/slipway-build/slipway/profiles"
)

// ownImage returns the image of a name of the fork, or of one that it runs with.
func (p plan) ownImage(ctx context.Context, s *build.Session, name string) (result, error) {
	for _, from := range append([]*build.Session{s}, p.request.With...) {
		f := from.Fork()
		recipes, err := profiles.Images(f.Project.Dir, f.Profile)
		if err != nil {
			return result{}, err
		}
		if !slices.Contains(recipes.Names(f.Parsed), name) {
			continue
		}
		image, err := Own(ctx, s, from, name, p.on)
		return result{image: image}, err
	}
	return result{missing: p.without(name)}, nil
}

// Own returns an image of the fork of a session, for one platform; s is the session of the tests. It is read from the
// cache when it is pushed, so that has to be before s is closed.
func Own(ctx context.Context, s, from *build.Session, name string, on platform.Platform) (v1.Image, error) {
	archive, err := from.Image(ctx, name, on)
	if err != nil {
		return nil, err
	}
	in := archived{SHA256: fmt.Sprintf("%x", sha256.Sum256(archive)), data: archive}
	image, _, err := build.Do(ctx, s, unpackStage, in)
	return image, err
}

// unpackStage keeps an image of an archive as a layout, which is read when it is pushed.
var unpackStage = build.Stage[archived, v1.Image]{Name: "test-own", Revision: 1, Keep: 4, Run: unpack, Read: readImage}

// An archived is an image in an OCI archive.
type archived struct {
	SHA256 string
	data   []byte
}

func unpack(_ context.Context, _ *build.Session, in archived, dst string) error {
	for r := tar.NewReader(bytes.NewReader(in.data)); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		data, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		name := filepath.Join(dst, filepath.FromSlash(h.Name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, data, 0o644)); err != nil {
			return err
		}
	}
}

// readImage returns the one image of a layout.
func readImage(dir string) (v1.Image, error) {
	index, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		return nil, err
	}
	all, err := partial.FindImages(index, func(d v1.Descriptor) bool { return d.MediaType.IsImage() })
	if err == nil && len(all) != 1 {
		err = fmt.Errorf("%s has %d images, not one", dir, len(all))
	}
	if err != nil {
		return nil, err
	}
	return all[0], nil
}
