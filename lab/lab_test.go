//go:build linux

package lab

import (
	"net/netip"
	"os"
	"reflect"
	"strings"
	"testing"
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
		`a lab's name is up to ten lower-case letters and digits: "Crew" is none`: func(o *Options) { o.Name = "Crew" },
		"lab crew: its subnet invalid Prefix is no IPv4 subnet": func(o *Options) {
			o.Subnet = netip.Prefix{}
		},
		"lab crew: its subnet 192.0.2.0/30 is no IPv4 subnet with room": func(o *Options) {
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
		{"one", "192.0.2.1", "machine one: 192.0.2.1 is no free address of 192.0.2.0/24"},
		{"one", "198.51.100.1", "machine one: 198.51.100.1 is no free address of 192.0.2.0/24"},
		{"one", "deck", "machine one: deck is no free address of 192.0.2.0/24"},
	} {
		if _, err := l.Boot(t.Context(), c.name, t.TempDir(), c.address); err == nil || err.Error() != c.want {
			t.Errorf("the error is %v, want %q", err, c.want)
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
