package registry

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"strings"
	"testing"
)

// text returns a blob of a text.
func text(s string) Blob {
	return Blob{Digest: ManifestOf("", []byte(s)).Digest, Size: int64(len(s)),
		Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(s)), nil }}
}

func openRepository(t *testing.T, f *fake) *Repository {
	t.Helper()
	r, err := f.pusher().Open(t.Context(), f.host+"/team/captain")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

// TestRepository writes blobs and a manifest of them, and reads both.
func TestRepository(t *testing.T) {
	f := serve(t)
	r := openRepository(t, f)
	for _, b := range []Blob{text("captain"), text(""), text("{}")} {
		if there, err := r.Has(t.Context(), b.Digest, b.Size); there || err != nil {
			t.Errorf("before it is sent, a blob is there: %v, %v", there, err)
		}
		for _, want := range []State{Uploaded, Existing} {
			if state, err := r.Upload(t.Context(), b); state != want || err != nil {
				t.Errorf("Upload() = %s, %v, want %s", state, err, want)
			}
		}
		if there, err := r.Has(t.Context(), b.Digest, b.Size); !there || err != nil {
			t.Errorf("after it is sent, a blob is there: %v, %v", there, err)
		}
	}
	if got, err := r.Read(t.Context(), text("captain").Digest, 7); string(got) != "captain" || err != nil {
		t.Errorf("Read() = %q, %v", got, err)
	}
	m := ManifestOf("application/vnd.oci.image.index.v1+json", []byte(`{"schemaVersion":2,"manifests":[]}`))
	for _, reference := range []string{m.Digest, "stable"} {
		if err := r.PutManifest(t.Context(), reference, m); err != nil {
			t.Fatal(err)
		}
		got, err := r.Manifest(t.Context(), reference)
		if err != nil || got.Digest != m.Digest || got.MediaType != m.MediaType || !bytes.Equal(got.Data, m.Data) {
			t.Errorf("Manifest(%s) = %+v, %v", reference, got, err)
		}
	}
	if got, err := r.Digest(t.Context(), "stable"); got != m.Digest || err != nil {
		t.Errorf("Digest() = %s, %v", got, err)
	}
	for range 2 { // the second finds no such tag
		if removed, err := r.RemoveTag(t.Context(), "stable"); !removed || err != nil {
			t.Errorf("RemoveTag() = %v, %v", removed, err)
		}
	}
	if got, err := r.Digest(t.Context(), "stable"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a tag that was removed is %s, %v", got, err)
	}
}

// TestRepositoryRefuses checks that what a registry does not say is no answer.
func TestRepositoryRefuses(t *testing.T) {
	digest := text("captain").Digest
	reads := map[string]func(r *Repository) error{
		"a tag":      func(r *Repository) error { _, err := r.Digest(t.Context(), "stable"); return err },
		"a manifest": func(r *Repository) error { _, err := r.Manifest(t.Context(), digest); return err },
		"a blob":     func(r *Repository) error { _, err := r.Read(t.Context(), digest, 7); return err },
	}
	for name, c := range map[string]struct {
		status int
		body   string
		absent bool
		says   map[string]string // of each read, or of all by ""
	}{
		"there is none":  {status: 404, absent: true, says: map[string]string{"": "has no "}},
		"no login":       {status: 403, says: map[string]string{"": "it needs a login"}},
		"another answer": {status: 418, says: map[string]string{"": "it refuses to have /v2/team/captain/"}},
		"it fails":       {status: 500, says: map[string]string{"": "it refuses to have /v2/team/captain/"}},
		"other bytes": {status: 200, body: `{"schemaVersion":2}`, says: map[string]string{
			"a tag": "", "a manifest": "check its storage", "a blob": "is other bytes"}},
	} {
		for what, read := range reads {
			t.Run(name+", "+what, func(t *testing.T) {
				f := serve(t)
				r := openRepository(t, f)
				f.fault = func(w http.ResponseWriter, _ *http.Request, _ string, _ int) bool {
					w.WriteHeader(c.status)
					_, _ = io.WriteString(w, c.body)
					return true
				}
				want, ok := c.says[what]
				if !ok {
					want = c.says[""]
				}
				err := read(r)
				if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) ||
					errors.Is(err, fs.ErrNotExist) != c.absent {
					t.Errorf("%v, want %q", err, want)
				}
			})
		}
	}
}

// TestWords checks that errors name what the caller calls it.
func TestWords(t *testing.T) {
	f := serve(t)
	f.Close()
	p := f.pusher()
	for want, words := range map[string]Words{
		"that -registry has its port": {},
		"that the URL has its port":   {Registry: "the URL"},
	} {
		p.Words = words
		if _, err := p.OpenToRead(t.Context(), f.host+"/team/captain"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
