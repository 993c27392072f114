# shellcheck shell=sh
# What etcd-backup and etcd-restore have in common
umask 077
me=${0##*/}

# fail prints what is wrong, a line each, and ends the script.
fail() {
	printf '%s\n' "$me: $1" >&2
	shift
	[ $# -eq 0 ] || printf '  %s\n' "$@" >&2
	exit 1
}

# reason prints the line that says why a command failed, of all that it printed.
reason() { printf '%s\n' "$1" | sed -n '$!{/^Error: /!d}; s/^Error: //; p; q'; }

# needs ends the script unless it is run as root where a program is installed.
needs() {
	[ "$(id -u)" = 0 ] || fail "run it as root"
	for program in "$@"; do
		command -v "$program" >/dev/null || fail "$program is missing: install the package $program"
	done
}

# option prints the value of a variable in the files that etcd.service has its options
# from: the last counts.
option() {
	{
		if command -v systemctl >/dev/null; then
			systemctl show -p EnvironmentFiles --value etcd.service | sed 's/ (ignore_errors=[a-z]*)$//'
		else
			printf '%s\n' {{if .Layers}}/usr/lib/etcd/etcd.options {{end}}{{.Options}}/etcd
		fi
	} 2>/dev/null | while IFS= read -r options; do
		cat "$options" 2>/dev/null || :
	done | sed -n "s/^[[:space:]]*$1=//p" | tail -n 1 | sed "s/[[:space:]]*\$//; s/^\"\(.*\)\"\$/\1/; s/^'\(.*\)'\$/\1/"
}

# check prints how much is in a snapshot. Unless it is whole, it ends the script: etcdctl
# writes the SHA-256 of what is before it to its end, behind pages of 512 bytes or more.
check() {
	remedy="make another one with etcd-backup, or take an older one"
	size=$(wc -c <"$1")
	if [ $((size % 512)) -ne 32 ]; then
		fail "$1 is not a snapshot of etcd, or not all of one ($size bytes)" "$remedy"
	fi
	sum=$(head -c -32 "$1" | sha256sum)
	if [ "${sum%% *}" != "$(tail -c 32 "$1" | od -An -v -tx1 | tr -d ' \n')" ]; then
		fail "$1 is not a snapshot of etcd, or damaged: its sum is another" "$remedy"
	fi
	status=$(etcdutl snapshot status -w table "$1" 2>&1) || fail "$1 cannot be read: $(reason "$status")" "$remedy"
	echo "$status"
}
