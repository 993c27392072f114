package images

import (
	"archive/tar"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/slipway-build/slipway/internal/run"
	"github.com/slipway-build/slipway/internal/testkit"
)

// A yard compiles programs and libraries that are linked with nothing but each other.
type yard struct {
	*testing.T
	dir string
}

// library compiles a library that defines versions of symbols, sail in each, and needs
// others. It returns its path.
func (y yard) library(soname string, versions []string, flags ...string) string {
	var code, script, before strings.Builder
	for i, v := range versions {
		fmt.Fprintf(&code, "int sail_%s_%d(void) { return 0; }\n", y.id(soname), i)
		fmt.Fprintf(&script, "%s { global: sail_%s_%d; }%s;\n", v, y.id(soname), i, before.String())
		before.Reset()
		before.WriteString(" " + v)
	}
	if len(versions) > 0 {
		name := filepath.Join(y.dir, "script")
		if err := os.WriteFile(name, []byte(script.String()), 0o644); err != nil {
			y.Fatal(err)
		}
		flags = append(flags, "-Wl,--version-script="+name)
	} else {
		fmt.Fprintf(&code, "int sail_%s_0(void) { return 0; }\n", y.id(soname))
	}
	return y.compile(code.String(), append(flags, "-shared", "-fPIC", "-Wl,-soname,"+soname)...)
}

// program compiles a program that calls the last version of a library's sail.
func (y yard) program(loader string, flags []string, libraries ...string) string {
	var calls, declared strings.Builder
	for i := 0; i < len(libraries); i += 2 {
		fmt.Fprintf(&declared, "int %s(void);\n", libraries[i])
		fmt.Fprintf(&calls, "%s() + ", libraries[i])
		flags = append(flags, libraries[i+1])
	}
	code := declared.String() + "int main(void) { return " + calls.String() + "0; }\n"
	return y.compile(code, append(flags, "-no-pie", "-Wl,-e,main", "-Wl,--dynamic-linker="+loader)...)
}

func (y yard) id(soname string) string {
	return strings.NewReplacer(".", "_", "-", "_").Replace(soname)
}

func (y yard) compile(code string, flags ...string) string {
	y.Helper()
	dir, err := os.MkdirTemp(y.dir, "")
	if err != nil {
		y.Fatal(err)
	}
	source, out := filepath.Join(dir, "ship.c"), filepath.Join(dir, "ship")
	if err := os.WriteFile(source, []byte(code), 0o644); err != nil {
		y.Fatal(err)
	}
	args := append([]string{"cc", source, "-o", out, "-nostdlib", "-Wl,--no-as-needed", "-Wl,--allow-shlib-undefined"},
		flags...)
	err = run.Runner{}.Run(y.Context(), run.Cmd{Args: args, Env: run.Env{"PATH=" + testkit.Path()}})
	if err != nil {
		y.Fatal(err)
	}
	return out
}

// layer returns a layer of files of this machine, texts, and links, by their paths: what
// begins with > is a link, with = a hard link, and with / a file.
func (y yard) layer(files map[string]string) v1.Layer {
	y.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	var names []string
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		h, data := tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o755}, []byte(files[name])
		switch kind := files[name][0]; kind {
		case '>', '=':
			h.Typeflag = map[byte]byte{'>': tar.TypeSymlink, '=': tar.TypeLink}[kind]
			h.Linkname, data = files[name][1:], nil
		case '/':
			var err error
			if data, err = os.ReadFile(files[name]); err != nil {
				y.Fatal(err)
			}
		}
		h.Size = int64(len(data))
		if err := w.WriteHeader(&h); err != nil {
			y.Fatal(err)
		}
		if _, err := w.Write(data); err != nil {
			y.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		y.Fatal(err)
	}
	return static.NewLayer(b.Bytes(), types.OCIUncompressedLayer)
}

// TestCheckLibraries has programs in images with the libraries of other bases.
func TestCheckLibraries(t *testing.T) {
	testkit.Need(t, "cc")
	if runtime.GOOS != "linux" || triplets[runtime.GOARCH] == "" {
		t.Skip("the compiler of this machine does not make programs for Linux")
	}
	y := yard{t, t.TempDir()}
	const (
		loader   = "/lib64/ld-linux-ship.so.2"
		newest   = "sail_libc_so_6_2"
		advice   = ": take a base of a newer suite, or compile it with the sysroot of an older one (build.c in fork.yaml)"
		add      = ": take a base that has it, or add the package with it"
		tooOld   = "/captain wants GLIBC_2.34 of libc.so.6, and "
		atMost31 = " in the base has GLIBC_2.31 at most" + advice
	)
	multiarch := "usr/lib/" + triplets[runtime.GOARCH] + "/"
	anew := y.library("libc.so.6", []string{"GLIBC_2.2.5", "GLIBC_2.31", "GLIBC_2.34"})
	old := y.library("libc.so.6", []string{"GLIBC_2.2.5", "GLIBC_2.31", "GLIBC_PRIVATE"})
	bare := y.library("libc.so.6", nil)
	rope := y.library("librope.so.1", []string{"ROPE_1"}, anew)
	captain := y.program(loader, nil, newest, anew)
	bosun := y.program(loader, nil, "sail_librope_so_1_0", rope)
	inRPath := y.program(loader, []string{"-Wl,--disable-new-dtags,-rpath,$ORIGIN/../hold"}, newest, anew)
	inRunPath := y.program(loader, []string{"-Wl,--enable-new-dtags,-rpath,/none:/hold"}, newest, anew)
	tied := y.library("librope.so.1", []string{"ROPE_1"}, anew, "-Wl,--enable-new-dtags,-rpath,/none")
	ofTied := y.program(loader, []string{"-Wl,--disable-new-dtags,-rpath,/hold"}, "sail_librope_so_1_0", tied)
	ofMusl := y.program("/lib/ld-musl-ship.so.1", nil, newest, anew)
	ld := map[string]string{"lib64/ld-linux-ship.so.2": "text"}
	with := func(more map[string]string) []v1.Layer { return []v1.Layer{y.layer(ld), y.layer(more)} }
	program := func(source string) []File { return []File{{Path: "/captain", Source: source, Mode: 0o755}} }
	own := func(source string) []File {
		data, err := os.ReadFile(source)
		if err != nil {
			t.Fatal(err)
		}
		return []File{{Path: "/captain", Data: data, Mode: 0o755}}
	}
	for _, c := range []struct {
		name   string
		layers []v1.Layer
		files  []File
		want   []string // without "image ship: "
	}{
		{"its libraries", with(map[string]string{"lib/libc.so.6": anew}), program(captain), nil},
		{"in Debian's folder", with(map[string]string{multiarch + "libc.so.6": anew}), program(captain), nil},
		{"behind links", with(map[string]string{"lib": ">usr/lib", "usr/lib/libc.so.6": ">libc-2.34.so",
			"usr/lib/libc-2.34.so": anew}), program(captain), nil},
		{"behind a hard link", with(map[string]string{"lib/libc.so.6": "=lib/a", "lib/a": anew}), program(captain), nil},
		{"in a layer of the image", with(map[string]string{"x": "text"}),
			append(program(captain), File{Path: "/lib/libc.so.6", Source: anew}), nil},
		{"in an upper layer", []v1.Layer{y.layer(ld), y.layer(map[string]string{"lib/libc.so.6": old}),
			y.layer(map[string]string{"lib/libc.so.6": anew})}, program(captain), nil},
		{"an older one", with(map[string]string{"lib/libc.so.6": old}), program(captain),
			[]string{tooOld + "/lib/libc.so.6" + atMost31}},
		{"an older one behind links", with(map[string]string{"lib64/libc.so.6": ">../lib/c.so", "lib/c.so": old}),
			program(captain), []string{tooOld + "/lib/c.so" + atMost31}},
		{"an older one that is found first", with(map[string]string{"lib64/libc.so.6": old, "lib/libc.so.6": anew}),
			program(captain), []string{tooOld + "/lib64/libc.so.6" + atMost31}},
		{"an older one on top", with(map[string]string{"lib/libc.so.6": anew}),
			append(program(captain), File{Path: "/lib/libc.so.6", Source: old}),
			[]string{tooOld + "/lib/libc.so.6" + atMost31}},
		{"a program of the user's own", with(map[string]string{"lib/libc.so.6": anew}), own(captain), nil},
		{"an older one for it", with(map[string]string{"lib/libc.so.6": old}), own(captain),
			[]string{tooOld + "/lib/libc.so.6" + atMost31}},
		{"a library of the user's own", with(map[string]string{"x": "text"}), own(rope), nil},
		{"an older one for the host", with(map[string]string{"lib/libc.so.6": old}),
			[]File{{Path: "/captain", Source: captain, Mode: 0o755, Guest: true}}, nil},
		{"one without versions", with(map[string]string{"lib/libc.so.6": bare}), program(captain), nil},
		{"none", with(map[string]string{"x": "text"}), program(captain),
			[]string{"/captain needs libc.so.6, which is missing in the base" + add}},
		{"one that is removed", []v1.Layer{y.layer(ld), y.layer(map[string]string{"lib/libc.so.6": anew}),
			y.layer(map[string]string{"lib/.wh.libc.so.6": "x"})}, program(captain),
			[]string{"/captain needs libc.so.6, which is missing in the base" + add}},
		{"one that is no library", with(map[string]string{"lib/libc.so.6": "text"}), program(captain),
			[]string{"/captain needs libc.so.6, which is missing in the base" + add}},
		{"one of a library", with(map[string]string{"lib/librope.so.1": rope, "lib/libc.so.6": anew}), program(bosun), nil},
		{"none of a library", with(map[string]string{"lib/librope.so.1": rope}), program(bosun),
			[]string{"/lib/librope.so.1 needs libc.so.6, which is missing in the base" + add}},
		{"a dir that no cache has", with(map[string]string{"etc/ld.so.conf": "\n/opt/lib", "opt/lib/libc.so.6": anew}),
			program(captain), []string{"/captain needs libc.so.6, which is missing in the base" + add}},
		{"a dir of ld.so.conf", with(map[string]string{"etc/ld.so.cache": "text", "etc/ld.so.conf": "# dirs\n/opt/lib\n",
			"opt/lib/libc.so.6": anew}), program(captain), nil},
		{"a dir of ld.so.conf.d", with(map[string]string{"etc/ld.so.cache": "text",
			"etc/ld.so.conf": "include ld.so.conf.d/*.conf", "etc/ld.so.conf.d/ship.conf": "\n/opt/lib",
			"opt/lib/libc.so.6": anew}), program(captain), nil},
		{"an ld.so.conf that includes itself", with(map[string]string{"etc/ld.so.cache": "text",
			"etc/ld.so.conf": "include ld.so.conf\n/opt/lib\n", "opt/lib/libc.so.6": anew}), program(captain), nil},
		{"RPATH, and a library with a RUNPATH", with(map[string]string{"hold/librope.so.1": tied, "hold/libc.so.6": anew}),
			program(ofTied), []string{"/hold/librope.so.1 needs libc.so.6, which is missing in the base" + add}},
		{"RPATH", with(map[string]string{"hold/libc.so.6": anew, "lib/libc.so.6": old}),
			[]File{{Path: "/bin/captain", Source: inRPath, Mode: 0o755}}, nil},
		{"RUNPATH", with(map[string]string{"hold/libc.so.6": anew, "lib/libc.so.6": old}), program(inRunPath), nil},
		{"musl in place of glibc", []v1.Layer{y.layer(map[string]string{"lib/ld-musl-ship.so.1": "text"})},
			program(captain), []string{"/captain is linked for glibc and needs " + loader + ", but the base has musl with " +
				"/lib/ld-musl-ship.so.1: take a base with glibc, or compile it for musl (build.c in fork.yaml)"}},
		{"glibc in place of musl", with(map[string]string{"lib/libc.so.6": anew}), program(ofMusl),
			[]string{"/captain is linked for musl and needs /lib/ld-musl-ship.so.1, but the base has glibc with " + loader +
				": take a base with musl, or compile it for glibc (build.c in fork.yaml)"}},
		{"musl", []v1.Layer{y.layer(map[string]string{"lib/ld-musl-ship.so.1": "text"})}, program(ofMusl), nil},
		{"musl that plays glibc", with(map[string]string{"lib/ld-musl-ship.so.1": "text"}), program(captain), nil},
	} {
		files, err := contents(c.layers)
		if err != nil {
			t.Fatal(err)
		}
		base := Base{Name: "the base", Files: files, Layers: c.layers}
		got := ""
		if err := Check("ship", runtime.GOARCH, base, c.files, nil); err != nil {
			got = strings.ReplaceAll(err.Error(), "image ship: ", "")
		}
		if got != strings.Join(c.want, "\n") {
			t.Errorf("%s: Check() =\n%s\nwant\n%s", c.name, got, strings.Join(c.want, "\n"))
		}
	}
	paths := Base{Files: []Entry{{Path: loader}, {Path: "/hold/libc.so.6"}}, Env: []string{"LD_LIBRARY_PATH=/none:/hold"},
		Layers: []v1.Layer{y.layer(map[string]string{"hold/libc.so.6": anew})}}
	if err := Check("ship", runtime.GOARCH, paths, program(captain), nil); err != nil {
		t.Errorf("in LD_LIBRARY_PATH of the base: %v", err)
	}
}
