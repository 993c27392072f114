//go:build linux

package lab

import (
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/internal/run"
)

func TestHierarchies(t *testing.T) {
	const first = "tmpfs /sys/fs/cgroup tmpfs rw 0 0\ncgroup /sys/fs/cgroup/memory cgroup rw,memory 0 0\n" +
		"cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0\n"
	for mounts, want := range map[string][]string{
		"":    nil,
		first: {"/sys/fs/cgroup/memory", "/sys/fs/cgroup/unified"},
		"cgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n": {"/sys/fs/cgroup"},
	} {
		if got := hierarchies(mounts); !reflect.DeepEqual(got, want) {
			t.Errorf("of %q, hierarchies are at %q, want %q", mounts, got, want)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	good := Options{Name: "crew", Subnet: netip.MustParsePrefix("192.0.2.0/24"), Env: []string{"PATH=/nowhere"}}
	unable := "lab crew: it needs root"
	if os.Geteuid() == 0 {
		unable = "lab crew: sh: no such program in PATH (Debian's packages"
	}
	for want, change := range map[string]func(o *Options){
		`a lab's name is up to ten lower-case letters and digits: "Crew" is not one`: func(o *Options) { o.Name = "Crew" },
		"lab crew: its subnet invalid Prefix is not an IPv4 subnet": func(o *Options) {
			o.Subnet = netip.Prefix{}
		},
		"lab crew: its subnet 192.0.2.0/30 is not an IPv4 subnet with room": func(o *Options) {
			o.Subnet = netip.MustParsePrefix("192.0.2.0/30")
		},
		unable: func(*Options) {},
	} {
		o := good
		change(&o)
		if _, err := Open(t.Context(), o); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("the error is %v, want %q", err, want)
		}
	}
}

func TestBootRefuses(t *testing.T) {
	l := &Lab{o: Options{Name: "crew", Subnet: netip.MustParsePrefix("192.0.2.0/24")}}
	for _, c := range []struct{ name, address, want string }{
		{"One", "192.0.2.11", `machine "One": a name is lower-case letters, digits and dashes`},
		{"one", "192.0.2.1", "machine one: 192.0.2.1 is not a free address of 192.0.2.0/24"},
		{"one", "198.51.100.1", "machine one: 198.51.100.1 is not a free address of 192.0.2.0/24"},
		{"one", "deck", "machine one: deck is not a free address of 192.0.2.0/24"},
	} {
		if _, err := l.Boot(t.Context(), c.name, t.TempDir(), c.address); err == nil || err.Error() != c.want {
			t.Errorf("the error is %v, want %q", err, c.want)
		}
	}
}

func TestBootVMRefuses(t *testing.T) {
	l := &Lab{o: Options{Name: "crew", Subnet: netip.MustParsePrefix("192.0.2.0/24")}}
	bin, root := t.TempDir(), t.TempDir()
	refused := func(want string) {
		t.Helper()
		if _, err := l.BootVM(t.Context(), "one", root, "192.0.2.11"); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("the error is %v, want %q", err, want)
		}
	}
	refused("machine one: qemu-system-x86_64: no such program in PATH (Debian's packages qemu-system-x86, e2fsprogs)")
	for _, tool := range []string{"qemu-system-x86_64", "mke2fs"} {
		if err := os.WriteFile(filepath.Join(bin, tool), nil, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	l.env = run.Env{"PATH=" + bin}
	refused("machine one has no kernel: stat " + root + "/vmlinuz: no such file or directory: its base needs linux-image")
}

func TestEnded(t *testing.T) {
	for _, c := range []struct{ all, out, err string }{
		{"\n0", "", ""},
		{"one\ntwo\n\n0", "one\ntwo\n", ""},
		{"aye\n3", "aye", "exit status 3"},
		{"", "", "the machine does not say how it ended"},
		{"cut off\n", "cut off\n", "the machine does not say how it ended"},
	} {
		out, err := ended([]byte(c.all))
		if out != c.out || (err == nil) != (c.err == "") || err != nil && err.Error() != c.err {
			t.Errorf("of %q: %q, %v, want %q, %q", c.all, out, err, c.out, c.err)
		}
	}
}

func TestConsole(t *testing.T) {
	var c console
	for range 10 {
		if n, err := c.Write([]byte(strings.Repeat("x", consoleSize-1) + "\n")); n != consoleSize || err != nil {
			t.Fatal(n, err)
		}
	}
	if _, err := c.Write([]byte("end")); err != nil {
		t.Fatal(err)
	}
	if s := c.String(); len(s) != consoleSize || !strings.HasSuffix(s, "x\nend") {
		t.Errorf("the console keeps %d bytes", len(s))
	}
}
