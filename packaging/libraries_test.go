package packaging

import (
	"os"
	"runtime"
	"testing"

	"github.com/slipway-build/slipway/internal/dynlink"
)

func TestLibraryPackages(t *testing.T) {
	versions := func(names ...string) []dynlink.Want {
		var out []dynlink.Want
		for _, v := range names {
			out = append(out, dynlink.Want{Library: "libc.so.6", Version: v})
		}
		return out
	}
	for _, c := range []struct {
		name      string
		family    Family
		libraries []string
		wants     []dynlink.Want
		want      []Relation
		err       string
	}{
		{"a static program", Debian(), nil, nil, nil, ""},
		{"one library", Debian(), []string{"libc.so.6"}, versions("GLIBC_2.2.5"), []Relation{"libc6 >= 2.2.5"}, ""},
		{"the newest version", Debian(), []string{"libc.so.6"}, versions("GLIBC_2.4", "GLIBC_2.34", "GLIBC_2.9"),
			[]Relation{"libc6 >= 2.34"}, ""},
		{"Fedora", Fedora(), []string{"libc.so.6"}, versions("GLIBC_2.34"), []Relation{"glibc >= 2.34"}, ""},
		{"several libraries of one package", Debian(), []string{"libc.so.6", "libpthread.so.0", "libdl.so.2"},
			versions("GLIBC_2.17"),
			[]Relation{"libc6 >= 2.17"}, ""},
		{"versions that are no numbers", Debian(), []string{"libc.so.6"}, versions("GLIBC_PRIVATE", "OTHER_3"),
			[]Relation{"libc6"}, ""},
		{"a library without versions", Debian(), []string{"libc.so.6", "libseccomp.so.2"}, versions("GLIBC_2.34"),
			[]Relation{"libc6 >= 2.34", "libseccomp2"}, ""},
		{"Fedora's", Fedora(), []string{"libseccomp.so.2"}, nil, []Relation{"libseccomp"}, ""},
		{"Gentoo's", Gentoo(), []string{"libseccomp.so.2"}, nil, []Relation{"sys-libs/libseccomp"}, ""},
		{"an unknown library", Debian(), []string{"libc.so.6", "libtinfo.so.6"}, versions("GLIBC_2.17"), nil,
			"it is linked with libtinfo.so.6, which no known package contains"},
	} {
		got, err := c.family.libraryPackages(dynlink.Object{Needed: c.libraries, Wants: c.wants})
		fails(t, c.name, err, c.err)
		same(t, c.name, got, c.want...)
	}
}

func TestLinked(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the programs of this machine are not those of Linux")
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	itself, err := dynlink.Open(program)
	if err != nil {
		t.Fatal(err)
	}
	alone := Family{} // knows no library
	if len(itself.Needed) > 0 {
		t.Skip("tests are linked with libraries here")
	}
	for _, c := range []struct {
		name   string
		files  contents
		static bool
		err    string
	}{
		{"no file", contents{}, false, ""},
		{"no program", contents{"/etc/x": {Path: "/etc/x", Data: []byte("x")}}, false, ""},
		{"a static program", contents{"/usr/bin/x": {Path: "/usr/bin/x", Source: program}}, true, ""},
		{"what is no program", contents{"/usr/bin/x": {Path: "/usr/bin/x", Source: "libraries_test.go"}}, false,
			"/usr/bin/x: bad magic number '[112 97 99 107]' in record at byte 0x0"},
	} {
		needs, static, err := alone.linked(c.files)
		fails(t, c.name, err, c.err)
		if static != c.static || len(needs) > 0 {
			t.Errorf("%s: static is %v, want %v; it needs %q", c.name, static, c.static, needs)
		}
	}
}
