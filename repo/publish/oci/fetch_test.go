package oci

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/repo/publish"
)

// TestFetchKeeps checks what is taken over the network when a folder has some of it.
func TestFetchKeeps(t *testing.T) {
	r := serve(t)
	s := stateOf("20260102T030405Z", 10)
	must[string](t)(s.publish(t.Context(), open(t, r.url)))
	dir := t.TempDir()
	fetch := func() Fetched {
		t.Helper()
		return must[Fetched](t)(Fetch(t.Context(), r.url, publish.Options{}, dir))
	}
	size := int64(len(s.head(false)))
	for _, f := range s.files {
		if f.Alias == "" { // aliases are links
			size += f.Size
		}
	}
	if got := fetch(); got.Files != len(s.files)+1 || got.Kept != 0 || got.Bytes != size {
		t.Errorf("into an empty folder: %+v, want %d bytes", got, size)
	}
	if got := fetch(); got.Kept != got.Files || got.Bytes != 0 {
		t.Errorf("once more: %+v", got)
	}
	at := filepath.Join(dir, "apt/pool/05/captain_5.deb")
	for _, damage := range []func() error{
		func() error { return os.Remove(at) },
		func() error { return os.WriteFile(at, []byte("purser 51"), 0o644) },
		func() error { return os.WriteFile(at+partial, []byte("pur"), 0o600) },
	} {
		if err := damage(); err != nil {
			t.Fatal(err)
		}
		fetch()
		if data, err := os.ReadFile(at); err != nil || string(data) != "captain 5" {
			t.Errorf("the file is %q, %v", data, err)
		}
	}
}

// TestFetchStaysInside checks that nothing is written through a link out of the folder.
func TestFetchStaysInside(t *testing.T) {
	r := serve(t)
	must[string](t)(stateOf("20260102T030405Z", 2).publish(t.Context(), open(t, r.url)))
	dir, outside := t.TempDir(), t.TempDir()
	if err := os.Symlink(outside, filepath.Join(dir, "apt")); err != nil {
		t.Fatal(err)
	}
	if _, err := Fetch(t.Context(), r.url, publish.Options{}, dir); err == nil || !strings.Contains(err.Error(), "apt/") {
		t.Errorf("through a link: %v", err)
	}
	if left, err := os.ReadDir(outside); err != nil || len(left) > 0 {
		t.Errorf("outside are %v, %v", left, err)
	}
}

// TestFetchRefuses checks that bytes are compared, and that a cut is none of them.
func TestFetchRefuses(t *testing.T) {
	s := stateOf("20260102T030405Z", 1)
	deb := "/blobs/sha256:" + s.files[1].SHA256
	for name, c := range map[string]struct {
		body func(w http.ResponseWriter)
		want string // "": it is fetched at the second try
	}{
		"other bytes": {func(w http.ResponseWriter) {
			_, _ = w.Write([]byte(strings.Repeat("x", int(s.files[1].Size))))
		}, "is other bytes"},
		"more bytes": {func(w http.ResponseWriter) { _, _ = w.Write([]byte(strings.Repeat("x", 99))) }, "is other bytes"},
		"none":       {func(w http.ResponseWriter) { w.WriteHeader(http.StatusNotFound) }, "has no blob"},
		"a cut": {func(w http.ResponseWriter) {
			w.Header().Set("Content-Length", "9")
			_, _ = w.Write([]byte("cap"))
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := serve(t)
			must[string](t)(s.publish(t.Context(), open(t, r.url)))
			n := 0
			r.fault = func(w http.ResponseWriter, ask *http.Request) bool {
				bad := strings.HasSuffix(ask.URL.Path, deb) && (c.want != "" || n == 0)
				if bad {
					n++
					c.body(w)
				}
				return bad
			}
			dir := t.TempDir()
			_, err := Fetch(t.Context(), r.url, publish.Options{}, dir)
			if n == 0 || (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v after %d bad answers, want %q", err, n, c.want)
			}
			if _, err := os.Stat(filepath.Join(dir, publish.HeadFile)); (err == nil) != (c.want == "") {
				t.Errorf("the head is there: %v", err)
			}
		})
	}
	if _, err := Fetch(t.Context(), serve(t).url, publish.Options{}, t.TempDir()); err == nil ||
		!strings.Contains(err.Error(), "nothing is published there") {
		t.Errorf("of an empty registry: %v", err)
	}
}
