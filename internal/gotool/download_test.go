package gotool

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/dirhash"

	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/internal/run"
	"github.com/slipway-build/slipway/internal/testfork"
	"github.com/slipway-build/slipway/internal/testkit"
)

// layModule lays out the files of a module and describes them.
func layModule(t *testing.T, dir string) filetree.Tree {
	t.Helper()
	for name, content := range map[string]string{
		"go.mod": "module example.org/x\n", "a.go": "package x\n", "a-b.go": "package x\n", "A.go": "package x\n",
		"a/b.go":    "package a\n",
		"a/b c.txt": "room", "a.b/c": "", "z/é.txt": "é", "hack/build.sh": "#!/bin/sh\n",
	} {
		put(t, filepath.Join(dir, filepath.FromSlash(name)), content, 0o644)
	}
	put(t, filepath.Join(dir, "hack", "run.sh"), "#!/bin/sh\n", 0o755)
	d, err := filetree.Scan(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	return d.Tree
}

func TestSum(t *testing.T) {
	dir := t.TempDir()
	tree := layModule(t, dir)
	for _, m := range []string{"example.org/x@v1.2.3", "example.org/x@v1.2.4", "k8s.io/api@v0.36.1"} {
		want, err := dirhash.HashDir(dir, m, dirhash.Hash1)
		if err != nil {
			t.Fatal(err)
		}
		path, version, _ := strings.Cut(m, "@")
		if got := Sum(path, version, tree); got != want {
			t.Errorf("Sum() of %s = %s, want %s", m, got, want)
		}
	}
	// go.dev/ref/mod: a module without files has the sum of nothing.
	if got := Sum("example.org/x", "v1.2.3", nil); got != "h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" {
		t.Errorf("Sum() of nothing = %s", got)
	}
}

func TestCheckModule(t *testing.T) {
	g := &Go{Settings: Settings{GOMODCACHE: t.TempDir()}}
	dir := filepath.Join(g.GOMODCACHE, "example.org", "x@v1.2.3")
	want := Sum("example.org/x", "v1.2.3", layModule(t, dir))
	if err := g.CheckModule(t.Context(), "example.org/x", "v1.2.3", want, nil); err != nil {
		t.Errorf("CheckModule() of an untouched module = %v", err)
	}
	put(t, filepath.Join(dir, "a.go"), "package y\n", 0o644)
	err := g.CheckModule(t.Context(), "example.org/x", "v1.2.3", want, nil)
	var changed *ChangedError
	if !errors.As(err, &changed) || changed.Module != "example.org/x@v1.2.3" || changed.Dir != dir ||
		changed.Want != want || changed.Got == want {
		t.Fatalf("CheckModule() of a changed module = %#v", err)
	}
	for _, part := range []string{"example.org/x@v1.2.3 was changed in the module cache", want, changed.Got,
		"chmod -R u+w " + dir + " && rm -r " + dir} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the error says %q, and not %q", err, part)
		}
	}
	if err := g.CheckModule(t.Context(), "example.org/absent", "v1.2.3", want, nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("CheckModule() of an absent module = %v", err)
	}
}

func TestModuleTime(t *testing.T) {
	for _, c := range []struct {
		info string
		want time.Time
	}{
		{`{"Version":"v1.4.1","Time":"2026-02-03T04:05:06Z"}`, time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)},
		{`{"Time":"2026-02-03T05:05:06+01:00"}`, time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)},
		{`{"Time":"2026-02-03T04:05:06.789Z"}`, time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)}, // a lock has whole seconds
	} {
		name := filepath.Join(t.TempDir(), "v1.4.1.info")
		put(t, name, c.info, 0o644)
		if got, err := (Module{Info: name}).Time(); err != nil || got != c.want {
			t.Errorf("of %s, Time() = %v, %v, want %v", c.info, got, err, c.want)
		}
	}
	for _, info := range []string{"", "not JSON", `{"Time":"yesterday"}`, `{"Version":"v1.4.1"}`} {
		name := filepath.Join(t.TempDir(), "v1.4.1.info")
		put(t, name, info, 0o644)
		if got, err := (Module{Info: name}).Time(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("of %q, Time() = %v, %v, want an error that names the file", info, got, err)
		}
	}
}

func TestDownload(t *testing.T) {
	modules := []string{"example.org/a@v1.0.0", "example.org/b@v1.0.0"}
	one := `{"Path":"example.org/a","Version":"v1.0.0","Dir":"/a","Sum":"h1:a","Info":"/a.info"}`
	two := `{"Path":"example.org/b","Version":"v1.0.0","Error":"not found"}`
	for _, c := range []struct {
		name, script string
		want         []Module
		wantErr      string
	}{
		{"both", "echo '" + one + two + "'", []Module{
			{Path: "example.org/a", Version: "v1.0.0", Dir: "/a", Sum: "h1:a", Info: "/a.info"},
			{Path: "example.org/b", Version: "v1.0.0", Error: "not found"}}, ""},
		{"the other", "echo '" + one + two + "'; echo 'go: not found' >&2; exit 1", []Module{
			{Path: "example.org/a", Version: "v1.0.0", Dir: "/a", Sum: "h1:a", Info: "/a.info"},
			{Path: "example.org/b", Version: "v1.0.0", Error: "not found"}}, ""},
		{"one", "echo '" + one + "'; echo 'no space left on device' >&2; exit 1", nil, "no space left on device"},
		{"one, and success", "echo '" + one + "'", nil, "answered for 1 modules of 2"},
		{"no JSON", "echo hello; echo trouble >&2; exit 1", nil, "trouble"},
		{"cut short", "echo '{\"Path\":'; exit 0", nil, "reading go mod download -json"},
	} {
		bin, scratch := t.TempDir(), t.TempDir()
		put(t, filepath.Join(bin, "go"), "#!/bin/sh\n"+c.script+"\n", 0o755)
		g := &Go{Env: run.Env{"PATH=" + bin}}
		got, err := g.Download(t.Context(), scratch, modules)
		if !slices.Equal(got, c.want) || (err == nil) != (c.wantErr == "") || err != nil &&
			!strings.Contains(err.Error(), c.wantErr) {
			t.Errorf("%s: Download() = %+v, %v, want %+v, %s", c.name, got, err, c.want, c.wantErr)
		}
		if err != nil && strings.Contains(err.Error(), "%!") {
			t.Errorf("%s: Download() = %v", c.name, err)
		}
	}
}

// TestDownloadIgnoresTheCompilersSettings holds that a module is fetched whatever go.env says of builds.
func TestDownloadIgnoresTheCompilersSettings(t *testing.T) {
	proxy, home := t.TempDir(), t.TempDir()
	if err := testfork.WriteModule(proxy, "example.org/a", "v1.0.0", "-- go.mod --\nmodule example.org/a\n"); err != nil {
		t.Fatal(err)
	}
	env := run.Env(testfork.Env(proxy, home, filepath.Join(home, "cache"))).With("PATH=" + testkit.GoPath(t,
		"GOFLAGS=-mod=vendor -tags=x", "GOWORK=/nowhere/go.work", "GO111MODULE=off", "GOAMD64=v3", "GOEXPERIMENT=none"))
	g, err := Find(t.Context(), run.Runner{}, env, home)
	if err != nil {
		t.Fatal(err)
	}
	got, err := g.Download(t.Context(), t.TempDir(), []string{"example.org/a@v1.0.0"})
	if err != nil || len(got) != 1 || got[0].Error != "" || got[0].Sum == "" {
		t.Errorf("Download() = %+v, %v", got, err)
	}
	versions, err := g.Versions(t.Context(), "example.org/a")
	if err != nil || !slices.Equal(versions, []string{"v1.0.0"}) {
		t.Errorf("Versions() = %q, %v", versions, err)
	}
}

func TestUnpublished(t *testing.T) {
	const info = "https://proxy.example.org/a/@v/v1.0.0.info"
	for message, want := range map[string]bool{
		"": false,
		"example.org/a@v1.0.0: reading file:///proxy/example.org/a/@v/v1.0.0.info: no such file or directory": true,
		"reading " + info + ": 404 Not Found\n\tserver response: not found: a@v1.0.0: invalid version":        true,
		"reading " + info + ": 410 Gone":                                                                     true,
		"a@v1.0.0: invalid version: unknown revision v1.0.0":                                                 true,
		`a@v1.0.0: Get "` + info + `": dial tcp: lookup proxy.example.org: no such host`:                     false,
		`a@v1.0.0: Get "` + info + `": dial tcp 192.0.2.1:443: connect: connection refused`:                  false,
		`a@v1.0.0: Get "` + info + `": net/http: TLS handshake timeout`:                                      false,
		"reading " + info + ": 500 Internal Server Error":                                                    false,
		"reading " + info + ": 401 Unauthorized":                                                             false,
		"module lookup disabled by GOPROXY=off":                                                              false,
		"verifying module: checksum mismatch":                                                                false,
		`a@v1.4.04: Get "https://proxy.example.org/404/@v/v1.0.0.info": dial tcp 192.0.2.1:443: i/o timeout`: false,
	} {
		if got := (Module{Error: message}).Unpublished(); got != want {
			t.Errorf("Unpublished() = %v of %s", got, message)
		}
	}
}

func TestDownloadEnds(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	stop()
	env, _ := fakeGo(t)
	_, err := (&Go{Env: env}).Download(ctx, t.TempDir(), []string{"example.org/a@v1.0.0"})
	if !errors.Is(err, run.ErrInterrupted) {
		t.Errorf("Download() in a context that has ended = %v", err)
	}
}

// TestTransfers counts the modules that arrive, however the go command's output is cut.
func TestTransfers(t *testing.T) {
	const out = "# get https://example.org/ship/@v/v1.4.1.info\n" +
		"# get https://example.org/ship/@v/v1.4.1.info: 200 OK (0.010s)\n" +
		"# get https://example.org/ship/@v/v1.4.1.zip\n# get https://example.org/hull/@v/v1.4.1.zip\n" +
		"# get https://example.org/ship/@v/v1.4.1.zip: 200 OK (0.010s)\n" +
		"# get https://example.org/hull/@v/v1.4.1.zip: 404 Not Found (0.010s)\nship.zip: 200 \n"
	for _, chunk := range []int{1, 7, len(out)} {
		n := 0
		w := &transfers{one: func() func() { return func() { n++ } }}
		for part := range slices.Chunk([]byte(out), chunk) {
			_, _ = w.Write(part)
		}
		if n != 1 {
			t.Errorf("%d bytes at a time: %d modules arrive, want 1", chunk, n)
		}
	}
	failed := &run.Error{Args: []string{"go"}, Output: out + "go: no such host", Err: errors.New("exit status 1")}
	err := withoutTransfers(failed)
	if want := "go: exit status 1\nship.zip: 200 \ngo: no such host"; err.Error() != want {
		t.Errorf("the error is %q, want %q", err, want)
	}
}
