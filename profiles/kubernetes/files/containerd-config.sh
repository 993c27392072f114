#!/bin/sh
# containerd-config PROGRAM [FILE] writes the configuration that containerd starts with to
# /run/kubernetes-containerd/config.toml: that of FILE, with what a kubelet needs and FILE
# does not set. containerd can import files, but up to 1.7 the last one that has a plugin's
# table replaces all of it, and since 2.0 the last one cannot set what is true to false, so
# the two are put together here.
set -eu
program=${1:?usage: containerd-config PROGRAM [FILE]}
from=${2:-/etc/containerd/config.toml}
out=/run/kubernetes-containerd/config.toml
pause=/usr/libexec/kubernetes/pause.tar

say() { printf 'containerd-config: %s\n' "$*" >&2; }

umask 077 # the administrator may have put a password there
mkdir -p "${out%/*}"
work=$(mktemp -d "${out%/*}/work.XXXXXX")
trap 'rm -rf "$work"' EXIT

# alone has containerd start with FILE as it is, and ends.
alone() {
	{
		grep '^version[[:space:]]*=' "$from" || true # without one, a file is of version 1
		echo "imports = [\"$from\"]"
	} >"$work/alone"
	mv "$work/alone" "$out"
	exit 0
}

if [ ! -e "$from" ]; then
	from=$work/none
	echo 'version = 2' >"$from"
fi
if ! "$program" --config "$from" config dump >"$work/dump" 2>"$work/errors"; then
	say "$from cannot be read, and containerd will say why: $(tail -n 1 "$work/errors")"
	alone
fi

# The files that the administrator wrote: FILE, and those that it imports.
sources() {
	printf '%s\n' "$from"
	sed -n '/^[ \t]*\[/q; s/^imports = \[\(.*\)\]$/\1/p' "$work/dump" | tr ',' '\n' |
		sed "s/^[[:space:]]*[\"']//; s/[\"'][[:space:]]*\$//; s|^\\([^/]\\)|${from%/*}/\\1|"
}
sources | LC_ALL=C sort -u | while IFS= read -r pattern; do
	for file in $pattern; do
		[ ! -f "$file" ] || cat "$file"
		echo
		echo '[]'
	done
done >"$work/sources"

# set_by_hand TABLE KEY prints the value that the administrator's files give a key of a
# table whose name ends with TABLE, and fails if they give none.
set_by_hand() {
	awk -v table="$1" -v key="$2" '
		/^[ \t]*\[/ {
			here = $0
			gsub(/[][ \t"'\'']/, "", here)
			inside = substr(here, length(here) - length(table) + 1) == table
			next
		}
		inside {
			name = $0
			sub(/=.*/, "", name)
			gsub(/[ \t"]/, "", name)
			if (name == key && $0 ~ /=/) {
				value = $0
				sub(/^[^=]*=[ \t]*/, "", value)
				found = 1
			}
		}
		END { if (!found) exit 1; print value }' "$work/sources"
}

# want TABLE KEY VALUE adds a setting; with a fourth argument, only if containerd knows it.
want() { printf '%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "${4:-}" >>"$work/settings"; }

# plugins reports whether a folder has CNI plugins.
plugins() { [ -n "$(find "$1/" -mindepth 1 -maxdepth 1 ! -type d -print 2>/dev/null | head -n 1)" ]; }

# folder prints where CNI plugins are, for a containerd that looks in one folder only.
folder() {
	for dir in /opt/cni/bin /usr/lib/cni /usr/libexec/cni; do
		if plugins "$dir"; then
			echo "$dir"
			return
		fi
	done
	echo /opt/cni/bin
}

# reads reports whether containerd reads the pause image: layers of zstd came with 1.5.
reads() {
	case $("$program" --version | cut -d ' ' -f 3) in
	1.[0-4].* | v1.[0-4].*) return 1 ;;
	esac
}

# free KEY reports whether the administrator leaves it to us where CNI plugins are. The
# folders of distributions are in the files that their packages bring.
free() {
	case $(set_by_hand .cni "$1") in
	'' | \"\" | "''" | '[]') ;;
	*/opt/cni/bin* | */usr/lib/cni* | */usr/libexec/cni*)
		case $(set_by_hand .cni "$1") in *,*) return 1 ;; esac
		;;
	*) return 1 ;;
	esac
}

: >"$work/settings"
want '' imports '[]'
if grep -q 'io\.containerd\.cri\.v1\.runtime' "$work/dump"; then # 2.0 and later
	runtime="plugins.'io.containerd.cri.v1.runtime'"
	images="plugins.'io.containerd.cri.v1.images'.pinned_images" image=sandbox
elif grep -q 'io\.containerd\.grpc\.v1\.cri"\]' "$work/dump"; then
	runtime='plugins."io.containerd.grpc.v1.cri"'
	images=$runtime image=sandbox_image
else
	say "containerd has no plugin for kubelets, or $from disables it"
	alone
fi
if ! set_by_hand .containerd.runtimes.runc.options SystemdCgroup >/dev/null; then
	want "$runtime.containerd.runtimes.runc.options" SystemdCgroup true
fi
if [ -e $pause ] && reads && ! set_by_hand io.containerd.grpc.v1.cri sandbox_image >/dev/null &&
	! set_by_hand .pinned_images sandbox >/dev/null; then
	want "$images" $image "\"$(/usr/libexec/kubernetes/containerd-pause --name)\""
fi
# The kernel lets few containers lower this, and runc fails where it cannot.
if ! sh -c 'echo -998 >/proc/self/oom_score_adj' 2>/dev/null &&
	! set_by_hand io.containerd.grpc.v1.cri restrict_oom_score_adj >/dev/null &&
	! set_by_hand io.containerd.cri.v1.runtime restrict_oom_score_adj >/dev/null; then
	want "$runtime" restrict_oom_score_adj true known
fi
if free bin_dir && free bin_dirs; then
	if grep -q '^[[:space:]]*bin_dirs = ' "$work/dump"; then
		want "$runtime.cni" bin_dir '""' known
		want "$runtime.cni" bin_dirs '["/opt/cni/bin", "/usr/lib/cni", "/usr/libexec/cni"]'
	else
		want "$runtime.cni" bin_dir "\"$(folder)\""
	fi
fi

# A dump has each key on a line of its own below the header of its table.
awk -F '\t' '
	function name(header) {
		gsub(/[][ \t"'\'']/, "", header)
		return header
	}
	function put(table,   i) {
		for (i = 1; i <= n; i++) if (name(tables[i]) == table && !done[i] && !known[i]) {
			print keys[i] " = " values[i]
			done[i] = 1
		}
	}
	NR == FNR { n++; tables[n] = $1; keys[n] = $2; values[n] = $3; known[n] = $4 != ""; next }
	FNR == 1 { put("") }
	/^[ \t]*\[/ && !inside { print; here = name($0); put(here); next }
	inside { if (/\]/) inside = 0; next }
	{
		key = $0
		sub(/[ \t]*=.*/, "", key)
		gsub(/[ \t]/, "", key)
		for (i = 1; i <= n; i++) if (name(tables[i]) == here && keys[i] == key) {
			inside = /=[ \t]*\[/ && !/\]/
			if (known[i]) print keys[i] " = " values[i]
			next
		}
		print
	}
	END {
		for (i = 1; i <= n; i++) if (!done[i] && !known[i]) {
			print "[" tables[i] "]"
			put(name(tables[i]))
		}
	}' "$work/settings" "$work/dump" >"$work/config"

if ! "$program" --config "$work/config" config dump >/dev/null 2>"$work/errors"; then
	say "$from cannot be put together with what a kubelet needs: $(tail -n 1 "$work/errors")"
	alone
fi
mv "$work/config" "$out"
