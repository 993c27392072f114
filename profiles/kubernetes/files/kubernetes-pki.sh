#!/bin/sh
# kubernetes-pki makes the certificates and kubeconfigs that a control plane on
# this one host needs. What is there already stays as it is.
set -eu

case "${1:-}" in
-h | --help)
	echo "usage: kubernetes-pki [ADDRESS]"
	echo "Makes certificates in /etc/kubernetes/pki and kubeconfigs in /etc/kubernetes."
	echo "ADDRESS is this host's, for others to reach it by: the one it sends from, unless given."
	exit 0
	;;
esac
if [ "$(id -u)" != 0 ]; then
	echo "kubernetes-pki: run it as root" >&2
	exit 1
fi

conf=/etc/kubernetes
pki=$conf/pki
address=${1:-$(ip -o route get 192.0.2.1 2>/dev/null | sed -n 's/.* src \([^ ]*\).*/\1/p')}
if [ -z "$address" ]; then
	echo "kubernetes-pki: this host has no route to others: name its address, as kubernetes-pki 10.0.0.1" >&2
	exit 1
fi
host=$(uname -n | tr '[:upper:]' '[:lower:]')

mkdir -p -m 0755 $conf # the servers look into it
umask 077
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat >"$work/kubeadm.yaml" <<EOF
apiVersion: kubeadm.k8s.io/{{if ge .Minor 31}}v1beta4{{else if ge .Minor 22}}v1beta3{{else if ge .Minor 15}}v1beta2{{else}}v1beta1{{end}}
kind: InitConfiguration
localAPIEndpoint: {advertiseAddress: "$address", bindPort: 6443}
nodeRegistration: {name: "$host", criSocket: "unix:///run/containerd/containerd.sock"}
---
apiVersion: kubeadm.k8s.io/{{if ge .Minor 31}}v1beta4{{else if ge .Minor 22}}v1beta3{{else if ge .Minor 15}}v1beta2{{else}}v1beta1{{end}}
kind: ClusterConfiguration
kubernetesVersion: v{{.Major}}.{{.Minor}}.{{.Patch}}
controlPlaneEndpoint: "127.0.0.1:6443"
certificatesDir: $pki
networking: {serviceSubnet: 10.0.0.0/16}
apiServer: {certSANs: [127.0.0.1, localhost, "$host"]}
EOF

for phase in ca apiserver apiserver-kubelet-client front-proxy-ca front-proxy-client{{if ge .Minor 31}} sa{{end}}; do
	/usr/bin/kubeadm init phase certs "$phase" --config "$work/kubeadm.yaml"
done
{{- if lt .Minor 31}}
/usr/bin/kubeadm init phase certs sa --cert-dir $pki # it takes no --config yet
{{- end}}
for phase in {{if lt .Minor 20}}admin {{end}}controller-manager scheduler kubelet; do
	/usr/bin/kubeadm init phase kubeconfig "$phase" --config "$work/kubeadm.yaml"
done

# free FILE reports whether nothing is there, not even a link to what is not mounted now.
free() { [ ! -e "$1" ] && [ ! -L "$1" ]; }

# user NAME FILE [ARGUMENT...] makes a kubeconfig for a user that kubeadm has no
# phase for, or whose rights it gives by other means.
user() {
	name=$1
	file=$2
	shift 2
	if free "$file"; then
		/usr/bin/kubeadm {{if lt .Minor 21}}alpha {{end}}kubeconfig user {{if lt .Minor 20}}--cert-dir $pki --apiserver-advertise-address "$address"{{else}}--config "$work/kubeadm.yaml"{{end}} --client-name "$name" "$@" >"$work/kubeconfig"
		mv "$work/kubeconfig" "$file"
	fi
}
user kubernetes-admin $conf/admin.conf --org system:masters{{if ge .Minor 22}} --validity-period 8760h{{end}}
user system:kube-proxy $conf/kube-proxy.conf{{if ge .Minor 22}} --validity-period 8760h{{end}}

# The servers run as kube, and read no more than they need.
chgrp kube $pki $pki/*.key $conf/controller-manager.conf $conf/scheduler.conf
chmod 0750 $pki
chmod 0640 $pki/*.key $conf/controller-manager.conf $conf/scheduler.conf
chmod 0644 $pki/*.crt $pki/*.pub
chmod 0600 $conf/admin.conf $conf/kube-proxy.conf $conf/kubelet.conf

# Where kubeadm is installed, the kubelet's configuration is looked for here.
if [ -e $conf/kubelet.yaml ] && free /var/lib/kubelet/config.yaml; then
	mkdir -p /var/lib/kubelet
	install -m 0644 $conf/kubelet.yaml /var/lib/kubelet/config.yaml
{{- if lt .Minor 27}}
	# Until 1.26 that cannot name the container runtime, and kubeadm passes it as arguments.
	if free /var/lib/kubelet/kubeadm-flags.env; then
		echo 'KUBELET_KUBEADM_ARGS="{{if lt .Minor 24}}--container-runtime=remote {{end}}--container-runtime-endpoint=unix:///run/containerd/containerd.sock"' >/var/lib/kubelet/kubeadm-flags.env
	fi
{{- end}}
fi

echo "kubernetes-pki: done. To start:  systemctl start kubernetes-master.target"
echo "kubernetes-pki: then, as root:   kubectl --kubeconfig $conf/admin.conf get nodes"
