//go:build acceptance && linux

package acceptance

import (
	"context"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/internal/testkit"
	"github.com/slipway-build/slipway/lab"
)

// openLab opens a lab that is closed with the test. Networks are those of documentation, which pages show.
func openLab(t *testing.T, name, subnet string) *lab.Lab {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("starts machines, for which it has to be root")
	}
	for _, tool := range []string{"mmdebstrap", "systemd-nspawn", "nsenter", "ip"} {
		testkit.Need(t, tool)
	}
	l, err := lab.Open(t.Context(), lab.Options{Name: name, Subnet: netip.MustParsePrefix(subnet), Dir: t.TempDir(),
		Bases: bases(t), Env: os.Environ()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return l
}

// A node is a machine of a lab, for a test.
type node struct {
	*lab.Machine
	t *testing.T
}

// bootNode boots a copy of a base, once prepare has put into its root what it needs.
func bootNode(t *testing.T, l *lab.Lab, base, name, address string, prepare func(root string)) node {
	t.Helper()
	root, err := l.Copy(t.Context(), base, name)
	if err != nil {
		t.Fatal(err)
	}
	prepare(root)
	m, err := l.Boot(t.Context(), name, root, address)
	if err != nil {
		t.Fatal(err)
	}
	return node{m, t}
}

// sh runs a script on the node and returns what it prints.
func (n node) sh(script string) string {
	n.t.Helper()
	out, err := n.Sh(n.t.Context(), script)
	if err != nil {
		n.t.Fatal(err)
	}
	return out
}

// is checks what a script prints on the node.
func (n node) is(script, want string) {
	n.t.Helper()
	if got := n.sh(script); got != want {
		n.t.Errorf("on %s, %s: %q, want %q", n.Name, script, got, want)
	}
}

// refuses checks that a script fails, and that what it prints has the words.
func (n node) refuses(script, words string) {
	n.t.Helper()
	if out, err := n.Try(n.t.Context(), script); err == nil || !strings.Contains(out, words) {
		n.t.Errorf("on %s, %s (%v):\n%s\nwant %q", n.Name, script, err, out, words)
	}
}

// TestLab holds that machines of a lab are what tests take them for: hosts with a name, on a network that leads
// to the test and nowhere else, that can be rebooted, and that are gone with the lab.
func TestLab(t *testing.T) {
	l := openLab(t, "crew", "192.0.2.0/24")
	_, err := lab.Open(t.Context(), lab.Options{Name: "crew", Subnet: netip.MustParsePrefix("192.0.2.0/24"),
		Dir: t.TempDir(), Env: os.Environ()})
	if err == nil || !strings.Contains(err.Error(), "lab crew is in use by another process") {
		t.Errorf("a second lab of the name: %v", err)
	}
	base, err := l.Base(t.Context(), "iputils-ping", "netcat-openbsd")
	if err != nil {
		t.Fatal(err)
	}
	if again, err := l.Base(t.Context(), "iputils-ping", "netcat-openbsd"); err != nil || again != base {
		t.Errorf("asked for the same packages, a lab has another base: %s, %v", again, err)
	}
	nothing := func(string) {}
	one := bootNode(t, l, base, "one", "192.0.2.11", nothing)
	two := bootNode(t, l, base, "two", "192.0.2.12", nothing)

	one.is("hostname; hostname -i; cat /proc/1/comm", "one\n192.0.2.11\nsystemd")
	one.sh("ping -c1 -W2 192.0.2.12")
	two.refuses("ping -c1 -W2 198.51.100.1", "1 packets transmitted, 0 received")
	one.sh("test -c /dev/kmsg; findmnt -no PROPAGATION / | grep -x shared; sysctl -qw vm.overcommit_memory=1")
	one.sh("systemd-run -q --wait -p MemoryMax=64M true; mkdir -p /sys/fs/cgroup/memory/x || mkdir /sys/fs/cgroup/x")
	answers(t, l, two)

	t.Log("reboot")
	boot := two.sh("cat /proc/sys/kernel/random/boot_id; systemctl show -p UserspaceTimestampMonotonic; touch /kept")
	if err := two.Reboot(t.Context()); err != nil {
		t.Fatal(err)
	}
	if again := two.sh("cat /proc/sys/kernel/random/boot_id; systemctl show -p UserspaceTimestampMonotonic; " +
		"test -e /kept"); again == boot {
		t.Error("a reboot starts nothing")
	}
	one.sh("ping -c1 -W2 192.0.2.12")
	if err := l.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	left, _ := filepath.Glob("/sys/fs/cgroup/*/lab-crew")
	more, _ := filepath.Glob("/run/netns/lab-crew")
	if left = append(left, more...); len(left) > 0 {
		t.Errorf("a closed lab leaves %q", left)
	}
}

// answers checks that a machine and the test reach each other.
func answers(t *testing.T, l *lab.Lab, n node) {
	t.Helper()
	listener, err := l.Listen(80)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		if conn, err := listener.Accept(); err == nil {
			_, _ = io.WriteString(conn, "aye\n")
			conn.Close()
		}
	}()
	n.is("nc -d "+l.Host().String()+" 80", "aye")
	n.sh("systemd-run -q sh -c 'echo ahoy | nc -N -l 8080'")
	n.sh("until ss -tnl | grep -q :8080; do sleep 0.1; done")
	conn, err := l.Dial("192.0.2.12:8080")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if got, err := io.ReadAll(conn); err != nil || string(got) != "ahoy\n" {
		t.Errorf("the machine says %q, %v", got, err)
	}
}
