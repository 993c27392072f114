# shellcheck shell=sh
# What the commands of a control plane have in common
me=${0##*/}
export NO_PROXY='*' # the server is one of this host's

say() { echo "$me: $*"; }

fail() {
	say "$@" >&2
	exit 1
}

wrong() {
	say "$*: see $me --help" >&2
	exit 2
}

# administers ends a command that is not run where it can work.
administers() {
	[ "$(id -u)" = 0 ] || fail "run it as root"
	[ -e /etc/kubernetes/admin.conf ] || fail "/etc/kubernetes/admin.conf is not there: it works on the master alone;" \
		"if this host is to be one, run kubernetes-pki first"
}

kube() {
	/usr/bin/kubectl --kubeconfig /etc/kubernetes/admin.conf --cache-dir "${work:?}/cache" --request-timeout=20s "$@"
}

ready() { kube get --raw /{{if ge .Minor 16}}readyz{{else}}healthz{{end}} --request-timeout=5s; }

# why FILE tells what is wrong with the control plane, by what kubectl or kubeadm printed.
why() {
	case $(cat "$1") in
	*'database space exceeded'*) echo "etcd is full: etcd-backup FILE saves it, and prints the commands that make room" ;;
	*'etcd failed'* | *'etcdserver: '* | *'unable to return a response'*)
		echo "the API server waits for etcd: see journalctl -u etcd"
		;;
	*'certificate has expired'*) echo "a certificate of the control plane has expired: run kubernetes-pki --renew" ;;
	*x509*) tail -n 1 "$1" ;;
	*refused* | *'Unable to connect'*) echo "the API server does not answer: start it by" \
		"systemctl start kubernetes-master.target, or see journalctl -u kube-apiserver" ;;
	*'check failed'*) echo "the API server is not ready, by its checks $(tr ' ' '\n' <"$1" | sed -n 's/.*\[-]//p' | tr '\n' ' '):" \
		"see journalctl -u kube-apiserver" ;;
	*) grep -v 'To see the stack trace' "$1" | tail -n 1 ;;
	esac
}
