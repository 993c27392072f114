#!/bin/sh
# kubernetes-token makes a token that nodes join with, and prints the line to run there.
set -eu

conf=/etc/kubernetes
ttl=24h

usage() {
	cat <<END
usage: kubernetes-token [--ttl DURATION]
Makes a token for joining nodes, and prints the line to run on a new node.
  --ttl DURATION  how long the token is valid, such as 2h (default: 24h)
END
}

# shellcheck source=/dev/null
. /usr/libexec/kubernetes/master.sh

while [ $# -gt 0 ]; do
	case $1 in
	-h | --help)
		usage
		exit 0
		;;
	--ttl=*) ttl=${1#--ttl=} ;;
	--ttl)
		[ $# -gt 1 ] || wrong "--ttl has no duration"
		ttl=$2
		shift
		;;
	*) wrong "there is no option $1" ;;
	esac
	shift
done
case $ttl in
[1-9]*[hms]) ;;
*) wrong "--ttl $ttl is not a duration such as 2h" ;;
esac
administers
command -v openssl >/dev/null || fail "openssl is not installed: install the package openssl"

umask 077
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
ready >"$work/log" 2>&1 || fail "$(why "$work/log")"
if ! kube get --raw /api/v1/namespaces/kube-public/configmaps/cluster-info >"$work/log" 2>&1; then
	case $(cat "$work/log") in
	*NotFound* | *'not found'*) fail "nodes cannot join yet: run kubernetes-setup" ;;
	esac
	fail "$(why "$work/log")"
fi
/usr/sbin/kubernetes-pki --print-config >"$work/kubeadm.yaml"
endpoint=$(sed -n 's/^controlPlaneEndpoint: "\(.*\)"$/\1/p' "$work/kubeadm.yaml")
hash=$(openssl x509 -pubkey -noout -in $conf/pki/ca.crt | openssl pkey -pubin -outform DER | openssl dgst -sha256 -r)
/usr/bin/kubeadm token create --kubeconfig $conf/admin.conf --ttl "$ttl" >"$work/token" 2>"$work/log" ||
	fail "no token is made: $(why "$work/log")"
echo "kubernetes-join $endpoint --token $(cat "$work/token") --ca-hash sha256:${hash%% *}"
