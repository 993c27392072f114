# Copyright 2026 Slipway authors
# Distributed under the terms of the GNU General Public License v2

EAPI=8

inherit go-env go-module shell-completion systemd tmpfiles

DESCRIPTION="Sails any sea"
HOMEPAGE="https://example.org"
MY_PV="${PV%_p*}"
SRC_URI="
	https://example.org/distfiles/${PN}-${MY_PV}.tar.xz
	https://example.org/distfiles/${PF}-files.tar.xz
	https://example.org/distfiles/${P}-deps.tar.xz
"
S="${WORKDIR}/${PN}-${MY_PV}"

LICENSE="MIT"
# Of what is linked:
LICENSE+=" BSD ISC"
SLOT="0"
KEYWORDS="~amd64 ~arm64"
IUSE="+bosun captain mate"
REQUIRED_USE="
	mate? ( bosun )
"
RESTRICT="mirror strip test"

DEPEND="
	bosun? ( acct-group/bosun acct-user/bosun )
"
RDEPEND="
	${DEPEND}
	bosun? ( || ( app-misc/rum app-misc/grog ) )
	!app-misc/boat
	!app-misc/ship-bin
"
BDEPEND="
	>=dev-lang/go-1.26.0
"

QA_PRESTRIPPED="usr/bin/bosun usr/bin/captain"

src_unpack() {
	default
	go-env_set_compile_environment
}

src_prepare() {
	eapply -p1 -F0 -- "${FILESDIR}/${P}-0001-crew.patch"
	sha256sum --quiet -c "${WORKDIR}"/files/series.sha256 || die "the series came to another tree than was pinned"
	ego mod verify
	eapply_user
}

src_compile() {
	local -x GOAMD64=v1 GOARM64='v8.0,lse' GOEXPERIMENT=','
	local flags=(
		-buildmode=exe
		-trimpath
		'-ldflags=-s -w -X '\''a=it'\'''\''s'\'''
	)
	if use captain; then
		CGO_ENABLED=0 ego build "${flags[@]}" -o "${WORKDIR}"/bin/captain ./cmd/captain
	fi
	if use !captain && use bosun; then
		CGO_ENABLED=0 ego build "${flags[@]}" -o "${WORKDIR}"/bin/bosun ./cmd/bosun
	fi
}

src_install() {
	if use bosun; then
		doconfd "${WORKDIR}"/files/bosun/etc/conf.d/bosun
		insinto /etc/default
		doins "${WORKDIR}"/files/bosun/etc/default/bosun
		doinitd "${WORKDIR}"/files/bosun/etc/init.d/bosun
		insinto /etc/logrotate.d
		doins "${WORKDIR}"/files/bosun/etc/logrotate.d/bosun
		if use captain; then
			dosym captain /usr/bin/bosun
		fi
		if use !captain; then
			exeinto /usr/bin
			newexe "${WORKDIR}"/bin/bosun bosun
		fi
		systemd_dounit "${WORKDIR}"/files/bosun/usr/lib/systemd/system/bosun.service
		dotmpfiles "${WORKDIR}"/files/bosun/usr/lib/tmpfiles.d/bosun.conf
		dobashcomp "${WORKDIR}"/files/bosun/usr/share/bash-completion/completions/bosun
	fi
	if use captain; then
		exeinto /usr/bin
		newexe "${WORKDIR}"/bin/captain captain
	fi
}

pkg_postinst() {
	if use bosun; then
		tmpfiles_process bosun.conf
	fi
}
