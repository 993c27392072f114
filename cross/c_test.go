package cross

import (
	"slices"
	"testing"

	"github.com/slipway-build/slipway/internal/testkit"
)

func TestValidC(t *testing.T) {
	debian := Debian{Suites: []string{"https://deb.example.org/debian bullseye"}, Keyring: "keys.gpg",
		Packages: []string{"libc6-dev"}}
	for _, c := range []struct {
		name string
		on   string
		c    C
		want []string
	}{
		{"a compiler", "linux/amd64", C{CC: "gcc-12 -m64"}, nil},
		{"a compiler for Windows", "windows/amd64", C{CC: "x86_64-w64-mingw32-gcc"}, nil},
		{"a sysroot", "linux/amd64", C{Sysroot: "./old"}, nil},
		{"packages", "linux/arm64", C{CC: "gcc", Debian: debian}, nil},
		{"nothing", "linux/amd64", C{}, []string{"c.linux/amd64.cc: name a compiler, a sysroot, or both"}},
		{"an unknown platform", "linux/vax", C{CC: "gcc"}, []string{`c.linux/vax: unknown platform "linux/vax"`}},
		{"a quote", "linux/amd64", C{CC: "gcc 'a"}, []string{`c.linux/amd64.cc: "gcc 'a": a quote is not closed`}},
		{"a quote in a word", "linux/amd64", C{CC: `gcc -DX="a"`},
			[]string{`c.linux/amd64.cc: "gcc -DX=\"a\"": quotes must enclose a whole word`}},
		{"no name", "linux/amd64", C{CC: " '' -m32"}, []string{`c.linux/amd64.cc: " '' -m32" names no compiler`}},
		{"a relative argument", "linux/amd64", C{CC: "env ./gcc -L../lib -I. -DX=./a -O2"}, []string{
			`c.linux/amd64.cc: "env ./gcc -L../lib -I. -DX=./a -O2": ./gcc is a relative path`,
			`c.linux/amd64.cc: "env ./gcc -L../lib -I. -DX=./a -O2": -L../lib is`,
			`c.linux/amd64.cc: "env ./gcc -L../lib -I. -DX=./a -O2": -I. is`}},
		{"a sysroot among the arguments", "linux/amd64", C{CC: "gcc --sysroot=/old"},
			[]string{`c.linux/amd64.cc: "gcc --sysroot=/old": write sysroot: PATH instead of --sysroot=/old`}},
		{"blanks", "linux/amd64", C{CC: " "}, []string{`c.linux/amd64.cc: " " names no compiler`}},
		{"a sysroot for Windows", "windows/amd64", C{Sysroot: "./old"},
			[]string{"c.windows/amd64.sysroot: a sysroot is for Linux, not for windows/amd64"}},
		{"both", "linux/amd64", C{Sysroot: "./old", Debian: debian},
			[]string{"c.linux/amd64.debian: replaces sysroot: remove one of the two"}},
		{"no packages", "linux/amd64", C{Debian: Debian{Suites: debian.Suites, Keyring: "keys.gpg"}},
			[]string{"c.linux/amd64.debian: a sysroot of Debian packages needs suites, a keyring, and packages"}},
		{"no suite", "linux/amd64", C{Debian: Debian{Suites: []string{"bullseye"}, Keyring: "keys.gpg",
			Packages: []string{"libc6-dev"}}}, []string{`c.linux/amd64.debian.suites[0]: "bullseye" is not a suite`}},
		{"no name of a package", "linux/amd64", C{Debian: Debian{Suites: debian.Suites, Keyring: "keys.gpg",
			Packages: []string{"libc6-dev", "libc6 dev"}}},
			[]string{`c.linux/amd64.debian.packages[1]: "libc6 dev" is not the name of a Debian package`}},
		{"packages for Windows", "windows/amd64", C{Debian: debian},
			[]string{"c.windows/amd64.debian: a sysroot is for Linux, not for windows/amd64"}},
	} {
		testkit.Faults(t, c.name, validC(map[string]C{c.on: c.c}), c.want...)
	}
}

func TestSplitWords(t *testing.T) {
	for text, want := range map[string][]string{
		"": nil, " gcc  -m32\t-g ": {"gcc", "-m32", "-g"}, `"/opt/my gcc" '-DX="a"'`: {"/opt/my gcc", `-DX="a"`},
		"zig cc -target x86_64-linux-gnu.2.17": {"zig", "cc", "-target", "x86_64-linux-gnu.2.17"},
	} {
		if got, err := splitWords(text); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: got %q, %v, want %q", text, got, err, want)
		}
	}
}
