package gotool

import (
	"strings"
	"testing"

	"github.com/slipway-build/slipway/internal/run"
)

func TestClean(t *testing.T) {
	g := &Go{
		Env: run.Env{
			"PATH=/bin", "HOME=/home/ann", "HTTPS_PROXY=http://proxy.example.org", "NETRC=/n", "SSH_AUTH_SOCK=/s", "TMPDIR=/t",
			"GIT_SSH_COMMAND=ssh -v", "GOOGLE_APPLICATION_CREDENTIALS=/key.json", "ALGO=x",
			"GOTMPDIR=/big", "GOMAXPROCS=3", "GOGC=200", "GOMEMLIMIT=2GiB", "GOCACHEPROG=remote-cache",

			"GOFLAGS=-tags=evil", "GOOS=plan9", "GOARCH=386", "GOAMD64=v4", "GOARM=5", "GOEXPERIMENT=evil", "GODEBUG=x=1",
			"GOFIPS140=latest", "GOROOT=/old", "GOWORK=/else/go.work", "GO111MODULE=off", "GOENV=/env", "GOTOOLCHAIN=auto",
			"GO_EXTLINK_ENABLED=1", "GCCGO=gccgo", "GOCOMPILEDEBUG=ssa/check/on", "LD_RUN_PATH=/evil",
			"CGO_ENABLED=0", "CGO_CFLAGS=-O3", "CC=evil", "CXX=evil", "AR=evil", "FC=evil", "PKG_CONFIG=evil",
		},
		Settings: Settings{
			GOVERSION: "go1.26.8", GOTOOLCHAIN: "auto", GOPATH: "/path", GOMODCACHE: "/mod", GOCACHE: "/cache",
			GOTMPDIR: "/big", GOCACHEPROG: "remote-cache", GOPROXY: "https://proxy.example.org",
			GONOPROXY: "a", GOPRIVATE: "b", GOSUMDB: "off", GONOSUMDB: "c", GOINSECURE: "d", GOVCS: "e", GOAUTH: "netrc",
		},
	}
	got := g.Clean()
	for key, want := range map[string]string{
		"PATH": "/bin", "HOME": "/home/ann", "HTTPS_PROXY": "http://proxy.example.org", "NETRC": "/n", "SSH_AUTH_SOCK": "/s",
		"TMPDIR":          "/t",
		"GIT_SSH_COMMAND": "ssh -v", "GOOGLE_APPLICATION_CREDENTIALS": "/key.json", "ALGO": "x",
		"GOTMPDIR": "/big", "GOMAXPROCS": "3", "GOGC": "200", "GOMEMLIMIT": "2GiB", "GOCACHEPROG": "remote-cache",

		"GOENV": "off", "GO111MODULE": "on", "GOFLAGS": "-trimpath", "GOTOOLCHAIN": "go1.26.8", "GOWORK": "off",
		"GOPATH": "/path", "GOMODCACHE": "/mod", "GOCACHE": "/cache",
		"GOPROXY": "https://proxy.example.org", "GONOPROXY": "a", "GOPRIVATE": "b",
		"GOSUMDB": "off", "GONOSUMDB": "c", "GOINSECURE": "d", "GOVCS": "e", "GOAUTH": "netrc",

		"GOOS": "linux", "GOARCH": "amd64", "CGO_ENABLED": "1",
		"GOEXPERIMENT": ",", "GOFIPS140": "off", "GO_EXTLINK_ENABLED": "auto",
	} {
		if got.Get(key) != want {
			t.Errorf("%s=%s, want %q", key, got.Get(key), want)
		}
	}
	for _, key := range []string{
		"GOAMD64", "GOARM", "GODEBUG", "GOROOT", "GCCGO", "GOCOMPILEDEBUG", "LD_RUN_PATH",
		"CGO_CFLAGS", "CC", "CXX", "AR", "FC", "PKG_CONFIG",
	} {
		if got.Get(key) != "" {
			t.Errorf("%s=%s was left in", key, got.Get(key))
		}
	}
	if g.Env.Get("GOOS") != "plan9" {
		t.Error("Clean() changed the environment it was asked of")
	}
}

// TestPinsAreNotEmpty: in place of an empty variable, the go command takes what a file or its own build says.
func TestPinsAreNotEmpty(t *testing.T) {
	for _, pair := range append(Pins(), listing...) {
		if key, value, _ := strings.Cut(pair, "="); key == "" || value == "" {
			t.Errorf("%q pins nothing", pair)
		}
	}
}

// TestCleanKeepsTheCacheWritable: of a user's GOFLAGS, only what is about the module cache is theirs to say.
func TestCleanKeepsTheCacheWritable(t *testing.T) {
	for flags, want := range map[string]string{"": "-trimpath", "-tags=evil": "-trimpath",
		"-modcacherw": "-trimpath -modcacherw", "-tags=evil -modcacherw -v": "-trimpath -modcacherw"} {
		g := &Go{Env: run.Env{"GOFLAGS=" + flags}, Settings: Settings{GOFLAGS: flags}}
		if got := g.Clean().Get("GOFLAGS"); got != want {
			t.Errorf("of GOFLAGS=%s, Clean() leaves %q, want %q", flags, got, want)
		}
	}
}

// TestFetching holds that a command that only fetches may switch to a newer release where the user lets it.
func TestFetching(t *testing.T) {
	for mode, want := range map[string]string{
		"auto": "go1.26.8+auto", "local+auto": "go1.26.8+auto", "go1.25.0+auto": "go1.26.8+auto",
		"path": "go1.26.8+path", "go1.26.8+path": "go1.26.8+path",
		"local": "go1.26.8", "go1.26.8": "go1.26.8",
	} {
		g := &Go{Env: run.Env{"GODEBUG=netdns=go"}, Settings: Settings{GOVERSION: "go1.26.8", GOTOOLCHAIN: mode}}
		if got := g.fetching(); got.Get("GOTOOLCHAIN") != want || got.Get("GODEBUG") != "netdns=go" {
			t.Errorf("with GOTOOLCHAIN=%s, it fetches with %s and GODEBUG=%s, want %s", mode, got.Get("GOTOOLCHAIN"),
				got.Get("GODEBUG"), want)
		}
	}
}
