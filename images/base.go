package images

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/match"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/slipway-build/slipway/platform"
)

// BaseImage returns the base image of the settings for a platform, or nil if
// there is none: with scratch, or with a base layer made of Debian packages.
// The dir of an OCI layout is relative to dir. pull is how an image of a registry is read.
// A base with a layer that s.Format does not have is an error.
func (s Settings) BaseImage(ctx context.Context, dir string, p platform.Platform, pull ...remote.Option) (
	v1.Image, error) {
	image, err := s.findBase(ctx, dir, p, pull)
	if err != nil || image == nil {
		return nil, err
	}
	if err := checkLayers(s.Format, image); err != nil {
		return nil, fmt.Errorf("images.base: %s: %w", s.Base, err)
	}
	return image, nil
}

// findBase returns the base image, whatever its layers are.
func (s Settings) findBase(ctx context.Context, dir string, p platform.Platform, pull []remote.Option) (
	v1.Image, error) {
	want := v1.Platform{OS: p.OS, Architecture: p.Arch}
	switch {
	case s.Base == "scratch" || s.Base == "": // the latter with a layer of Debian packages
		return nil, nil
	case strings.HasPrefix(s.Base, "./"):
		index, err := layout.ImageIndexFromPath(filepath.Join(dir, s.Base))
		if err != nil {
			return nil, fmt.Errorf("images.base: %s is not an OCI layout: %w", s.Base, err)
		}
		image, err := find(index, want)
		if err != nil {
			return nil, fmt.Errorf("images.base: %s: %w", s.Base, err)
		}
		return image, nil
	}
	ref, err := name.NewDigest(s.Base)
	if err != nil {
		return nil, fmt.Errorf("images.base: %w", err)
	}
	image, err := remote.Image(ref, append(pull, remote.WithContext(ctx), remote.WithPlatform(want))...)
	if err != nil {
		return nil, fmt.Errorf("images.base: %w", err)
	}
	return image, nil
}

// find returns the image for a platform from an index, or from the indexes that
// it lists.
func find(index v1.ImageIndex, want v1.Platform) (v1.Image, error) {
	all, err := partial.FindImages(index, match.Platforms(want))
	if err != nil {
		return nil, err
	}
	if len(all) > 0 {
		return all[0], nil
	}
	nested, err := partial.FindIndexes(index, func(d v1.Descriptor) bool { return d.MediaType.IsIndex() })
	if err != nil {
		return nil, err
	}
	for _, i := range nested {
		if image, err := find(i, want); err == nil {
			return image, nil
		}
	}
	// An image without a platform is taken for any, if it is the only one.
	all, err = partial.FindImages(index, func(d v1.Descriptor) bool { return d.MediaType.IsImage() && d.Platform == nil })
	if err == nil && len(all) == 1 {
		return all[0], nil
	}
	return nil, fmt.Errorf("it has no image for %s", want)
}

// Contents lists the files of an image, sorted by path.
func Contents(image v1.Image) ([]Entry, error) {
	layers, err := image.Layers()
	if err != nil {
		return nil, err
	}
	entries := map[string]Entry{}
	for _, l := range layers {
		r, err := l.Uncompressed()
		if err != nil {
			return nil, err
		}
		err = addEntries(r, entries)
		r.Close()
		if err != nil {
			return nil, err
		}
	}
	var out []Entry
	for _, e := range entries {
		out = append(out, e)
	}
	slices.SortFunc(out, func(a, b Entry) int { return strings.Compare(a.Path, b.Path) })
	return out, nil
}

// addEntries adds the entries of a layer to those of the layers below it, and
// removes those that the layer has a whiteout for.
func addEntries(r io.Reader, entries map[string]Entry) error {
	for t := tar.NewReader(r); ; {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		at := path.Join("/", h.Name)
		if removed, ok := strings.CutPrefix(path.Base(at), ".wh."); ok {
			delete(entries, path.Join(path.Dir(at), removed))
			continue
		}
		e := Entry{Path: at, Folder: h.Typeflag == tar.TypeDir}
		if mode := h.Mode & 0o1777; e.Folder && mode != 0o755 {
			e.Mode = mode
		}
		if h.Typeflag == tar.TypeSymlink {
			e.Target = h.Linkname
		}
		entries[at] = e
	}
}
