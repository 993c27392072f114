package image

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/layout"
)

// TestOCIArchive reads an archive as a layout: it has the image, by its digest.
func TestOCIArchive(t *testing.T) {
	image, err := shipImage(t, "bosun", arm64, "zstd").Assemble()
	if err != nil {
		t.Fatal(err)
	}
	data, err := ociArchive("localhost/bosun", "v1", image)
	again, fault := ociArchive("localhost/bosun", "v1", image)
	if err != nil || fault != nil || !bytes.Equal(data, again) {
		t.Fatalf("two archives of one image differ: %v, %v", err, fault)
	}
	dir := t.TempDir()
	for r := tar.NewReader(bytes.NewReader(data)); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		at := filepath.Join(dir, filepath.FromSlash(h.Name))
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	index, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := index.IndexManifest()
	if err != nil || len(manifest.Manifests) != 1 {
		t.Fatalf("%+v, %v, want one image", manifest, err)
	}
	d := manifest.Manifests[0]
	want, err := image.Digest()
	if err != nil || d.Digest != want || d.Annotations[containerdName] != "localhost/bosun@"+want.String() {
		t.Errorf("it has %s as %v, want %s", d.Digest, d.Annotations, want)
	}
	read, err := index.Image(want)
	if err != nil {
		t.Fatal(err)
	}
	config, err := read.ConfigFile()
	layers, fault := read.Layers()
	if err != nil || fault != nil || config.Architecture != "arm64" || len(layers) != 1 {
		t.Fatalf("%+v, %d layers, %v, %v", config, len(layers), err, fault)
	}
	layer, err := layers[0].Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	defer layer.Close()
	if text, err := io.ReadAll(layer); err != nil || !strings.Contains(string(text), "arm64") {
		t.Errorf("its layer cannot be read: %v", err)
	}
}
