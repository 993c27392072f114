# Copyright 2026 Slipway authors
# Distributed under the terms of the GNU General Public License v2

EAPI=8

DESCRIPTION="Metapackage: Sails any sea"
HOMEPAGE="https://example.org"

LICENSE="metapackage"
SLOT="0"
KEYWORDS="~amd64 ~arm64"
IUSE="mate"

RDEPEND="mate? ( || ( app-misc/ship[bosun,mate] app-misc/ship-bin[bosun,captain,mate] ) )"
