//go:build linux

package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/slipway-build/slipway/internal/shell"
)

// Kernel is the package of Debian's that the root of a virtual machine has to have.
const Kernel = "linux-image-cloud-amd64"

// BootVM starts a root as Boot does, but with a kernel of its own, in a virtual machine of QEMU's that needs nothing
// of this host's processor. Its disk is a copy of the root.
func (l *Lab) BootVM(ctx context.Context, name, root, address string) (*Machine, error) {
	m, err := l.machine(name, root, address)
	if err != nil {
		return nil, err
	}
	m.kind = &vm{m: m}
	return m, m.begin(ctx)
}

// A vm runs a machine under QEMU.
type vm struct{ m *Machine }

func (v *vm) disk() string   { return v.m.Root + ".disk" }
func (v *vm) kernel() string { return filepath.Join(v.m.Root, "vmlinuz") }
func (v *vm) initrd() string { return filepath.Join(v.m.Root, "initrd.img") }

// awaitDevice waits for the module that drives the network device.
const awaitDevice = "until ip link show eth0 >/dev/null 2>&1; do sleep 0.1; done\n"

// prepare makes the disk, which takes as much of this host's as is written to it.
func (v *vm) prepare(ctx context.Context) error {
	l, root := v.m.lab, v.m.Root
	for _, tool := range []string{"qemu-system-x86_64", "mke2fs"} {
		if _, err := l.env.LookPath(tool); err != nil {
			return fmt.Errorf("machine %s: %w (Debian's packages qemu-system-x86, e2fsprogs)", v.m.Name, err)
		}
	}
	for _, file := range []string{v.kernel(), v.initrd()} {
		if _, err := os.Stat(file); err != nil {
			return fmt.Errorf("machine %s has no kernel: %w: its base needs %s", v.m.Name, err, Kernel)
		}
	}
	err := os.Remove(v.disk())
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	if err := errors.Join(err, v.m.lay(awaitDevice, "eth0"), v.laySh()); err != nil {
		return err
	}
	return l.run(ctx, "mke2fs", "-q", "-t", "ext4", "-O", "^has_journal", "-d", root, v.disk(), "6G")
}

const shellPort = "1"

// laySh writes into the root what runs scripts: a shell of root's that answers to the lab's network, which nobody
// else is on.
func (v *vm) laySh() error {
	etc := filepath.Join(v.m.Root, "etc")
	units := filepath.Join(etc, "systemd", "system")
	wants := filepath.Join(units, "sockets.target.wants")
	err := errors.Join(os.MkdirAll(wants, 0o755),
		os.Symlink("../lab-sh.socket", filepath.Join(wants, "lab-sh.socket")))
	for name, text := range map[string]string{
		filepath.Join(etc, "fstab"): "/dev/vda / ext4 rw,relatime 0 1\n",
		filepath.Join(units, "lab-sh.socket"): "[Socket]\nAccept=yes\nMaxConnections=64\nFreeBind=yes\n" +
			"ListenStream=" + net.JoinHostPort(v.m.Address.String(), shellPort) + "\n",
		filepath.Join(units, "lab-sh@.service"): "[Unit]\nCollectMode=inactive-or-failed\n\n" +
			"[Service]\nStandardInput=socket\nStandardError=journal\nKillMode=process\n" +
			`ExecStart=/bin/sh -c 'words=$$(cat); (eval "$$words") </dev/null; printf "\n%%s" $$?'` + "\n",
	} {
		err = errors.Join(err, os.WriteFile(name, []byte(text), 0o644))
	}
	return err
}

// command joins the machine's network device to the bridge and runs QEMU. What keeps processes from others' secrets
// would only cost time. So would clocks other than the processor's counter: all its processors wait for each reading.
func (v *vm) command() (args, env []string) {
	a := v.m.Address.As4()
	device := fmt.Sprintf("vm%x", a)
	mac := fmt.Sprintf("52:54:%02x:%02x:%02x:%02x", a[0], a[1], a[2], a[3])
	const join = `ip link show "$1" >/dev/null 2>&1 || ip tuntap add dev "$1" mode tap
ip link set "$1" master br0 up
shift
exec "$@"`
	return []string{"sh", "-ec", join, "sh", device, "qemu-system-x86_64", "-nodefaults", "-machine", "q35",
		"-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", "3G", "-kernel", v.kernel(), "-initrd", v.initrd(),
		"-append", "console=ttyS0 quiet root=/dev/vda rw net.ifnames=0 mitigations=off tsc=reliable " +
			"systemd.default_timeout_start_sec=300",
		"-drive", "format=raw,if=virtio,cache=unsafe,file=" + v.disk(), "-device", "virtio-rng-pci",
		"-netdev", "tap,id=net,script=no,downscript=no,ifname=" + device,
		"-device", "virtio-net-pci,netdev=net,mac=" + mac, "-display", "none",
		"-monitor", "none", "-serial", "stdio"}, nil
}

func (v *vm) patience() time.Duration { return 10 * time.Minute }

func (v *vm) ready(ctx context.Context) bool {
	out, err := v.try(ctx, []string{"echo", "ready"})
	return err == nil && out == "ready\n"
}

// try has the machine's shell run a program. What the shell writes last, in a line of its own, is how that ended.
func (v *vm) try(ctx context.Context, args []string) (string, error) {
	conn, err := v.m.lab.Dial(net.JoinHostPort(v.m.Address.String(), shellPort))
	if err != nil {
		return "", err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	words := make([]string, len(args))
	for i, arg := range args {
		words[i] = shell.Quote(arg)
	}
	if _, err := io.WriteString(conn, strings.Join(words, " ")); err != nil {
		return "", errors.Join(ctx.Err(), err)
	}
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		return "", errors.Join(ctx.Err(), err)
	}
	all, err := io.ReadAll(conn)
	if err != nil {
		return string(all), errors.Join(ctx.Err(), err)
	}
	return ended(all)
}

// ended takes from what a machine's shell wrote how the program ended.
func ended(all []byte) (string, error) {
	end := bytes.LastIndexByte(all, '\n')
	switch {
	case end < 0 || end == len(all)-1:
		return string(all), errors.New("the machine does not say how it ended")
	case string(all[end+1:]) != "0":
		return string(all[:end]), fmt.Errorf("exit status %s", all[end+1:])
	}
	return string(all[:end]), nil
}
