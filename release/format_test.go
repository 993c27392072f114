package release

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	pushing "github.com/slipway-build/slipway/registry"
)

// TestPushOtherFormat refuses images that were made when fork.yaml had another format.
func TestPushOtherFormat(t *testing.T) {
	for _, c := range []struct {
		made, wanted string
		fault        string
	}{
		{"", "", ""},
		{"", "oci", ""},
		{"docker", "docker", ""},
		{"", "docker", "dist/ship-1.4/images has images in the format oci, but images.format in " +
			"forks/ship-1.4/fork.yaml is docker: make them again: mage image -fork=ship-1.4"},
		{"docker", "oci", "dist/ship-1.4/images has images in the format docker, but images.format in " +
			"forks/ship-1.4/fork.yaml is oci: make them again: mage image -fork=ship-1.4"},
	} {
		dir, record := images(t, "ship")
		record.Format = c.made
		writeRecord(t, dir, record)
		f := ship(dir, serve(t))
		f.Images.Format = c.wanted
		set, err := Push(t.Context(), f, nil, nil, PushRequest{Insecure: true})
		if c.fault != "" {
			if err == nil || err.Error() != c.fault {
				t.Errorf("%q, where %q is wanted: %v, want %s", c.made, c.wanted, err, c.fault)
			}
			continue
		}
		if want := format(c.wanted); err != nil || len(set) != 1 || set[0].Format != want {
			t.Errorf("%q: %v, %v, want an image of format %s", c.made, set, err, want)
		}
	}
}

// TestPushMends says which setting makes images that a registry takes.
func TestPushMends(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodHead || r.Method == http.MethodGet && r.URL.Path != "/v2/":
			w.WriteHeader(http.StatusNotFound)
		case r.Method == http.MethodPost:
			w.Header().Set("Location", "/v2/ship/blobs/uploads/1")
			w.WriteHeader(http.StatusAccepted)
		case strings.Contains(r.URL.Path, "/manifests/"):
			w.WriteHeader(http.StatusUnsupportedMediaType)
		default:
			_, _ = io.Copy(io.Discard, r.Body)
		}
	}))
	t.Cleanup(s.Close)
	for set, want := range map[string]string{"": "docker", "oci": "docker", "docker": "oci"} {
		dir, record := images(t, "ship")
		record.Format = set
		writeRecord(t, dir, record)
		f := ship(dir, strings.TrimPrefix(s.URL, "http://"))
		f.Images.Format = set
		_, err := Push(t.Context(), f, nil, nil, PushRequest{Insecure: true})
		want := "\n  If so, set images.format: " + want +
			" in forks/ship-1.4/fork.yaml, then: mage image -fork=ship-1.4, and push again"
		var refused *pushing.FormatError
		if !errors.As(err, &refused) || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%q: %v, want it to end with %s", set, err, want)
		}
	}
}
