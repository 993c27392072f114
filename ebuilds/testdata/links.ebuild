# Copyright 2026 Slipway authors
# Distributed under the terms of the GNU General Public License v2

EAPI=8

inherit go-env go-module optfeature shell-completion systemd tmpfiles

MY_PV="${PV%_p*}"

DESCRIPTION="Sails any sea"
HOMEPAGE="https://example.org"
SRC_URI="
	https://example.org/distfiles/${PN}-${MY_PV}.tar.xz
	https://example.org/distfiles/${PF}-files.tar.xz
	https://example.org/distfiles/${P}-deps.tar.xz
"
S="${WORKDIR}/${PN}-${MY_PV}"

LICENSE="MIT"
# Of the modules that are linked in:
LICENSE+=" BSD ISC"
SLOT="0"
KEYWORDS="~amd64 ~arm64"
IUSE="+bosun captain mate +pie"
REQUIRED_USE="mate? ( bosun )"
# The distfiles are not on Gentoo's mirrors. Go's linker strips the programs, and strip(1) would
# change them. Upstream's tests may need a network or a cluster.
RESTRICT="mirror strip test"

DEPEND="bosun? ( acct-group/bosun acct-user/bosun )"
RDEPEND="
	${DEPEND}
	!app-misc/boat
	!app-misc/ship-bin
"
BDEPEND=">=dev-lang/go-1.26.0"

QA_PRESTRIPPED="usr/bin/bosun usr/bin/mate usr/bin/captain"

src_unpack() {
	# go-module_src_unpack would verify go.mod before the patches have changed it.
	default
	go-env_set_compile_environment
}

src_prepare() {
	# With -F0, a patch that does not fit exactly is refused.
	eapply -p1 -F0 -- "${FILESDIR}/${P}-0001-crew.patch"
	sha256sum --quiet -c "${WORKDIR}"/files/series.sha256 || die "the patched files are not those that the fork pins"
	ego mod verify
	eapply_user
}

src_compile() {
	# The fork's settings, whatever make.conf has.
	local -x CGO_ENABLED=0 GOAMD64=v1 GOARM64='v8.0,lse' GOEXPERIMENT=','
	local ldflags=(
		-s
		-w
		'-X '\''a=it'\'''\''s'\'''
	)
	# USE=-pie compiles the same programs as in ship-bin.
	local flags=(
		-buildmode="$(usex pie pie exe)"
		-trimpath
		-ldflags="${ldflags[*]}"
	)
	local program programs=()
	if use captain; then
		programs+=( ./cmd/captain )
	else
		use bosun && programs+=( ./cmd/bosun )
		use mate && programs+=( ./cmd/mate )
	fi
	for program in "${programs[@]}"; do
		ego build "${flags[@]}" -o "${WORKDIR}"/bin/ "${program}"
	done
}

# Installs a program: as a link to captain, or as it was compiled by itself.
install_program() {
	if use captain; then
		dosym captain /usr/bin/"${1}"
	else
		dobin bin/"${1}"
	fi
}

src_install() {
	cd "${WORKDIR}" || die
	if use bosun; then
		install_program bosun
		insinto /etc/default
		doins files/bosun/etc/default/bosun
		insinto /etc/logrotate.d
		doins files/bosun/etc/logrotate.d/bosun
		doconfd files/bosun/etc/conf.d/bosun
		doinitd files/bosun/etc/init.d/bosun
		systemd_dounit files/bosun/usr/lib/systemd/system/bosun.service
		dotmpfiles files/bosun/usr/lib/tmpfiles.d/bosun.conf
		dobashcomp files/bosun/usr/share/bash-completion/completions/bosun
	fi
	if use mate; then
		install_program mate
	fi
	if use captain; then
		dobin bin/captain
	fi
}

pkg_postinst() {
	if use bosun; then
		tmpfiles_process bosun.conf
		optfeature "bosun" app-misc/rum app-misc/grog
	fi
}
