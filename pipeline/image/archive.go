package image

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// writeArchives writes all images of each architecture as docker load reads them,
// to docker-ARCH.tar.
func writeArchives(dir, tag string, all made) error {
	tagged := map[string]map[name.Tag]v1.Image{}
	for _, title := range all.names() {
		ref, err := name.NewTag(title + ":" + tag)
		if err != nil {
			return err
		}
		for _, i := range all[title] {
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
		if err := writeArchive(filepath.Join(dir, "docker-"+arch+".tar"), images); err != nil {
			return err
		}
	}
	return nil
}

// writeArchive writes images to a file as docker load reads them. It is what
// tarball.MultiWriteToFile writes, but that has several images in an order that
// differs from run to run.
func writeArchive(file string, tagged map[name.Tag]v1.Image) error {
	refs, byTag := map[name.Reference]v1.Image{}, map[string]v1.Image{}
	for tag, image := range tagged {
		refs[tag], byTag[tag.String()] = image, image
	}
	manifest, err := tarball.ComputeManifest(refs)
	if err != nil {
		return err
	}
	data, err := json.Marshal(manifest)
	if err != nil {
		return err
	}
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	defer f.Close()
	w := archive{tar.NewWriter(f), map[string]bool{}}
	for _, d := range manifest { // sorted by tag
		if err := w.image(d, byTag[d.RepoTags[0]]); err != nil {
			return err
		}
	}
	if err := w.bytes("manifest.json", data); err != nil {
		return err
	}
	return errors.Join(w.Close(), f.Close())
}

// An archive is written for docker load.
type archive struct {
	*tar.Writer
	layers map[string]bool // that are in it
}

// image writes an image's configuration, and those of its layers that are not in
// the archive yet.
func (w archive) image(d tarball.Descriptor, image v1.Image) error {
	config, err := image.RawConfigFile()
	if err != nil {
		return err
	}
	if err := w.bytes(d.Config, config); err != nil {
		return err
	}
	layers, err := image.Layers()
	if err != nil {
		return err
	}
	for i, l := range layers {
		if w.layers[d.Layers[i]] {
			continue
		}
		w.layers[d.Layers[i]] = true
		if err := w.layer(d.Layers[i], l); err != nil {
			return err
		}
	}
	return nil
}

func (w archive) layer(file string, l v1.Layer) error {
	size, err := l.Size()
	if err != nil {
		return err
	}
	r, err := l.Compressed()
	if err != nil {
		return err
	}
	return errors.Join(w.entry(file, r, size), r.Close())
}

func (w archive) bytes(file string, data []byte) error {
	return w.entry(file, bytes.NewReader(data), int64(len(data)))
}

func (w archive) entry(file string, r io.Reader, size int64) error {
	if err := w.WriteHeader(&tar.Header{Name: file, Mode: 0o644, Size: size, Typeflag: tar.TypeReg}); err != nil {
		return err
	}
	_, err := io.Copy(w, r)
	return err
}
