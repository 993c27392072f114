package cross

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/internal/run"
	"github.com/slipway-build/slipway/platform"
)

func plat(t *testing.T, s string) platform.Platform {
	t.Helper()
	p, err := platform.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestCompilerNames(t *testing.T) {
	for _, c := range []struct {
		host, p string
		names   []string
		remedy  []string
	}{
		{"linux/amd64", "linux/amd64", []string{"cc", "gcc", "clang"}, []string{"gcc on Debian", "sys-devel/gcc on Gentoo"}},
		{"darwin/arm64", "darwin/arm64", []string{"cc", "gcc", "clang"}, []string{"Xcode"}},
		{"linux/amd64", "linux/arm64", []string{"aarch64-linux-gnu-gcc", "aarch64-unknown-linux-gnu-gcc"},
			[]string{"gcc-aarch64-linux-gnu on Debian", "gcc-aarch64-linux-gnu on Fedora",
				"crossdev --target aarch64-unknown-linux-gnu"}},
		{"linux/arm64", "linux/amd64", []string{"x86_64-linux-gnu-gcc", "x86_64-unknown-linux-gnu-gcc"},
			[]string{"gcc-x86-64-linux-gnu on Debian", "gcc-x86_64-linux-gnu on Fedora",
				"crossdev --target x86_64-unknown-linux-gnu"}},
		{"linux/amd64", "linux/arm", []string{"arm-linux-gnueabihf-gcc", "armv7a-unknown-linux-gnueabihf-gcc"},
			[]string{"gcc-arm-linux-gnueabihf on Debian", "gcc-arm-linux-gnu on Fedora"}},
		{"darwin/arm64", "linux/arm64", []string{"aarch64-linux-gnu-gcc", "aarch64-unknown-linux-gnu-gcc"},
			[]string{"gcc-aarch64-linux-gnu"}},
		{"linux/amd64", "windows/amd64", nil, []string{"on windows/amd64 itself, or without cgo"}},
		{"linux/amd64", "darwin/arm64", nil, []string{"on darwin/arm64 itself, or without cgo"}},
	} {
		names, remedy := compilerNames(plat(t, c.host), plat(t, c.p))
		if !slices.Equal(names, c.names) {
			t.Errorf("on %s, the compiler for %s is called %q, want %q", c.host, c.p, names, c.names)
		}
		for _, part := range c.remedy {
			if !strings.Contains(remedy, part) {
				t.Errorf("on %s, the remedy for %s is %q, and does not say %q", c.host, c.p, remedy, part)
			}
		}
	}
}

// TestEveryLinuxHasACompiler holds the table against the platforms there are.
func TestEveryLinuxHasACompiler(t *testing.T) {
	_, err := platform.Parse("")
	_, list, _ := strings.Cut(err.Error(), "want one of ")
	seen := 0
	for _, s := range strings.Split(list, ", ") {
		p := plat(t, s)
		if p.OS != "linux" {
			continue
		}
		seen++
		if c := ccPackages[p.Arch]; c.debian == "" || c.debianPackage == "" || c.fedoraPackage == "" || c.gentoo == "" {
			t.Errorf("for %s the table has %+v", p, c)
		}
	}
	if seen != len(ccPackages) {
		t.Errorf("the table has %d architectures, and there are %d", len(ccPackages), seen)
	}
}

func TestFind(t *testing.T) {
	dir := t.TempDir()
	for name, script := range map[string]string{
		"cc":                            "echo 'cc (Distro 15.2.0-1) 15.2.0'; echo 'Copyright'",
		"aarch64-unknown-linux-gnu-gcc": "echo gentoo",
		"s390x-linux-gnu-gcc":           "echo broken >&2; exit 1",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n[ \"$1\" = --version ] || exit 9\n"+script+"\n"),
			0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		p       string
		want    Compiler
		wantErr []string
	}{
		{"linux/amd64", Compiler{Path: filepath.Join(dir, "cc"), Version: "cc (Distro 15.2.0-1) 15.2.0"}, nil},
		{"linux/arm64", Compiler{Path: filepath.Join(dir, "aarch64-unknown-linux-gnu-gcc"), Version: "gentoo"}, nil},
		{"linux/s390x", Compiler{}, []string{"s390x-linux-gnu-gcc --version", "broken"}},
		{"linux/riscv64", Compiler{},
			[]string{"no C compiler for linux/riscv64: looked for riscv64-linux-gnu-gcc, riscv64-unknown-linux-gnu-gcc in " +
				"PATH\n  Install it: gcc-riscv64-linux-gnu on Debian"}},
		{"windows/amd64", Compiler{}, []string{"no C compiler for windows/amd64\n  "}},
	} {
		search := CompilerSearch{Env: run.Env{"PATH=" + dir}, Host: plat(t, "linux/amd64"), Platform: plat(t, c.p)}
		got, err := search.Find(t.Context())
		if !reflect.DeepEqual(got, c.want) || (err == nil) != (c.wantErr == nil) {
			t.Errorf("Find() for %s = %v, %v, want %v", c.p, got, err, c.want)
		}
		for _, part := range c.wantErr {
			if err != nil && !strings.Contains(err.Error(), part) {
				t.Errorf("Find() for %s says %q, and not %q", c.p, err, part)
			}
		}
	}
}
