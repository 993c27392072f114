package images

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"github.com/slipway-build/slipway/platform"
)

var amd64, arm64 = platform.Platform{OS: "linux", Arch: "amd64"}, platform.Platform{OS: "linux", Arch: "arm64"}

// baseOf returns a base image with a configuration, which says more than an image
// takes over, and with one layer.
func baseOf(t *testing.T, config v1.Config) v1.Image {
	t.Helper()
	base, err := mutate.ConfigFile(empty.Image, &v1.ConfigFile{
		OS: "linux", Architecture: "amd64", Variant: "v3", RootFS: v1.RootFS{Type: "layers"}, Config: config,
	})
	if err != nil {
		t.Fatal(err)
	}
	if base, err = mutate.AppendLayers(base, write(t, []File{{Path: "/base"}}, "gzip")); err != nil {
		t.Fatal(err)
	}
	return base
}

// TestConfig shows the configuration that an image gets.
func TestConfig(t *testing.T) {
	const path = `"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]`
	for _, c := range []struct {
		name  string
		image Image
		want  string // of the section config
	}{
		{"nothing", Image{}, `{` + path + `}`},
		{"a command", Image{Command: []string{"/captain", "mate"}}, `{"Entrypoint":["/captain","mate"],` + path + `}`},
		{"arguments", Image{Command: []string{"/captain"}, Recipe: Recipe{Args: []string{"--sails"}}},
			`{"Cmd":["--sails"],"Entrypoint":["/captain"],` + path + `}`},
		{"a user", Image{Recipe: Recipe{User: "4242:4242"}}, `{` + path + `,"User":"4242:4242"}`},
		{"labels", Image{Labels: map[string]string{"a": "b"}}, `{` + path + `,"Labels":{"a":"b"}}`},
		{"ports", Image{Recipe: Recipe{Ports: []string{"42/udp", "4242/tcp"}}},
			`{` + path + `,"ExposedPorts":{"42/udp":{},"4242/tcp":{}}}`},
		{"a base with an environment", Image{Base: baseOf(t, v1.Config{Env: []string{"PATH=/bin", "A=b"}})},
			`{"Env":["PATH=/bin","A=b"]}`},
		{"a base without one", Image{Base: baseOf(t, v1.Config{WorkingDir: "/deck"})}, `{` + path + `,"WorkingDir":"/deck"}`},
		{"a base that starts something", Image{Command: []string{"/captain"}, Base: baseOf(t, v1.Config{
			Cmd: []string{"x"}, Entrypoint: []string{"y"}, User: "z", Labels: map[string]string{"from": "base"}})},
			`{"Entrypoint":["/captain"],` + path + `}`},
		{"a base with ports", Image{Recipe: Recipe{Ports: []string{"2/tcp"}},
			Base: baseOf(t, v1.Config{ExposedPorts: map[string]struct{}{"1/tcp": {}}})},
			`{` + path + `,"ExposedPorts":{"1/tcp":{},"2/tcp":{}}}`},
	} {
		c.image.Platform, c.image.Created = amd64, date
		image, err := c.image.Assemble()
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		config, err := image.ConfigFile()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := json.Marshal(config.Config); err != nil || string(got) != c.want {
			t.Errorf("%s: the configuration is\n%s\nwant\n%s\n%v", c.name, got, c.want, err)
		}
		if config.OS != "linux" || config.Architecture != "amd64" || config.Variant != "" || !config.Created.Equal(date) {
			t.Errorf("%s: it is for %s/%s%s, of %s", c.name, config.OS, config.Architecture, config.Variant, config.Created)
		}
	}
}

// TestAssemble holds that an image passes the checks that registries make, and that
// its layers are on top of those of its base.
func TestAssemble(t *testing.T) {
	for _, p := range []platform.Platform{amd64, arm64} {
		image, err := shipFor(t, p, nil).Assemble()
		if err != nil {
			t.Fatal(err)
		}
		if err := validate.Image(image); err != nil {
			t.Errorf("%s: %v", p, err)
		}
	}
	image, err := shipFor(t, amd64, baseOf(t, v1.Config{})).Assemble()
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Image(image); err != nil {
		t.Error(err)
	}
	manifest, err := image.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	if manifest.MediaType != types.OCIManifestSchema1 || manifest.Config.MediaType != types.OCIConfigJSON ||
		manifest.Annotations["a"] != "b" || len(manifest.Layers) != 2 {
		t.Errorf("the manifest is %+v", manifest)
	}
	layers, err := image.Layers()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, l := range layers {
		got = append(got, headers(t, l)...)
	}
	if want := []string{"0 0644 0:0 base", "5 0755 0:0 etc/", `0 0644 0:0 etc/ship "amd64"`}; !slices.Equal(got, want) {
		t.Errorf("the layers have %q, want %q", got, want)
	}
	config, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if h := config.History; len(h) != 2 || h[1].CreatedBy != "slipway" || !h[1].Created.Equal(date) {
		t.Errorf("the history is %+v", h)
	}
	_, err = shipFor(t, arm64, baseOf(t, v1.Config{})).Assemble()
	if want := "image ship: its base is for linux/amd64, not for linux/arm64"; err == nil || err.Error() != want {
		t.Errorf("on a base for another architecture: %v, want %s", err, want)
	}
}

// shipFor describes an image whose one layer says what it is for.
func shipFor(t *testing.T, p platform.Platform, base v1.Image) Image {
	t.Helper()
	return Image{
		Recipe: Recipe{Name: "ship"}, Platform: p, Base: base, Labels: map[string]string{"a": "b"}, Created: date,
		Layers: []*Layer{write(t, []File{{Path: "/etc/ship", Data: []byte(p.Arch)}}, "gzip")},
	}
}

// TestAppendLayer holds which compression is for whom.
func TestAppendLayer(t *testing.T) {
	zstd, gzip, only := &Layer{file: "zstd"}, &Layer{file: "gzip"}, &Layer{file: "only"}
	var i Image
	i.AppendLayer([]*Layer{zstd, gzip})
	i.AppendLayer([]*Layer{only})
	if !slices.Equal(i.Layers, []*Layer{zstd, only}) || !slices.Equal(i.Gzipped, []*Layer{gzip, only}) {
		t.Errorf("the layers are %v, and for docker load %v", i.Layers, i.Gzipped)
	}
}

// indexOf returns an index of the ship for platforms.
func indexOf(t *testing.T, platforms ...platform.Platform) v1.ImageIndex {
	t.Helper()
	var all []v1.Image
	for _, p := range platforms {
		image, err := shipFor(t, p, nil).Assemble()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, image)
	}
	index, err := Index(OCI, all, map[string]string{"a": "b"})
	if err != nil {
		t.Fatal(err)
	}
	return index
}

func TestIndex(t *testing.T) {
	index := indexOf(t, amd64, arm64)
	if err := validate.Index(index); err != nil {
		t.Error(err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range manifest.Manifests {
		got = append(got, d.Platform.String()+" "+string(d.MediaType)+d.ArtifactType)
	}
	const media = " application/vnd.oci.image.manifest.v1+json"
	if want := []string{"linux/amd64" + media, "linux/arm64" + media}; !slices.Equal(got, want) {
		t.Errorf("the index has %q, want %q", got, want)
	}
	if manifest.MediaType != types.OCIImageIndex || manifest.Annotations["a"] != "b" {
		t.Errorf("the index is %+v", manifest)
	}
	// A tool that drops the field would change the digest.
	if data, err := index.RawManifest(); err != nil || strings.Contains(string(data), "artifactType") {
		t.Errorf("the index says an artifact type: %s, %v", data, err)
	}
}
