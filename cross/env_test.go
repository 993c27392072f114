package cross

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/internal/gotool"
	"github.com/slipway-build/slipway/internal/run"
	"github.com/slipway-build/slipway/platform"
)

// TestEnvironment holds what decides a binary besides flags, for each architecture.
func TestEnvironment(t *testing.T) {
	const always = "GOEXPERIMENT=, GOFIPS140=off GOFLAGS=-trimpath GO_EXTLINK_ENABLED=auto"
	for _, c := range []struct{ platform, level, want string }{
		{"linux/386", "", "GO386=sse2 " + always},
		{"linux/386", "softfloat", "GO386=softfloat " + always},
		{"linux/amd64", "", "GOAMD64=v1 " + always},
		{"darwin/amd64", "v2", "GOAMD64=v2 " + always},
		{"linux/arm", "", "GOARM=7 " + always},
		{"linux/arm64", "v8.1,crypto", "GOARM64=v8.1,crypto " + always},
		{"windows/arm64", "", "GOARM64=v8.0 " + always},
		{"linux/loong64", "", always},
		{"linux/ppc64le", "", strings.Replace(always, "GO_", "GOPPC64=power8 GO_", 1)},
		{"linux/riscv64", "", strings.Replace(always, "GO_", "GORISCV64=rva20u64 GO_", 1)},
		{"linux/s390x", "", always},
	} {
		p, err := platform.Parse(c.platform)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(Input{Platform: p, Level: c.level}.Environment(), " "); got != c.want {
			t.Errorf("%s, %q: %s, want %s", c.platform, c.level, got, c.want)
		}
	}
}

func TestEnv(t *testing.T) {
	b := Builder{Go: &gotool.Go{
		Env:      []string{"PATH=/bin", "GOOS=plan9", "GOWORK=/else/go.work", "CGO_ENABLED=1", "CC=evil", "CGO_CFLAGS=-O3"},
		Settings: gotool.Settings{GOVERSION: "go1.26.8", GOROOT: "/go1.26.8"},
	}}
	in := Input{Platform: platform.Platform{OS: "linux", Arch: "arm64"}, Level: "v9.0"}
	workspace, plain := lay(t, "-- go.work --\n-- go.mod --\n"), lay(t, "-- go.mod --\n-- sub/go.work --\n")
	gopath := filetree.Dir{Path: filepath.FromSlash("/gopath/src/example.org/ship")}
	for _, c := range []struct {
		name   string
		tree   filetree.Dir
		gopath string
		cgo    bool
		want   map[string]string
	}{
		{"a workspace", workspace, "", false, map[string]string{"GOWORK": filepath.Join(workspace.Path, "go.work"),
			"CGO_ENABLED": "0", "CC": "", "PATH": "/bin"}},
		{"no workspace", plain, "", false, map[string]string{"GOWORK": "off", "CGO_ENABLED": "0", "CC": "", "PATH": "/bin"}},
		{"a GOPATH, where GOTOOLCHAIN has no effect", gopath, "example.org/ship", false, map[string]string{
			"GO111MODULE": "off", "GOPATH": "/gopath", "PATH": "/go1.26.8/bin" + string(filepath.ListSeparator) + "/bin"}},
		{"cgo", plain, "", true, map[string]string{"GOWORK": "off", "CGO_ENABLED": "1", "CC": "/usr/bin/aarch64-gcc",
			"CXX": "/usr/bin/aarch64-g++", "CGO_CFLAGS": "-O2 -g", "CGO_CPPFLAGS": " ", "AR": "ar",
			"PATH": "/bin"}},
	} {
		in.GOPATH = c.gopath
		b.C = Compiler{Path: "/usr/bin/aarch64-gcc"}
		env := b.env(in, c.tree, c.cgo)
		c.want["GOOS"], c.want["GOARCH"], c.want["GOARM64"] = "linux", "arm64", "v9.0"
		for key, want := range c.want {
			if got := env.Get(key); got != want {
				t.Errorf("%s: %s=%s, want %q", c.name, key, got, want)
			}
		}
	}
}

func TestCXX(t *testing.T) {
	for cc, want := range map[string]string{
		"/usr/bin/cc": "/usr/bin/c++", "/usr/bin/gcc": "/usr/bin/g++", "/usr/bin/clang": "/usr/bin/clang++",
		"/usr/bin/aarch64-linux-gnu-gcc": "/usr/bin/aarch64-linux-gnu-g++", "/opt/tcc2": "/opt/tcc2",
		"/usr/bin/gcc-12": "/usr/bin/g++-12", "/usr/bin/clang-14": "/usr/bin/clang++-14",
		"/opt/zig cc -target x86_64-linux-gnu.2.17": "/opt/zig c++ -target x86_64-linux-gnu.2.17",
		"/usr/bin/ccache gcc -m32":                  "/usr/bin/ccache g++ -m32", "/opt/ccc": "/opt/ccc",
	} {
		words := strings.Fields(cc)
		got, args := cxx(words[0], words[1:])
		if got += joined(args); got != want {
			t.Errorf("with %s, C++ is compiled by %s, want %s", cc, got, want)
		}
	}
}

// TestHeap holds that all processes together never get more than half the memory.
func TestHeap(t *testing.T) {
	const gib = 1 << 30
	for _, c := range []struct {
		memory uint64
		jobs   int
		want   string
	}{
		{24 * gib, 2, "GOGC=off GOMEMLIMIT=3221225472"},
		{64 * gib, 4, "GOGC=off GOMEMLIMIT=3221225472"},
		{16 * gib, 4, "GOGC=off GOMEMLIMIT=1717986918"},
		{8 * gib, 2, "GOGC=off GOMEMLIMIT=1431655765"},
		{8 * gib, 3, "GOGC=off GOMEMLIMIT=1073741824"},
		{8 * gib, 4, ""},
		{2 * gib, 2, ""},
		{64 * gib, 64, ""},
		{0, 1, ""},
	} {
		if got := strings.Join(heap(c.memory, c.jobs), " "); got != c.want {
			t.Errorf("%d GiB, %d jobs: %q, want %q", c.memory/gib, c.jobs, got, c.want)
		}
	}
}

func TestWithHeapLeavesWhatTheUserSet(t *testing.T) {
	for _, env := range []run.Env{{"GOGC=50"}, {"GOMEMLIMIT=1GiB"}, {"GOGC=50", "GOMEMLIMIT=1GiB"}} {
		if got := withHeap(env, 1); len(got) != len(env) {
			t.Errorf("%q became %q", env, got)
		}
	}
	if memory() < 1<<26 {
		t.Errorf("this machine has %d bytes of memory", memory())
	}
}
