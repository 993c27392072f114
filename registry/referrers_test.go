package registry

import (
	"encoding/json"
	"io"
	"log"
	"net/http"
	"slices"
	"strings"
	"testing"

	ggcr "github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/slipway-build/slipway/internal/testkit"
	"github.com/slipway-build/slipway/internal/testkit/testserver"
)

const sbomType = "application/spdx+json"

// beside returns an artifact beside an index, with a text, and an annotation that says so.
func beside(t *testing.T, index v1.ImageIndex, text string) v1.Image {
	t.Helper()
	digest, err := index.Digest()
	if err != nil {
		t.Fatal(err)
	}
	size, err := index.Size()
	if err != nil {
		t.Fatal(err)
	}
	artifact := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), sbomType)
	artifact, err = mutate.AppendLayers(artifact, static.NewLayer([]byte(text), sbomType))
	if err != nil {
		t.Fatal(err)
	}
	artifact = mutate.Annotations(artifact, map[string]string{"org.example.text": text}).(v1.Image)
	return mutate.Subject(artifact, v1.Descriptor{MediaType: types.OCIImageIndex, Digest: digest, Size: size}).(v1.Image)
}

// listed returns the annotations of what is beside an image, as a URL of its registry
// lists it.
func listed(t *testing.T, c *http.Client, url string) []string {
	t.Helper()
	resp, err := c.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var index v1.IndexManifest
	if err := json.NewDecoder(resp.Body).Decode(&index); err != nil {
		t.Fatalf("%s: %s: %v", url, resp.Status, err)
	}
	var out []string
	for _, d := range index.Manifests {
		if d.ArtifactType != sbomType || d.MediaType != types.OCIManifestSchema1 || d.Size == 0 {
			t.Errorf("%s lists %+v", url, d)
		}
		out = append(out, d.Annotations["org.example.text"])
	}
	slices.Sort(out)
	return out
}

// TestBeside pushes artifacts to a registry that lists them itself, and to one that does
// not; again, when nothing is new; and with one more.
func TestBeside(t *testing.T) {
	for name, itself := range map[string]bool{"listed by the registry": true, "listed under a tag": false} {
		t.Run(name, func(t *testing.T) {
			f := serve(t)
			f.next = ggcr.New(ggcr.Logger(log.New(io.Discard, "", 0)), ggcr.WithReferrersSupport(itself))
			one := item(t, "captain", 1)
			digest, err := one.Index.Digest()
			if err != nil {
				t.Fatal(err)
			}
			url := f.URL + "/v2/team/captain/manifests/sha256-" + digest.Hex
			if itself {
				url = f.URL + "/v2/team/captain/referrers/" + digest.String()
			}
			a, b, c := beside(t, one.Index, "a"), beside(t, one.Index, "b"), beside(t, one.Index, "c")
			for _, step := range []struct {
				beside    []v1.Image
				want      string
				new, puts int // manifests: of an index with two images, and an index of what is beside it
			}{
				{[]v1.Image{b, a}, "a b", 2, 3 + 2 + 1},
				{[]v1.Image{a, b}, "a b", 0, 0},
				{[]v1.Image{a, c, c}, "a b c", 1, 1 + 1},
			} {
				f.forget()
				one.Beside = step.beside
				got := push(t, f.pusher(), one)[0]
				if itself && step.new > 0 {
					step.puts--
				}
				if n := f.count("PUT manifest"); n != step.puts || got.Beside != step.new {
					t.Errorf("%d manifests were sent, %d artifacts are new, want %d and %d", n, got.Beside, step.puts, step.new)
				}
				if got := strings.Join(listed(t, f.Client(), url), " "); got != step.want {
					t.Errorf("%s are listed, want %s", got, step.want)
				}
			}
		})
	}
}

// TestBesideIsListedAgain holds that what a push sent and did not list, the next one lists.
func TestBesideIsListedAgain(t *testing.T) {
	f := serve(t)
	one := item(t, "captain", 1)
	one.Beside = []v1.Image{beside(t, one.Index, "a")}
	f.fault = func(w http.ResponseWriter, r *http.Request, _ string, _ int) bool {
		return r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/manifests/sha256-") &&
			refuse(w, http.StatusForbidden, "DENIED", "not now", nil)
	}
	if got, err := f.pusher().Push(t.Context(), []Item{one}); err == nil || len(got) != 1 || got[0].Beside != 1 {
		t.Fatalf("%+v, %v, want an image, and that its artifact is not listed", got, err)
	}
	f.fault = nil
	if got := push(t, f.pusher(), one)[0]; !got.Kept || got.Beside != 0 {
		t.Errorf("the second push: %+v", got)
	}
	digest, _ := one.Index.Digest()
	got := listed(t, f.Client(), f.URL+"/v2/team/captain/manifests/sha256-"+digest.Hex)
	if !slices.Equal(got, []string{"a"}) {
		t.Errorf("%q are listed", got)
	}
}

// TestBesideRefused has registries that take no artifacts, or do not say what they list.
func TestBesideRefused(t *testing.T) {
	for name, c := range map[string]struct {
		fault func(w http.ResponseWriter, r *http.Request, kind string, n int) bool
		want  string
	}{
		"the manifest": {func(w http.ResponseWriter, r *http.Request, kind string, n int) bool {
			return kind == "PUT manifest" && n == 3 && refuse(w, http.StatusBadRequest, "MANIFEST_INVALID", "odd", nil)
		}, "captain has its images, but it takes nothing beside them: 400 Bad Request, MANIFEST_INVALID: odd"},
		"the question for the list": {func(w http.ResponseWriter, r *http.Request, _ string, _ int) bool {
			return strings.Contains(r.URL.Path, "/referrers/") && refuse(w, http.StatusForbidden, "DENIED", "no", nil)
		}, "DENIED: no"},
		"the question for the tag": {func(w http.ResponseWriter, r *http.Request, kind string, _ int) bool {
			return kind == "GET manifest" && strings.Contains(r.URL.Path, "/manifests/sha256-") &&
				refuse(w, http.StatusForbidden, "DENIED", "never", nil)
		}, "DENIED: never"},
		"the tag is an image": {func(w http.ResponseWriter, r *http.Request, kind string, _ int) bool {
			if kind != "GET manifest" || !strings.Contains(r.URL.Path, "/manifests/sha256-") {
				return false
			}
			_, _ = w.Write([]byte(`{"schemaVersion": 2, "mediaType": "` + string(types.OCIManifestSchema1) + `"}`))
			return true
		}, "is not an index, as a list of what is beside an image is: remove the tag"},
	} {
		f := serve(t)
		f.fault = c.fault
		one := item(t, "captain", 1)
		one.Beside = []v1.Image{beside(t, one.Index, "a")}
		got, err := f.pusher().Push(t.Context(), []Item{one})
		if err == nil || !strings.Contains(err.Error(), c.want) || len(got) != 1 {
			t.Errorf("%s: %+v, %v, want the image, and %s", name, got, err, c.want)
		}
	}
	f := serve(t)
	one := item(t, "captain", 1)
	one.Beside = []v1.Image{empty.Image}
	if _, err := f.pusher().Push(t.Context(), []Item{one}); err == nil || !strings.Contains(err.Error(), "names nothing") {
		t.Errorf("an image beside an image: %v", err)
	}
}

// TestDockerBeside pushes artifacts to Docker's own registry, which lists nothing itself.
func TestDockerBeside(t *testing.T) {
	testkit.Need(t, "docker-registry")
	host, _, _ := testserver.DockerRegistry(t, t.TempDir(), "")
	one := item(t, "captain", 1)
	one.Beside = []v1.Image{beside(t, one.Index, "a"), beside(t, one.Index, "b")}
	p := Pusher{Registries: []string{host + "/team"}}
	digest, err := one.Index.Digest()
	if err != nil {
		t.Fatal(err)
	}
	for _, news := range []int{2, 0} {
		if got := push(t, p, one)[0]; got.Beside != news {
			t.Errorf("%d artifacts are new, want %d", got.Beside, news)
		}
		got := listed(t, &http.Client{Transport: accepts{}}, "http://"+host+"/v2/team/captain/manifests/sha256-"+digest.Hex)
		if !slices.Equal(got, []string{"a", "b"}) {
			t.Errorf("%q are listed", got)
		}
	}
}

// accepts asks for indexes.
type accepts struct{}

func (accepts) RoundTrip(r *http.Request) (*http.Response, error) {
	r.Header.Set("Accept", string(types.OCIImageIndex))
	return http.DefaultTransport.RoundTrip(r)
}
