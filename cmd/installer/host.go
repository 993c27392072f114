//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/slipway-build/slipway/installer"
)

// systemctl returns what runs the systemctl of the host at root, for the image
// has none, and no chroot either. The variables are those of systemd's
// docs/ENVIRONMENT.md.
func systemctl(root string) installer.Systemctl {
	env := []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"}
	attr := &syscall.SysProcAttr{}
	if filepath.Clean(root) != "/" {
		attr.Chroot = root
	}
	online, hint := append(env, "SYSTEMD_IGNORE_CHROOT=1"), "" // or it takes the host's root for a chroot, and does nothing
	if !same(filepath.Join(root, "proc/1/ns/pid"), "/proc/self/ns/pid") {
		// systemd's own socket refuses whom it cannot see; D-Bus does not.
		online, hint = append(online, "SYSTEMCTL_FORCE_BUS=1"), "\nrun the container with --pid=host"
	}
	return func(ctx context.Context, offline bool, args ...string) (string, error) {
		cmd := exec.CommandContext(ctx, "/usr/bin/systemctl", args...)
		cmd.Stdin = strings.NewReader("") // nil would be /dev/null
		cmd.Dir, cmd.Env, cmd.SysProcAttr = "/", online, attr
		if offline {
			cmd.Env = append(slices.Clip(env), "SYSTEMD_OFFLINE=1")
		}
		out, err := cmd.Output()
		if exit := new(exec.ExitError); errors.As(err, &exit) {
			said := strings.TrimSpace(string(exit.Stderr))
			if strings.Contains(said, "Failed to connect") {
				said += hint
			}
			err = fmt.Errorf("systemctl: %w: %s", err, said)
		} else if errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("%s has no systemctl, and units need systemd: %w", root, err)
		}
		return string(out), err
	}
}

// same reports whether two names are one file, or one namespace.
func same(a, b string) bool {
	x, err := os.Stat(a)
	y, berr := os.Stat(b)
	return err == nil && berr == nil && os.SameFile(x, y)
}

// machines are Go's names of what uname calls a machine.
var machines = map[string]string{
	"x86_64": "amd64", "i386": "386", "i686": "386", "aarch64": "arm64", "armv6l": "arm", "armv7l": "arm", "armv8l": "arm",
	"ppc64le": "ppc64le", "s390x": "s390x", "riscv64": "riscv64", "loongarch64": "loong64",
}

// facts returns what is known of the host at root. Its network and its name are
// those of its first process, where its /proc shows one: a container has others.
func facts(root string) (installer.Facts, error) {
	type answer struct {
		facts installer.Facts
		err   error
	}
	done := make(chan answer)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine, and its namespaces with it
		for name, kind := range map[string]int{"net": unix.CLONE_NEWNET, "uts": unix.CLONE_NEWUTS} {
			if err := enter(filepath.Join(root, "proc/1/ns", name), kind); err != nil {
				done <- answer{err: err}
				return
			}
		}
		f, err := own()
		done <- answer{f, err}
	}()
	a := <-done
	return a.facts, a.err
}

// enter has this thread enter a namespace, if it is there and another than its
// own.
func enter(name string, kind int) error {
	if _, err := os.Stat(name); err != nil { // a tree that no kernel runs
		return nil
	} else if same(name, filepath.Join("/proc/thread-self/ns", filepath.Base(name))) {
		return nil
	}
	f, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("the host's namespaces: %w: run the container with --privileged", err)
	}
	defer f.Close()
	if err := unix.Setns(int(f.Fd()), kind); err != nil {
		return fmt.Errorf("entering %s: %w: run the container with --privileged", name, err)
	}
	return nil
}

// own returns the facts as this thread sees them.
func own() (installer.Facts, error) {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return installer.Facts{}, err
	}
	machine := unix.ByteSliceToString(u.Machine[:])
	f := installer.Facts{Hostname: unix.ByteSliceToString(u.Nodename[:]), Arch: machines[machine]}
	if f.Arch == "" {
		f.Arch = machine
	}
	addresses, err := net.InterfaceAddrs()
	for _, a := range addresses {
		if n, ok := a.(*net.IPNet); ok && n.IP.IsGlobalUnicast() {
			f.Addresses = append(f.Addresses, n.IP.String())
		}
	}
	// Connecting a datagram socket sends nothing, and picks the address that the
	// default route has; these are addresses of documentation (RFC 5737, 3849).
	for _, to := range []string{"192.0.2.1:9", "[2001:db8::1]:9"} {
		if c, err := net.Dial("udp", to); err == nil {
			f.Address = c.LocalAddr().(*net.UDPAddr).IP.String()
			return f, errors.Join(err, c.Close())
		}
	}
	return f, err
}
