package image

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/images"
)

// reference is the annotation that tools find an image of a layout by.
const reference = "org.opencontainers.image.ref.name"

// blobs is the folder of a layout whose files are named by their SHA-256.
const blobs = "blobs/sha256"

// placeLayout writes the layout, puts it in its place in one step, and reports
// whether it was there already.
func placeLayout(s *build.Session, p plan, all made) (artifact.Images, bool, error) {
	record := artifact.Images{Fork: p.fork.ID, Version: p.fork.Version, Tag: p.tag()}
	if p.fork.Images.Format == images.Docker {
		record.Format = images.Docker
	}
	if r := p.fork.Images.Registry; r != s.Fork().Images.Registry {
		record.Registry = r
	}
	scratch, err := s.Scratch()
	if err != nil {
		return record, false, err
	}
	defer os.RemoveAll(scratch)
	whole := filepath.Join(scratch, "whole")
	asked := made{}
	for _, title := range names(p.chosen) {
		asked[title] = all[title]
	}
	if record, err = writeLayout(whole, record, asked, p.docker()); err != nil {
		return record, false, err
	}
	dir := p.fork.Dist("images")
	if s.Dist().Same(dir, whole, blobs) {
		return record, true, nil
	}
	if s.DryRun() {
		return record, false, &build.WouldRunError{What: dir}
	}
	if err := asked.link(whole); err != nil {
		return record, false, err
	}
	return record, false, s.Dist().Place(whole, dir)
}

// link makes the layers in a layout that writeLayout wrote one with those in the cache.
func (m made) link(dir string) error {
	for _, platforms := range m {
		for _, i := range platforms {
			for _, l := range i.Layers {
				if err := l.Link(filepath.Join(dir, filepath.FromSlash(blobs))); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// writeLayout writes a layout with images to dir, and returns the record with
// them. Layers of the cache are symbolic links there: a hard link would change what the file
// system says of the file, which would have to be read again.
func writeLayout(dir string, record artifact.Images, all made, docker bool) (artifact.Images, error) {
	to, err := layout.Write(dir, empty.Index)
	if err != nil {
		return record, err
	}
	for _, title := range all.names() {
		one, err := addImage(to, title, record.Tag, all[title])
		if err != nil {
			return record, err
		}
		record.Images = append(record.Images, one)
	}
	if docker {
		if err := writeArchives(dir, record.Tag, all); err != nil {
			return record, err
		}
	}
	data, err := json.MarshalIndent(record, "", "  ")
	if err != nil {
		return record, err
	}
	return record, os.WriteFile(filepath.Join(dir, artifact.ImagesFile), append(data, '\n'), 0o644)
}

// names returns the names of images, sorted.
func (m made) names() []string {
	var out []string
	for title := range m {
		out = append(out, title)
	}
	slices.Sort(out)
	return out
}

// indexOf puts the images of all platforms together.
func indexOf(platforms []images.Image) (v1.ImageIndex, error) {
	var below []v1.Image
	for _, i := range platforms {
		image, err := i.Assemble()
		if err != nil {
			return nil, err
		}
		below = append(below, image)
	}
	return images.Index(platforms[0].Format, below, platforms[0].Labels)
}

// addImage adds an image of all platforms to a layout.
func addImage(to layout.Path, title, tag string, platforms []images.Image) (artifact.ImageIndex, error) {
	out := artifact.ImageIndex{Name: title}
	index, err := indexOf(platforms)
	if err != nil {
		return out, err
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return out, err
	}
	for n, i := range platforms {
		one := artifact.PlatformImage{Platform: i.Platform.String(), Digest: manifest.Manifests[n].Digest.String()}
		for _, l := range i.Layers {
			one.Size, one.Uncompressed = one.Size+l.CompressedSize, one.Uncompressed+l.UncompressedSize
			if err := l.Point(filepath.Join(string(to), filepath.FromSlash(blobs))); err != nil {
				return out, err
			}
		}
		out.Platforms = append(out.Platforms, one)
	}
	digest, err := index.Digest()
	if err != nil {
		return out, err
	}
	out.Digest = digest.String()
	return out, to.AppendIndex(index, layout.WithAnnotations(map[string]string{reference: title + ":" + tag}))
}
