# Copyright 2026 Slipway authors
# Distributed under the terms of the GNU General Public License v2

EAPI=8

inherit go-env

MY_PV="${PV%_p*}"

DESCRIPTION="Sails any sea"
HOMEPAGE="https://example.org"
SRC_URI="
	https://example.org/distfiles/${PN}-${MY_PV}.tar.xz
	https://example.org/distfiles/${PF}-files.tar.xz
"
S="${WORKDIR}/go/src/example.org/ship"

LICENSE="MIT"
SLOT="0"
KEYWORDS="~amd64 ~arm64"
# The distfiles are not on Gentoo's mirrors. Go's linker strips the programs, and strip(1) would
# change them. Upstream's tests may need a network or a cluster.
RESTRICT="mirror strip test"

RDEPEND="!app-misc/ship-bin"
BDEPEND=">=dev-lang/go-1.26.0"

QA_PRESTRIPPED="usr/bin/bosun"
QA_FLAGS_IGNORED=".*"

src_unpack() {
	default
	go-env_set_compile_environment
	mkdir -p "${S%/*}" || die
	mv "${WORKDIR}/${PN}-${MY_PV}" "${S}" || die
}

src_prepare() {
	eapply_user
}

src_compile() {
	# The fork's settings, whatever make.conf has.
	local -x CGO_ENABLED=0 GO111MODULE=off GOPATH="${WORKDIR}"/go GOAMD64=v1 GOARM64='v8.0,lse' GOEXPERIMENT=','
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
	go build "${flags[@]}" -o "${WORKDIR}"/bin/bosun ./cmd/bosun || die
}

src_install() {
	cd "${WORKDIR}" || die
	dobin bin/bosun
}
