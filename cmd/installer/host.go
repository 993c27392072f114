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

	"github.com/slipway-build/slipway/installer"
)

// systemd returns what runs programs of the systemd of the host at root, for the
// image has none, and no chroot either. The variables are those of systemd's
// docs/ENVIRONMENT.md.
func systemd(root string) installer.Systemd {
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
	return func(ctx context.Context, offline bool, program string, args ...string) (string, error) {
		cmd := exec.CommandContext(ctx, "/usr/bin/"+program, args...)
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
			err = fmt.Errorf("%s: %w: %s", program, err, said)
		} else if errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("%s has no %s, and units need systemd: %w", root, program, err)
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

// facts returns what is known of the host at root.
func facts(root string) (installer.Facts, error) {
	f := installer.Facts{Arch: runtime.GOARCH}
	theirs := filepath.Join(root, "proc/1/ns/net")
	if _, err := os.Stat(theirs); err == nil && !same(theirs, "/proc/self/ns/net") {
		return f, errors.New("the host's addresses are not visible here: run the container with --network=host")
	}
	var err error
	if f.Hostname, err = os.Hostname(); err != nil {
		return f, err
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
