package source

import (
	"archive/tar"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/internal/testkit"
)

func TestValidateArchive(t *testing.T) {
	sum := strings.Repeat("0a", 32)
	for _, c := range []struct {
		name string
		up   Upstream
		want []string
	}{
		{"a URL", Upstream{Archive: "https://example.org/ship.tar.gz?raw=1", SHA256: sum, Strip: 1}, nil},
		{"a path", Upstream{Archive: "../ship.zip", SHA256: sum}, nil},
		{"no digest", Upstream{Archive: "ship.tgz"}, []string{"sha256: is missing"}},
		{"a bad digest", Upstream{Archive: "ship.tgz", SHA256: "0a"}, []string{`sha256: "0a" is not a SHA-256`}},
		{"no format", Upstream{Archive: "ship.rar", SHA256: sum},
			[]string{"archive: the name of ship.rar has no known suffix: want one that ends in .tar.gz, "}},
		{"a password", Upstream{Archive: "https://a:b@example.org/ship.zip", SHA256: sum},
			[]string{"archive: https://[redacted]@example.org/ship.zip has a user or a password in it"}},
		{"less than no folders", Upstream{Archive: "ship.zip", SHA256: sum, Strip: -1}, []string{"strip: "}},
		{"two kinds", Upstream{Archive: "ship.zip", SHA256: sum, Module: "example.org/ship@v1.4.1"},
			[]string{": more than one upstream"}},
		{"what is not of its kind", Upstream{Archive: "ship.zip", SHA256: sum, Tag: "v1", Exclude: []string{"docs/**"}},
			[]string{"tag: does not apply", "exclude: does not apply"}},
	} {
		testkit.Faults(t, c.name, c.up.Validate(), c.want...)
	}
}

// served serves a file, and counts how many bytes it sent. The first answer breaks off after half of them.
func served(t *testing.T, name string, broken bool) (base string, sent *int) {
	t.Helper()
	sent = new(int)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Error(err)
		}
		if broken {
			broken = false
			w.Header().Set("Content-Length", fmt.Sprint(len(data)))
			n, _ := w.Write(data[:len(data)/2])
			*sent += n
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		}
		count := &counting{ResponseWriter: w, n: sent}
		http.ServeFile(count, r, name)
	}))
	t.Cleanup(server.Close)
	return server.URL, sent
}

type counting struct {
	http.ResponseWriter
	n *int
}

func (c *counting) Write(p []byte) (int, error) {
	*c.n += len(p)
	return c.ResponseWriter.Write(p)
}

func TestFetchArchive(t *testing.T) {
	name := tarball(t, head("ship-1/a", tar.TypeReg, ""), head("ship-1/b", tar.TypeReg, ""))
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	sum := fmt.Sprintf("%x", sha256.Sum256(data))
	url, sent := served(t, name, true)
	f := Fetcher{Dir: filepath.Dir(name), Cache: t.TempDir()}
	in := Input{Upstream: Upstream{Archive: url + "/ship.tar.gz", SHA256: sum, Strip: 1}}
	if _, err := f.Fetch(t.Context(), in, filepath.Join(t.TempDir(), "tree")); err == nil {
		t.Fatal("a transfer that broke off is taken for whole")
	}
	tree, err := f.Fetch(t.Context(), in, filepath.Join(t.TempDir(), "tree"))
	if err != nil {
		t.Fatal(err)
	}
	if *sent != len(data) {
		t.Errorf("%d bytes were sent of an archive of %d", *sent, len(data))
	}
	local := Input{Upstream: Upstream{Archive: "ship.tar.gz", SHA256: sum, Strip: 1}}
	same, err := f.Fetch(t.Context(), local, filepath.Join(t.TempDir(), "tree"))
	if err != nil || same.Tree.Digest() != tree.Tree.Digest() || len(same.Tree) != 2 {
		t.Errorf("from a path it is %v (%v), from a server %v", same.Tree, err, tree.Tree)
	}
}

func TestFetchArchiveRefuses(t *testing.T) {
	name := tarball(t, head("ship-1/a", tar.TypeReg, ""))
	url, _ := served(t, name, false)
	gone := httptest.NewServer(http.NotFoundHandler())
	defer gone.Close()
	cache := t.TempDir()
	f := Fetcher{Dir: filepath.Dir(name), Cache: cache}
	other := strings.Repeat("0", 64)
	for _, c := range []struct{ name, at, want string }{
		{"another archive at a path", "ship.tar.gz", "ship.tar.gz is not the pinned archive\n    expected  sha256:" +
			other},
		{"another archive at a server", url + "/ship.tar.gz", "it is not the pinned archive"},
		{"no archive at a path", "shop.tar.gz", "shop.tar.gz: no such file"},
		{"no archive at a server", gone.URL + "/ship.tar.gz", "/ship.tar.gz: the server answered 404 Not Found"},
	} {
		_, err := f.Fetch(t.Context(), Input{Upstream: Upstream{Archive: c.at, SHA256: other}},
			filepath.Join(t.TempDir(), "tree"))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: Fetch() = %v, want %q", c.name, err, c.want)
		}
	}
	if info, err := os.Stat(filepath.Join(cache, "archives", other+".part")); err == nil && info.Size() > 0 {
		t.Error("an archive that is not the pinned one stays in the cache")
	}
}
