package doctor

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/build/buildtest"
	"github.com/slipway-build/slipway/cross"
	"github.com/slipway-build/slipway/event"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/internal/gotool"
	"github.com/slipway-build/slipway/internal/run"
	"github.com/slipway-build/slipway/platform"
)

var (
	amd64   = platform.Platform{OS: "linux", Arch: "amd64"}
	arm64   = platform.Platform{OS: "linux", Arch: "arm64"}
	darwin  = platform.Platform{OS: "darwin", Arch: "arm64"}
	windows = platform.Platform{OS: "windows", Arch: "amd64"}
)

// machine is a doctor on linux/amd64 whose PATH has only these programs, by name:
// what they print; "" for one that fails.
func machine(t *testing.T, p fork.Project, programs map[string]string) doctor {
	t.Helper()
	dir := t.TempDir()
	for name, prints := range programs {
		script := "#!/bin/sh\necho '" + prints + "'\n"
		if prints == "" {
			script = "#!/bin/sh\nexit 3\n"
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	settings := gotool.Settings{GOVERSION: "go1.26.8", GOTOOLCHAIN: "local", GOHOSTOS: "linux", GOHOSTARCH: "amd64"}
	env := run.Env{"PATH=" + dir}
	return doctor{p, env, &gotool.Go{Env: env, Settings: settings}}
}

// want is a check: the details and the remedy are parts of what it says.
type want struct {
	name   string
	ok     bool
	needed bool
	detail string
	remedy string // "" for none
}

func (w want) check(t *testing.T, got Check) {
	t.Helper()
	if got.Name != w.name || got.OK != w.ok || got.Needed != w.needed || !strings.Contains(got.Detail, w.detail) ||
		!strings.Contains(got.Remedy, w.remedy) || w.remedy == "" && got.Remedy != "" {
		t.Errorf("the check is %+v, want %+v", got, w)
	}
}

func TestGoFor(t *testing.T) {
	lock := func(needs string) string {
		return "# What this fork is made of. \"mage patches:lock\" writes this file; commit it.\n" +
			"upstream example.org/ship@v1.4.1\ntime 2026-02-03T04:05:06Z\n" +
			"source sha256:" + strings.Repeat("0", 64) + "\ntree sha256:" + strings.Repeat("0", 64) + "\ngo " + needs + "\n"
	}
	for name, c := range map[string]struct {
		lock, toolchain string
		want            want
	}{
		"new enough": {lock: lock("1.24.0"), want: want{ok: true, detail: "go1.26.8; its tree needs 1.24.0"}},
		"not pinned": {want: want{
			detail: "forks/ship-1.4/fork.lock is missing", remedy: "To pin this fork as it is now: mage patches:lock",
		}},
		"too old": {lock: lock("1.99.0"), want: want{
			detail: "this fork is built with go1.99.0 (fork.lock says that its tree needs go 1.99.0)",
			remedy: "Install go1.99.0, or run again with GOTOOLCHAIN=auto",
		}},
		"another is pinned": {lock: lock("1.24.0"), toolchain: "go1.25.1", want: want{
			detail: "this fork is built with go1.25.1 (build.toolchain pins it)", remedy: "Install go1.25.1",
		}},
		"the pinned one is too old": {lock: lock("1.24.0"), toolchain: "go1.23.0", want: want{
			detail: "build.toolchain pins go1.23.0, but fork.lock says that its tree needs go 1.24.0",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			p := buildtest.New(t, map[string]string{"forks/ship-1.4/patches/series": "\n"})
			if c.lock != "" {
				p.Write(t, "forks/ship-1.4/fork.lock", c.lock)
			}
			f := p.ReadFork(t)
			f.Build.Toolchain = c.toolchain
			c.want.name, c.want.needed = "go for ship-1.4", true
			c.want.check(t, machine(t, p.Project, nil).goFor(t.Context(), f))
		})
	}
}

func TestGit(t *testing.T) {
	const remedy = "git on Debian, Fedora and Homebrew, dev-vcs/git on Gentoo"
	for name, c := range map[string]struct {
		programs map[string]string
		want     want
	}{
		"there":   {map[string]string{"git": "git version 2.39.5"}, want{ok: true, detail: "git version 2.39.5"}},
		"missing": {nil, want{detail: "no such program in PATH"}},
		"broken":  {map[string]string{"git": ""}, want{detail: "exit status 3"}},
	} {
		t.Run(name, func(t *testing.T) {
			c.want.name, c.want.remedy = "git", remedy
			c.want.check(t, machine(t, fork.Project{}, c.programs).git(t.Context()))
		})
	}
}

func TestDisk(t *testing.T) {
	for name, c := range map[string]struct {
		free uint64
		want want
	}{
		"plenty":      {100 << 30, want{ok: true, detail: "100 GiB free; a cold build of Kubernetes takes about 8"}},
		"just enough": {roomToBuild, want{ok: true, detail: "8 GiB free"}},
		"too little":  {roomToBuild - 1, want{detail: "7 GiB free; a cold build of Kubernetes takes about 8"}},
	} {
		t.Run(name, func(t *testing.T) {
			c.want.name, c.want.needed, c.want.remedy = "disk", true, "Free some space on the disk of /src/builds"
			c.want.check(t, room(fork.Project{Dir: "/src/builds"}, c.free, nil))
		})
	}
	fails := room(fork.Project{}, 0, errors.New("no such disk"))
	want{name: "disk", needed: true, detail: "no such disk", remedy: "Free some space"}.check(t, fails)
	if free, err := freeBytes(t.TempDir()); err != nil || free == 0 {
		t.Errorf("%d bytes are free: %v", free, err)
	}
	if _, err := freeBytes(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("a folder that is not there is on a disk")
	}
}

// builds returns a fork that builds a component for platforms.
func builds(cgo bool, platforms ...platform.Platform) fork.Fork {
	var f fork.Fork
	f.Platforms = platforms
	f.Defaults = []cross.Component{{Name: "anchor", CGO: cgo, Platforms: []string{"linux"}}}
	return f
}

func TestCompilers(t *testing.T) {
	both := map[string]string{"cc": "cc 12.2", "aarch64-linux-gnu-gcc": "aarch64-linux-gnu-gcc 12.2"}
	for name, c := range map[string]struct {
		programs map[string]string
		forks    []fork.Fork
		want     []want
	}{
		"no forks": {programs: both},
		"all there": {both, []fork.Fork{builds(true, amd64, arm64)}, []want{
			{name: "C compiler for linux/amd64", ok: true, needed: true, detail: "cc: cc 12.2"},
			{name: "C compiler for linux/arm64", ok: true, needed: true, detail: "aarch64-linux-gnu-gcc: aarch64-linux"},
		}},
		"one missing": {map[string]string{"gcc": "gcc 12.2"}, []fork.Fork{builds(true, amd64, arm64)}, []want{
			{name: "C compiler for linux/amd64", ok: true, needed: true, detail: "gcc: gcc 12.2"},
			{name: "C compiler for linux/arm64", needed: true, remedy: "gcc-aarch64-linux-gnu on Debian",
				detail: "no C compiler for linux/arm64"},
		}},
		"nothing needs them": {nil, []fork.Fork{builds(false, arm64)}, []want{
			{name: "C compiler for linux/arm64", detail: "in PATH (no component here needs it)", remedy: "Install it"},
		}},
		"a second fork needs it": {both, []fork.Fork{builds(false, arm64), builds(true, arm64)}, []want{
			{name: "C compiler for linux/arm64", ok: true, needed: true, detail: "aarch64"},
		}},
		"systems that this machine cannot compile for": {both, []fork.Fork{builds(true, darwin, windows)}, nil},
		"one that fails": {map[string]string{"cc": ""}, []fork.Fork{builds(true, amd64)}, []want{
			{name: "C compiler for linux/amd64", needed: true, detail: "exit status 3"},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			got := machine(t, fork.Project{}, c.programs).compilers(t.Context(), c.forks)
			if len(got) != len(c.want) {
				t.Fatalf("%+v, want %+v", got, c.want)
			}
			for i, w := range c.want {
				w.check(t, got[i])
				if w.needed && strings.Contains(got[i].Detail, "no component") {
					t.Errorf("%s is needed, and is not: %s", w.name, got[i].Detail)
				}
			}
		})
	}
}

func TestNeedsC(t *testing.T) {
	for name, c := range map[string]struct {
		forks []fork.Fork
		p     platform.Platform
		want  bool
	}{
		"none":                    {nil, amd64, false},
		"with cgo":                {[]fork.Fork{builds(true, amd64)}, amd64, true},
		"without":                 {[]fork.Fork{builds(false, amd64)}, amd64, false},
		"for another platform":    {[]fork.Fork{builds(true, arm64)}, amd64, false},
		"not a platform of cgo's": {[]fork.Fork{builds(true, darwin)}, darwin, false},
		"the last of several":     {[]fork.Fork{builds(true, arm64), builds(false, amd64), builds(true, amd64)}, amd64, true},
	} {
		if got := needsC(c.forks, c.p); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// TestLook looks at the sample project, which has a fork that is broken beside it.
func TestLook(t *testing.T) {
	p := buildtest.Pinned(t, map[string]string{"forks/wreck/fork.yaml": "flavour: salt\n"})
	var events buildtest.Events
	checks, err := Look(t.Context(), p.Project, p.Env, events.Sink())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, c := range checks {
		names = append(names, c.Name)
	}
	const all = "go for ship-1.4, fork wreck, git, disk, C compiler for linux/amd64, C compiler for linux/arm64"
	if got := strings.Join(names, ", "); got != all {
		t.Fatalf("the checks are %s, want %s", got, all)
	}
	want{name: "go for ship-1.4", ok: true, needed: true, detail: "its tree needs 1.24.0"}.check(t, checks[0])
	want{name: "fork wreck", needed: true, detail: "forks/wreck/fork.yaml:1: flavour: unknown key"}.check(t, checks[1])
	if len(events.Of(event.Command)) == 0 {
		t.Error("no event tells of a subprocess")
	}
	if _, err := Look(t.Context(), fork.Project{Dir: t.TempDir()}, p.Env, nil); err == nil {
		t.Error("a folder without forks is looked at")
	}
	_, err = Look(t.Context(), p.Project, run.Env{"PATH="}, nil)
	if err == nil || !strings.Contains(err.Error(), "https://go.dev/dl") {
		t.Errorf("without a go command: %v", err)
	}
}

// TestConfiguredCompilers has forks that name their compiler or sysroot themselves: the
// check is of each fork.
func TestConfiguredCompilers(t *testing.T) {
	project := fork.Project{Dir: t.TempDir()}
	// It compiles for amd64, and links anything.
	cc := "#define __linux__ 1\n#define __x86_64__ 1\n#define __LP64__ 1"
	for name, c := range map[string]struct {
		c    cross.C
		want want
	}{
		"there":         {cross.C{CC: "gcc-12"}, want{ok: true, detail: "gcc-12: #define"}},
		"with a folder": {cross.C{CC: "gcc-12", Sysroot: "./none"}, want{detail: "none: no such file or directory"}},
		"missing": {cross.C{CC: "gcc-9"}, want{detail: "build.c.linux/amd64.cc: gcc-9: no such program in PATH",
			remedy: "Install it: package gcc-9 on Debian"}},
		"for another platform": {cross.C{CC: "aarch64-gcc"}, want{detail: "compiles for arm, not for linux/amd64",
			remedy: "Name the compiler for it: cc or gcc or clang"}},
		"not pinned": {cross.C{CC: "gcc-12", Debian: cross.Debian{Packages: []string{"libc6-dev"}}},
			want{detail: "forks/ship-1.4/sysroot.lock does not pin its packages",
				remedy: "To pin them: mage patches:lock -fork=ship-1.4"}},
	} {
		t.Run(name, func(t *testing.T) {
			f := builds(true, amd64)
			f.ID, f.Project, f.Build.C = "ship-1.4", project, map[string]cross.C{"linux/amd64": c.c}
			d := machine(t, project, map[string]string{"gcc-12": cc, "aarch64-gcc": "arm"})
			c.want.name, c.want.needed = "C compiler for linux/amd64 of ship-1.4", true
			got := d.compilers(t.Context(), []fork.Fork{f})
			if len(got) != 1 {
				t.Fatalf("got %+v", got)
			}
			c.want.check(t, got[0])
		})
	}
}
