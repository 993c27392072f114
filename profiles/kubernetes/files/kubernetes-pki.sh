#!/bin/sh
# kubernetes-pki makes the certificates and kubeconfigs of a control plane on this
# host, and renews them. What is there already stays as it is, until it is renewed.
set -eu

conf=/etc/kubernetes
pki=$conf/pki
store=/var/lib/kubelet/pki
current=$store/kubelet-client-current.pem

usage() {
	cat <<END
usage: kubernetes-pki [ADDRESS]
       kubernetes-pki --renew [--all]
Makes certificates in $pki and kubeconfigs in $conf.
ADDRESS is the IP address at which other hosts reach this one (default: the one it sends from).
  --renew         renew what expires within 30 days, and restart what uses it
  --all           with --renew: renew everything, whenever it expires
  --print-config  only print the configuration for kubeadm
END
}

# shellcheck source=/dev/null
. /usr/libexec/kubernetes/master.sh

# ip_address ADDRESS reports whether that is an IPv4 or IPv6 address, as far as a shell can tell.
ip_address() {
	case $1 in
	*:*:*)
		case $1 in
		*[!0-9a-fA-F:.]*) return 1 ;;
		esac
		;;
	*[!0-9.]* | .* | *. | *..*) return 1 ;;
	*.*.*.*.*) return 1 ;;
	*.*.*.*)
		for part in $(echo "$1" | tr . ' '); do
			[ "${#part}" -le 3 ] && [ "$part" -le 255 ] || return 1
		done
		;;
	*) return 1 ;;
	esac
}

mode="make"
all=
address=
for argument; do
	case $argument in
	-h | --help)
		usage
		exit 0
		;;
	--renew) mode=renew ;;
	--all) all=yes ;;
	--print-config) mode=print ;;
	-*) wrong "there is no option $argument" ;;
	*)
		[ -z "$address" ] || wrong "there is more than one address: $address and $argument"
		ip_address "$argument" || wrong "$argument is not an IP address"
		address=$argument
		;;
	esac
done
if [ -n "$all" ] && [ $mode != renew ]; then
	wrong "--all goes with --renew"
fi
if [ -n "$address" ] && [ $mode = renew ]; then
	wrong "--renew takes no address: certificates keep theirs"
fi
[ "$(id -u)" = 0 ] || fail "run it as root"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# server FILE prints the host that a kubeconfig names, unless that is this host for itself alone.
server() {
	[ -e "$1" ] || return 0
	sed -n 's|^ *server: *https://\(.*\):[0-9]*$|\1|p' "$1" | tr -d '[]' | grep -v -e '^127\.' -e '^::1$' -e '^localhost$' || true
}

former=$(for name in admin controller-manager scheduler; do server $conf/$name.conf; done | head -n 1)
given=$address
address=${address:-$former}
if [ -z "$address" ]; then
	address=$(ip -o route get 192.0.2.1 2>/dev/null | sed -n 's/.* src \([^ ]*\).*/\1/p')
fi
if [ -z "$address" ] && [ $mode = renew ]; then
	address=127.0.0.1
fi
[ -n "$address" ] || fail "this host has no route to others: name its address, as kubernetes-pki 10.0.0.1"
case $address in
*:*) endpoint="[$address]:6443" ;;
*) endpoint=$address:6443 ;;
esac
host=$(uname -n | tr '[:upper:]' '[:lower:]')

# option FLAG SERVER DEFAULTS TOOL prints the flag's value of a server that runs on this host, or is to be started.
option() {
	pid=$(systemctl show --property MainPID --value "$2.service" 2>/dev/null || true)
	if [ "${pid:-0}" != 0 ] && [ -r "/proc/$pid/cmdline" ]; then
		tr '\0' '\n' <"/proc/$pid/cmdline" >"$work/options"
	elif [ -x "$4" ]; then
		"$4" "$3" "{{.Options}}/$2" "$work/options" || exit 1
		[ -s "$work/options" ] || cat "$3" >"$work/options"
	else # all are in one file
		cat "{{.Options}}/$2" >"$work/options" 2>/dev/null || true
	fi
	tr -d "\"'\\\\" <"$work/options" | tr ' ' '\n' |
		sed -n "/^--$1\$/{n; s/^/--$1=/}; s/^--$1=//p" | tail -n 1
}

# ranges finds the ranges of the cluster.
ranges() {
	pods=$(option cluster-cidr kube-controller-manager /usr/lib/kubernetes/kube-controller-manager.options \
		/usr/libexec/kubernetes/kube-controller-manager-options)
	services=$(option service-cluster-ip-range kube-apiserver /usr/lib/kubernetes/kube-apiserver.options \
		/usr/libexec/kubernetes/kube-apiserver-options)
	services=${services:-10.0.0.0/16}
}

config() {
	cat <<END
apiVersion: kubeadm.k8s.io/{{if ge .Minor 31}}v1beta4{{else if ge .Minor 22}}v1beta3{{else if ge .Minor 15}}v1beta2{{else}}v1beta1{{end}}
kind: InitConfiguration
localAPIEndpoint: {advertiseAddress: "$address", bindPort: 6443}
nodeRegistration: {name: "$host", criSocket: "unix:///run/containerd/containerd.sock"}
---
apiVersion: kubeadm.k8s.io/{{if ge .Minor 31}}v1beta4{{else if ge .Minor 22}}v1beta3{{else if ge .Minor 15}}v1beta2{{else}}v1beta1{{end}}
kind: ClusterConfiguration
kubernetesVersion: v{{.Major}}.{{.Minor}}.{{.Patch}}
controlPlaneEndpoint: "$endpoint"
certificatesDir: $pki
networking: {serviceSubnet: "$services", podSubnet: "$pods", dnsDomain: cluster.local}
apiServer: {certSANs: [127.0.0.1, localhost, "$host"]}
END
}

ranges
if [ $mode = print ]; then
	config
	exit 0
fi

# folder NAME makes a folder that all may look into, as the servers have to.
folder() { [ -d "$1" ] || install -d -m 0755 "$1"; }

# free FILE reports whether nothing is there, not even a link to what is not mounted now.
free() { [ ! -e "$1" ] && [ ! -L "$1" ]; }

# fit checks this host before anything is made on it.
fit() {
	echo "$host" | grep -Eqx '[a-z0-9]([a-z0-9.-]*[a-z0-9])?' ||
		fail "$host, the name of this host, cannot be that of a node: give it one of letters, digits and dashes," \
			"by hostnamectl hostname NAME"
	[ -z "$(find "$0" -newer "$work" 2>/dev/null)" ] ||
		fail "the clock of this host is wrong, as $0 is of a later day, and certificates hold for a time: set it"
	for dir in $conf /var/lib/kubelet; do
		[ ! -d "$dir" ] || [ -w "$dir" ] || fail "$dir cannot be written to: is its file system mounted read-only?"
	done
	if [ -e $pki/ca.crt ] && [ ! -e $pki/ca.key ] && [ ! -e $pki/apiserver.crt ]; then
		fail "$pki/ca.crt is an authority whose key is elsewhere: this host is a node of another control plane." \
			"To give it one of its own, run kubeadm reset first"
	fi
	for file in ca.crt ca.key front-proxy-ca.crt; do
		case $file in
		*.crt) other=${file%.crt}.key ;;
		*) other=ca.crt ;;
		esac
		[ ! -s "$pki/$other" ] || [ -s "$pki/$file" ] ||
			fail "$pki/$file is not there, or empty, and $other is: bring it back from a backup or, for a new cluster," \
				"move away all of $pki, and all .conf files in $conf"
	done
	for file in $conf/admin.conf $conf/controller-manager.conf $conf/scheduler.conf; do
		[ ! -e "$file" ] || [ -e $pki/ca.crt ] ||
			fail "$file is there, and the authority that it trusts is not: bring $pki/ca.crt and ca.key back from a" \
				"backup, or, for a new cluster, move away all .conf files in $conf"
	done
	if [ -n "$given" ] && [ "$given" != "${former:-$given}" ]; then
		fail "this control plane has the address $former, as the .conf files in $conf say. To give it $given, move away" \
			"$pki/apiserver.crt and apiserver.key, and those files, and run this again; nodes have to join again"
	fi
	free $conf/admin.conf || return 0
	case $address in
	127.* | 0.0.0.0 | ::1 | ::) fail "no other host reaches this one by $address: name an address by which they do" ;;
	esac
	if command -v ip >/dev/null && [ "${address#*:}" = "$address" ]; then
		ip -4 -o address show | grep -qF " $address/" ||
			fail "$address is not an address of this host, which has$(ip -4 -o address show scope global |
				awk '{ sub("/.*", "", $4); print " " $4 }' | tr -d '\n'). If others reach this host by it," \
				"add it: ip address add $address/32 dev lo"
	fi
	/usr/libexec/kubernetes/range-checks "$pods" "$services" ||
		fail "nothing is made yet: fix what is said above, and run this again"
}

[ $mode != make ] || fit
folder $conf
umask 077
config >"$work/kubeadm.yaml"

# user NAME [ARGUMENT...] prints a kubeconfig for a user that kubeadm has no phase
# for, or whose rights it gives by other means.
user() {
	name=$1
	shift
	/usr/bin/kubeadm {{if lt .Minor 21}}alpha {{end}}kubeconfig user {{if lt .Minor 20}}--cert-dir $pki --apiserver-advertise-address "$address"{{else}}--config "$work/kubeadm.yaml"{{end}} --client-name "$name" "$@"{{if ge .Minor 22}} --validity-period 8760h{{end}}
}

# identity gives this host's kubelet a certificate, where it keeps those that it
# rotates, and a kubeconfig that names the file.
identity() {
	user "system:node:$host" --org system:nodes >"$work/kubelet"
	folder $store
	pem=$store/kubelet-client-$(date +%Y-%m-%d-%H-%M-%S).pem
	for what in certificate key; do
		sed -n "s/^ *client-$what-data: //p" "$work/kubelet" | base64 -d
	done >"$pem"
	ln -sfn "$pem" $current.part
	mv -fT $current.part $current
	sed -e "s|client-certificate-data: .*|client-certificate: $current|" \
		-e "s|client-key-data: .*|client-key: $current|" "$work/kubelet" >$conf/kubelet.conf.part
	mv -f $conf/kubelet.conf.part $conf/kubelet.conf
}

# The servers run as kube, and read no more than they need.
modes() {
	chgrp kube $pki $pki/*.key $conf/controller-manager.conf $conf/scheduler.conf
	chmod 0750 $pki
	chmod 0640 $pki/*.key $conf/controller-manager.conf $conf/scheduler.conf
	chmod 0644 $pki/*.crt $pki/*.pub
	chmod 0600 $conf/admin.conf
	for file in $conf/kube-proxy.conf $conf/kubelet.conf; do
		if [ -f "$file" ] && [ ! -L "$file" ]; then
			chmod 0600 "$file"
		fi
	done
}

# phase KIND NAME [ARGUMENT...] has kubeadm make something.
phase() {
	kind=$1 name=$2
	shift 2
	[ $# -gt 0 ] || set -- --config "$work/kubeadm.yaml"
	made=yes
	/usr/bin/kubeadm init phase "$kind" "$name" "$@" 2>"$work/log" || made=
	grep -v '^To see the stack trace' "$work/log" >&2 || true
	[ -z "$made" ] || return 0
	case $(cat "$work/log") in
	*'certificate has expired'*) fail "run kubernetes-pki --renew first" ;;
	*networking.podSubnet*) fail "that is --cluster-cidr in {{.Options}}/kube-controller-manager: mend it, and run this again" ;;
	*networking.serviceSubnet*)
		fail "that is --service-cluster-ip-range in {{.Options}}/kube-apiserver: mend it, and run this again"
		;;
	esac
	fail "$name is not made: mend what kubeadm says above, and run this again"
}

# halves removes what is empty, as a full disk leaves it, and what is there of a
# certificate and its key without the other: it is made again.
halves() {
	find $conf $pki -maxdepth 1 -type f -size 0 \( -name '*.conf' -o -path "$pki/*" \) -delete 2>/dev/null || true
	for name in apiserver apiserver-kubelet-client front-proxy-client; do
		for half in $pki/$name.crt $pki/$name.key; do
			[ -s "$half" ] || [ -L "$half" ] || rm -f $pki/$name.crt $pki/$name.key
		done
	done
}

make() {
	halves
	for name in ca apiserver apiserver-kubelet-client front-proxy-ca front-proxy-client{{if ge .Minor 31}} sa{{end}}; do
		phase certs $name
	done
{{- if lt .Minor 31}}
	phase certs sa --cert-dir $pki # it takes no --config yet
{{- end}}
	[ -s $pki/sa.pub ] || openssl pkey -in $pki/sa.key -pubout -out $pki/sa.pub
	for name in {{if lt .Minor 20}}admin {{end}}controller-manager scheduler; do
		phase kubeconfig $name
	done
	if free $conf/admin.conf; then
		user kubernetes-admin --org system:masters >"$work/admin"
		mv "$work/admin" $conf/admin.conf
	fi
	if free $conf/kubelet.conf || { grep -qF " $current" $conf/kubelet.conf && [ ! -s $current ]; }; then
		identity
	fi
	# The proxy is its node, and so has a certificate that is rotated.
	if free $conf/kube-proxy.conf; then
		ln -s kubelet.conf $conf/kube-proxy.conf
	fi
	modes
	# Where kubeadm is installed, the kubelet's configuration is looked for here.
	if [ -e $conf/kubelet.yaml ] && free /var/lib/kubelet/config.yaml; then
		folder /var/lib/kubelet
		ln -s $conf/kubelet.yaml /var/lib/kubelet/config.yaml
{{- if lt .Minor 27}}
		# Until 1.26 that cannot name the container runtime, and kubeadm passes it as arguments.
		if free /var/lib/kubelet/kubeadm-flags.env; then
			echo 'KUBELET_KUBEADM_ARGS="{{if lt .Minor 24}}--container-runtime=remote {{end}}--container-runtime-endpoint=unix:///run/containerd/containerd.sock"' >/var/lib/kubelet/kubeadm-flags.env
		fi
{{- end}}
	fi
	say "done. To start:  systemctl start kubernetes-master.target"
	say "then, as root:   kubectl --kubeconfig $conf/admin.conf get nodes"
}

# ends FILE SECONDS reports whether the certificate in a file, or in a kubeconfig,
# ends within that time. A kubeconfig that names a file has none.
ends() {
	[ -e "$1" ] || return 1
	case $1 in
	*.conf) sed -n 's/^ *client-certificate-data: //p' "$1" | base64 -d ;;
	*) cat "$1" ;;
	esac >"$work/certificate"
	[ -s "$work/certificate" ] || return 1
	[ "$2" = ever ] || ! openssl x509 -noout -checkend "$2" -in "$work/certificate" >/dev/null
}

due() {
	if [ -n "$all" ]; then
		ends "$1" ever
	else
		ends "$1" 2592000 # 30 days
	fi
}

renewed=
restart=

# renew FILE NAME UNIT renews what kubeadm knows by a name, for who uses it.
renew() {
	due "$1" || return 0
	/usr/bin/kubeadm {{if lt .Minor 20}}alpha {{end}}certs renew "$2" --config "$work/kubeadm.yaml" >"$work/log" 2>&1 || {
		cat "$work/log" >&2
		fail "$1 is not renewed"
	}
	if grep -q '^Detected external' "$work/log"; then
		fail "$1 is not renewed: the key of its certificate authority is not on this host. Renew it where that is"
	fi
	renewed="$renewed $1"
	case " $restart " in
	*" $3 "*) ;;
	*) restart="$restart $3" ;;
	esac
}

renew_all() {
	[ -e $pki/ca.crt ] || fail "there is nothing to renew in $pki: run kubernetes-pki first"
	command -v openssl >/dev/null || fail "openssl is not installed: install the package openssl"
	for name in apiserver apiserver-kubelet-client front-proxy-client; do
		renew "$pki/$name.crt" "$name" kube-apiserver.service
	done
	renew $conf/admin.conf admin.conf ''
	for name in controller-manager scheduler; do
		renew "$conf/$name.conf" "$name.conf" "kube-$name.service"
	done
	# The kubelet rotates its own, if it runs, long before that is due here.
	if due $current || due $conf/kubelet.conf; then
		identity
		renewed="$renewed $conf/kubelet.conf"
		restart="$restart kubelet.service"
	fi
	if [ ! -L $conf/kube-proxy.conf ] && due $conf/kube-proxy.conf; then
		user system:kube-proxy >$conf/kube-proxy.conf.part
		mv -f $conf/kube-proxy.conf.part $conf/kube-proxy.conf
		renewed="$renewed $conf/kube-proxy.conf"
		restart="$restart kube-proxy.service"
	fi
	if [ -n "$renewed" ]; then
		modes
		say "renewed$renewed"
	else
		say "nothing expires within 30 days"
	fi
	if [ -n "$restart" ] && [ -d /run/systemd/system ]; then
		# shellcheck disable=SC2086 # names of units
		systemctl try-restart $restart
		say "restarted, of$restart, those that ran"
	fi
	for ca in ca front-proxy-ca; do
		if ends $pki/$ca.crt 31536000; then
			echo "kubernetes-pki: $pki/$ca.crt ends within a year, and kubernetes-pki cannot renew an authority:" \
				"$(openssl x509 -noout -enddate -in $pki/$ca.crt). By hand, as" \
				"https://kubernetes.io/docs/tasks/tls/manual-rotation-of-ca-certificates/ tells" >&2
		fi
	done
}

case $mode in
make) make ;;
renew) renew_all ;;
esac
