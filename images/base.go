package images

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
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
	err = checkPlatform(image, p)
	if err == nil {
		err = checkLayers(s.Format, image)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.Base, err)
	}
	return image, nil
}

// checkPlatform returns an error if an image is for another platform. One that no index
// lists is found for any.
func checkPlatform(image v1.Image, p platform.Platform) error {
	config, err := image.ConfigFile()
	if err == nil && (config.OS != p.OS || config.Architecture != p.Arch) {
		err = fmt.Errorf("it is for %s/%s, not for %s: take a base with an image for each platform, "+
			"by the digest of its index", config.OS, config.Architecture, p)
	}
	return err
}

// RemoteBase reports whether the base is in a registry.
func (s Settings) RemoteBase() bool {
	return s.Base != "" && s.Base != "scratch" && !strings.HasPrefix(s.Base, "./")
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
			return nil, fmt.Errorf("%s is not an OCI layout: %w", s.Base, err)
		}
		image, err := find(index, want)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.Base, err)
		}
		return image, nil
	}
	ref, err := name.NewDigest(s.Base)
	if err != nil {
		return nil, err
	}
	return remote.Image(ref, append(pull, remote.WithContext(ctx), remote.WithPlatform(want))...)
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

// A Base is the image below a fork's own layers. The zero value is empty, as scratch.
type Base struct {
	Name   string     // what errors call it
	Files  []Entry    // sorted by path
	Layers []v1.Layer // with their content, from the lowest on
	Env    []string   // KEY=VALUE pairs that programs get
}

// BaseOf returns an image as a base. Errors call it name.
func BaseOf(name string, image v1.Image) (Base, error) {
	layers, err := image.Layers()
	if err != nil {
		return Base{}, err
	}
	config, err := image.ConfigFile()
	if err != nil {
		return Base{}, err
	}
	files, err := contents(layers)
	return Base{Name: name, Files: files, Layers: layers, Env: config.Config.Env}, err
}

// contents lists the files that layers make together, sorted by path.
func contents(layers []v1.Layer) ([]Entry, error) {
	all := Stack{}
	for i, l := range layers {
		var added []Entry
		var removed []string
		err := eachHeader(l, func(h *tar.Header, _ io.Reader) error {
			at := path.Join("/", h.Name)
			if name, ok := strings.CutPrefix(path.Base(at), ".wh."); ok {
				removed = append(removed, path.Join(path.Dir(at), name))
				return nil
			}
			e := Entry{Path: at, Folder: h.Typeflag == tar.TypeDir, layer: i}
			if mode := h.Mode & 0o1777; e.Folder && mode != 0o755 {
				e.Mode = mode
			}
			if h.Typeflag == tar.TypeSymlink {
				e.Target = h.Linkname
			}
			added = append(added, e)
			return nil
		})
		if err != nil {
			return nil, err
		}
		for _, at := range removed { // whiteouts are of the layers below, wherever they are in their layer
			all.remove(at)
		}
		for _, e := range added {
			all.lay(e)
		}
	}
	return slices.SortedFunc(maps.Values(all), func(a, b Entry) int { return strings.Compare(a.Path, b.Path) }), nil
}

// eachHeader calls f with each entry of a layer, and its content.
func eachHeader(l v1.Layer, f func(h *tar.Header, content io.Reader) error) error {
	r, err := l.Uncompressed()
	if err != nil {
		return err
	}
	defer r.Close()
	for t := tar.NewReader(r); ; {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = f(h, t)
		}
		if err != nil {
			return err
		}
	}
}
