#!/usr/bin/env bash
# Runs the phases of an ebuild as the Package Manager Specification has them for
# EAPI 8, as far as Slipway's ebuilds go, without Portage and without a network:
# its functions do what those of PMS, chapter 12, and of the eclasses do.
#
# usage: eapi8.bash EBUILD DISTDIR IMAGE [FLAG...]
#
# EBUILD is a file of an overlay. IMAGE, which must not exist, gets what is
# installed; FLAGs are the USE flags that are on, besides those that are by
# default, and -FLAG turns one off. It prints what it installs.
set -u
ebuild=$(realpath "$1") DISTDIR=$(realpath "$2") D=$(realpath -m "$3")
shift 3
asked=" $* "

die() {
	echo "$(basename "$ebuild"): ${*:-failed}" >&2
	kill -s TERM $$
	exit 1
}
trap 'exit 1' TERM

dir=${ebuild%/*} PN=$(basename "${ebuild%/*}") PF=$(basename "$ebuild" .ebuild)
CATEGORY=$(basename "$(dirname "$dir")")
[[ $PF == "$PN"-[0-9]* ]] || die "is not named after its folder"
PVR=${PF#"$PN"-} PV=${PVR%-r[0-9]*}
# shellcheck disable=SC2034
P=$PN-$PV FILESDIR=$dir/files REPLACING_VERSIONS=
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
WORKDIR=$work/tree T=$work/temp
S=$WORKDIR/$P
mkdir -p "$WORKDIR" "$T" "$D" || die

# The Manifest has all files, and just as they are.
listed() {
	local type name size blake sum file
	while read -r type name size _ blake _ sum; do
		case $type in
		AUX) file=$dir/files/$name ;;
		DIST) file=$DISTDIR/$name; [[ " $A " == *" $name "* ]] || continue ;;
		EBUILD | MISC) file=$dir/$name ;;
		*) die "Manifest: what is a $type?" ;;
		esac
		[[ -f $file ]] || die "$file is not there"
		[[ $(stat -c %s "$file") == "$size" && $(b2sum <"$file") == "$blake  -" && $(sha512sum <"$file") == "$sum  -" ]] ||
			die "$file is not what the Manifest says"
	done <"$dir/Manifest"
	while read -r file; do
		[[ $file == Manifest ]] || grep -Eq "^(AUX|EBUILD|MISC) ${file#files/} " "$dir/Manifest" ||
			die "$file is missing in the Manifest"
	done < <(cd "$dir" && find . -type f -printf '%P\n')
	for file in $A; do grep -q "^DIST $file " "$dir/Manifest" || die "$file is missing in the Manifest"; done
}

# Eclasses: what they define, of what is used here.
declare -A defines=(
	[go-env]=go-env_set_compile_environment [go-module]=ego [systemd]=systemd_dounit [tmpfiles]="dotmpfiles tmpfiles_process"
	[optfeature]=optfeature
	[shell-completion]="dobashcomp dofishcomp dozshcomp" [acct-user]=acct-user_add_deps [acct-group]=""
)
INHERITED=
inherit() {
	local name
	for name; do
		[[ -v defines[$name] ]] || die "there is no eclass $name"
		INHERITED+=" $name "
		[[ $name != acct-* ]] || S=$WORKDIR
	done
	[[ $INHERITED != *" go-module "* ]] || export GO111MODULE=on GOCACHE=${GOCACHE:-$T/go-build} GOMODCACHE=$WORKDIR/go-mod
}
from() { [[ $INHERITED == *" $1 "* ]] || die "${FUNCNAME[1]}: $1 is not inherited"; }

flags() { local f; for f in ${IUSE:-}; do echo "${f#[+-]}"; done; }
use() {
	if [[ $1 == !* ]]; then ! use "${1#!}"; return; fi
	case $1 in amd64 | arm | arm64 | loong | ppc64 | riscv | s390 | x86) [[ $ARCH == "$1" ]]; return ;; esac
	flags | grep -qx -- "$1" || die "use $1, which is not in IUSE"
	[[ $asked != *" -$1 "* && ( $asked == *" $1 "* || " ${IUSE} " == *" +$1 "* ) ]]
}
usev() { ! use "$1" || echo "${2-$1}"; }
usex() { if use "$1"; then echo "${2-yes}"; else echo "${3-no}"; fi; }
ARCH=$(uname -m) ARCH=${ARCH/x86_64/amd64} ARCH=${ARCH/aarch64/arm64}

# chosen reads words with groups behind flags, and prints those that hold.
chosen() {
	local -a on=(1)
	local word
	while (($#)); do
		word=$1
		shift
		case $word in
		*\?)
			[[ $1 == "(" ]] || die "no ( after $word"
			shift
			if ((on[-1])) && use "${word%\?}"; then on+=(1); else on+=(0); fi
			;;
		"(") on+=("${on[-1]}") ;;
		")") unset 'on[-1]' ;;
		*) ((!on[-1])) || echo "$word" ;;
		esac
	done
	((${#on[@]} == 1)) || die "a group is not closed"
}

# Phases, and what they call.
einfo() { :; }
elog() { [[ $# == 1 && -n $1 ]] || die "elog takes one line"; echo "$1" >>"$T/elog"; }
optfeature() {
	from optfeature
	(($# > 1)) && [[ -n $1 ]] || die "optfeature takes what it is for, and packages"
	local what=$1 atom
	for atom in "${@:2}"; do [[ $atom =~ ^([<>=]+)?[a-z0-9-]+/[A-Za-z0-9+_.-]+$ ]] || die "optfeature: $atom"; done
	elog "${*:2} for $what"
}
default() { case $phase in src_unpack) unpack $A ;; src_prepare) eapply_user ;; esac; }
unpack() { local f; for f; do tar -xf "$DISTDIR/$f" -C "$WORKDIR" --no-same-owner || die "unpacking $f"; done; }
eapply() {
	local -a options=()
	while [[ $1 == -* ]]; do
		[[ $1 != -- ]] || { shift; break; }
		options+=("$1")
		shift
	done
	local f
	for f; do patch -f -s -g0 --no-backup-if-mismatch "${options[@]}" <"$f" || die "$f does not apply"; done
}
eapply_user() { touch "$T/eapply_user"; }
go-env_set_compile_environment() { from go-env; export GOFLAGS="-v -modcacherw -buildvcs=false -buildmode=pie"; }
ego() { from go-module; go "$@" >"$T/go.log" 2>&1 || { cat "$T/go.log" >&2; die "go $1"; }; }

installed() { [[ -e $1 ]] || die "${FUNCNAME[1]}: $1 is not there"; mkdir -p "$D$3" && install -m "$2" "$1" "$D$3/$4" || die; }
into=/ exe=/
insinto() { into=$1; }
exeinto() { exe=$1; }
doins() { local f; for f; do installed "$f" 0644 "$into" "${f##*/}"; done; }
doexe() { local f; for f; do installed "$f" 0755 "$exe" "${f##*/}"; done; }
newexe() { installed "$1" 0755 "$exe" "$2"; }
dobin() { local f; for f; do installed "$f" 0755 /usr/bin "${f##*/}"; done; }
dosbin() { local f; for f; do installed "$f" 0755 /usr/sbin "${f##*/}"; done; }
newbin() { installed "$1" 0755 /usr/bin "$2"; }
newsbin() { installed "$1" 0755 /usr/sbin "$2"; }
doconfd() { local f; for f; do installed "$f" 0644 /etc/conf.d "${f##*/}"; done; }
doinitd() { local f; for f; do installed "$f" 0755 /etc/init.d "${f##*/}"; done; }
doman() { local f; for f; do installed "$f" 0644 "/usr/share/man/man${f##*.}" "${f##*/}"; done; }
put_each() { local f; for f in "${@:2}"; do installed "$f" 0644 "$1" "${f##*/}"; done; }
systemd_dounit() { from systemd; put_each /usr/lib/systemd/system "$@"; }
dotmpfiles() { from tmpfiles; put_each /usr/lib/tmpfiles.d "$@"; }
tmpfiles_process() { from tmpfiles; [[ -e $D/usr/lib/tmpfiles.d/$1 ]] || die "tmpfiles_process $1, which is not installed"; }
dobashcomp() { from shell-completion; put_each /usr/share/bash-completion/completions "$@"; }
dofishcomp() { from shell-completion; put_each /usr/share/fish/vendor_completions.d "$@"; }
dozshcomp() { from shell-completion; put_each /usr/share/zsh/site-functions "$@"; }
keepdir() { local d; for d; do mkdir -p "$D$d" && touch "$D$d/.keep_${CATEGORY}_$PN-0"; done; }
dosym() { mkdir -p "$D${2%/*}" && ln -sfn "$1" "$D$2" || die; }
acct-user_add_deps() { from acct-user; }

# shellcheck disable=SC1090
source "$ebuild" || die "cannot be sourced"
[[ $EAPI == 8 ]] || die "EAPI $EAPI"
for variable in DESCRIPTION HOMEPAGE LICENSE SLOT KEYWORDS; do
	[[ $CATEGORY == acct-* || -n ${!variable:-} ]] || die "no $variable"
done
for flag in $asked; do
	flags | grep -qx -- "${flag#-}" || die "there is no flag $flag"
done
A=$(chosen ${SRC_URI:-} | sed 's,.*/,,' | sort -u | xargs)
chosen ${DEPEND:-} ${RDEPEND:-} ${BDEPEND:-} >/dev/null
for flag in $(chosen ${REQUIRED_USE:-}); do
	use "$flag" || die "REQUIRED_USE: $flag is not on"
done
listed
export GOPROXY=off GOSUMDB=off GOTOOLCHAIN=local GOWORK=
unset GOWORK
for phase in src_unpack src_prepare src_configure src_compile src_install pkg_postinst; do
	cd "$WORKDIR" || die
	[[ $phase == src_unpack ]] || cd "$S" || die "S=$S is not there"
	if declare -F "$phase" >/dev/null; then
		"$phase" || die "$phase ends with $?"
	else
		default
	fi
	[[ $phase != src_prepare || -e $T/eapply_user ]] || die "src_prepare calls no eapply_user"
done
cd "$D" && find . -mindepth 1 ! -type d -printf '%M %P %l\n' | sed 's/ $//' | LC_ALL=C sort -k2
