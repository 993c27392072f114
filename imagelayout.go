package slipway

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/images"
)

// reference is the annotation that tools find an image of a layout by.
const reference = "org.opencontainers.image.ref.name"

// layOut writes the layout, puts it into its place in one step, and reports
// whether it was there already.
func (g *imaging) layOut(all map[string][]images.Image, docker bool) (Images, bool, error) {
	f := g.workshop.fork
	record := Images{Fork: f.ID, Version: f.Version, Tag: f.Parsed.Tag()}
	scratch, err := g.cache.Scratch()
	if err != nil {
		return record, false, err
	}
	defer os.RemoveAll(scratch)
	whole := filepath.Join(scratch, "whole")
	to, err := layout.Write(whole, empty.Index)
	if err != nil {
		return record, false, err
	}
	sorted := slices.Sorted(slices.Values(titles(g.chosen)))
	for _, title := range sorted {
		made, err := g.add(to, title, record.Tag, all[title])
		if err != nil {
			return record, false, err
		}
		record.Images = append(record.Images, made)
	}
	if docker {
		if err := archive(whole, record.Tag, sorted, all); err != nil {
			return record, false, err
		}
	}
	data, err := json.MarshalIndent(record, "", "  ")
	if err != nil {
		return record, false, err
	}
	if err := os.WriteFile(filepath.Join(whole, "images.json"), append(data, '\n'), 0o644); err != nil {
		return record, false, err
	}
	dir := filepath.Join(g.Dir, f.dist("images"))
	if g.stands(whole, dir) {
		return record, true, nil
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return record, false, err
	}
	return record, false, swap(whole, dir, filepath.Join(scratch, "old"))
}

// archive writes all images of each architecture as docker load reads them.
func archive(dir, tag string, titles []string, all map[string][]images.Image) error {
	tagged := map[string]map[name.Tag]v1.Image{}
	for _, title := range titles {
		platforms := all[title]
		ref, err := name.NewTag(title + ":" + tag)
		if err != nil {
			return err
		}
		for _, i := range platforms {
			if tagged[i.Platform.Arch] == nil {
				tagged[i.Platform.Arch] = map[name.Tag]v1.Image{}
			}
			i.Layers = i.Gzipped
			if tagged[i.Platform.Arch][ref], err = i.Assemble(); err != nil {
				return err
			}
		}
	}
	for arch, images := range tagged {
		if err := tarball.MultiWriteToFile(filepath.Join(dir, "docker-"+arch+".tar"), images); err != nil {
			return err
		}
	}
	return nil
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
	return images.Index(below, platforms[0].Labels)
}

// add adds an image of all platforms to a layout.
func (g *imaging) add(to layout.Path, title, tag string, platforms []images.Image) (MadeImage, error) {
	made := MadeImage{Name: title}
	index, err := indexOf(platforms)
	if err != nil {
		return made, err
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return made, err
	}
	for n, i := range platforms {
		one := PlatformImage{Platform: i.Platform.String(), Digest: manifest.Manifests[n].Digest.String()}
		for _, l := range i.Layers {
			one.Size, one.Full = one.Size+l.CompressedSize, one.Full+l.UncompressedSize
			if err := l.Link(filepath.Join(string(to), "blobs", "sha256")); err != nil {
				return made, err
			}
		}
		made.Platforms = append(made.Platforms, one)
	}
	digest, err := index.Digest()
	if err != nil {
		return made, err
	}
	made.Digest = digest.String()
	return made, to.AppendIndex(index, layout.WithAnnotations(map[string]string{reference: title + ":" + tag}))
}

// stands reports whether a folder holds what another does, file by file. It
// reads what may have changed.
func (g *imaging) stands(want, have string) bool {
	a, b := files(want), files(have)
	if !slices.Equal(a, b) || len(a) == 0 {
		return false
	}
	for _, name := range a {
		if sum, ok := strings.CutPrefix(name, "blobs/sha256/"); ok {
			if _, now, err := g.outputs.Sum(filepath.Join(have, name)); err != nil || now.String() != sum {
				return false
			}
			continue
		}
		_, x, err := (*filetree.Memory)(nil).Sum(filepath.Join(want, name))
		_, y, other := g.outputs.Sum(filepath.Join(have, name))
		if errors.Join(err, other) != nil || x != y {
			return false
		}
	}
	return true
}

// files returns the paths of a folder's files, sorted.
func files(dir string) []string {
	var out []string
	_ = filepath.WalkDir(dir, func(name string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			rel, _ := filepath.Rel(dir, name)
			out = append(out, filepath.ToSlash(rel))
		}
		return nil
	})
	slices.Sort(out)
	return out
}
