# Copyright 2026 Slipway authors
# Distributed under the terms of the GNU General Public License v2

EAPI=8

inherit shell-completion systemd tmpfiles

DESCRIPTION="Sails any sea"
HOMEPAGE="https://example.org"
SRC_URI="
	https://example.org/distfiles/ship-1.4.1_p1-files.tar.xz
	amd64? ( https://example.org/distfiles/ship-1.4.1_p1-amd64.tar.xz )
	arm64? ( https://example.org/distfiles/ship-1.4.1_p1-arm64.tar.xz )
"
S="${WORKDIR}"

LICENSE="MIT"
# Of what is linked:
LICENSE+=" BSD ISC"
SLOT="0"
KEYWORDS="-* ~amd64 ~arm64"
IUSE="+bosun captain mate"
REQUIRED_USE="
	bosun? ( captain )
	mate? ( bosun )
"
RESTRICT="mirror strip"

DEPEND="
	bosun? ( acct-group/bosun acct-user/bosun )
"
RDEPEND="
	${DEPEND}
	bosun? ( || ( app-misc/rum app-misc/grog ) )
	!app-misc/boat
	!app-misc/ship
"

QA_PREBUILT="usr/bin/captain"

src_install() {
	if use bosun; then
		doconfd "${WORKDIR}"/files/bosun/etc/conf.d/bosun
		insinto /etc/default
		doins "${WORKDIR}"/files/bosun/etc/default/bosun
		doinitd "${WORKDIR}"/files/bosun/etc/init.d/bosun
		insinto /etc/logrotate.d
		doins "${WORKDIR}"/files/bosun/etc/logrotate.d/bosun
		dosym captain /usr/bin/bosun
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
