package tarball

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/compression"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/internal/testkit"
)

// layer returns a layer with one file, compressed by gzip or zstd.
func layer(t *testing.T, file, text string, by compression.Compression) v1.Layer {
	t.Helper()
	var data bytes.Buffer
	w := tar.NewWriter(&data)
	err := errors.Join(entry(w, file, int64(len(text)), strings.NewReader(text)), w.Close())
	if err != nil {
		t.Fatal(err)
	}
	media := types.OCILayer
	if by == compression.ZStd {
		media = types.OCILayerZStd
	}
	open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data.Bytes())), nil }
	l, err := tarball.LayerFromOpener(open, tarball.WithCompression(by), tarball.WithMediaType(media))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// writeLayout writes a layout with the image captain for linux/amd64, two of whose three
// layers are the same, and its record.
func writeLayout(t *testing.T, dir string) artifact.Images {
	t.Helper()
	same := layer(t, "bin/captain", "ahoy", compression.ZStd)
	image, err := mutate.AppendLayers(empty.Image, same, layer(t, "etc/motto", "Any wind.", compression.GZip), same)
	if err != nil {
		t.Fatal(err)
	}
	index := mutate.AppendManifests(empty.Index, mutate.IndexAddendum{
		Add: image, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "amd64"}},
	})
	to, err := layout.Write(dir, empty.Index)
	if err := errors.Join(err, to.AppendIndex(index)); err != nil {
		t.Fatal(err)
	}
	of, err1 := index.Digest()
	one, err2 := image.Digest()
	record := artifact.Images{Fork: "ship-1.4", Version: "1.4.1+test.1", Tag: "v1.4.1_test.1"}
	record.Images = []artifact.ImageIndex{{
		Name: "captain", Digest: of.String(),
		Platforms: []artifact.PlatformImage{{Platform: "linux/amd64", Digest: one.String()}},
	}}
	data, err3 := json.Marshal(record)
	err4 := os.WriteFile(filepath.Join(dir, artifact.ImagesFile), data, 0o644)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		t.Fatal(err)
	}
	return record
}

func TestArchive(t *testing.T) {
	dir := t.TempDir()
	record := writeLayout(t, dir)
	index, digest := (inputs{images: record}).image("captain", "linux/amd64")
	a := archive{layout: dir, index: index, image: digest, reference: "ship.example.org/captain-amd64:v1.4.1_test.1"}
	file, again := filepath.Join(t.TempDir(), "captain.tar"), filepath.Join(t.TempDir(), "again.tar")
	if err := errors.Join(a.write(file), a.write(again)); err != nil {
		t.Fatal(err)
	}
	first, err1 := os.ReadFile(file)
	second, err2 := os.ReadFile(again)
	if err := errors.Join(err1, err2); err != nil || !bytes.Equal(first, second) {
		t.Errorf("an image makes two archives, %v", err)
	}
	tag, err := name.NewTag(a.reference)
	if err != nil {
		t.Fatal(err)
	}
	got, err := tarball.ImageFromPath(file, &tag)
	if err := errors.Join(err, validate.Image(got)); err != nil {
		t.Fatal(err)
	}
	want, err := a.open()
	if err != nil {
		t.Fatal(err)
	}
	gotName, err1 := got.ConfigName()
	wantName, err2 := want.ConfigName()
	if err := errors.Join(err1, err2); err != nil || gotName != wantName {
		t.Errorf("the configuration is %s, want %s, %v", gotName, wantName, err)
	}
	var members []string
	r := tar.NewReader(bytes.NewReader(first))
	for h, err := r.Next(); err == nil; h, err = r.Next() {
		members = append(members, filepath.Ext(h.Name))
	}
	if !slices.Equal(members, []string{".json", ".tar", ".tar", ".json"}) {
		t.Errorf("it has %q, want each layer once", members)
	}
}

// TestSkopeoReadsArchive has another reader of archives for docker load read one.
func TestSkopeoReadsArchive(t *testing.T) {
	testkit.Need(t, "skopeo")
	dir := t.TempDir()
	index, digest := (inputs{images: writeLayout(t, dir)}).image("captain", "linux/amd64")
	file := filepath.Join(t.TempDir(), "captain.tar")
	a := archive{layout: dir, index: index, image: digest, reference: "ship.example.org/captain-amd64:v1.4.1_test.1"}
	if err := a.write(file); err != nil {
		t.Fatal(err)
	}
	from, to := "docker-archive:"+file, "dir:"+t.TempDir()
	out, err := exec.Command("skopeo", "copy", "--insecure-policy", from, to).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

func TestArchiveFails(t *testing.T) {
	dir := t.TempDir()
	record := writeLayout(t, dir)
	index, digest := (inputs{images: record}).image("captain", "linux/amd64")
	for name, c := range map[string]struct {
		a    archive
		want string
	}{
		"no layout": {archive{layout: filepath.Join(dir, "none"), index: index, image: digest}, "none: "},
		"no index":  {archive{layout: dir, index: digest, image: digest}, "could not find"},
		"no digest": {archive{layout: dir, index: index, image: "soon"}, "soon"},
	} {
		t.Run(name, func(t *testing.T) {
			c.a.reference = "captain:v1.4.1"
			err := c.a.write(filepath.Join(t.TempDir(), "captain.tar"))
			if err == nil || !strings.HasPrefix(err.Error(), "image captain:v1.4.1 in "+c.a.layout) ||
				!strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}
