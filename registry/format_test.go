package registry

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/slipway-build/slipway/internal/testkit"
	"github.com/slipway-build/slipway/internal/testkit/testserver"
)

// dockerItem returns a manifest list of Docker's with one image, of two layers.
func dockerItem(t *testing.T, repository string) Item {
	t.Helper()
	config := &v1.ConfigFile{OS: "linux", Architecture: "amd64", RootFS: v1.RootFS{Type: "layers"}}
	image, err := mutate.ConfigFile(empty.Image, config)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		l, err := random.Layer(4096, types.DockerLayer)
		if err != nil {
			t.Fatal(err)
		}
		add := mutate.Addendum{Layer: l, History: v1.History{CreatedBy: "slipway"}}
		if image, err = mutate.Append(image, add); err != nil {
			t.Fatal(err)
		}
	}
	list := mutate.AppendManifests(mutate.IndexMediaType(empty.Index, types.DockerManifestList), mutate.IndexAddendum{
		Add: image, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "amd64"}},
	})
	return Item{Repository: repository, Tag: "v1", Index: list}
}

// ofType refuses manifests whose media type has a text in it.
func ofType(part string, refuse func(w http.ResponseWriter)) oddity {
	return func(w http.ResponseWriter, r *http.Request, kind string, _ int) bool {
		if kind != "PUT manifest" || !strings.Contains(r.Header.Get("Content-Type"), part) {
			return false
		}
		refuse(w)
		return true
	}
}

// TestFormats pushes both formats to registries that take only one: the other is an error of
// a type of its own. What else a registry may have against a manifest is not.
func TestFormats(t *testing.T) {
	with := func(status int, codes ...string) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) {
			w.WriteHeader(status)
			var all []string
			for _, code := range codes {
				all = append(all, fmt.Sprintf(`{"code": %q, "message": "no"}`, code))
			}
			fmt.Fprintf(w, `{"errors": [%s]}`, strings.Join(all, ", "))
		}
	}
	text := func(w http.ResponseWriter) { http.Error(w, "unsupported media type", http.StatusUnsupportedMediaType) }
	for name, c := range map[string]struct {
		refuse func(http.ResponseWriter)
		other  bool // it is not the format
	}{
		"as invalid":                      {refuse: with(400, "MANIFEST_INVALID")},
		"as invalid, not found":           {refuse: with(404, "MANIFEST_INVALID")},
		"as of another version":           {refuse: with(400, "MANIFEST_UNVERIFIED")},
		"as unsupported":                  {refuse: with(405, "UNSUPPORTED")},
		"as invalid and unknown":          {refuse: with(400, "UNKNOWN", "MANIFEST_INVALID")},
		"as something":                    {refuse: with(422)},
		"by the status":                   {refuse: with(415, "MANIFEST_INVALID")},
		"in words":                        {refuse: text},
		"as not acceptable":               {refuse: with(406)},
		"for a tag":                       {refuse: with(400, "TAG_INVALID"), other: true},
		"for a blob and as it is invalid": {refuse: with(400, "MANIFEST_INVALID", "MANIFEST_BLOB_UNKNOWN"), other: true},
		"for who asks":                    {refuse: with(403, "DENIED"), other: true},
		"for a repository":                {refuse: with(404, "NAME_UNKNOWN"), other: true},
		"for its own faults":              {refuse: with(507), other: true},
	} {
		for part, items := range map[string][2]Item{
			"vnd.oci":    {dockerItem(t, "kubelet"), item(t, "proxy", 1)},
			"vnd.docker": {item(t, "proxy", 1), dockerItem(t, "kubelet")},
		} {
			t.Run(name+" "+part, func(t *testing.T) {
				f := serve(t)
				f.fault = ofType(part, c.refuse)
				push(t, f.pusher(), items[0])
				_, err := f.pusher().Push(t.Context(), items[1:])
				var format *FormatError
				if errors.As(err, &format) == c.other || err == nil {
					t.Fatalf("Push() = %v", err)
				}
				if !c.other && (format.Host != f.host || !strings.Contains(format.MediaType, part)) {
					t.Errorf("the error is %+v", format)
				}
			})
		}
	}
}

// TestDockersFormat pushes a manifest list to Docker's registry, which gives it to who asks
// for nothing else, and has skopeo pull it in Docker's format.
func TestDockersFormat(t *testing.T) {
	testkit.Need(t, "skopeo")
	dir := t.TempDir()
	host, _, _ := testserver.DockerRegistry(t, dir, "")
	p := Pusher{Registries: []string{host + "/team"}}
	pushed := push(t, p, dockerItem(t, "kubelet"))[0]
	var list v1.IndexManifest
	wants(t, host, "v1", types.DockerManifestList, &list)
	var manifest v1.Manifest
	wants(t, host, list.Manifests[0].Digest.String(), types.DockerManifestSchema2, &manifest)
	for _, to := range []string{"dir:" + filepath.Join(dir, "dir"), "docker-archive:" + filepath.Join(dir, "all.tar")} {
		cmd := exec.Command("skopeo", "--insecure-policy", "--override-os", "linux", "--override-arch", "amd64", "copy",
			"--src-tls-verify=false", "docker://"+pushed.String(), to)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("skopeo copy to %s: %v\n%s", to, err, out)
		}
	}
	data, err := os.ReadFile(filepath.Join(dir, "dir", "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	if got, _, err := v1.SHA256(strings.NewReader(string(data))); err != nil || got != list.Manifests[0].Digest {
		t.Errorf("skopeo has the manifest %s, want %s: %v", got, list.Manifests[0].Digest, err)
	}
}

// wants asks a registry for a manifest of team/kubelet, of one media type only.
func wants(t *testing.T, host, reference string, media types.MediaType, out any) {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, "http://"+host+"/v2/team/kubelet/manifests/"+reference, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", string(media))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err == nil {
		err = json.Unmarshal(data, out)
	}
	if err != nil || resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != string(media) {
		t.Fatalf("%s is %s of type %s: %v\n%s", reference, resp.Status, resp.Header.Get("Content-Type"), err, data)
	}
}

// TestRefusesFormat holds which requests can be refused for a format: those that put a manifest.
func TestRefusesFormat(t *testing.T) {
	for _, c := range []struct {
		method, path string
		want         bool
	}{
		{http.MethodPut, "/v2/ship/manifests/v1", true},
		{http.MethodGet, "/v2/ship/manifests/v1", false},
		{http.MethodPut, "/v2/ship/blobs/uploads/1", false},
	} {
		r, err := http.NewRequest(c.method, "https://registry.example.org"+c.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		e := &transport.Error{Request: r, StatusCode: http.StatusUnsupportedMediaType}
		if got := refusesFormat(e); got != c.want {
			t.Errorf("%s %s: got %v", c.method, c.path, got)
		}
	}
}
