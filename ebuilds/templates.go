package ebuilds

// The parts of ebuilds, in the order that Gentoo wants.
const (
	headerText = `# Copyright {{.Year}} Slipway authors
# Distributed under the terms of the GNU General Public License v2

EAPI=8
{{if .Inherit}}
inherit {{join .Inherit " "}}
{{end}}
DESCRIPTION="{{inside .Summary}}"
HOMEPAGE="{{inside .Homepage}}"
`
	fetchText = `{{if .Upstream}}MY_PV="${PV%_p*}"
{{end}}SRC_URI="{{range .Sources}}
	{{.}}{{end}}
"
S="{{.SourceDir}}"

LICENSE="{{join .License " "}}"
{{- with .Linked}}
# Of what is linked:
LICENSE+=" {{join . " "}}"{{end}}
SLOT="0"
KEYWORDS="{{.KeyWords}}"
{{- with .IUse}}
IUSE="{{.}}"{{end}}
{{- with .Required}}
REQUIRED_USE="{{range .}}
	{{.}}{{end}}
"{{end}}
RESTRICT="{{.Restrict}}"
{{with .Accounts}}
DEPEND="{{range .}}
	{{.}}{{end}}
"{{end}}
RDEPEND="{{if .Accounts}}
	${DEPEND}{{end}}{{range .Run}}
	{{.}}{{end}}
"
`
	compileText = `BDEPEND="
	>=dev-lang/go-{{.Build.Go}}{{if .Git}}
	dev-vcs/git{{end}}
"

QA_PRESTRIPPED="{{inside (join .Prebuilt " ")}}"

src_unpack() {
{{- range .Unpack}}
	{{.}}{{end}}
}

src_prepare() {
{{- range .Patches}}
	{{.}}{{end}}
	eapply_user
}

src_compile() {
{{- range .Compile}}
	{{.}}{{end}}
}
`
	prebuiltText = `
QA_PREBUILT="{{inside (join .Prebuilt " ")}}"
`
	installText = `
src_install() {
{{- range .Install}}
	{{.}}{{end}}
}
{{- with .Tmpfiles}}

pkg_postinst() {
{{- range .}}
	{{.}}{{end}}
}{{end}}
`
	metaText = headerText + `
LICENSE="metapackage"
SLOT="0"
KEYWORDS="{{.KeyWords}}"
IUSE="{{.IUse}}"

RDEPEND="{{range .Run}}
	{{.}}{{end}}
"
`
	sourceText = headerText + fetchText + compileText + installText
	binaryText = headerText + fetchText + prebuiltText + installText
)
