# Reads ebuilds as a package manager does to know what is in them, and prints
# what Portage keeps of that: of each ebuild its path, and its variables, a line
# each, with an empty line after them.
#
# usage: metadata.bash ECLASSES EBUILD...
eclasses=$1
shift

# What eclasses add to an ebuild's own values (Package Manager Specification,
# chapter 10.2).
added=(IUSE REQUIRED_USE DEPEND BDEPEND RDEPEND PDEPEND IDEPEND PROPERTIES RESTRICT)
phases=(
	pkg_config pkg_info pkg_nofetch pkg_postinst pkg_postrm pkg_preinst pkg_prerm pkg_pretend pkg_setup
	src_compile src_configure src_install src_prepare src_test src_unpack
)

die() {
	echo "$ebuild: ${*:-failed}" >&2
	exit 1
}
has() {
	local word=$1 w
	shift
	for w; do [[ $w != "$word" ]] || return 0; done
	return 1
}
debug-print() { :; }
debug-print-function() { :; }
debug-print-section() { :; }

inherit() {
	local eclass name
	for eclass; do
		((depth)) || INHERIT+=" $eclass"
		has "$eclass" $INHERITED || INHERITED+=" $eclass"
		local -A before=()
		for name in "${added[@]}"; do
			[[ -v $name ]] && before[$name]=${!name}
			unset "$name"
		done
		local ECLASS=$eclass
		((++depth))
		[[ -f $eclasses/$eclass.eclass ]] || die "there is no eclass $eclass in $eclasses"
		source "$eclasses/$eclass.eclass" || die "$eclass.eclass"
		((--depth))
		for name in "${added[@]}"; do
			[[ -z ${!name} ]] || of_eclasses[$name]+=" ${!name}"
			unset "$name"
			[[ -v before[$name] ]] && printf -v "$name" %s "${before[$name]}"
		done
	done
	return 0
}
EXPORT_FUNCTIONS() {
	local f
	for f; do eval "$f() { ${ECLASS}_$f \"\$@\"; }"; done
}

for ebuild; do
	(
		set +u
		shopt -s extglob
		depth=0 INHERIT= INHERITED= EBUILD_PHASE=depend
		declare -A of_eclasses=()
		EBUILD=$ebuild PF=${ebuild##*/} PF=${PF%.ebuild}
		PN=${ebuild%/*} CATEGORY=${PN%/*} PN=${PN##*/} CATEGORY=${CATEGORY##*/}
		PVR=${PF#"$PN"-} PV=${PVR%-r+([0-9])} PR=r0
		[[ $PVR == "$PV" ]] || PR=${PVR##*-}
		P=$PN-$PV
		# Paths are not known yet: what uses one is not in any of the variables.
		for name in WORKDIR T S D ED ROOT FILESDIR DISTDIR EPREFIX; do printf -v "$name" %s "/$name"; done
		unset S EPREFIX
		source "$ebuild" || die
		for name in "${added[@]}"; do
			[[ -z ${of_eclasses[$name]} ]] || printf -v "$name" %s "${!name} ${of_eclasses[$name]}"
		done
		DEFINED_PHASES=
		for name in "${phases[@]}"; do
			declare -F "$name" >/dev/null && DEFINED_PHASES+="${name#*_}"$'\n'
		done
		DEFINED_PHASES=$(LC_ALL=C sort <<<"${DEFINED_PHASES%$'\n'}")
		: "${DEFINED_PHASES:=-}"
		set -f
		echo "$ebuild"
		for name in BDEPEND DEFINED_PHASES DEPEND DESCRIPTION EAPI HOMEPAGE IDEPEND INHERIT IUSE KEYWORDS LICENSE PDEPEND PROPERTIES RDEPEND REQUIRED_USE RESTRICT SLOT SRC_URI INHERITED; do
			[[ -z ${!name} ]] || echo "$name=$(echo ${!name})"
		done
		echo
	) || exit 1
done
