package build

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slipway-build/slipway/cross"
	"github.com/slipway-build/slipway/internal/gotool"
	"github.com/slipway-build/slipway/packaging"
	"github.com/slipway-build/slipway/platform"
)

// onHost returns a session on a machine of that system and architecture.
func onHost(y *yard, system, arch string) *Session {
	host := &gotool.Go{Settings: gotool.Settings{GOHOSTOS: system, GOHOSTARCH: arch}}
	return &Session{fork: y.fork, lock: y.lock, opts: y.opts, goHost: host, goFork: host}
}

func TestPackagePlatforms(t *testing.T) {
	y := newYard(t)
	y.fork.Build.Platforms = []string{"darwin/arm64", "linux/s390x", "windows/amd64", "linux/amd64"}
	for _, c := range []struct {
		host, names, want, err string
	}{
		{"linux", "", "linux/riscv64", ""},
		{"linux", "linux/arm64", "linux/arm64", ""},
		{"linux", "linux/arm64 linux/amd64 linux/arm64", "linux/arm64 linux/amd64", ""},
		{"linux", "all", "linux/s390x linux/amd64", ""},
		{"linux", "linux/vax", "", `unknown platform "linux/vax"`},
		{"linux", "linux/amd64 darwin/arm64", "", "packages are for Linux, not for darwin/arm64"},
		{"linux", "all linux/amd64", "", `unknown platform "all"`},
		{"darwin", "linux/amd64", "", "make the packages on Linux"},
	} {
		got, err := onHost(y, c.host, "riscv64").PackagePlatforms(strings.Fields(c.names))
		says(t, err, c.err)
		var names []string
		for _, p := range got {
			names = append(names, p.String())
		}
		if err == nil && strings.Join(names, " ") != c.want {
			t.Errorf("%q on %s: got %v, want %s", c.names, c.host, names, c.want)
		}
	}
	if len(y.fork.Build.Platforms) != 4 || y.fork.Build.Platforms[0] != "darwin/arm64" {
		t.Errorf("the fork's platforms are now %v", y.fork.Build.Platforms)
	}
}

func TestComponents(t *testing.T) {
	y := newYard(t)
	in := packaging.Input{
		Version: y.fork.Parsed, Programs: []string{"captain", "bosun", "deckhand"},
		Recipes: packaging.Recipes{Multicall: []packaging.Multicall{
			{Component: "deckhand", Programs: map[string]string{"swab": "/bin/swab", "bosun": "/bin/bosun", "mop": "/bin/mop"}},
		}},
	}
	for _, c := range []struct{ programs, want string }{
		{"", ""},
		{"captain bosun", "bosun captain"},
		{"captain captain", "captain"},
		{"swab mop captain", "captain deckhand"},
		{"bosun swab", "bosun deckhand"}, // the fork builds bosun by itself
		{"raft captain", "captain"},
	} {
		var got []string
		for _, o := range onHost(y, "linux", "amd64").Components(in, strings.Fields(c.programs)) {
			got = append(got, o.Name)
		}
		equal(t, c.programs, got, strings.Fields(c.want))
	}
}

func TestPrograms(t *testing.T) {
	got := Programs([]packaging.Recipe{
		{Programs: map[string]string{"captain": "/bin/captain", "mate": "/bin/mate"}}, {},
		{Programs: map[string]string{"bosun": "/bin/bosun"}},
	})
	slices.Sort(got)
	equal(t, "programs", got, []string{"bosun", "captain", "mate"})
}

func TestPackageInput(t *testing.T) {
	y := newYard(t)
	y.fork.Defaults = append(y.fork.Defaults, cross.Component{Name: "rudder", Platforms: []string{"linux/arm64"}})
	y.opts.Env = append(y.opts.Env, "SOURCE_DATE_EPOCH=0")
	s := onHost(y, "linux", "amd64")
	for _, c := range []struct {
		platform platform.Platform
		programs string
	}{
		{amd64, "captain bosun"},
		{platform.Platform{OS: "linux", Arch: "arm64"}, "captain bosun rudder"},
	} {
		in, err := s.PackageInput(packaging.Fedora(), c.platform)
		must(t, err)
		if in.Family.Name != packaging.Fedora().Name || in.Platform != c.platform || !in.Date.Equal(time.Unix(0, 0)) ||
			in.Version.String() != "1.4.1+test.1" || len(in.Recipes.Packages) != 3 || in.Sources == nil {
			t.Errorf("%s: got %+v", c.platform, in)
		}
		equal(t, c.platform.String(), in.Programs, strings.Fields(c.programs))
		if in.UserDir != "forks/ship-1.4/files" || in.User != nil {
			t.Errorf("without files of the user's, got %s: %v", in.UserDir, in.User)
		}
	}
	put(t, y.fork.Abs("files/bosun/etc/bosun"), "loud")
	in, err := s.PackageInput(packaging.Debian(), amd64)
	must(t, err)
	if f, err := in.User.Open("bosun/etc/bosun"); err != nil || f.Close() != nil {
		t.Errorf("the user's file: %v", err)
	}
	series := s.fork.Series
	s.fork.Series = slices.Clone(series)
	s.fork.Series[1].Data = append([]byte("CVE: soon\n"), series[1].Data...)
	_, err = s.PackageInput(packaging.Debian(), amd64)
	says(t, err, `forks/ship-1.4/patches/0002-bosun.patch:1: CVE: "soon" is not the ID of a vulnerability`)
	s.fork.Series = series
	s.opts.Env = []string{"SOURCE_DATE_EPOCH=noon"}
	_, err = s.PackageInput(packaging.Debian(), amd64)
	says(t, err, "SOURCE_DATE_EPOCH=noon")
	must(t, os.RemoveAll(y.fork.Project.Path("profiles")))
	_, err = s.PackageInput(packaging.Debian(), amd64)
	says(t, err, "ship")
}

func TestChangelog(t *testing.T) {
	y := newYard(t)
	s := y.open()
	got, fixes, err := s.changelog(t.Context())
	must(t, err)
	equal(t, "the changelog", got, []string{
		"1.4.1+test.1, from example.org/ship@v1.4.1.", "crew: sign on a bosun", "bosun: a command that calls the crew",
	})
	equal(t, "what it fixes", fixes, nil)
	const diff = "--- a/README.md\n+++ b/README.md\n@@ -1 +1 @@\n-a\n+b\n"
	s.fork.Series = slices.Clone(s.fork.Series)
	s.fork.Series[0].Data = []byte(diff)
	s.fork.Series[1].Data = []byte("Description: Call CVE-2025-0002\nCVE: CVE-2025-0002, CVE-2025-0001\n\n" + diff)
	s.series.forget()
	got, fixes, err = s.changelog(t.Context())
	must(t, err)
	equal(t, "the changelog", got[1:], []string{
		"0001-crew.patch", // a patch without a mail has only its name
		"Call CVE-2025-0002 (CVE-2025-0001)",
	})
	equal(t, "what it fixes", fixes, []string{"CVE-2025-0001", "CVE-2025-0002"})
}

func TestPrivate(t *testing.T) {
	for _, c := range []struct{ project, mod, build, want string }{
		{"/home/mate/ship", "/home/mate/go/pkg/mod", "/home/mate/.cache",
			"/home/mate/ship /home/mate/go/pkg/mod /home/mate/.cache"},
		{"/src", "/go", "/home/mate/.cache", "/home/mate/.cache"},
		{"/src", "", "/go", ""},
	} {
		s := &Session{goFork: &gotool.Go{Settings: gotool.Settings{GOMODCACHE: c.mod, GOCACHE: c.build}}}
		s.fork.Project.Dir = c.project
		equal(t, c.project, s.private(), strings.Fields(c.want))
	}
}

// TestPackages assembles packages whose program is this test.
func TestPackages(t *testing.T) {
	y := newYard(t)
	s := y.open()
	in, err := s.PackageInput(packaging.Debian(), amd64)
	must(t, err)
	in.Recipes.Packages = append(slices.Clone(in.Recipes.Packages), packaging.Recipe{
		Name: "chart", Summary: "shows the way", Description: "On paper.",
		Files: map[string]string{"/usr/share/chart/building.md": "tree:docs/building.md"},
	})
	program, err := os.Executable()
	must(t, err)
	built := Binaries{Platform: amd64, Dir: filepath.Dir(program), All: []cross.Binary{
		{Component: "bosun", File: filepath.Base(program), SHA256: "b0"},
	}}
	recipes, err := in.Select([]string{"bosun", "chart"})
	must(t, err)
	packages, err := s.Packages(t.Context(), in, recipes, built, built)
	must(t, err)
	for i, want := range [][]string{
		{"/usr/bin/bosun", "/usr/share/man/man1/bosun.1.gz"}, {"/usr/share/chart/building.md"},
	} {
		for _, path := range want {
			if !slices.ContainsFunc(packages[i].Files, func(f packaging.File) bool { return f.Path == path }) {
				t.Errorf("package %s has no %s", packages[i].Name, path)
			}
		}
	}
	recipes[1].Files = map[string]string{"/usr/share/chart/sea": "tree:docs/sea.md"}
	_, err = s.Packages(t.Context(), in, recipes, built, built)
	says(t, err, "docs/sea.md of the patched tree")
}
