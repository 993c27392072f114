# Copyright 2026 Slipway authors
# Distributed under the terms of the GNU General Public License v2

EAPI=8

inherit go-env go-module

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
SLOT="0"
KEYWORDS="~amd64 ~arm64"
# The distfiles are not on Gentoo's mirrors. Go's linker strips the programs, and strip(1) would
# change them. Upstream's tests may need a network or a cluster.
RESTRICT="mirror strip test"

RDEPEND="!app-misc/ship-bin"
BDEPEND=">=dev-lang/go-1.26.0"

QA_PRESTRIPPED="usr/bin/bosun"

src_unpack() {
	# go-module_src_unpack would verify go.mod before the patches have changed it.
	default
	go-env_set_compile_environment
}

src_prepare() {
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
	# The fork sets ebuilds.pie to false: programs are the same as in ship-bin.
	local flags=(
		-buildmode=exe
		-trimpath
		-ldflags="${ldflags[*]}"
	)
	ego build "${flags[@]}" -o "${WORKDIR}"/bin/bosun ./cmd/bosun
}

src_install() {
	cd "${WORKDIR}" || die
	dobin bin/bosun
}
