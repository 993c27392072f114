package tarball

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// An archive is an image of a layout that is written as docker load reads it. Its layers are
// plain tar: old versions of Docker know no other, and the tarball is compressed as a whole.
type archive struct {
	layout       string // absolute path of the folder
	index, image string // digests
	reference    string // what docker load names the image: NAME:TAG
}

// write writes the archive, which is the same for the same image and reference, to a file.
func (a archive) write(file string) error {
	image, err := a.open()
	if err != nil {
		return fmt.Errorf("image %s in %s: %w", a.reference, a.layout, err)
	}
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	defer f.Close()
	w := tar.NewWriter(f)
	if err := a.writeTo(w, image); err != nil {
		return fmt.Errorf("image %s in %s: %w", a.reference, a.layout, err)
	}
	return errors.Join(w.Close(), f.Close())
}

// open opens the image.
func (a archive) open() (v1.Image, error) {
	l, err := layout.FromPath(a.layout)
	if err != nil {
		return nil, err
	}
	root, err := l.ImageIndex()
	if err != nil {
		return nil, err
	}
	index, err1 := v1.NewHash(a.index)
	digest, err2 := v1.NewHash(a.image)
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	of, err := root.ImageIndex(index)
	if err != nil {
		return nil, err
	}
	return of.Image(digest)
}

// writeTo writes the configuration, each layer once, and the manifest.
func (a archive) writeTo(w *tar.Writer, image v1.Image) error {
	config, err := image.RawConfigFile()
	if err != nil {
		return err
	}
	name, err := image.ConfigName()
	if err != nil {
		return err
	}
	d := tarball.Descriptor{Config: name.Hex + ".json", RepoTags: []string{a.reference}}
	if err := entry(w, d.Config, int64(len(config)), bytes.NewReader(config)); err != nil {
		return err
	}
	layers, err := image.Layers()
	if err != nil {
		return err
	}
	written := map[string]bool{}
	for _, l := range layers {
		id, err := l.DiffID()
		if err != nil {
			return err
		}
		file := id.Hex + ".tar"
		d.Layers = append(d.Layers, file)
		if written[file] {
			continue
		}
		written[file] = true
		if err := writeLayer(w, file, l, id); err != nil {
			return err
		}
	}
	data, err := json.Marshal(tarball.Manifest{d})
	if err != nil {
		return err
	}
	return entry(w, "manifest.json", int64(len(data)), bytes.NewReader(data))
}

// writeLayer writes a layer, uncompressed. It is read twice: first for its size, and to see
// that it is what the configuration says.
func writeLayer(w *tar.Writer, file string, l v1.Layer, want v1.Hash) error {
	r, err := l.Uncompressed()
	if err != nil {
		return err
	}
	got, size, err := v1.SHA256(r)
	if err := errors.Join(err, r.Close()); err != nil {
		return err
	}
	if got != want {
		return fmt.Errorf("a layer holds %s, but the image's configuration says %s: make the images again", got, want)
	}
	if r, err = l.Uncompressed(); err != nil {
		return err
	}
	return errors.Join(entry(w, file, size, r), r.Close())
}

func entry(w *tar.Writer, file string, size int64, r io.Reader) error {
	if err := w.WriteHeader(&tar.Header{Name: file, Mode: 0o644, Size: size, Typeflag: tar.TypeReg}); err != nil {
		return err
	}
	_, err := io.Copy(w, r)
	return err
}
