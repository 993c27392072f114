#!/bin/sh
# etcd-backup saves the data of this host's etcd to a file, and checks the file.
set -eu

usage() {
	echo "usage: etcd-backup FILE"
	echo "Saves the data of this host's etcd to FILE, which must not exist yet."
	echo "etcd-restore FILE restores it."
}
case "${1:-}" in
-h | --help)
	usage
	exit 0
	;;
-*) set -- ;; # it has no other options
esac
if [ $# -ne 1 ] || [ -z "$1" ]; then
	usage >&2
	exit 2
fi
# shellcheck source=/dev/null
. /usr/libexec/etcd/snapshot.sh
needs etcdctl etcdutl
case $1 in
/*) file=$1 ;;
*) file=$PWD/$1 ;;
esac
[ -d "${file%/*}/" ] || fail "there is no folder ${file%/*}" "make it: mkdir -p '${file%/*}'"
[ ! -d "$file" ] || fail "$file is a folder" "name a file in it, as ${file%/}/etcd-$(date +%Y%m%d-%H%M%S).db"
if [ -e "$file" ] || [ -L "$file" ]; then
	fail "$file exists already" "name another file, as $file.$(date +%Y%m%d-%H%M%S)"
fi

export ETCDCTL_ENDPOINTS="${ETCDCTL_ENDPOINTS:-$(option ETCD_ADVERTISE_CLIENT_URLS)}"
ETCDCTL_ENDPOINTS=${ETCDCTL_ENDPOINTS%%,*} # a snapshot is of one member
ETCDCTL_ENDPOINTS=${ETCDCTL_ENDPOINTS:-http://127.0.0.1:2379}
case $ETCDCTL_ENDPOINTS in
https:*)
	export ETCDCTL_CACERT="${ETCDCTL_CACERT:-$(option ETCD_TRUSTED_CA_FILE)}"
	export ETCDCTL_CERT="${ETCDCTL_CERT:-$(option ETCD_CERT_FILE)}" ETCDCTL_KEY="${ETCDCTL_KEY:-$(option ETCD_KEY_FILE)}"
	;;
esac

# A full etcd is not healthy, and can still be saved.
if ! out=$(etcdctl get --keys-only --limit=1 --consistency=s / 2>&1); then
	fail "etcd does not answer at $ETCDCTL_ENDPOINTS: $(reason "$out")" \
		"is it running?  journalctl -u etcd" \
		"if it is elsewhere, or wants other certificates, set ETCDCTL_ENDPOINTS, ETCDCTL_CACERT, ETCDCTL_CERT, ETCDCTL_KEY"
fi
trap 'rm -f "$file.part"' EXIT
out=$(etcdctl snapshot save "$file.part" 2>&1) ||
	fail "etcd's data cannot be saved to $file.part: $(reason "$out")" "is there room?  df -h '${file%/*}'"
check "$file.part"
mv "$file.part" "$file"
echo "etcd-backup: saved $file. To restore it:  etcd-restore $file"

if etcdctl alarm list 2>/dev/null | grep -q NOSPACE; then
	revision=$(etcdctl endpoint status -w json | sed 's/.*"revision":\([0-9]*\).*/\1/')
	echo "etcd-backup: warning: etcd is full and takes no more writes (alarm NOSPACE). To make room:" >&2
	echo "  etcdctl compact $revision; etcdctl defrag; etcdctl alarm disarm" >&2
	echo "  if that is not enough, set a larger ETCD_QUOTA_BACKEND_BYTES in {{.Options}}/etcd, then:" >&2
	echo "  systemctl restart etcd; etcdctl alarm disarm" >&2
fi
