#!/bin/sh
# etcd-restore restores a file that etcd-backup saved to this host's etcd.
set -eu

usage() {
	echo "usage: etcd-restore FILE"
	echo "Restores the data in FILE to this host's etcd, which must be stopped and have no data."
}
case "${1:-}" in
-h | --help)
	usage
	exit 0
	;;
esac
if [ $# -ne 1 ] || [ -z "$1" ]; then
	usage >&2
	exit 2
fi
# shellcheck source=/dev/null
. /usr/libexec/etcd/snapshot.sh
needs etcdutl
if [ ! -f "$1" ] || [ ! -r "$1" ]; then
	fail "there is no file $1"
fi
check "$1"
if command -v systemctl >/dev/null; then
	case $(systemctl is-active etcd.service 2>/dev/null || :) in
	active | activating | reloading | deactivating) fail "etcd is running" "stop it: systemctl stop etcd" ;;
	esac
fi

data=$(option ETCD_DATA_DIR)
wal=$(option ETCD_WAL_DIR)
name=$(option ETCD_NAME)
cluster=$(option ETCD_INITIAL_CLUSTER)
token=$(option ETCD_INITIAL_CLUSTER_TOKEN)
urls=$(option ETCD_INITIAL_ADVERTISE_PEER_URLS)
[ -n "$data" ] || fail "ETCD_DATA_DIR is not set in {{.Options}}/etcd"
for dir in "$data" ${wal:+"$wal"}; do
	if rmdir "$dir" 2>/dev/null; then
		continue # it was empty
	elif [ -e "$dir" ] || [ -L "$dir" ]; then
		fail "$dir has data already" "move it away: mv '$dir' '$dir.$(date +%Y%m%d-%H%M%S)'"
	fi
done

# Only root gets into the folder while there is work on what is in it.
[ -d "${data%/*}" ] || install -d -o etcd -g etcd -m 0700 "${data%/*}"
work=$(mktemp -d "${data%/*}/restore.XXXXXX")
trap 'rm -rf "$work"' EXIT
set -- "$1" --data-dir "$work/data" --name "${name:-default}" ${wal:+--wal-dir "$work/wal"} \
	${cluster:+--initial-cluster "$cluster"} ${token:+--initial-cluster-token "$token"} \
	${urls:+--initial-advertise-peer-urls "$urls"}
{{- if ge .Minor 6}}
# Clients that have seen later revisions than the snapshot's would wait for them.
set -- "$@" --bump-revision 1000000000 --mark-compacted
{{- end}}
out=$(etcdutl snapshot restore "$@" 2>&1) ||
	fail "etcdutl cannot restore $1: $(reason "$out")" \
		"is there room?  df -h '${data%/*}'" \
		"ETCD_NAME, ETCD_INITIAL_CLUSTER and ETCD_INITIAL_ADVERTISE_PEER_URLS in {{.Options}}/etcd must agree"
chown -R etcd:etcd "$work/data" ${wal:+"$work/wal"}
[ -z "$wal" ] || mv -T "$work/wal" "$wal"
mv -T "$work/data" "$data"

echo "etcd-restore: done. To start:        systemctl start etcd"
echo "etcd-restore: then, of Kubernetes:   systemctl restart kube-apiserver kube-controller-manager kube-scheduler"
