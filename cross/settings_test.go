package cross

import (
	"debug/buildinfo"
	"debug/elf"
	"os"
	"path/filepath"
	"reflect"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/internal/gotool"
	"github.com/slipway-build/slipway/internal/run"
	"github.com/slipway-build/slipway/internal/testkit"
	"github.com/slipway-build/slipway/platform"
)

var linuxAMD64 = platform.Platform{OS: "linux", Arch: "amd64"}

// buoy is a program that GOAMD64, an experiment and FIPS 140 each would change.
const buoy = `-- go.mod --
module example.org/buoy

go 1.24.0
-- main.go --
package main

import "math/bits"

var depth uint

func main() { println(bits.OnesCount(depth)) }
`

// A dock compiles the buoy.
type dock struct {
	env  run.Env
	tree filetree.Dir
}

func newDock(t *testing.T) dock {
	home := t.TempDir()
	return dock{tree: lay(t, buoy), env: run.Env{"PATH=" + testkit.Path(), "HOME=" + home,
		"GOCACHE=" + filepath.Join(home, "cache"), "GOPROXY=off", "GOTOOLCHAIN=local", "GOENV=off"}}
}

// build compiles in an environment, and returns the path of the program.
func (d dock) build(t *testing.T, in Input, env ...string) (string, Binary, error) {
	t.Helper()
	g, err := gotool.Find(t.Context(), run.Runner{}, d.env.With(env...), d.tree.Path)
	if err != nil {
		t.Fatal(err)
	}
	in.Platform = linuxAMD64
	dst := filepath.Join(t.TempDir(), "bin")
	if err := os.Mkdir(dst, 0o755); err != nil {
		t.Fatal(err)
	}
	built, err := Builder{Go: g, Sums: filepath.Join(t.TempDir(), "sums")}.Build(t.Context(), Request{
		Input: in, Dir: d.tree, Components: []Component{{Name: "buoy", Main: "."}}, Dst: dst,
	})
	if err != nil {
		return "", Binary{}, err
	}
	return filepath.Join(dst, "buoy"), built.Binaries[0], nil
}

// TestNothingIsLeftToDefaults holds that a program has the same bytes, and its record the same key, whatever the user,
// a file of theirs, or the go command's own go.env says.
func TestNothingIsLeftToDefaults(t *testing.T) {
	d := newDock(t)
	_, want, err := d.build(t, Input{})
	if err != nil {
		t.Fatal(err)
	}
	for _, settings := range [][]string{
		{"GOAMD64=v3", "GOFLAGS=-gcflags=-l", "GOEXPERIMENT=nogreenteagc,fieldtrack", "GO_EXTLINK_ENABLED=1"},
		{"GOAMD64=v2", "GOFLAGS=-race -tags=evil -buildmode=pie", "GOEXPERIMENT=none", "CGO_ENABLED=1", "CC=false",
			"CGO_CFLAGS=-O3", "GOTMPDIR=" + t.TempDir(), "GOMODCACHE=" + t.TempDir()},
		{"GOFIPS140=latest", "GOFLAGS=-mod=vendor -trimpath=false -asmflags=-S", "GOOS=windows", "GOARCH=arm64",
			"GOARM64=v9.0", "GOWORK=/nowhere/go.work", "GO111MODULE=off"},
	} {
		file := filepath.Join(t.TempDir(), "env")
		if err := os.WriteFile(file, []byte(strings.Join(settings, "\n")), 0o644); err != nil {
			t.Fatal(err)
		}
		for way, env := range map[string][]string{
			"go.env": {"PATH=" + testkit.GoPath(t, settings...)}, "the user's file": {"GOENV=" + file},
			"the environment": settings,
		} {
			if _, got, err := d.build(t, Input{}, env...); err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%q from %s: %+v, %v, want %+v", settings, way, got, err, want)
			}
		}
	}
}

// TestForkSaysOtherwise holds what a fork can ask for, and that the program says so.
func TestForkSaysOtherwise(t *testing.T) {
	d := newDock(t)
	_, plain, err := d.build(t, Input{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		in     Input
		says   debug.BuildSetting
		debugs bool // it has debug information
	}{
		{"newer processors", Input{Level: "v3"}, debug.BuildSetting{Key: "GOAMD64", Value: "v3"}, false},
		{"symbols", Input{Symbols: true}, debug.BuildSetting{Key: "GOAMD64", Value: "v1"}, true},
	} {
		path, got, err := d.build(t, c.in)
		if err != nil {
			t.Fatal(err)
		}
		if got.SHA256 == plain.SHA256 || got.Inputs == plain.Inputs {
			t.Errorf("%s: the program is that of a fork which does not ask for them", c.name)
		}
		info, err := buildinfo.ReadFile(path)
		if err != nil || !slices.Contains(info.Settings, c.says) {
			t.Errorf("%s: the program says %v, %v", c.name, info, err)
		}
		f, err := elf.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := f.Section(".debug_info") != nil || f.Section(".zdebug_info") != nil; got != c.debugs {
			t.Errorf("%s: debug information: %v", c.name, got)
		}
		f.Close()
	}
}

// TestOtherSettingsAreRefused holds that a go command with a will of its own is found out.
func TestOtherSettingsAreRefused(t *testing.T) {
	d := newDock(t)
	real, err := d.env.LookPath("go")
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	script := "#!/bin/sh\n[ \"$1\" != build ] || export GOAMD64=v2 GOFIPS140=latest\nexec " + real + " \"$@\"\n"
	if err := os.WriteFile(filepath.Join(bin, "go"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	_, _, err = d.build(t, Input{}, "PATH="+bin+":"+testkit.Path())
	for _, part := range []string{"buoy was not compiled with the settings that Slipway gave go1.",
		`GOAMD64: expected "v1", found "v2"`, `GOFIPS140: expected "", found "`, "pin it with build.toolchain"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("Build() = %v, want an error that says %q", err, part)
		}
	}
}

func TestCheckSettings(t *testing.T) {
	in := Input{Platform: linuxAMD64, Tags: []string{"sail", "oar"}}
	const good = "-buildmode=exe -compiler=gc -gcflags=all=-dwarf=false -tags=sail,oar -trimpath=true " +
		"DefaultGODEBUG=x=1 CGO_ENABLED=0 GOARCH=amd64 GOEXPERIMENT=, GOOS=linux GOAMD64=v1 -pgo=/x/default.pgo"
	for _, c := range []struct {
		name, old, new string
		want           string // "" if it is right
	}{
		{"right", "", "", ""},
		{"a Go that does not tell of processors", " GOAMD64=v1", "", ""},
		{"a Go that does not tell of experiments", " GOEXPERIMENT=,", "", ""},
		{"a Go that tells the linker's flags", "GOOS", "-ldflags=-s GOOS", ""},
		{"a Go that tells nothing", good, "", ""},
		{"other processors", "v1", "v2", `GOAMD64: expected "v1", found "v2"`},
		{"an experiment", "GOEXPERIMENT=,", "GOEXPERIMENT=jsonv2", `GOEXPERIMENT: expected ",", found "jsonv2"`},
		{"FIPS 140", "GOOS", "GOFIPS140=v1.0.0 GOOS", `GOFIPS140: expected "", found "v1.0.0"`},
		{"another system", "linux", "windows", `GOOS: expected "linux", found "windows"`},
		{"no tags", "-tags=sail,oar ", "", `-tags: expected "sail,oar", found ""`},
		{"paths", "-trimpath=true ", "", `-trimpath: expected "true", found ""`},
		{"a race detector", "GOOS", "-race=true GOOS", `-race: expected "", found "true"`},
		{"coverage", "GOOS", "-cover=true GOOS", `-cover: expected "", found "true"`},
		{"other flags of the compiler", "all=-dwarf=false", "-l", `-gcflags: expected "all=-dwarf=false", found "-l"`},
		{"cgo", "CGO_ENABLED=0", "CGO_ENABLED=1", `CGO_ENABLED: expected "0", found "1"`},
	} {
		info := &buildinfo.BuildInfo{GoVersion: "go1.26.8"}
		for pair := range strings.FieldsSeq(strings.Replace(good, c.old, c.new, 1)) {
			key, value, _ := strings.Cut(pair, "=")
			info.Settings = append(info.Settings, debug.BuildSetting{Key: key, Value: value})
		}
		err := in.CheckSettings(Component{Name: "captain"}, info)
		if got := ""; err != nil {
			got = err.Error()
			if c.want == "" || !strings.Contains(got, "\n    "+c.want+"\n") {
				t.Errorf("%s: %s, want %q", c.name, got, c.want)
			}
		} else if c.want != "" {
			t.Errorf("%s: no error, want %q", c.name, c.want)
		}
	}
}

func TestCheckRelease(t *testing.T) {
	for _, c := range []struct{ got, want, err string }{
		{"go1.26.8", "go1.26.8", ""},
		{"go1.26.8", "go1.26.8 (Red Hat 1.26.8-1.el10)", ""},
		{"go1.26.8 X:jsonv2", "go1.26.8-X:jsonv2", ""},
		{"go1.26.8", "go1.21.13", "captain was compiled with go1.26.8, not with go1.21.13"},
		{"go1.26.8", "go1.26", "captain was compiled with go1.26.8, not with go1.26"},
	} {
		err := checkRelease(Component{Name: "captain"}, c.got, c.want)
		if err == nil && c.err != "" || err != nil && err.Error() != c.err {
			t.Errorf("compiled with %s instead of %s: %v, want %q", c.got, c.want, err, c.err)
		}
	}
}
