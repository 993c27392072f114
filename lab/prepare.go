//go:build linux

package lab

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
)

// containerScript gives a container, at each boot, what a host on hardware has and a container has not: control groups
// that can be written, /dev/kmsg, mounts that are shared with pods, and settings of the kernel that are its own.
//
// The settings are those that a kubelet and kube-proxy insist on. A machine has files in their place, so that this
// host's kernel stays as it is.
const containerScript = `while read -r _ at kind _; do
	if [ "$kind" = cgroup ] || [ "$kind" = cgroup2 ]; then
		mount -o remount,bind,rw "$at" || echo "$at stays read-only"
	fi
done </proc/self/mounts
[ -e /dev/kmsg ] || mknod -m 600 /dev/kmsg c 1 11
mkdir -p /run/lab
for name in vm/overcommit_memory vm/panic_on_oom kernel/panic kernel/panic_on_oops kernel/keys/root_maxkeys \
	kernel/keys/root_maxbytes net/netfilter/nf_conntrack_max; do
	[ -e "/proc/sys/$name" ] || continue
	own=/run/lab/$(basename "$name")
	cat "/proc/sys/$name" >"$own"
	mount --bind "$own" "/proc/sys/$name"
done
size=/sys/module/nf_conntrack/parameters/hashsize # which kube-proxy reads
if [ ! -e $size ]; then
	[ -d /sys/module ] || mount -o remount,bind,rw /sys
	mkdir -p /sys/module
	mount -t tmpfs -o mode=755 tmpfs /sys/module
	mkdir -p "$(dirname $size)"
	echo 262144 >$size
fi
mount --make-rshared /
`

// networkScript gives a machine its network, at each boot.
const networkScript = `ip link set lo up
ip address replace %[1]s dev %[3]s
ip link set %[3]s up
ip route replace default via %[2]s
`

const unit = `[Unit]
Description=Makes this a machine of a lab
DefaultDependencies=no
After=local-fs.target
Before=network-pre.target network-online.target sysinit.target
Wants=network-pre.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/local/sbin/lab-prepare

[Install]
WantedBy=sysinit.target
`

// lay writes into a root what makes it a machine of the lab: its names, and what is done at each boot, by a script and
// for its network device.
func (m *Machine) lay(script, device string) error {
	own := netip.PrefixFrom(m.Address, m.lab.o.Subnet.Bits())
	wants := filepath.Join(m.Root, "etc/systemd/system/sysinit.target.wants")
	var errs []error
	write := func(name, text string, mode os.FileMode) {
		at := filepath.Join(m.Root, name)
		errs = append(errs, os.MkdirAll(filepath.Dir(at), 0o755), os.WriteFile(at, []byte(text), mode))
	}
	write("etc/hostname", m.Name+"\n", 0o644)
	write("etc/hosts", fmt.Sprintf("127.0.0.1 localhost\n%s %s\n", m.Address, m.Name), 0o644)
	write("etc/resolv.conf", fmt.Sprintf("nameserver %s\n", m.lab.Host()), 0o644) // nobody answers, and at once
	write("usr/local/sbin/lab-prepare",
		"#!/bin/sh\nset -e\n"+script+fmt.Sprintf(networkScript, own, m.lab.Host(), device), 0o755)
	write("etc/systemd/system/lab-prepare.service", unit, 0o644)
	errs = append(errs, os.MkdirAll(wants, 0o755))
	err := os.Symlink("../lab-prepare.service", filepath.Join(wants, "lab-prepare.service"))
	if !errors.Is(err, os.ErrExist) {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
