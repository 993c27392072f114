#!/bin/sh
# host-prepare gives a kubelet what is there after a reboot also before one: the kernel's
# modules and settings that its package brings, and a containerd that knows of it. What
# this host does not have or allow, as in a container, it does without.
set -eu

modprobe -q -a br_netfilter overlay 2>/dev/null || true
for sysctl in /usr/lib/systemd/systemd-sysctl /lib/systemd/systemd-sysctl; do
	if [ -x $sysctl ]; then
		# It reads all files, so those of the administrator have the last word.
		$sysctl --prefix=/net/ipv4/ip_forward --prefix=/net/bridge 2>/dev/null || true
		break
	fi
done

# A containerd that was started before kubelet was installed has another configuration.
# Containers stay as they are when it is restarted.
if [ ! -e /run/kubernetes-containerd/config.toml ] && systemctl -q is-active containerd.service &&
	systemctl cat containerd.service 2>/dev/null | grep -q '^ExecStartPre=-/usr/libexec/kubernetes/containerd-config '; then
	echo "host-prepare: restarting containerd, to apply the settings for a kubelet"
	systemctl restart containerd.service
fi
