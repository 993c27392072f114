package contents_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/slipway-build/slipway/internal/golden"
	"github.com/slipway-build/slipway/release/contents"
	ct "github.com/slipway-build/slipway/release/contents/contentstest"
)

// A shipyard is a layout in memory.
type shipyard struct {
	t      *testing.T
	layout fstest.MapFS
}

func (s shipyard) blob(media types.MediaType, data []byte) v1.Descriptor {
	sum := sha256.Sum256(data)
	digest := v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(sum[:])}
	s.layout["blobs/sha256/"+digest.Hex] = &fstest.MapFile{Data: data}
	return v1.Descriptor{MediaType: media, Size: int64(len(data)), Digest: digest}
}

func (s shipyard) json(media types.MediaType, v any) v1.Descriptor {
	s.t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		s.t.Fatal(err)
	}
	return s.blob(media, data)
}

// image adds an image of layers for a platform, and returns its index.
func (s shipyard) image(layers ...v1.Descriptor) v1.Descriptor {
	manifest := s.json(types.OCIManifestSchema1, v1.Manifest{SchemaVersion: 2, MediaType: types.OCIManifestSchema1,
		Config: s.blob(types.OCIConfigJSON, []byte(`{"os":"linux"}`)), Layers: layers})
	manifest.Platform = &v1.Platform{OS: "linux", Architecture: "amd64"}
	return s.json(types.OCIImageIndex, v1.IndexManifest{SchemaVersion: 2, MediaType: types.OCIImageIndex,
		Manifests: []v1.Descriptor{manifest}})
}

func (s shipyard) list(digest string) (string, error) {
	var b strings.Builder
	err := contents.WalkImage(s.t.Context(), contents.Image{Layout: s.layout, Digest: digest},
		func(m contents.Member) error {
			content, err := io.ReadAll(m.Reader)
			b.WriteString(line(m, content))
			return err
		})
	return b.String(), err
}

func TestWalkImage(t *testing.T) {
	s := shipyard{t, fstest.MapFS{}}
	layer := ct.Tar(t, ct.File("usr/", ""), ct.File("usr/captain", "ELF"))
	foreign := s.blob(types.OCIRestrictedLayer, []byte("foreign"))
	delete(s.layout, "blobs/sha256/"+foreign.Digest.Hex)
	foreign.URLs = []string{"https://example.org/layer"}
	index := s.image(s.blob(types.OCILayer, ct.Compress(t, "gz", layer)), s.blob(types.OCIUncompressedLayer, layer),
		s.blob(types.OCILayerZStd, ct.Compress(t, "zst", layer)), foreign, s.blob("text/plain", []byte("a note")))
	got, err := s.list(index.Digest.String())
	if err != nil {
		t.Fatal(err)
	}
	golden.Check(t, filepath.Join("testdata", "image.txt"), []byte(got))
}

func TestWalkImageRefuses(t *testing.T) {
	s := shipyard{t, fstest.MapFS{}}
	good := s.blob(types.OCILayer, ct.Compress(t, "gz", ct.Tar(t, ct.File("captain", "ELF"))))
	gone := s.blob(types.OCILayer, ct.Tar(t, ct.File("gone", "ELF")))
	delete(s.layout, "blobs/sha256/"+gone.Digest.Hex)
	swapped := s.blob(types.OCILayer, ct.Tar(t, ct.File("mate", "ELF")))
	s.layout["blobs/sha256/"+swapped.Digest.Hex].Data = ct.Tar(t, ct.File("pirate", "ELF"))
	large := s.blob(types.OCIManifestSchema1, bytes.Repeat([]byte(" "), 5<<20))
	for _, c := range []struct{ name, digest, want string }{
		{"no digest", "latest", "cannot parse hash"},
		{"no index", gone.Digest.String(), "manifest, " + gone.Digest.String() + ": the layout does not have it"},
		{"too large a manifest", large.Digest.String(), "bytes of a manifest"},
		{"no layer", s.image(good, gone).Digest.String(),
			"linux/amd64 layer 2, " + gone.Digest.String() + ": the layout does not have it"},
		{"another layer", s.image(swapped).Digest.String(),
			"linux/amd64 layer 1, " + swapped.Digest.String() + ": its digest is"},
	} {
		got, err := s.list(c.digest)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q\n%s", c.name, err, c.want, got)
		}
		var layer *contents.LayerError
		if errors.As(err, &layer) == (c.name == "no digest") {
			t.Errorf("%s: the error is a %T", c.name, err)
		}
	}
}
