//go:build linux

package lab

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// VMPackages are what the root of a virtual machine has to have of Debian, besides what each base has: a kernel, and
// the agent that runs scripts.
func VMPackages() []string { return []string{"linux-image-cloud-amd64", "qemu-guest-agent"} }

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
type vm struct {
	m              *Machine
	kernel, initrd string
	agent          agent
}

// disk is where a virtual machine's is.
func (v *vm) disk() string { return v.m.Root + ".disk" }

// awaitDevice waits for the module that drives it.
const awaitDevice = "until ip link show eth0 >/dev/null 2>&1; do sleep 0.1; done\n"

// prepare makes the disk, which takes as much of this host's as is written to it.
func (v *vm) prepare(ctx context.Context) error {
	l, root := v.m.lab, v.m.Root
	for _, tool := range []string{"qemu-system-x86_64", "mke2fs"} {
		if _, err := l.env.LookPath(tool); err != nil {
			return fmt.Errorf("machine %s: %w (Debian's packages qemu-system-x86, e2fsprogs)", v.m.Name, err)
		}
	}
	for file, pattern := range map[*string]string{&v.kernel: "vmlinuz-*", &v.initrd: "initrd.img-*"} {
		found, _ := filepath.Glob(filepath.Join(root, "boot", pattern))
		if len(found) != 1 {
			return fmt.Errorf("machine %s: %s has %d files /boot/%s, not one: its base needs VMPackages",
				v.m.Name, root, len(found), pattern)
		}
		*file = found[0]
	}
	v.agent = agent{lab: l, socket: "@lab-" + v.m.Name}
	err := os.WriteFile(filepath.Join(root, "etc", "fstab"), []byte("/dev/vda / ext4 rw,relatime 0 1\n"), 0o644)
	removeErr := os.Remove(v.disk())
	if errors.Is(removeErr, fs.ErrNotExist) {
		removeErr = nil
	}
	if err := errors.Join(err, removeErr, v.m.lay(awaitDevice, "eth0")); err != nil {
		return err
	}
	return l.run(ctx, "mke2fs", "-q", "-t", "ext4", "-O", "^has_journal", "-d", root, v.disk(), "6G")
}

// command joins the machine's network device to the bridge and runs QEMU. A processor that is only made up has no use
// for what keeps one process from another's secrets, and its clock is none to measure time by.
func (v *vm) command() (args, env []string) {
	a := v.m.Address.As4()
	device := fmt.Sprintf("vm%x", a)
	mac := fmt.Sprintf("52:54:%02x:%02x:%02x:%02x", a[0], a[1], a[2], a[3])
	const join = `ip link show "$1" >/dev/null 2>&1 || ip tuntap add dev "$1" mode tap
ip link set "$1" master br0 up
shift
exec "$@"`
	return []string{"sh", "-ec", join, "sh", device, "qemu-system-x86_64", "-nodefaults", "-machine", "q35",
		"-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", "3G", "-kernel", v.kernel, "-initrd", v.initrd,
		"-append", "console=ttyS0 quiet root=/dev/vda rw net.ifnames=0 mitigations=off tsc=unstable",
		"-drive", "format=raw,if=virtio,cache=unsafe,file=" + v.disk(), "-device", "virtio-rng-pci",
		"-netdev", "tap,id=net,script=no,downscript=no,ifname=" + device,
		"-device", "virtio-net-pci,netdev=net,mac=" + mac, "-device", "virtio-serial-pci",
		"-chardev", "socket,id=agent,server=on,wait=off,abstract=on,path=" + v.agent.socket[1:],
		"-device", "virtserialport,chardev=agent,name=org.qemu.guest_agent.0",
		"-display", "none", "-monitor", "none", "-serial", "stdio"}, nil
}

func (v *vm) patience() time.Duration { return 5 * time.Minute }

func (v *vm) ready(ctx context.Context) bool { return v.agent.ask(ctx, "guest-ping", nil, nil) == nil }

func (v *vm) try(ctx context.Context, args []string) (string, error) { return v.agent.run(ctx, args) }
