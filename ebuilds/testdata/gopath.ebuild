# Copyright 2026 Slipway authors
# Distributed under the terms of the GNU General Public License v2

EAPI=8

inherit go-env

DESCRIPTION="Sails any sea"
HOMEPAGE="https://example.org"
MY_PV="${PV%_p*}"
SRC_URI="
	https://example.org/distfiles/${PN}-${MY_PV}.tar.xz
	https://example.org/distfiles/${PF}-files.tar.xz
"
S="${WORKDIR}/go/src/example.org/ship"

LICENSE="MIT"
SLOT="0"
KEYWORDS="~amd64 ~arm64"
RESTRICT="mirror strip test"

RDEPEND="
	!app-misc/ship-bin
"
BDEPEND="
	>=dev-lang/go-1.26.0
"

QA_PRESTRIPPED="usr/bin/bosun"

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
	local -x GOAMD64=v1 GOARM64='v8.0,lse' GOEXPERIMENT=','
	local flags=(
		-buildmode=exe
		-trimpath
		'-ldflags=-s -w -X '\''a=it'\'''\''s'\'''
	)
	CGO_ENABLED=0 GO111MODULE=off GOPATH="${WORKDIR}"/go go build "${flags[@]}" -o "${WORKDIR}"/bin/bosun ./cmd/bosun || die
}

src_install() {
	exeinto /usr/bin
	newexe "${WORKDIR}"/bin/bosun bosun
}
