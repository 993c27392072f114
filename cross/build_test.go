package cross

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/internal/action"
	"github.com/slipway-build/slipway/internal/gotool"
	"github.com/slipway-build/slipway/platform"
)

// lay writes the files of a txtar archive into a new folder.
func lay(t *testing.T, archive string) filetree.Dir {
	t.Helper()
	files, err := txtar.FS(txtar.Parse([]byte(archive)))
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "tree")
	if err := os.CopyFS(dir, files); err != nil {
		t.Fatal(err)
	}
	d, err := filetree.Scan(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestFlags(t *testing.T) {
	stamps := map[string]string{"b/version.gitVersion": "v1.4.1+acme.1", "a/version.gitVersion": "v1.4.1+acme.1",
		"a/version.gitMajor": "1"}
	const sorted = "-X a/version.gitMajor=1 -X a/version.gitVersion=v1.4.1+acme.1 -X b/version.gitVersion=v1.4.1+acme.1"
	const noDebug = "-gcflags=all=-dwarf=false"
	for _, c := range []struct {
		name string
		in   Input
		want []string
	}{
		{"bare", Input{}, []string{"-trimpath", "-buildvcs=false", noDebug, "-ldflags=-buildid= -s -w"}},
		{"symbols", Input{Symbols: true}, []string{"-trimpath", "-buildvcs=false", "-ldflags=-buildid="}},
		{"stamps", Input{Stamps: stamps},
			[]string{"-trimpath", "-buildvcs=false", noDebug, "-ldflags=-buildid= -s -w " + sorted}},
		{"tags", Input{Tags: []string{"selinux", "notest"}},
			[]string{"-trimpath", "-buildvcs=false", noDebug, "-ldflags=-buildid= -s -w", "-tags=selinux,notest"}},
		// The go command splits -ldflags at spaces, and a quote at the beginning of a field keeps it whole.
		{"a stamp with spaces", Input{Stamps: map[string]string{"a.v": "two words"}},
			[]string{"-trimpath", "-buildvcs=false", noDebug, "-ldflags=-buildid= -s -w -X 'a.v=two words'"}},
		{"a stamp with spaces and a quote", Input{Stamps: map[string]string{"a.v": "it's two"}},
			[]string{"-trimpath", "-buildvcs=false", noDebug, `-ldflags=-buildid= -s -w -X "a.v=it's two"`}},
	} {
		for range 5 { // a map has no order
			if got := c.in.Flags(); !slices.Equal(got, c.want) {
				t.Fatalf("%s: Flags() = %q, want %q", c.name, got, c.want)
			}
		}
	}
}

func TestKey(t *testing.T) {
	keyWith := func(version string, in Input, c Component, cc Compiler) action.Key {
		return Builder{Go: &gotool.Go{Settings: gotool.Settings{GOVERSION: version}}, C: cc}.Key(in, c)
	}
	base := Input{
		Tree: "sha256:1", Lock: "1", Platform: platform.Platform{OS: "linux", Arch: "amd64"}, Tags: []string{"sail"},
		Stamps: map[string]string{"a.v": "1"},
	}
	with := func(change func(*Input)) Input {
		in := base
		in.Stamps = maps.Clone(base.Stamps)
		change(&in)
		return in
	}
	captain, anchor := Component{Name: "captain", Main: "cmd/captain"},
		Component{Name: "captain", Main: "cmd/captain", CGO: true}
	gcc, clang := Compiler{Path: "/usr/bin/gcc", Version: "gcc 15"}, Compiler{Path: "/usr/bin/clang", Version: "clang 20"}
	key := keyWith("go1.26.8", base, captain, Compiler{})

	seen := map[action.Key]string{key: "the input itself"}
	for name, other := range map[string]action.Key{
		"another tree": keyWith("go1.26.8", with(func(in *Input) { in.Tree = "sha256:2" }), captain, Compiler{}),
		"another lock": keyWith("go1.26.8", with(func(in *Input) { in.Lock = "2" }), captain, Compiler{}),
		"another system": keyWith("go1.26.8", with(func(in *Input) { in.Platform.OS = "darwin" }), captain,
			Compiler{}),
		"another architecture": keyWith("go1.26.8", with(func(in *Input) { in.Platform.Arch = "arm64" }), captain,
			Compiler{}),
		"another tag": keyWith("go1.26.8", with(func(in *Input) { in.Tags = []string{"oar"} }), captain,
			Compiler{}),
		"another stamp": keyWith("go1.26.8", with(func(in *Input) { in.Stamps["a.v"] = "2" }), captain,
			Compiler{}),
		"a stamp more": keyWith("go1.26.8", with(func(in *Input) { in.Stamps["a.w"] = "1" }), captain,
			Compiler{}),
		"other processors":      keyWith("go1.26.8", with(func(in *Input) { in.Level = "v3" }), captain, Compiler{}),
		"symbols":               keyWith("go1.26.8", with(func(in *Input) { in.Symbols = true }), captain, Compiler{}),
		"another release of Go": keyWith("go1.26.9", base, captain, Compiler{}),
		"another name":          keyWith("go1.26.8", base, Component{Name: "mate", Main: "cmd/captain"}, Compiler{}),
		"another main":          keyWith("go1.26.8", base, Component{Name: "captain", Main: "cmd/mate"}, Compiler{}),
		"a main of a module": keyWith("go1.26.8", base,
			Component{Name: "captain", Main: "cmd/captain", Module: "example.org/hull"}, Compiler{}),
		"its tests": keyWith("go1.26.8", base, Component{Name: "captain", Main: "cmd/captain", Test: true},
			Compiler{}),
		"cgo, no compiler":          keyWith("go1.26.8", base, anchor, Compiler{}),
		"cgo":                       keyWith("go1.26.8", base, anchor, gcc),
		"cgo and another compiler":  keyWith("go1.26.8", base, anchor, clang),
		"cgo, the compiler updated": keyWith("go1.26.8", base, anchor, Compiler{Path: gcc.Path, Version: "gcc 16"}),
		"cgo, another argument": keyWith("go1.26.8", base, anchor,
			Compiler{Path: gcc.Path, Args: []string{"-m32"}, Version: gcc.Version}),
		"cgo, a sysroot": keyWith("go1.26.8", base, anchor,
			Compiler{Path: gcc.Path, Version: gcc.Version, Sysroot: Sysroot{Path: "/a", Digest: "sha256:1", lib: "lib"}}),
		"cgo, another sysroot": keyWith("go1.26.8", base, anchor,
			Compiler{Path: gcc.Path, Version: gcc.Version, Sysroot: Sysroot{Path: "/a", Digest: "sha256:2", lib: "lib"}}),
	} {
		if twin, ok := seen[other]; ok {
			t.Errorf("%s has the key of %s", name, twin)
		}
		seen[other] = name
	}
	for name, other := range map[string]action.Key{
		"where the component exists": keyWith("go1.26.8", base,
			Component{Name: "captain", Main: "cmd/captain", Versions: ">=1", Platforms: []string{"linux"}}, Compiler{}),
		"a C compiler without cgo": keyWith("go1.26.8", base, captain, gcc),
		"a sysroot without cgo": keyWith("go1.26.8", base, captain,
			Compiler{Path: gcc.Path, Version: gcc.Version, Sysroot: Sysroot{Path: "/a", Digest: "sha256:1", lib: "lib"}}),
	} {
		if other != key {
			t.Errorf("%s makes another key", name)
		}
	}
}

// TestKeyKnowsNoPath holds that neither the place of the compiler nor that of the sysroot
// is in a key: another machine has them elsewhere.
func TestKeyKnowsNoPath(t *testing.T) {
	anchor := Component{Name: "anchor", Main: "cmd/anchor", CGO: true}
	key := func(c Compiler) action.Key {
		return Builder{Go: &gotool.Go{}, C: c}.Key(Input{Tree: "sha256:1"}, anchor)
	}
	here := Compiler{Path: "/usr/bin/gcc", Args: []string{"-m64"}, Version: "gcc 15",
		Sysroot: Sysroot{Path: "/a", Digest: "sha256:2", lib: "usr/lib/x86_64-linux-gnu", dirs: []string{"usr/lib"}}}
	there := here
	there.Path, there.Sysroot.Path = "/opt/gcc", "/b c"
	if key(here) != key(there) {
		t.Errorf("%q and %q are not one", here.environment(), there.environment())
	}
	record := Binary{Compiler: here.Version, CEnv: here.environment(), Sysroot: here.Sysroot.Digest}
	if key(record.MadeBy()) != key(here) {
		t.Error("the record of a binary has another key")
	}
}

func TestBatches(t *testing.T) {
	components := func(mains string) []Component {
		var list []Component
		for main := range strings.FieldsSeq(mains) {
			path, cgo := strings.CutSuffix(main, "+cgo")
			path, test := strings.CutSuffix(path, "+test")
			list = append(list, Component{Name: strings.ReplaceAll(path, "/", "-"), Main: path, CGO: cgo, Test: test})
		}
		return list
	}
	for mains, want := range map[string]string{
		"":                        "",
		"cmd/a":                   "cmd/a",
		"cmd/a cmd/b c":           "cmd/a cmd/b c",
		"cmd/a cmd/b+cgo c d+cgo": "cmd/a c | cmd/b d",
		"x/a y/a z/b":             "x/a z/b | y/a",
		"x/a y/a z/a x/b y/b":     "x/a x/b | y/a y/b | z/a",
		"x/a y/a+cgo":             "x/a | y/a",
		". cmd/a":                 ". | cmd/a", // the root's program is not called by its folder
		"cmd/a b/v2 c":            "cmd/a c | b/v2",
		"cmd/a b+test c+test d":   "cmd/a d | b | c", // a run for each program of tests
	} {
		var got []string
		batches, err := Request{Components: components(mains)}.batches()
		if err != nil {
			t.Fatal(err)
		}
		for _, batch := range batches {
			var names []string
			for _, c := range batch.components {
				names = append(names, c.Main)
			}
			got = append(got, strings.Join(names, " "))
		}
		if strings.Join(got, " | ") != want {
			t.Errorf("%s are built as %s, want %s", mains, strings.Join(got, " | "), want)
		}
	}
}

// TestBatchesOfModules has no run that would use a vendor folder for one component and not
// for another, or be in two folders.
func TestBatchesOfModules(t *testing.T) {
	tree := lay(t, "-- go.mod --\nmodule example.org/ship\nreplace example.org/hull => ./hull\n-- vendor/modules.txt --\n"+
		"-- hull/go.mod --\nmodule example.org/hull\n-- rope/go.mod --\nmodule example.org/rope\n")
	batches, err := Request{Dir: tree, Components: []Component{
		{Main: "cmd/a"}, {Main: "hull/cmd/b"}, {Main: "rope/cmd/c"}, {Main: "cmd/d"},
		{Main: "cmd/e", Module: "example.org/net"}, {Main: "cmd/f", Test: true},
	}}.batches()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, b := range batches {
		got = append(got, strings.Join(slices.Concat([]string{b.targets[0].Dir}, b.verb(), b.args()), " "))
	}
	want := ". build -v -mod=vendor ./cmd/a ./cmd/d | . build -v -mod=readonly example.org/hull/cmd/b | " +
		"rope build -v ./cmd/c | . build -v example.org/net/cmd/e | . test -c -vet=off -mod=vendor ./cmd/f"
	if text := strings.Join(got, " | "); text != want {
		t.Errorf("the go command is told\n%s, want\n%s", text, want)
	}
}

func TestSum(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, []byte("foo"), 0o644); err != nil {
		t.Fatal(err)
	}
	size, sum, err := Sum(name)
	if size != 3 || sum != "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae" || err != nil {
		t.Errorf("Sum() = %d, %s, %v", size, sum, err)
	}
	for _, bad := range []string{name + ".absent", filepath.Dir(name)} {
		if _, _, err := Sum(bad); err == nil || !strings.Contains(err.Error(), bad) {
			t.Errorf("Sum(%s) = %v, want an error that names it", bad, err)
		}
	}
}

const hull = `-- hull/version/base.go --
package version

import "fmt"

var (
	gitVersion, gitMajor = "v0", ""
	gitMinor string
)

const gitCommit = "x"

func buildDate() string { var local = "y"; return fmt.Sprint(local) }

type gitTreeState string
-- hull/version/other_windows.go --
//go:build windows

package version

var onWindows string
-- hull/version/base_test.go --
package version

var onlyTested string
-- hull/version/deep/deep.go --
package deep

var below string
-- hull/version/broken.go --
package version

var broken = (
-- root.go --
package main

var Root = "z"
-- cmd/captain/captain.go --
package main
-- cmd/captain/doc.txt --
-- cmd/tests/a_test.go --
package main
-- cmd/library/library.go --
package library
-- cmd/mixed/gen.go --
//go:build ignore

package main
-- cmd/mixed/mixed.go --
package mixed
`

// dirOf finds the packages of the module example.org/hull, and the root's.
func dirOf(importPath string) (string, bool) {
	if importPath == "example.org/ship" {
		return ".", true
	}
	rest, ok := strings.CutPrefix(importPath, "example.org/hull/")
	return "hull/" + rest, ok && rest != "absent"
}

func TestCheckStamp(t *testing.T) {
	tree := lay(t, hull)
	const pkg = "example.org/hull/version"
	for name, want := range map[string]string{
		pkg + ".gitVersion":         "",
		pkg + ".gitMajor":           "",
		pkg + ".gitMinor":           "",
		pkg + ".onWindows":          "",
		pkg + "/deep.below":         "",
		"example.org/ship.Root":     "",
		pkg + ".gitCommit":          "no file of hull/version in the patched tree has a variable gitCommit", // a constant
		pkg + ".buildDate":          "no file of hull/version in the patched tree has a variable buildDate", // a function
		pkg + ".gitTreeState":       "no file of hull/version in the patched tree has a variable gitTreeState",
		pkg + ".local":              "no file of hull/version in the patched tree has a variable local",
		pkg + ".onlyTested":         "no file of hull/version in the patched tree has a variable onlyTested",
		pkg + ".below":              "no file of hull/version in the patched tree has a variable below",
		pkg + ".gitversion":         "no file of hull/version in the patched tree has a variable gitversion",
		"example.org/ship.Mast":     "no file of . in the patched tree has a variable Mast",
		"example.org/hull/absent.v": "package example.org/hull/absent is not in the patched tree",
		"main.Root":                 "",
		"main.Mast":                 "no file of . in the patched tree has a variable Mast",
		"k8s.io/client-go.v":        "package k8s.io/client-go is not in the patched tree",
	} {
		err := checkStamp(tree, dirOf, []Component{{Name: "ship", Main: "."}}, name)
		if (err == nil) != (want == "") || err != nil && err.Error() != "stamp "+name+": "+want {
			t.Errorf("checkStamp(%s) = %v, want %q", name, err, want)
		}
	}
}

func TestCheck(t *testing.T) {
	tree := lay(t, hull)
	for _, c := range []struct {
		name   string
		stamps []string
		mains  []string
		want   []string
	}{
		{"good", []string{"example.org/hull/version.gitMajor"}, []string{"cmd/captain", "."}, nil},
		{"nothing", nil, nil, nil},
		{"in each main package", []string{"main.Root"}, []string{".", "cmd/captain"},
			[]string{"stamp main.Root: no file of cmd/captain in the patched tree has a variable Root"}},
		{"absent", nil, []string{"cmd/mate"},
			[]string{"component cmd/mate: its main package, cmd/mate, is not in the patched tree"}},
		{"only tests", nil, []string{"cmd/tests"},
			[]string{"component cmd/tests: its main package, cmd/tests, is not in the patched tree"}},
		{"a library", nil, []string{"cmd/library"},
			[]string{"component cmd/library: cmd/library in the patched tree is not a main package"}},
		{"tests", nil, []string{"cmd/tests+test"}, nil},
		{"no tests", nil, []string{"cmd/captain+test"},
			[]string{"component cmd/captain: cmd/captain in the patched tree has no tests"}},
		{"a folder above", nil, []string{"cmd"},
			[]string{"component cmd: its main package, cmd, is not in the patched tree"}},
		{"all at once", []string{"x.b", "x.a"}, []string{"cmd/mate", "cmd/captain", "cmd/library"}, []string{
			"component cmd/mate: its main package, cmd/mate, is not in the patched tree",
			"component cmd/library: cmd/library in the patched tree is not a main package",
			"stamp x.a: package x is not in the patched tree",
			"stamp x.b: package x is not in the patched tree",
		}},
	} {
		in := Input{Stamps: map[string]string{}}
		for _, s := range c.stamps {
			in.Stamps[s] = "1"
		}
		var components []Component
		for _, main := range c.mains {
			path, test := strings.CutSuffix(main, "+test")
			components = append(components, Component{Name: path, Main: path, Test: test})
		}
		got := ""
		if err := in.Check(tree, dirOf, components); err != nil {
			got = err.Error()
		}
		if got != strings.Join(c.want, "\n") {
			t.Errorf("%s: Check() says\n%s\nwant\n%s", c.name, got, strings.Join(c.want, "\n"))
		}
	}
}

func TestGoFiles(t *testing.T) {
	tree := lay(t, hull).Tree
	for dir, want := range map[string][]string{
		".":            {"root.go"},
		"hull/version": {"hull/version/base.go", "hull/version/broken.go", "hull/version/other_windows.go"},
		"cmd":          nil,
		"absent":       nil,
	} {
		var got []string
		for _, e := range goFiles(tree, dir) {
			got = append(got, e.Path)
		}
		if !slices.Equal(got, want) {
			t.Errorf("goFiles(%s) = %q, want %q", dir, got, want)
		}
	}
}
