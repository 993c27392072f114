package images

import (
	"archive/tar"
	"bytes"
	"io"
	"log"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/slipway-build/slipway/platform"
)

// bare returns an index of images that say no platform.
func bare(t *testing.T, platforms ...platform.Platform) v1.ImageIndex {
	t.Helper()
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, p := range platforms {
		image, err := shipFor(t, p, nil).Assemble()
		if err != nil {
			t.Fatal(err)
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: image})
	}
	return index
}

// TestBaseImageOfLayout finds the image for a platform in OCI layouts of several
// forms.
func TestBaseImageOfLayout(t *testing.T) {
	nested := mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: indexOf(t, amd64, arm64)})
	for _, c := range []struct {
		name  string
		index v1.ImageIndex
		p     platform.Platform
		want  string // the architecture that the image is for, or the error
	}{
		{"the first of two", indexOf(t, amd64, arm64), amd64, "amd64"},
		{"the second of two", indexOf(t, amd64, arm64), arm64, "arm64"},
		{"in an index of an index", nested, arm64, "arm64"},
		{"an index without the platform", indexOf(t, amd64), arm64, "./base: it has no image for linux/arm64"},
		{"an index of an index without it", nested, platform.Platform{OS: "linux", Arch: "s390x"},
			"./base: it has no image for linux/s390x"},
		{"nothing", empty.Index, amd64, "./base: it has no image for linux/amd64"},
		{"the only image, which says no platform", bare(t, arm64), arm64, "arm64"},
		{"the only image, which is for another", bare(t, arm64), amd64, "./base: it is for linux/arm64, not for " +
			"linux/amd64: take a base with an image for each platform, by the digest of its index"},
		{"two that say none", bare(t, amd64, arm64), amd64, "./base: it has no image for linux/amd64"},
	} {
		dir := t.TempDir()
		if _, err := layout.Write(filepath.Join(dir, "base"), c.index); err != nil {
			t.Fatal(err)
		}
		image, err := Settings{Base: "./base"}.BaseImage(t.Context(), dir, c.p)
		var got string
		if err != nil {
			got = err.Error()
		} else if config, err := image.ConfigFile(); err == nil {
			got = config.Architecture
		}
		if got != c.want {
			t.Errorf("%s: BaseImage() = %q, want %q", c.name, got, c.want)
		}
	}
}

// TestBaseImage has the bases that are no layout.
func TestBaseImage(t *testing.T) {
	for _, base := range []string{"", "scratch"} {
		if image, err := (Settings{Base: base}).BaseImage(t.Context(), t.TempDir(), amd64); image != nil || err != nil {
			t.Errorf("%q: BaseImage() = %v, %v, want none", base, image, err)
		}
	}
	for base, want := range map[string]string{
		"./none":                            "./none is not an OCI layout: stat ",
		"registry.example.org/base:v1":      "a digest must contain exactly one '@' separator",
		"registry.example.org/base@sha256:": "invalid checksum digest format: ",
	} {
		image, err := Settings{Base: base}.BaseImage(t.Context(), t.TempDir(), amd64)
		if image != nil || err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: BaseImage() = %v, %v, want an error %s…", base, image, err, want)
		}
	}
}

// TestBaseImageOfRegistry pulls a base from a registry on this machine.
func TestBaseImageOfRegistry(t *testing.T) {
	t.Setenv("DOCKER_CONFIG", t.TempDir()) // no logins
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	repository := strings.TrimPrefix(server.URL, "http://") + "/base"
	tag, err := name.NewTag(repository + ":v1")
	if err != nil {
		t.Fatal(err)
	}
	index := indexOf(t, amd64, arm64)
	if err := remote.WriteIndex(tag, index); err != nil {
		t.Fatal(err)
	}
	digest, err := index.Digest()
	if err != nil {
		t.Fatal(err)
	}
	settings := Settings{Base: repository + "@" + digest.String()}
	image, err := settings.BaseImage(t.Context(), "", arm64)
	if err != nil {
		t.Fatal(err)
	}
	entries, err := contentsOf(image)
	if want := []Entry{{Path: "/etc", Folder: true}, {Path: "/etc/ship"}}; err != nil || !slices.Equal(entries, want) {
		t.Errorf("the base has %v, %v, want %v", entries, err, want)
	}
	if _, err := settings.BaseImage(t.Context(), "", platform.Platform{OS: "linux", Arch: "s390x"}); err == nil {
		t.Error("the registry has a base for s390x")
	}
}

// layerOf returns an uncompressed layer of tar entries.
func layerOf(t *testing.T, entries ...tar.Header) v1.Layer {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range entries {
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return static.NewLayer(b.Bytes(), types.OCIUncompressedLayer)
}

// contentsOf lists the files of an image, without where their content is.
func contentsOf(image v1.Image) ([]Entry, error) {
	base, err := BaseOf("the base", image)
	for i := range base.Files {
		base.Files[i].layer, base.Files[i].name = 0, ""
	}
	return base.Files, err
}

// TestBaseOf lays layers one over the other, as a runtime does.
func TestBaseOf(t *testing.T) {
	file := func(name string) tar.Header { return tar.Header{Typeflag: tar.TypeReg, Name: name} }
	dir := func(name string) tar.Header { return tar.Header{Typeflag: tar.TypeDir, Name: name} }
	link := func(name, target string) tar.Header {
		return tar.Header{Typeflag: tar.TypeSymlink, Name: name, Linkname: target}
	}
	for _, c := range []struct {
		name   string
		layers []v1.Layer
		want   []Entry
	}{
		{"nothing", nil, nil},
		{"sorted, with clean paths", []v1.Layer{layerOf(t, file("./b"), dir("a/"), file("/c"))},
			[]Entry{{Path: "/a", Folder: true}, {Path: "/b"}, {Path: "/c"}}},
		{"a link", []v1.Layer{layerOf(t, link("bin", "usr/bin"))}, []Entry{{Path: "/bin", Target: "usr/bin"}}},
		{"a hard link is a file", []v1.Layer{layerOf(t, tar.Header{Typeflag: tar.TypeLink, Name: "a", Linkname: "b"})},
			[]Entry{{Path: "/a"}}},
		{"the upper layer counts", []v1.Layer{layerOf(t, link("a", "b")), layerOf(t, file("a"))}, []Entry{{Path: "/a"}}},
		{"a file is removed", []v1.Layer{layerOf(t, file("x/a"), file("x/b")), layerOf(t, file("x/.wh.a"))},
			[]Entry{{Path: "/x/b"}}},
		{"and is there again", []v1.Layer{layerOf(t, file("a")), layerOf(t, file(".wh.a")), layerOf(t, file("a"))},
			[]Entry{{Path: "/a"}}},
		{"a whiteout is not of its layer", []v1.Layer{layerOf(t, file("a"), file(".wh.a"))}, []Entry{{Path: "/a"}}},
		{"a dir is removed with all in it", []v1.Layer{layerOf(t, dir("x"), file("x/y/a"), file("xa")),
			layerOf(t, file(".wh.x"))}, []Entry{{Path: "/xa"}}},
		{"a dir is emptied", []v1.Layer{layerOf(t, dir("x"), file("x/a"), file("y")),
			layerOf(t, file("x/.wh..wh..opq"), file("x/b"))},
			[]Entry{{Path: "/x", Folder: true}, {Path: "/x/b"}, {Path: "/y"}}},
		{"all is emptied", []v1.Layer{layerOf(t, dir("x"), file("x/a"), file("y")),
			layerOf(t, file(".wh..wh..opq"), file("z"))}, []Entry{{Path: "/z"}}},
		{"a file replaces a dir", []v1.Layer{layerOf(t, dir("x"), file("x/a")), layerOf(t, file("x"))},
			[]Entry{{Path: "/x"}}},
		{"a dir keeps what is in it", []v1.Layer{layerOf(t, dir("x"), file("x/a")), layerOf(t, dir("x"))},
			[]Entry{{Path: "/x", Folder: true}, {Path: "/x/a"}}},
		{"a file behind a link to a dir", []v1.Layer{layerOf(t, link("lib", "usr/lib"), dir("usr/lib")),
			layerOf(t, file("lib/a"))},
			[]Entry{{Path: "/lib", Target: "usr/lib"}, {Path: "/usr/lib", Folder: true}, {Path: "/usr/lib/a"}}},
		{"a file is removed behind a link", []v1.Layer{layerOf(t, link("lib", "usr/lib"), file("usr/lib/a")),
			layerOf(t, file("lib/.wh.a"))}, []Entry{{Path: "/lib", Target: "usr/lib"}}},
	} {
		image, err := mutate.AppendLayers(empty.Image, c.layers...)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := contentsOf(image); err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: BaseOf() = %+v, %v, want %+v", c.name, got, err, c.want)
		}
	}
	noTar := static.NewLayer([]byte(strings.Repeat("x", 1024)), types.OCIUncompressedLayer)
	damaged, err := mutate.AppendLayers(empty.Image, noTar)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := contentsOf(damaged); err == nil || got != nil {
		t.Errorf("a damaged layer: BaseOf() = %v, %v", got, err)
	}
}
