package bucket

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/internal/run"
	"github.com/slipway-build/slipway/repo/publish"
	"github.com/slipway-build/slipway/repo/tree"
)

func TestHeaders(t *testing.T) {
	const octets, text = "application/octet-stream", "text/plain; charset=utf-8"
	for _, c := range []struct{ path, media string }{
		{"apt/dists/ship/InRelease", text},
		{"apt/dists/ship/Release.gpg", "application/pgp-signature"},
		{"apt/dists/ship/main/binary-amd64/Packages", text},
		{"apt/dists/ship/main/binary-amd64/Packages.gz", "application/gzip"},
		{"apt/dists/ship/main/binary-amd64/by-hash/SHA256/0123", octets},
		{"apt/pool/ab/abc/captain_1.2.3_amd64.deb", "application/vnd.debian.binary-package"},
		{"rpm/ship.repo", text},
		{"rpm/ship/abc/repodata/repomd.xml", "application/xml"},
		{"release/v1.2.3/bin/linux/amd64/captain", octets},
		{"release/v1.2.3/bin/linux/amd64/captain.sha256", text},
		{"release/v1.2.3/captain.spdx.json", "application/json"},
		{"index.html", "text/html; charset=utf-8"},
		{"ship.asc", text},
	} {
		if got := ContentType(c.path); got != c.media {
			t.Errorf("%s is %s, want %s", c.path, got, c.media)
		}
	}
	for _, c := range []struct {
		class tree.Class
		path  string
		want  string
	}{
		{tree.Content, "apt/pool/ab/abc/captain.deb", "public, max-age=31536000, immutable"},
		{tree.Index, "apt/dists/ship/main/binary-amd64/Packages", "public, max-age=60"},
		{tree.Commit, "apt/dists/ship/InRelease", "public, max-age=60"},
		{tree.Commit, publish.HeadFile, "no-cache"},
	} {
		if got := CacheControl(c.class, c.path); got != c.want {
			t.Errorf("%s: %s, want %s", c.path, got, c.want)
		}
	}
}

func TestSnapshot(t *testing.T) {
	for head, want := range map[string]string{`{"snapshot":"20260203"}`: "20260203", "": "", "<html>": ""} {
		if got := Snapshot([]byte(head)); got != want {
			t.Errorf("%s: %q, want %q", head, got, want)
		}
	}
}

func TestOpen(t *testing.T) {
	f := tree.Of(tree.Content, "captain.deb", []byte("captain"))
	body, err := Open(f)
	if err != nil || body.MD5 != "ab334feeb31c05124cb73fa12571c2f6" {
		t.Fatalf("%+v, %v", body, err)
	}
	for name, change := range map[string]func(*tree.File){
		"another size":   func(f *tree.File) { f.Size++ },
		"another digest": func(f *tree.File) { f.SHA256 = strings.Repeat("0", 64) },
		"no content":     func(f *tree.File) { f.Data = nil },
	} {
		changed := f
		change(&changed)
		if _, err := Open(changed); !strings.HasPrefix(fmt.Sprint(err), "captain.deb: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTransport(t *testing.T) {
	broken := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(broken, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{
		"/nonexistent": "AWS_CA_BUNDLE: open /nonexistent", broken: "has no certificate in PEM",
	} {
		_, err := NewTransport(run.Env{"AWS_CA_BUNDLE=" + file}, "AWS_CA_BUNDLE")
		if !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("%s: %v", file, err)
		}
	}
	env := run.Env{"https_proxy=http://proxy.example.org:3128", "NO_PROXY=near.example.org"}
	transport, err := NewTransport(env, "OS_CACERT")
	if err != nil {
		t.Fatal(err)
	}
	for url, want := range map[string]string{
		"https://far.example.org/a": "http://proxy.example.org:3128", "https://near.example.org/a": "<nil>",
		"http://far.example.org/a": "<nil>",
	} {
		request, err := http.NewRequest(http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := transport.Proxy(request); err != nil || fmt.Sprint(got) != want {
			t.Errorf("%s: %v, %v, want %s", url, got, err, want)
		}
	}
}
