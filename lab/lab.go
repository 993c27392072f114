//go:build linux

package lab

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/slipway-build/slipway/internal/run"
)

// Options is what a lab is made of.
type Options struct {
	Name   string       // of lower-case letters and digits; no other lab of this host has it
	Subnet netip.Prefix // of the machines, such as 192.0.2.0/24; its first address is the lab's own
	Dir    string       // for the roots of machines; it has to exist, and stays
	Bases  string       // folder of bases that several labs of this process share; Dir if empty
	Env    []string     // of the programs that are run, for their PATH
}

// A Lab is a bridge in a network namespace, and the machines on it.
type Lab struct {
	o       Options
	env     run.Env
	lock    *os.File
	groups  groups
	mu      sync.Mutex
	started []*Machine
}

var nameRule = regexp.MustCompile(`^[a-z][a-z0-9]{0,9}$`)

// Open makes a lab, after it has taken down what an earlier one of this name left behind. If a lab of
// the name is in use, or this user or this host cannot have one, the error says so.
func Open(ctx context.Context, o Options) (*Lab, error) {
	l := &Lab{o: o, env: run.Env(o.Env)}
	if err := l.possible(); err != nil {
		return nil, err
	}
	if err := l.hold(); err != nil {
		return nil, err
	}
	err := l.clear(ctx)
	if err == nil {
		l.groups, err = makeGroups(l.id())
	}
	if err == nil {
		err = l.connect(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, l.Close(ctx))
	}
	return l, nil
}

// possible checks what can be checked before anything is made.
func (l *Lab) possible() error {
	switch {
	case !nameRule.MatchString(l.o.Name):
		return fmt.Errorf("a lab's name is up to ten lower-case letters and digits: %q is not one", l.o.Name)
	case !l.o.Subnet.IsValid() || !l.o.Subnet.Addr().Is4() || l.o.Subnet.Bits() > 29:
		return fmt.Errorf("lab %s: its subnet %s is not an IPv4 subnet with room for machines, such as 192.0.2.0/24",
			l.o.Name, l.o.Subnet)
	case os.Geteuid() != 0:
		return fmt.Errorf("lab %s: it needs root, for namespaces and control groups", l.o.Name)
	}
	for _, tool := range []string{"sh", "ip", "nsenter", "systemd-nspawn", "cp"} {
		if _, err := l.env.LookPath(tool); err != nil {
			return fmt.Errorf("lab %s: %w (Debian's packages iproute2, util-linux, systemd-container)", l.o.Name, err)
		}
	}
	return nil
}

// id names what the lab has on the host: its network namespace, and its control groups.
func (l *Lab) id() string { return "lab-" + l.o.Name }

func (l *Lab) netns() string { return "/run/netns/" + l.id() }

// Host is the lab's own address, which machines reach this process by.
func (l *Lab) Host() netip.Addr { return l.o.Subnet.Masked().Addr().Next() }

// hold keeps others from using the name for as long as this process lives, and no longer.
func (l *Lab) hold() error {
	lock, err := os.OpenFile("/run/"+l.id()+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		lock.Close()
		return fmt.Errorf("lab %s is in use by another process: wait for it, or choose another name", l.o.Name)
	}
	l.lock = lock
	return nil
}

// connect makes the network.
func (l *Lab) connect(ctx context.Context) error {
	if err := l.run(ctx, "ip", "netns", "add", l.id()); err != nil {
		return err
	}
	own := netip.PrefixFrom(l.Host(), l.o.Subnet.Bits()).String()
	err := l.run(ctx, "nsenter", "--net="+l.netns(), "sh", "-ec", `ip link set lo up
ip link add br0 type bridge
ip address add "$1" dev br0
ip link set br0 up
echo 1 >/proc/sys/net/ipv4/ip_forward`, "sh", own)
	return err
}

// clear takes down what there is of a lab of this name.
func (l *Lab) clear(ctx context.Context) error {
	found, err := findGroups(l.id())
	if err == nil {
		err = found.remove()
	}
	if _, missing := os.Lstat(l.netns()); missing == nil {
		delErr := l.run(ctx, "ip", "netns", "delete", l.id())
		err = errors.Join(err, delErr)
	}
	return err
}

// Close ends the machines and takes the lab down; once more, it does nothing. Roots of machines stay in its folder, and
// the lock's file in /run: who removes it could let two others have a lock of the name each.
func (l *Lab) Close(ctx context.Context) error {
	ctx = context.WithoutCancel(ctx) // what was made is taken down, even if a test has no time left
	l.mu.Lock()
	machines, lock := l.started, l.lock
	l.started, l.lock = nil, nil
	l.mu.Unlock()
	if lock == nil {
		return nil
	}
	var ends sync.WaitGroup
	errs := make([]error, len(machines)+1)
	for i, m := range machines {
		ends.Go(func() { errs[i] = m.Close(ctx) })
	}
	ends.Wait()
	errs[len(machines)] = l.clear(ctx)
	return errors.Join(append(errs, lock.Close())...)
}

// run runs a program of this host.
func (l *Lab) run(ctx context.Context, args ...string) error {
	_, err := run.Runner{}.Output(ctx, run.Cmd{Args: args, Env: l.env})
	return err
}

// Base makes the root of a Debian 12 with systemd, what a node needs of a distribution, and further packages, unless it
// is there. It is in the lab's folder of bases, and machines start from copies of it.
func (l *Lab) Base(ctx context.Context, packages ...string) (string, error) {
	if _, err := l.env.LookPath("mmdebstrap"); err != nil {
		return "", fmt.Errorf("lab %s: %w (Debian's package mmdebstrap)", l.o.Name, err)
	}
	dir := filepath.Join(cmp.Or(l.o.Bases, l.o.Dir), strings.Join(append([]string{"base"}, packages...), "+"))
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	all := append([]string{"systemd", "systemd-sysv", "dbus", "udev", "kmod", "iproute2", "iptables", "nftables",
		"conntrack", "ethtool", "socat", "mount", "procps"}, packages...)
	part := dir + ".part"
	err := os.RemoveAll(part)
	if err == nil {
		err = l.run(ctx, "mmdebstrap", "-q", "--variant=minbase", "--include="+strings.Join(all, ","), "bookworm", part)
	}
	if err == nil {
		err = os.Rename(part, dir)
	}
	return dir, err
}

// Copy makes a root for a machine from a base.
func (l *Lab) Copy(ctx context.Context, base, name string) (string, error) {
	dir := filepath.Join(l.o.Dir, name)
	err := l.run(ctx, "cp", "-a", "--reflink=auto", base, dir)
	return dir, err
}
