# Copyright 2026 Slipway authors
# Distributed under the terms of the GNU General Public License v2

EAPI=8

inherit optfeature shell-completion systemd tmpfiles

DESCRIPTION="Sails any sea"
HOMEPAGE="https://example.org"
SRC_URI="
	https://example.org/distfiles/ship-1.4.1_p1-files.tar.xz
	amd64? ( https://example.org/distfiles/ship-1.4.1_p1-amd64.tar.xz )
	arm64? ( https://example.org/distfiles/ship-1.4.1_p1-arm64.tar.xz )
"
S="${WORKDIR}"

LICENSE="MIT"
# Of the modules that are linked in:
LICENSE+=" BSD ISC"
SLOT="0"
KEYWORDS="-* ~amd64 ~arm64"
IUSE="+bosun captain mate"
REQUIRED_USE="
	bosun? ( captain )
	mate? ( bosun )
"
# The distfiles are not on Gentoo's mirrors. The programs are installed as they were built.
RESTRICT="mirror strip"

DEPEND="bosun? ( acct-group/bosun acct-user/bosun )"
RDEPEND="
	${DEPEND}
	!app-misc/boat
	!app-misc/ship
"

QA_PREBUILT="usr/bin/captain"

src_install() {
	if use bosun; then
		dosym captain /usr/bin/bosun
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
