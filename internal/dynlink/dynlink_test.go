package dynlink

import (
	"bytes"
	"debug/elf"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"testing"

	"github.com/slipway-build/slipway/internal/run"
	"github.com/slipway-build/slipway/internal/testkit"
)

// compile compiles C to a library or program, which it returns the path of.
func compile(t *testing.T, code string, flags ...string) string {
	t.Helper()
	dir := t.TempDir()
	source, script, out := filepath.Join(dir, "ship.c"), filepath.Join(dir, "versions"), filepath.Join(dir, "ship")
	for name, text := range map[string]string{source: code,
		script: "SHIP_1.0 { global: haul; local: *; }; SHIP_1.10 { global: reef; } SHIP_1.0;"} {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	args := append([]string{"cc", source, "-o", out, "-nostdlib"}, flags...)
	err := run.Runner{}.Run(t.Context(), run.Cmd{Args: args, Dir: dir, Env: run.Env{"PATH=" + testkit.Path()}})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestOpen(t *testing.T) {
	testkit.Need(t, "cc")
	if runtime.GOOS != "linux" {
		t.Skip("the compiler of this machine does not make programs for Linux")
	}
	const both, calls = "int haul(void) { return 0; } int reef(void) { return 0; }", "int haul(void); int reef(void); "
	library := compile(t, both, "-shared", "-fPIC", "-Wl,-soname,libship.so.1,--version-script=versions")
	link := []string{library, "-no-pie", "-Wl,-e,main,--dynamic-linker=/lib/ld-ship.so.1"}
	with := func(flags ...string) []string { return append(link[:len(link):len(link)], flags...) }
	for _, c := range []struct {
		name  string
		file  string
		want  Object // without machine and class
		isErr bool
	}{
		{"a library", library, Object{Defines: []string{"SHIP_1.0", "SHIP_1.10"}}, false},
		{"one without versions", compile(t, both, "-shared", "-fPIC"), Object{}, false},
		{"a static program", compile(t, "int main(void) { return 0; }", "-static", "-Wl,-e,main"), Object{}, false},
		{"a program", compile(t, calls+"int main(void) { return haul() + reef(); }", link...),
			Object{Loader: "/lib/ld-ship.so.1", Needed: []string{"libship.so.1"},
				Wants: []Want{{"libship.so.1", "SHIP_1.0", false}, {"libship.so.1", "SHIP_1.10", false}}}, false},
		{"RPATH", compile(t, calls+"int main(void) { return haul(); }",
			with("-Wl,--disable-new-dtags,-rpath,$ORIGIN:/opt/lib")...),
			Object{Loader: "/lib/ld-ship.so.1", Needed: []string{"libship.so.1"}, RPath: []string{"$ORIGIN", "/opt/lib"},
				Wants: []Want{{"libship.so.1", "SHIP_1.0", false}}}, false},
		{"RUNPATH", compile(t, calls+"int main(void) { return haul(); }",
			with("-Wl,--enable-new-dtags,-rpath,/opt/lib")...),
			Object{Loader: "/lib/ld-ship.so.1", Needed: []string{"libship.so.1"}, RunPath: []string{"/opt/lib"},
				Wants: []Want{{"libship.so.1", "SHIP_1.0", false}}}, false},
		{"no program", "dynlink.go", Object{}, true},
		{"nothing", "none", Object{}, true},
	} {
		got, err := Open(c.file)
		if (err != nil) != c.isErr {
			t.Errorf("%s: %v", c.name, err)
		}
		got.Machine, got.Class = 0, 0
		sortWants(got.Wants)
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %+v, want %+v", c.name, got, c.want)
		}
	}
}

// TestReadDamaged holds that a file that ends too early is no program without needs.
func TestReadDamaged(t *testing.T) {
	testkit.Need(t, "cc")
	if runtime.GOOS != "linux" {
		t.Skip("the compiler of this machine does not make programs for Linux")
	}
	data, err := os.ReadFile(compile(t, "int haul(void) { return 0; }", "-shared", "-fPIC"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Read(bytes.NewReader(data[:len(data)/2])); err == nil {
		t.Error("half of a library is read")
	}
	if o, err := Read(bytes.NewReader(data)); err != nil || o.Machine == elf.EM_NONE {
		t.Errorf("got %+v, %v", o, err)
	}
}

// sortWants sorts by version, as far as this test needs it: the linker has no order.
func sortWants(list []Want) {
	if len(list) == 2 && list[0].Version > list[1].Version {
		list[0], list[1] = list[1], list[0]
	}
}

func TestNewest(t *testing.T) {
	for _, c := range []struct {
		versions []string
		want     string
	}{
		{nil, ""},
		{[]string{"GLIBC_PRIVATE", "OTHER_9"}, ""},
		{[]string{"GLIBC_2.9", "GLIBC_2.34", "GLIBC_2.2.5", "GLIBC_PRIVATE"}, "2.34"},
	} {
		if got := Newest("GLIBC_", c.versions); got != c.want {
			t.Errorf("of %q, the newest is %q, want %q", c.versions, got, c.want)
		}
	}
}
