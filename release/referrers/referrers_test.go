package referrers

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// ship returns a layout with an index of one image, and the digests of both.
func ship(t *testing.T) (dir string, index, image v1.Hash) {
	t.Helper()
	dir = t.TempDir()
	made := mutate.MediaType(empty.Image, types.OCIManifestSchema1)
	all := mutate.AppendManifests(mutate.IndexMediaType(empty.Index, types.OCIImageIndex), mutate.IndexAddendum{Add: made})
	lay, err := layout.Write(dir, empty.Index)
	if err != nil {
		t.Fatal(err)
	}
	image, err = made.Digest()
	index, indexErr := all.Digest()
	if err := errors.Join(err, indexErr, lay.AppendIndex(all)); err != nil {
		t.Fatal(err)
	}
	return dir, index, image
}

// files returns the contents of a layout's files.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(name string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			data, readErr := os.ReadFile(name)
			rel, relErr := filepath.Rel(dir, name)
			out[rel], err = string(data), errors.Join(readErr, relErr)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func add(t *testing.T, dir string, subject v1.Hash, d Document) v1.Hash {
	t.Helper()
	digest, err := Add(dir, subject, d)
	if err != nil {
		t.Fatal(err)
	}
	return digest
}

func TestAdd(t *testing.T) {
	dir, index, image := ship(t)
	sbom := Document{
		Type: "application/spdx+json", Data: []byte("{}\n"), Annotations: map[string]string{"org.example.a": "b"},
	}
	vex := Document{Type: "application/vex+json", Data: []byte("[]\n")}
	of := map[v1.Hash][]Document{index: {vex}, image: {sbom, vex}}
	for subject, docs := range of {
		for _, d := range docs {
			add(t, dir, subject, d)
		}
	}
	for subject, docs := range of {
		found, err := List(dir, subject)
		if err != nil || len(found) != len(docs) {
			t.Fatalf("%s has %+v, %v, want %d documents", subject, found, err, len(docs))
		}
		for _, d := range found {
			want := vex.Annotations
			if d.ArtifactType == sbom.Type {
				want = sbom.Annotations
			}
			if !reflect.DeepEqual(d.Annotations, want) || d.MediaType != types.OCIManifestSchema1 {
				t.Errorf("%+v, want the annotations %v", d, want)
			}
		}
	}
	all, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Index(all, validate.Fast); err != nil {
		t.Errorf("the layout: %v", err)
	}
	// In another order, and again, it is the same.
	other, _, _ := ship(t)
	for range 2 {
		for _, d := range []Document{vex, sbom} {
			add(t, other, image, d)
		}
		add(t, other, index, vex)
	}
	if !reflect.DeepEqual(files(t, dir), files(t, other)) {
		t.Error("in another order it is another layout")
	}
}

// TestAddLeavesLinks holds that a layout of which the files are links to those of another
// leaves that one as it is.
func TestAddLeavesLinks(t *testing.T) {
	dir, index, _ := ship(t)
	other := t.TempDir()
	if err := os.CopyFS(other, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Remove(filepath.Join(other, indexFile)),
		os.Link(filepath.Join(dir, indexFile), filepath.Join(other, indexFile))); err != nil {
		t.Fatal(err)
	}
	before := files(t, dir)
	add(t, other, index, Document{Type: "application/spdx+json"})
	if !reflect.DeepEqual(files(t, dir), before) {
		t.Error("the other layout is changed")
	}
}

func TestAddRefuses(t *testing.T) {
	dir, index, _ := ship(t)
	layer := add(t, dir, index, Document{Type: "application/spdx+json", Data: []byte("x")})
	data, _, err := v1.SHA256(strings.NewReader("x"))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		subject v1.Hash
		want    string
	}{
		"none":       {v1.Hash{Algorithm: "sha256", Hex: strings.Repeat("0", 64)}, "has no image sha256:000"},
		"a document": {data, "is not an image"},
		"its manifest, which can have documents of its own": {layer, ""},
	} {
		_, err := Add(dir, c.subject, Document{Type: "application/vex+json"})
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	if _, err := List(t.TempDir(), index); err == nil {
		t.Error("a folder that is no layout has documents")
	}
}
