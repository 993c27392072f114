package overlay

import (
	"archive/tar"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ulikunitz/xz"

	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/cross"
	"github.com/slipway-build/slipway/ebuilds"
	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/packaging"
	"github.com/slipway-build/slipway/platform"
)

var date = time.Date(2025, 12, 1, 2, 3, 4, 0, time.UTC)

// TestKeys checks what outputs are kept by. If it changes, everything that users
// have in their caches is made again.
func TestKeys(t *testing.T) {
	amd64 := target{platform.Platform{OS: "linux", Arch: "amd64"}, "amd64"}
	arm64 := target{platform.Platform{OS: "linux", Arch: "arm64"}, "arm64"}
	for name, c := range map[string]struct {
		in   any
		want string
	}{
		"a distfile": {
			in: distfile{
				role: "deps", name: "ship-1.4.1_p1-deps.tar.xz", inputs: "0123", date: date.In(time.FixedZone("", 3600)),
			},
			want: `["ship-1.4.1_p1-deps.tar.xz","0123","2025-12-01 02:03:04 +0000 UTC"]`,
		},
		"modules": {
			in: modulesInput{
				components: []cross.Component{{Name: "bosun", Main: "cmd/bosun"}}, targets: []target{amd64, arm64},
				levels: map[string]string{"arm64": "v9.0"},
				input:  cross.Input{Tree: "sha256:01", Lock: "02", Tags: []string{"sail"}, Platform: amd64.platform},
			},
			want: `["sha256:01",` + marshal(t, []cross.Component{{Name: "bosun", Main: "cmd/bosun"}}) +
				`,["sail"],["amd64","arm64"],{"arm64":"v9.0"}]`,
		},
		"modules, no tags": {
			in:   modulesInput{targets: []target{amd64}, input: cross.Input{Tree: "sha256:01"}},
			want: `["sha256:01",null,null,["amd64"],null]`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got := marshal(t, c.in); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
	want := [...]string{"distfiles", "", "deps", "gathered"}
	if got := [...]string{distfileStage.Name, distfileStage.Dir, modulesStage.Name, modulesStage.Dir}; got != want {
		t.Errorf("stages %q, want %q", got, want)
	}
}

func marshal(t *testing.T, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestDistfiles(t *testing.T) {
	amd64, arm64 := platform.Platform{OS: "linux", Arch: "amd64"}, platform.Platform{OS: "linux", Arch: "arm64"}
	built := func(sum string) build.Binaries {
		return build.Binaries{All: []cross.Binary{{Component: "bosun", SHA256: sum}, {Component: "captain", SHA256: "03"}}}
	}
	p := plan{
		input: packaging.Input{Date: date}, upstream: "1.4.1", targets: []target{{arm64, "arm64"}, {amd64, "amd64"}},
	}
	binaries := map[platform.Platform]build.Binaries{amd64: built("01"), arm64: built("02")}
	f := ebuilds.Fork{Project: ebuilds.Project{Name: "ship"}, Version: "1.4.1_p1", Revision: 3}
	large := f
	large.Series = []ebuilds.Patch{{Name: "log.patch", Data: []byte(strings.Repeat("x", 21<<10))}}
	base := []string{
		"source ship-1.4.1.tar.xz " + filetree.Tree(nil).Digest(),
		`amd64 ship-1.4.1_p1-amd64.tar.xz {"bosun":"01","captain":"03"}`,
		`arm64 ship-1.4.1_p1-arm64.tar.xz {"bosun":"02","captain":"03"}`,
	}
	for name, c := range map[string]struct {
		modules modules
		fork    ebuilds.Fork
		want    []string // role, name, inputs
	}{
		"in a GOPATH": {fork: f, want: base},
		"with modules": {
			fork: f, modules: modules{dir: "/cache/go-mod", inputs: "0123"},
			want: slices.Insert(slices.Clone(base), 1, "deps ship-1.4.1_p1-deps.tar.xz 0123"),
		},
		"with a large series": {
			fork: large,
			want: append(slices.Clone(base), "patches ship-1.4.1_p1-patches.tar.xz "+
				`{"patches/log.patch":"c8cb37bd6fd8e59dd550cb7b071b7208826a8358447c0ed6117582d1b43a8585"}`),
		},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, d := range distfiles(p, inputs{binaries: binaries, modules: c.modules}, c.fork) {
				if d.date != date || d.write == nil {
					t.Errorf("%s has no date, or cannot be written", d.name)
				}
				got = append(got, d.role+" "+d.name+" "+d.inputs)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

// TestFilesDistfile checks that each revision has a distfile of its own.
func TestFilesDistfile(t *testing.T) {
	for _, c := range []struct {
		revision int
		want     string
	}{{0, "ship-1.4.1_p1-files.tar.xz"}, {2, "ship-1.4.1_p1-r2-files.tar.xz"}} {
		f := ebuilds.Fork{Project: ebuilds.Project{Name: "ship"}, Version: "1.4.1_p1", Revision: c.revision}
		d, err := filesDistfile(f, date)
		if err != nil || d.name != c.want || d.role != "files" {
			t.Errorf("%s as %s, %v, want %s", d.name, d.role, err, c.want)
		}
	}
}

// TestWriteDistfile checks what distfiles unpack to, and that their sums are read
// back as they were written.
func TestWriteDistfile(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "bosun.exe"), "ELF", 0o755)
	put(t, filepath.Join(dir, "mods", "cache", "rope.mod"), "module rope", 0o644)
	programs := build.Binaries{Dir: dir, All: []cross.Binary{{Component: "bosun", File: "bosun.exe", SHA256: "01"}}}
	for name, c := range map[string]struct {
		distfile distfile
		want     []string // mode, path, content
	}{
		"texts": {
			distfile: textsDistfile("files", "ship-files.tar.xz", map[string][]byte{
				"files/bosun/etc/bosun": []byte("ARGS="), "files/bosun/usr/bin/mate": []byte("#!/bin/sh\n"),
			}, date),
			want: []string{"-rw-r--r-- files/bosun/etc/bosun ARGS=", "-rwxr-xr-x files/bosun/usr/bin/mate #!/bin/sh\n"},
		},
		"programs": {
			distfile: programsDistfile("amd64", "ship-amd64.tar.xz", programs, date), want: []string{"-rwxr-xr-x bin/bosun ELF"},
		},
		"modules": {
			distfile: modulesDistfile(modules{dir: filepath.Join(dir, "mods"), inputs: "0123"}, "ship-deps.tar.xz", date),
			want:     []string{"-rw-r--r-- go-mod/cache/rope.mod module rope"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			dst := t.TempDir()
			if err := writeDistfile(t.Context(), nil, c.distfile, dst); err != nil {
				t.Fatal(err)
			}
			to := filepath.Join(dst, c.distfile.name)
			if got := unpack(t, to); !slices.Equal(got, c.want) {
				t.Errorf("%q, want %q", got, c.want)
			}
			got, err := readDistfile(dst)
			if err != nil {
				t.Fatal(err)
			}
			want := stored{dir: dst}
			if want.Distfile, err = ebuilds.Sum(to); err != nil {
				t.Fatal(err)
			}
			if _, want.SHA256, err = cross.Sum(to); err != nil {
				t.Fatal(err)
			}
			if got != want || got.Size == 0 {
				t.Errorf("%+v, want %+v", got, want)
			}
			if left, err := os.ReadDir(dst); err != nil || len(left) != 2 {
				t.Errorf("%v, %v lie beside the distfile, want its sums alone", left, err)
			}
		})
	}
}

func put(t *testing.T, name, content string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
}

// unpack returns the files in a tarball, each its mode, path and content.
func unpack(t *testing.T, name string) []string {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	plain, err := xz.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for r := tar.NewReader(plain); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		if !h.ModTime.Equal(date) {
			t.Errorf("%s is of %s, want %s", h.Name, h.ModTime, date)
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, fmt.Sprintf("%s %s %s", h.FileInfo().Mode(), h.Name, data))
	}
}

func TestReadDistfile(t *testing.T) {
	for name, content := range map[string]string{"none": "", "damaged": "{"} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if content != "" {
				put(t, filepath.Join(dir, sumsFile), content, 0o644)
			}
			if got, err := readDistfile(dir); err == nil {
				t.Errorf("%+v of no sums", got)
			}
		})
	}
}

// TestReadGathered checks that licenses are read as they were written.
func TestReadGathered(t *testing.T) {
	dir := t.TempDir()
	want := gathered{filepath.Join(dir, "go-mod"), map[string][]string{"example.org/rope@v1.0.0": {"ISC"}}}
	if err := build.WriteJSON(dir, licensesFile, want.licenses); err != nil {
		t.Fatal(err)
	}
	if got, err := readGathered(dir); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v, want %+v", got, err, want)
	}
}
