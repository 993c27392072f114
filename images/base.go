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

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/match"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/slipway-build/slipway/platform"
)

// On returns what the settings' images stand on for a platform, nil where that
// is nothing. Folders are relative to dir.
func (s Settings) On(ctx context.Context, dir string, p platform.Platform) (v1.Image, error) {
	on := v1.Platform{OS: p.OS, Architecture: p.Arch}
	switch {
	case s.Base == "scratch" || s.Base == "": // the latter with a layer of Debian's
		return nil, nil
	case strings.HasPrefix(s.Base, "./"):
		index, err := layout.ImageIndexFromPath(filepath.Join(dir, s.Base))
		if err != nil {
			return nil, fmt.Errorf("images.base: %s is no OCI layout: %w", s.Base, err)
		}
		image, err := within(index, on)
		if err != nil {
			return nil, fmt.Errorf("images.base: %s: %w", s.Base, err)
		}
		return image, nil
	}
	ref, err := name.NewDigest(s.Base)
	if err != nil {
		return nil, fmt.Errorf("images.base: %w", err)
	}
	image, err := remote.Image(ref, remote.WithContext(ctx), remote.WithPlatform(on), remote.WithAuthFromKeychain(authn.DefaultKeychain))
	if err != nil {
		return nil, fmt.Errorf("images.base: %w", err)
	}
	return image, nil
}

// within finds the image for a platform in an index, or in the indexes there.
func within(index v1.ImageIndex, on v1.Platform) (v1.Image, error) {
	all, err := partial.FindImages(index, match.Platforms(on))
	if err != nil {
		return nil, err
	}
	if len(all) > 0 {
		return all[0], nil
	}
	below, err := partial.FindIndexes(index, func(d v1.Descriptor) bool { return d.MediaType.IsIndex() })
	if err != nil {
		return nil, err
	}
	for _, i := range below {
		if image, err := within(i, on); err == nil {
			return image, nil
		}
	}
	// One that says nothing of its platform stands for any, if it is alone.
	if all, err = partial.FindImages(index, func(d v1.Descriptor) bool { return d.MediaType.IsImage() && d.Platform == nil }); err == nil && len(all) == 1 {
		return all[0], nil
	}
	return nil, fmt.Errorf("it has no image for %s", on)
}

// Contents lists the files of an image, sorted by path.
func Contents(image v1.Image) ([]Listed, error) {
	layers, err := image.Layers()
	if err != nil {
		return nil, err
	}
	have := map[string]Listed{}
	for _, l := range layers {
		r, err := l.Uncompressed()
		if err != nil {
			return nil, err
		}
		err = list(r, have)
		r.Close()
		if err != nil {
			return nil, err
		}
	}
	var out []Listed
	for _, l := range have {
		out = append(out, l)
	}
	slices.SortFunc(out, func(a, b Listed) int { return strings.Compare(a.Path, b.Path) })
	return out, nil
}

// list adds the files of a layer to those of the layers below it.
func list(r io.Reader, have map[string]Listed) error {
	for t := tar.NewReader(r); ; {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		at := path.Join("/", h.Name)
		if gone, ok := strings.CutPrefix(path.Base(at), ".wh."); ok {
			delete(have, path.Join(path.Dir(at), gone))
			continue
		}
		l := Listed{Path: at, Folder: h.Typeflag == tar.TypeDir}
		if h.Typeflag == tar.TypeSymlink {
			l.Target = h.Linkname
		}
		have[at] = l
	}
}
