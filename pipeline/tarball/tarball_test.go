package tarball

import (
	"archive/tar"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/mikelolasagasti/xz"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/build/buildtest"
	"github.com/slipway-build/slipway/event"
)

func TestCheck(t *testing.T) {
	for format, want := range map[string]string{
		"tar.xz":  "",
		"tar.gz":  "",
		"":        "-format=: want tar.xz or tar.gz",
		"zip":     "-format=zip: want tar.xz or tar.gz",
		"tar.xz ": "-format=tar.xz : want tar.xz or tar.gz; did you mean tar.xz?",
	} {
		got := ""
		if err := (Request{Format: format}).Check(); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("format %q: %q, want %q", format, got, want)
		}
	}
}

// TestRun writes both formats, twice, from two folders: the bytes are the same, and
// hold the patched tree.
func TestRun(t *testing.T) {
	unpack := map[string]func(io.Reader) (io.Reader, error){
		"tar.gz": func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) },
		"tar.xz": func(r io.Reader) (io.Reader, error) { return xz.NewReader(r, 0) },
	}
	sums := map[string]string{}
	for range 2 {
		p := buildtest.Pinned(t, nil)
		var events buildtest.Events
		s := p.Open(t, &events)
		if set, err := Run(t.Context(), s, Request{"zip"}); err == nil || set != nil || len(events.Of(event.Fork)) > 0 {
			t.Errorf("a zip is %v, %v", set, err)
		}
		for format, unpack := range unpack {
			events.Forget()
			set, err := Run(t.Context(), s, Request{format})
			if err != nil {
				t.Fatal(err)
			}
			events.CheckSet(t, set)
			path := "dist/ship-1.4/export/ship-1.4.1+test.1." + format
			data, err := os.ReadFile(p.Path(path))
			if err != nil {
				t.Fatal(err)
			}
			want := artifact.Artifact{
				Kind: artifact.Source, Name: "ship-1.4.1+test.1", Format: format, Path: path, Size: int64(len(data)),
				Digest: fmt.Sprintf("sha256:%x", sha256.Sum256(data)),
			}
			if !reflect.DeepEqual(set, artifact.Set{want}) {
				t.Errorf("%v, want %v", set, want)
			}
			if sums[format] != "" && sums[format] != want.Digest {
				t.Errorf("%s has other bytes in another folder", path)
			}
			sums[format] = want.Digest
			r, err := unpack(strings.NewReader(string(data)))
			if err != nil {
				t.Fatal(err)
			}
			checkTree(t, tar.NewReader(r))
		}
	}
}

// checkTree checks that a tarball has a patched file, and nothing that this machine
// decides.
func checkTree(t *testing.T, r *tar.Reader) {
	t.Helper()
	found := false
	for h, err := r.Next(); err != io.EOF; h, err = r.Next() {
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(h.Name, "ship-1.4.1+test.1/") || h.ModTime.UTC().String() != "2026-02-03 04:05:06 +0000 UTC" ||
			h.Uid+h.Gid != 0 {
			t.Errorf("%s of %v belongs to %d:%d", h.Name, h.ModTime.UTC(), h.Uid, h.Gid)
		}
		if h.Name == "ship-1.4.1+test.1/pkg/crew/crew.go" {
			data, err := io.ReadAll(r)
			found = err == nil && strings.Contains(string(data), "Any wind, and whoever is awake.")
		}
	}
	if !found {
		t.Error("there is no patched crew.go")
	}
}

// TestRunFails checks that what is there stays where the tarball cannot be made.
func TestRunFails(t *testing.T) {
	const path = "dist/ship-1.4/export/ship-1.4.1+test.1.tar.gz"
	p := buildtest.Pinned(t, map[string]string{path: "earlier"})
	for name, c := range map[string]struct {
		epoch  string
		damage string // a file of the patched tree that somebody changes
		want   string
	}{
		"a date that is none": {epoch: "soon", want: "SOURCE_DATE_EPOCH=soon"},
		"a changed tree":      {damage: "pkg/crew/crew.go", want: "To lay it out again: mage clean"},
	} {
		t.Run(name, func(t *testing.T) {
			p := p
			p.Env = p.Env.With("SOURCE_DATE_EPOCH=" + c.epoch)
			s := p.Open(t, nil)
			if c.damage != "" {
				tree, err := s.Patched(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(tree.Path, c.damage), []byte("changed"), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			set, err := Run(t.Context(), s, Request{"tar.gz"})
			if err == nil || !strings.Contains(err.Error(), c.want) || set != nil {
				t.Errorf("%v, %v, want %q", set, err, c.want)
			}
			if !s.Dist().Holds(path, []byte("earlier")) {
				t.Error("the earlier tarball is gone")
			}
		})
	}
}
