package image

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	old "github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/slipway-build/slipway/images"
	"github.com/slipway-build/slipway/internal/testkit"
	"github.com/slipway-build/slipway/registry"
)

// dockerImages returns ship and bosun in Docker's format, the former on a base in OCI.
func dockerImages(t *testing.T) made {
	t.Helper()
	base, err := shipImage(t, "hull", amd64, "gzip").Assemble()
	if err != nil {
		t.Fatal(err)
	}
	ship, bosun := shipImage(t, "ship", amd64, "gzip"), shipImage(t, "bosun", amd64, "gzip")
	ship.Base = base
	ship.Format, bosun.Format = images.Docker, images.Docker
	return made{"ship": {ship}, "bosun": {bosun}}
}

// TestWriteLayoutForDocker holds that a layout, its record, what pods name and the archive
// agree on the images.
func TestWriteLayoutForDocker(t *testing.T) {
	all, dir := dockerImages(t), filepath.Join(t.TempDir(), "whole")
	record, err := writeLayout(dir, shipRecord(), all, true)
	if err != nil {
		t.Fatal(err)
	}
	index, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range record.Images {
		digest, err := v1.NewHash(one.Digest)
		if err != nil {
			t.Fatal(err)
		}
		list, err := index.ImageIndex(digest)
		if err != nil {
			t.Fatal(err)
		}
		if media, err := list.MediaType(); err != nil || media != types.DockerManifestList {
			t.Errorf("%s is %s, %v", one.Name, media, err)
		}
		reference, err := shipPlan(t).reference(one.Name, all[one.Name])
		if err != nil || !strings.HasSuffix(reference, "/"+one.Name+"@"+one.Digest) {
			t.Errorf("pods run %s, %v, want %s", reference, err, one.Digest)
		}
		below, err := v1.NewHash(one.Platforms[0].Digest)
		if err != nil {
			t.Fatal(err)
		}
		image, err := list.Image(below)
		if err != nil {
			t.Fatal(err)
		}
		tag, err := name.NewTag(one.Name + ":" + record.Tag)
		if err != nil {
			t.Fatal(err)
		}
		archived, err := tarball.ImageFromPath(filepath.Join(dir, "docker-amd64.tar"), &tag)
		if err != nil {
			t.Fatal(err)
		}
		want, err := image.ConfigName()
		got, other := archived.ConfigName()
		if err != nil || other != nil || got != want {
			t.Errorf("%s is %s in the archive, want %s (%v, %v)", one.Name, got, want, err, other)
		}
	}
}

// ofOld serves a registry from before OCI images, which refuses their media types.
func ofOld(t *testing.T) string {
	t.Helper()
	next := old.New(old.Logger(log.New(io.Discard, "", 0)))
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut && strings.Contains(r.Header.Get("Content-Type"), types.OCIVendorPrefix) {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, `{"errors": [{"code": "MANIFEST_INVALID", "message": "manifest invalid"}]}`)
			return
		}
		next.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

// TestPushForDocker pushes images to a registry from before OCI, and has skopeo pull them to
// what docker load reads, with a history for each layer.
func TestPushForDocker(t *testing.T) {
	testkit.Need(t, "skopeo")
	dir, host := t.TempDir(), ofOld(t)
	all := dockerImages(t)
	list, err := indexOf(all["ship"])
	if err != nil {
		t.Fatal(err)
	}
	pusher := registry.Pusher{Registries: []string{host}}
	pushed, err := pusher.Push(t.Context(), []registry.Item{{Repository: "ship", Tag: "v1", Index: list}})
	if err != nil {
		t.Fatal(err)
	}
	archive := filepath.Join(dir, "ship.tar")
	for _, to := range []string{"dir:" + filepath.Join(dir, "ship"), "docker-archive:" + archive + ":ship:v1"} {
		cmd := exec.Command("skopeo", "--insecure-policy", "--override-os", "linux", "--override-arch", "amd64", "copy",
			"--src-tls-verify=false", "docker://"+pushed[0].String(), to)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("skopeo copy to %s: %v\n%s", to, err, out)
		}
	}
	data, err := os.ReadFile(filepath.Join(dir, "ship", "manifest.json"))
	if err != nil || !strings.Contains(string(data), string(types.DockerManifestSchema2)) {
		t.Errorf("skopeo has %s, %v", data, err)
	}
	image, err := tarball.ImageFromPath(archive, nil)
	if err != nil {
		t.Fatal(err)
	}
	config, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	layers, err := image.Layers()
	if err != nil || len(layers) != 2 || len(config.History) != 2 || config.Config.Labels["name"] != "ship" {
		t.Errorf("%d layers with the history %+v, labels %v: %v", len(layers), config.History, config.Config.Labels, err)
	}
	base, err := images.BaseOf("the image", image)
	var got []string
	for _, e := range base.Files {
		got = append(got, e.Path)
	}
	if want := []string{"/hull", "/ship"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("it has %q, %v, want %q", got, err, want)
	}
}

// TestNoteFormats tells of other forks whose images a Docker cannot pull that needs its own
// format.
func TestNoteFormats(t *testing.T) {
	const told = "forks/ship-1.4/fork.yaml: images.with: the pods of boat run OCI images, which what needs " +
		"images.format: docker cannot pull: set it in forks/boat/fork.yaml, too"
	for _, c := range []struct{ ship, boat, want string }{
		{"images: {with: [boat]}", "", ""},
		{"images: {with: [boat]}", "images: {format: docker}", ""},
		{"images: {with: [boat], format: docker}", "images: {format: docker}", ""},
		{"images: {with: [boat], format: docker}", "", told},
		{"images: {format: docker}", "", ""},
	} {
		var notes []string
		err := noteFormats(withBoat(t, c.ship, c.boat), func(text string) { notes = append(notes, text) })
		if got := strings.Join(notes, "\n"); err != nil || got != c.want {
			t.Errorf("%s and %s: %q, %v, want %q", c.ship, c.boat, got, err, c.want)
		}
	}
}
