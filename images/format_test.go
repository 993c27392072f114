package images

import (
	"encoding/json"
	"io"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// TestLayerType has the media types of layers, and what they are in both formats.
func TestLayerType(t *testing.T) {
	const unknown types.MediaType = "application/vnd.example.layer"
	for _, c := range []struct{ in, oci, docker types.MediaType }{
		{types.OCILayer, types.OCILayer, types.DockerLayer},
		{types.DockerLayer, types.OCILayer, types.DockerLayer},
		{types.OCIUncompressedLayer, types.OCIUncompressedLayer, types.DockerUncompressedLayer},
		{types.DockerUncompressedLayer, types.OCIUncompressedLayer, types.DockerUncompressedLayer},
		{types.OCIRestrictedLayer, types.OCIRestrictedLayer, types.DockerForeignLayer},
		{types.DockerForeignLayer, types.OCIRestrictedLayer, types.DockerForeignLayer},
		{types.OCILayerZStd, types.OCILayerZStd, ""},
		{dockerZstd, types.OCILayerZStd, ""},
		{types.OCIUncompressedRestrictedLayer, types.OCIUncompressedRestrictedLayer, ""},
		{unknown, unknown, ""},
		{"", "", ""},
	} {
		if got, err := layerType(OCI, c.in); got != c.oci || err != nil {
			t.Errorf("%s is %s in OCI, %v, want %s", c.in, got, err, c.oci)
		}
		if got, err := layerType(Docker, c.in); got != c.docker || (err != nil) != (c.docker == "") {
			t.Errorf("%s is %s in Docker's format, %v, want %s", c.in, got, err, c.docker)
		}
	}
}

// ociOnly are the keys that Docker's manifests, lists and configurations do not have.
var ociOnly = []string{"annotations", "subject", "artifactType", "data", "variant", "vnd.oci"}

// ofLayers returns an image, with all that an OCI manifest can say, of one layer for each
// media type.
func ofLayers(t *testing.T, history []v1.History, media ...types.MediaType) v1.Image {
	t.Helper()
	image := mutate.MediaType(mutate.ConfigMediaType(empty.Image, types.OCIConfigJSON), types.OCIManifestSchema1)
	image, err := mutate.ConfigFile(image, &v1.ConfigFile{OS: "linux", Architecture: "amd64", Variant: "v3"})
	if err != nil {
		t.Fatal(err)
	}
	var adds []mutate.Addendum
	for i, m := range media {
		compression := "gzip"
		if strings.Contains(string(m), "zstd") {
			compression = "zstd"
		}
		l := write(t, []File{{Path: "/base", Data: []byte{byte('0' + i)}}}, compression)
		adds = append(adds, mutate.Addendum{
			Layer: typed{l, m}, URLs: []string{"https://example.org/layer"}, Annotations: map[string]string{"toc": "0"},
		})
	}
	if image, err = mutate.Append(image, adds...); err != nil {
		t.Fatal(err)
	}
	config, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	config.History = history
	if image, err = mutate.ConfigFile(image, config); err != nil {
		t.Fatal(err)
	}
	image = mutate.Annotations(image, map[string]string{"base": "yes"}).(v1.Image)
	digest, err := image.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return mutate.Subject(image, v1.Descriptor{MediaType: types.OCIManifestSchema1, Size: 1, Digest: digest}).(v1.Image)
}

// dockerShip returns the ship in Docker's format.
func dockerShip(t *testing.T, base v1.Image) v1.Image {
	t.Helper()
	i := shipFor(t, amd64, base)
	i.Format = Docker
	image, err := i.Assemble()
	if err != nil {
		t.Fatal(err)
	}
	return image
}

// TestDocker holds that an image in Docker's format has nothing that only OCI has, whatever
// its base is, and that the layers of the base keep their bytes.
func TestDocker(t *testing.T) {
	full := []v1.History{{CreatedBy: "a"}, {CreatedBy: "b", EmptyLayer: true}, {CreatedBy: "c"}}
	two := []types.MediaType{types.OCILayer, types.OCIUncompressedLayer}
	for _, c := range []struct {
		name    string
		base    v1.Image // nil: none
		layers  string   // their media types, the base's first
		history string   // who made them, with ! for an empty layer
	}{
		{"no base", nil, "tar.gzip", "slipway"},
		{"a base in OCI", ofLayers(t, full, two...), "tar.gzip tar tar.gzip", "a b! c slipway"},
		{"a base of both", ofLayers(t, full, types.DockerLayer, types.OCILayer), "tar.gzip tar.gzip tar.gzip",
			"a b! c slipway"},
		{"a base in Docker's format", baseOf(t, v1.Config{}), "tar.gzip tar.gzip", " slipway"},
		{"a base without a history", ofLayers(t, nil, two...), "tar.gzip tar tar.gzip", "base base slipway"},
		{"a base with too much of it", ofLayers(t, full, types.OCILayer), "tar.gzip tar.gzip", "base slipway"},
		{"a base of empty layers", ofLayers(t, []v1.History{{CreatedBy: "a", EmptyLayer: true}}), "tar.gzip", "a! slipway"},
	} {
		image := dockerShip(t, c.base)
		checkDocker(t, c.name, image)
		manifest, err := image.Manifest()
		if err != nil {
			t.Fatal(err)
		}
		var layers, history []string
		for _, d := range manifest.Layers {
			layers = append(layers, strings.TrimPrefix(string(d.MediaType), "application/vnd.docker.image.rootfs.diff."))
		}
		config, err := image.ConfigFile()
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range config.History {
			history = append(history, h.CreatedBy+map[bool]string{true: "!"}[h.EmptyLayer])
		}
		if got := strings.Join(layers, " "); got != c.layers {
			t.Errorf("%s: the layers are %q, want %q", c.name, got, c.layers)
		}
		if got := strings.Join(history, " "); got != c.history || config.RootFS.Type != "layers" {
			t.Errorf("%s: the history is %q of %q, want %q", c.name, got, config.RootFS.Type, c.history)
		}
		if config.Config.Labels["a"] != "b" {
			t.Errorf("%s: the labels are %v", c.name, config.Config.Labels)
		}
		if c.base != nil {
			sameLayers(t, c.name, image, c.base)
		}
	}
}

// checkDocker holds what is true of all images in Docker's format.
func checkDocker(t *testing.T, name string, image v1.Image) {
	t.Helper()
	manifest, err := image.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	if manifest.MediaType != types.DockerManifestSchema2 || manifest.Config.MediaType != types.DockerConfigJSON {
		t.Errorf("%s: it is %s with %s", name, manifest.MediaType, manifest.Config.MediaType)
	}
	data, err := image.RawManifest()
	if err != nil {
		t.Fatal(err)
	}
	config, err := image.RawConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range ociOnly {
		if strings.Contains(string(data)+string(config), key) {
			t.Errorf("%s: there is %s in\n%s\n%s", name, key, data, config)
		}
	}
}

// sameLayers holds that an image has the layers of its base, byte for byte.
func sameLayers(t *testing.T, name string, image, base v1.Image) {
	t.Helper()
	above, err := image.Layers()
	if err != nil {
		t.Fatal(err)
	}
	below, err := base.Layers()
	if err != nil {
		t.Fatal(err)
	}
	content := func(l v1.Layer) string {
		r, err := l.Compressed()
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	for i, l := range below {
		if content(above[i]) != content(l) {
			t.Errorf("%s: layer %d has other bytes than the base's", name, i)
		}
	}
}

// TestDockerIsValid has the library check an image, and a list of two platforms.
func TestDockerIsValid(t *testing.T) {
	if err := validate.Image(dockerShip(t, baseOf(t, v1.Config{}))); err != nil {
		t.Error(err)
	}
	other := shipFor(t, arm64, nil)
	other.Format = Docker
	second, err := other.Assemble()
	if err != nil {
		t.Fatal(err)
	}
	list, err := Index(Docker, []v1.Image{dockerShip(t, nil), second}, map[string]string{"a": "b"})
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Index(list); err != nil {
		t.Error(err)
	}
	data, err := list.RawManifest()
	if err != nil {
		t.Fatal(err)
	}
	var got any
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	for _, key := range ociOnly {
		if strings.Contains(string(data), key) {
			t.Errorf("there is %s in %s", key, data)
		}
	}
	manifest, err := list.IndexManifest()
	if err != nil || manifest.MediaType != types.DockerManifestList || len(manifest.Manifests) != 2 {
		t.Fatalf("the list is %s, %v", data, err)
	}
	for i, want := range []string{"linux/amd64", "linux/arm64"} {
		if d := manifest.Manifests[i]; d.MediaType != types.DockerManifestSchema2 || d.Platform.String() != want {
			t.Errorf("image %d is %s for %s", i, d.MediaType, d.Platform)
		}
	}
}

// TestOCIOfDocker holds that an OCI image on a base in Docker's format is OCI all through,
// and that one on a base in OCI is as the base has it.
func TestOCIOfDocker(t *testing.T) {
	mixed := ofLayers(t, nil, types.DockerLayer, types.OCILayer, dockerZstd)
	for name, base := range map[string]v1.Image{"Docker": baseOf(t, v1.Config{}), "both": mixed} {
		image, err := shipFor(t, amd64, base).Assemble()
		if err != nil {
			t.Fatal(err)
		}
		data, err := image.RawManifest()
		if err != nil || strings.Contains(string(data), "docker") {
			t.Errorf("%s: %v, %s", name, err, data)
		}
		sameLayers(t, name, image, base)
	}
	image, err := shipFor(t, amd64, mixed).Assemble()
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := image.Manifest()
	if err != nil || manifest.Annotations["base"] != "yes" || manifest.Layers[0].Annotations["toc"] != "0" ||
		!slices.Equal(manifest.Layers[0].URLs, []string{"https://example.org/layer"}) {
		t.Errorf("the manifest is %+v, %v", manifest, err)
	}
}

// TestDockerRefuses has what cannot be in Docker's format. That a base cannot be is found
// when it is read.
func TestDockerRefuses(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]struct {
		media types.MediaType
		want  string
	}{
		"zstd":            {types.OCILayerZStd, "is compressed by zstd, which images.format: docker does not have"},
		"BuildKit's zstd": {dockerZstd, "is compressed by zstd, which images.format: docker does not have"},
		"what is not known": {"application/vnd.example.layer",
			"is of type application/vnd.example.layer, which images.format: docker does not have"},
	} {
		base := ofLayers(t, nil, types.OCILayer, c.media)
		at, err := layout.Write(dir+"/"+name, empty.Index)
		if err != nil {
			t.Fatal(err)
		}
		if err := at.AppendImage(base); err != nil {
			t.Fatal(err)
		}
		manifest, err := base.Manifest()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := (Settings{Base: "./" + name}).BaseImage(t.Context(), dir, amd64); err != nil {
			t.Errorf("%s: as OCI: %v", name, err)
		}
		_, err = Settings{Base: "./" + name, Format: Docker}.BaseImage(t.Context(), dir, amd64)
		want := "./" + name + ": its layer " + manifest.Layers[1].Digest.String() + " " + c.want +
			": take a base with gzip layers, or set images.format: oci"
		if err == nil || err.Error() != want {
			t.Errorf("%s: error %v, want %s", name, err, want)
		}
	}
	i := shipFor(t, amd64, nil)
	i.Format, i.Layers = Docker, []*Layer{write(t, []File{{Path: "/a"}}, "zstd")}
	if _, err := i.Assemble(); err == nil || !strings.HasPrefix(err.Error(), "image ship: layer sha256:") {
		t.Errorf("a layer of zstd: %v", err)
	}
}
