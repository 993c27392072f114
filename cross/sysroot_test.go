package cross

import (
	"debug/elf"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/internal/gotool"
	"github.com/slipway-build/slipway/internal/run"
	"github.com/slipway-build/slipway/internal/testkit"
	"github.com/slipway-build/slipway/platform"
)

// object returns an ELF header of a machine.
func object(t *testing.T, machine elf.Machine, class elf.Class) string {
	t.Helper()
	var header any = elf.Header64{Ident: ident(class), Type: uint16(elf.ET_REL), Machine: uint16(machine),
		Version: uint32(elf.EV_CURRENT), Ehsize: 64}
	if class == elf.ELFCLASS32 {
		header = elf.Header32{Ident: ident(class), Type: uint16(elf.ET_REL), Machine: uint16(machine),
			Version: uint32(elf.EV_CURRENT), Ehsize: 52}
	}
	data, err := binary.Append(nil, binary.LittleEndian, header)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func ident(class elf.Class) [elf.EI_NIDENT]byte {
	return [elf.EI_NIDENT]byte{0x7f, 'E', 'L', 'F', byte(class), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)}
}

func TestNewSysroot(t *testing.T) {
	amd64 := object(t, elf.EM_X86_64, elf.ELFCLASS64)
	x32, i386 := object(t, elf.EM_X86_64, elf.ELFCLASS32), object(t, elf.EM_386, elf.ELFCLASS32)
	const triplet = "usr/lib/x86_64-linux-gnu"
	for _, c := range []struct {
		name, on string
		files    map[string]string
		flags    string // with the sysroot as /sysroot
		linker   string
		err      string
	}{
		{"Debian's", "linux/amd64", map[string]string{"usr/include/stdlib.h": "", triplet + "/crt1.o": amd64,
			triplet + "/libc.so": "", "lib/x86_64-linux-gnu/libc.so.6": ""},
			"--sysroot=/sysroot -B/sysroot/" + triplet + " -isystem /sysroot/usr/include/x86_64-linux-gnu " +
				"-isystem /sysroot/usr/include",
			"-L/sysroot/" + triplet + " -Wl,-rpath-link=/sysroot/" + triplet + " -L/sysroot/lib/x86_64-linux-gnu " +
				"-Wl,-rpath-link=/sysroot/lib/x86_64-linux-gnu", ""},
		{"Fedora's", "linux/amd64", map[string]string{"usr/include/stdlib.h": "", "usr/lib/crt1.o": i386,
			"usr/lib/libc.so": "", "usr/lib64/crt1.o": amd64, "usr/lib64/libc.so": "", "lib64": ">usr/lib64"},
			"--sysroot=/sysroot -B/sysroot/usr/lib64 -isystem /sysroot/usr/include",
			"-L/sysroot/usr/lib64 -Wl,-rpath-link=/sysroot/usr/lib64", ""},
		{"another architecture beside it", "linux/386", map[string]string{"usr/include/stdlib.h": "",
			"usr/lib/crt1.o": i386, "usr/lib/libc.a": "", "usr/lib64/crt1.o": amd64},
			"--sysroot=/sysroot -B/sysroot/usr/lib -isystem /sysroot/usr/include",
			"-L/sysroot/usr/lib -Wl,-rpath-link=/sysroot/usr/lib", ""},
		{"without usr", "linux/amd64", map[string]string{"include/stdlib.h": "", "lib/crt1.o": amd64, "lib/libc.a": ""},
			"--sysroot=/sysroot -B/sysroot/lib -isystem /sysroot/include", "-L/sysroot/lib -Wl,-rpath-link=/sysroot/lib", ""},
		{"no headers", "linux/amd64", map[string]string{triplet + "/crt1.o": amd64}, "", "",
			"the sysroot is not complete: usr/include/stdlib.h is missing: add the package with it, as Debian's libc6-dev"},
		{"no crt1.o", "linux/amd64", map[string]string{"usr/include/stdlib.h": ""}, "", "",
			"the sysroot is not complete: usr/lib/crt1.o is missing: add the package with it, as Debian's libc6-dev"},
		{"no libc", "linux/amd64", map[string]string{"usr/include/stdlib.h": "", triplet + "/crt1.o": amd64}, "", "",
			"the sysroot is not complete: " + triplet + "/libc.so is missing: " +
				"add the package with it, as Debian's libc6-dev"},
		{"another architecture", "linux/arm64", map[string]string{"usr/include/stdlib.h": "", "lib/crt1.o": amd64}, "", "",
			"the sysroot is for EM_X86_64, not for linux/arm64"},
		{"another class", "linux/amd64", map[string]string{"usr/include/stdlib.h": "", "lib/crt1.o": x32}, "", "",
			"the sysroot is for EM_X86_64, not for linux/amd64"},
	} {
		s, err := NewSysroot(layTree(t, c.files), plat(t, c.on))
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != c.err {
			t.Errorf("%s: got %v, want %s", c.name, err, c.err)
		}
		if err != nil {
			continue
		}
		cc := Compiler{Sysroot: s}
		sysrooted := strings.ReplaceAll(strings.Join(cc.sysrootFlags("-isystem"), " "), s.Path, "/sysroot")
		linker := strings.ReplaceAll(strings.Join(s.linkerFlags(s.Path), " "), s.Path, "/sysroot")
		if sysrooted != c.flags || linker != c.linker {
			t.Errorf("%s: the flags are\n%s\n%s\nwant\n%s\n%s", c.name, sysrooted, linker, c.flags, c.linker)
		}
	}
}

// layTree lays out files and, for texts that begin with >, links.
func layTree(t *testing.T, files map[string]string) filetree.Dir {
	t.Helper()
	dir := testkit.Lay(t, files)
	tree, err := filetree.Scan(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

// TestEnvWithSysroot holds that nothing leads to this machine's headers and libraries,
// and that a path with a space stays one word.
func TestEnvWithSysroot(t *testing.T) {
	user := run.Env{"CPATH=/usr/include", "LIBRARY_PATH=/usr/lib", "PKG_CONFIG_PATH=/usr/lib/pkgconfig"}
	b := Builder{Go: &gotool.Go{Env: user}, C: Compiler{
		Path: "/opt/my gcc/gcc", Args: []string{"-DX=a b"},
		Sysroot: Sysroot{Path: "/a b", header: "usr/include", lib: "lib", dirs: []string{"lib"}},
	}}
	env := b.env(Input{Platform: platform.Platform{OS: "linux", Arch: "amd64"}}, lay(t, "-- go.mod --\n"), true)
	for key, want := range map[string]string{
		"CC":                     "'/opt/my gcc/gcc' '-DX=a b' '--sysroot=/a b' '-B/a b/lib' -isystem '/a b/usr/include'",
		"CXX":                    "'/opt/my gcc/g++' '-DX=a b' '--sysroot=/a b' '-B/a b/lib' -idirafter '/a b/usr/include'",
		"CGO_CFLAGS":             "-O2 -g '-ffile-prefix-map=/a b=/sysroot'",
		"CGO_LDFLAGS":            "-O2 -g '-L/a b/lib' '-Wl,-rpath-link=/a b/lib'",
		"PKG_CONFIG_SYSROOT_DIR": "/a b", "PKG_CONFIG_LIBDIR": "/a b/lib/pkgconfig:/a b/usr/share/pkgconfig",
		"CPATH": "", "LIBRARY_PATH": "", "PKG_CONFIG_PATH": "",
	} {
		if got := env.Get(key); got != want {
			t.Errorf("%s=%s, want %s", key, got, want)
		}
	}
}

func TestNewSysrootAtAnOddPath(t *testing.T) {
	for _, dir := range []string{"/a,b/root", `/a"b/root`} {
		_, err := NewSysroot(filetree.Dir{Path: dir}, plat(t, "linux/amd64"))
		if err == nil || !strings.Contains(err.Error(), "move the project") {
			t.Errorf("%s: got %v", dir, err)
		}
	}
}

// TestFindConfigured has compilers that build.c names.
func TestFindConfigured(t *testing.T) {
	project := t.TempDir()
	script := filepath.Join(project, "tools", "gcc")
	if err := errors.Join(os.Mkdir(filepath.Dir(script), 0o755),
		os.WriteFile(script, []byte("#!/bin/sh\necho \"gcc $*\"\n"), 0o755),
		os.WriteFile(filepath.Join(project, "silent"), []byte("#!/bin/sh\necho\n"), 0o755),
		os.WriteFile(filepath.Join(project, "loud"), []byte("#!/bin/sh\nprintf '\\n\\033loud\\377\\r\\ncc'\n"), 0o755),
		os.WriteFile(filepath.Join(project, "text"), nil, 0o644)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ cc, path, version, err string }{
		{"gcc", script, "gcc --version", ""},
		{"gcc -m32 '-DX=a b'", script, "gcc -m32 -DX=a b --version", ""},
		{"./tools/gcc", script, "gcc --version", ""},
		{script, script, "gcc --version", ""},
		{"gcc-9", "", "", "build.c.linux/amd64.cc: gcc-9: no such program in PATH\n  Install it: package gcc-9 on Debian"},
		{"aarch64-linux-gnu-gcc-9", "", "", "build.c.linux/amd64.cc: aarch64-linux-gnu-gcc-9: no such program in PATH\n" +
			"  Install it: package gcc-9-aarch64-linux-gnu on Debian"},
		{"./loud", filepath.Join(project, "loud"), "loud", ""},
		{"./silent -m32", "", "", "build.c.linux/amd64.cc: silent -m32 does not say what compiler it is: " +
			"its --version prints nothing"},
		{"A=1 gcc", "", "", "build.c.linux/amd64.cc: A=1: no such program in PATH"},
		{"./none", "", "", "build.c.linux/amd64.cc: stat " + filepath.Join(project, "none") + ": no such file or directory"},
		{"./text", "", "", "build.c.linux/amd64.cc: " + filepath.Join(project, "text") + " is not executable"},
		{"./tools", "", "", "build.c.linux/amd64.cc: " + filepath.Join(project, "tools") + " is not executable"},
	} {
		search := CompilerSearch{Env: run.Env{"PATH=" + filepath.Dir(script)}, Platform: plat(t, "linux/amd64"),
			C: C{CC: c.cc}, Project: project}
		got, err := search.Find(t.Context())
		if err != nil && err.Error() != c.err || (err == nil) != (c.err == "") {
			t.Errorf("%s: got %v, want %s", c.cc, err, c.err)
		}
		if got.Path != c.path || got.Version != c.version {
			t.Errorf("%s: got %+v, want %s, %s", c.cc, got, c.path, c.version)
		}
	}
}

// TestCheckCompiler tries this machine's compiler for its own platform and for others.
func TestCheckCompiler(t *testing.T) {
	testkit.Need(t, "gcc")
	host := platform.Platform{OS: runtime.GOOS, Arch: runtime.GOARCH}
	foreign := platform.Platform{OS: host.OS, Arch: "s390x"}
	if host == foreign {
		foreign.Arch = "amd64"
	}
	for _, c := range []struct {
		name, cc string
		on       platform.Platform
		err      string // a part of it
	}{
		{"its own", "gcc", host, ""},
		{"another", "gcc", foreign, "gcc compiles for "},
		{"arguments for another", "gcc -U__linux__", host,
			"gcc -U__linux__ compiles for another platform, not for " + host.String()},
		{"another system", "gcc", platform.Platform{OS: "windows", Arch: host.Arch}, ", not for windows/"},
		{"a bad argument", "gcc --none", host, "cannot compile a program with its own headers and libraries:\n"},
		{"what cannot be linked", "gcc -lnone", host, "cannot link a program with its own headers and libraries:\n"},
		{"no headers", "gcc -nostdinc", host, "stdlib.h"},
	} {
		search := CompilerSearch{Env: run.Env{"PATH=" + testkit.Path()}, Host: host, Platform: c.on, C: C{CC: c.cc}}
		words := strings.Fields(c.cc)
		path, err := search.Env.LookPath(words[0])
		if err != nil {
			t.Fatal(err)
		}
		err = search.Check(t.Context(), Compiler{Path: path, Args: words[1:]})
		if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.err)
		}
	}
}

// TestSysrootThatChanges holds that one that was changed while it was used is found out.
func TestSysrootThatChanges(t *testing.T) {
	dir := layTree(t, map[string]string{"usr/include/stdlib.h": "x",
		"lib/crt1.o": object(t, elf.EM_X86_64, elf.ELFCLASS64), "lib/libc.a": ""})
	s, err := NewSysroot(dir, plat(t, "linux/amd64"))
	if err != nil || s.verify(t.Context()) != nil || (Sysroot{}).verify(t.Context()) != nil {
		t.Fatal(err, s.verify(t.Context()))
	}
	if err := os.WriteFile(filepath.Join(dir.Path, "usr/include/stdlib.h"), []byte("y"), 0o644); err != nil {
		t.Fatal(err)
	}
	var changed *filetree.ChangedError
	if err := s.verify(t.Context()); !errors.As(err, &changed) || changed.Paths[0] != "usr/include/stdlib.h" {
		t.Errorf("got %v", err)
	}
}
