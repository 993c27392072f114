#!/bin/sh
# host-checks tells, in the log of kubelet.service, what of this host keeps a kubelet from
# its work, and what to do about it. It changes nothing, and leaves the rest to the kubelet.
set -eu
overlays=/etc/kubernetes/kubelet.d # since 1.30

say() { printf 'host-checks: %s\n' "$*"; }

# flag NAME prints the value of the first flag of that name among the kubelet's.
flag() {
	printf '%s\n' "${KUBELET_CONFIG_ARGS:-} ${KUBELET_KUBEADM_ARGS:-} ${KUBELET_ARGS:-} ${KUBELET_EXTRA_ARGS:-}" |
		tr ' ' '\n' | sed -n "s/^--$1=//p" | head -n 1
}

config=$(flag config)
[ -e "$config" ] || config=/etc/kubernetes/kubelet.yaml

# setting NAME prints what the kubelet's configuration sets.
setting() {
	for file in "$config" "$overlays"/*.conf; do
		[ ! -f "$file" ] || sed -n "s/^$1:[[:space:]]*//p" "$file"
	done | tail -n 1 | tr -d "\"'" | sed 's/[[:space:]]*\(#.*\)\{0,1\}$//'
}

# change SETTING tells how to set something.
change() {
{{- if ge .Minor 30}}
	say "  $1 belongs in a file such as $overlays/10-host.conf, below the lines"
	say "  apiVersion: kubelet.config.k8s.io/v1beta1 and kind: KubeletConfiguration"
{{- else}}
	say "  $1 belongs in $config"
{{- end}}
}
{{- if ge .Minor 35}}

if [ ! -e /sys/fs/cgroup/cgroup.controllers ] && [ "$(setting failCgroupV1)" != false ]; then
	say "this host has cgroup v1, which the kubelet refuses since 1.35: boot it with"
	say "  systemd.unified_cgroup_hierarchy=1 among the kernel's arguments, or set failCgroupV1: false"
	change "failCgroupV1: false"
fi
{{- end}}

if [ "$(wc -l </proc/swaps 2>/dev/null || echo 0)" -gt 1 ] && [ "$(setting failSwapOn)" != false ]; then
	say "this host has swap, and the kubelet does not start with it: run swapoff -a, and remove it from"
	say "  /etc/fstab, or set failSwapOn: false"
	change "failSwapOn: false"
fi

# A node keeps the name that it joined by: its certificate is for no other.
certificate=$(sed -n 's/^ *client-certificate: *//p' /etc/kubernetes/kubelet.conf 2>/dev/null || true)
node=$(openssl x509 -noout -subject -in "$certificate" 2>/dev/null | sed -n 's/.*system:node:\([^,/ ]*\).*/\1/p')
name=$(flag hostname-override)
name=${name:-$(uname -n | tr '[:upper:]' '[:lower:]')}
if [ -n "$node" ] && [ "$node" != "$name" ]; then
	say "this host is named $name, and it is the node $node of its cluster: to name it $node again,"
	say "  hostnamectl hostname $node, then: systemctl restart kubelet. For a node named $name, kubeadm reset, and join again"
fi

network=$(find /etc/cni/net.d /usr/libexec/flannel/cni-config /usr/libexec/kubernetes/cni-bridge \
	/opt/libexec/flannel/cni-config /opt/libexec/kubernetes/cni-bridge ! -type d 2>/dev/null | head -n 1)
if [ -z "$network" ]; then
	say "pods have no network yet, and the node is not ready before: install kubernetes-cni-flannel or, on a"
	say "  single host, kubernetes-cni-bridge, then: systemctl restart kubelet. Or deploy another network"
fi

endpoint=$(setting containerRuntimeEndpoint)
endpoint=${endpoint:-$(flag container-runtime-endpoint)}
endpoint=${endpoint:-unix:///run/containerd/containerd.sock}
socket=${endpoint#unix://}
case $socket in
/*) ;;
*) exit 0 ;; # no socket of this host
esac
if [ ! -S "$socket" ]; then
	say "no container runtime listens at $socket"
	if systemctl cat containerd.service >/dev/null 2>&1; then
		say "  to start containerd: systemctl enable --now containerd, then: systemctl restart kubelet"
	else
		say "  install containerd, or name another runtime by containerRuntimeEndpoint, then: systemctl restart kubelet"
	fi
	exit 0
fi
case $socket in
*containerd.sock) ;;
*) exit 0 ;;
esac

# What containerd was started with.
used=/etc/containerd/config.toml
if systemctl show -p ExecStart containerd.service 2>/dev/null | grep -q /run/kubernetes-containerd/config.toml; then
	used=/run/kubernetes-containerd/config.toml
fi
dump=$(containerd --config "$used" config dump 2>/dev/null) || exit 0
if printf '%s\n' "$dump" | grep -q '^disabled_plugins = .*cri['\''"]'; then
	say "containerd does not serve kubelets: remove cri from disabled_plugins in"
	say "  /etc/containerd/config.toml, then: systemctl restart containerd"
	exit 0
fi
runtime=cgroupfs
if printf '%s\n' "$dump" | grep -A 30 'runtimes\.runc\.options\]' | grep -q '^[[:space:]]*SystemdCgroup = true'; then
	runtime=systemd
fi
kubelet=$(setting cgroupDriver)
kubelet=${kubelet:-cgroupfs}
if [ "$runtime" != "$kubelet" ]; then
	say "the kubelet has $kubelet make control groups (cgroupDriver), and containerd $runtime (SystemdCgroup):"
	say "  pods would not be where the kubelet looks for them. Take SystemdCgroup out of"
	say "  /etc/containerd/config.toml and restart containerd, or set cgroupDriver: $runtime"
	change "cgroupDriver: $runtime"
fi
