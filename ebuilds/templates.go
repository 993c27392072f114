package ebuilds

// The parts of ebuilds, in the order that Gentoo wants.
const (
	headerText = `{{.Header}}
EAPI=8
{{if .Inherit}}
inherit {{join .Inherit " "}}
{{end}}
{{- if .Upstream}}
MY_PV="${PV%_p*}"
{{end}}
DESCRIPTION="{{inside .Summary}}"
HOMEPAGE="{{inside .Homepage}}"
`
	fetchText = `SRC_URI="{{range .Sources}}
	{{.}}{{end}}
"
S="{{.SourceDir}}"

LICENSE="{{join .License " "}}"
{{- with .Linked}}
# Of the modules that are linked in:
LICENSE+=" {{join . " "}}"{{end}}
SLOT="0"
KEYWORDS="{{.KeyWords}}"
{{- with .IUse}}
IUSE="{{.}}"{{end}}
{{- with .Required}}
{{list "REQUIRED_USE" .}}{{end}}
{{range .Why}}# {{.}}
{{end}}RESTRICT="{{.Restrict}}"
{{with .Accounts}}
{{list "DEPEND" .}}{{end}}
{{list "RDEPEND" .Run}}
`
	compileText = `{{list "BDEPEND" .Builders}}
{{with .Quiet}}
{{.}}{{end}}
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
	installText = `{{.Helper}}
src_install() {
{{- range .Install}}
	{{.}}{{end}}
}
{{- with .PostInst}}

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

{{list "RDEPEND" .Run}}
`
	sourceText = headerText + fetchText + compileText + installText
	binaryText = headerText + fetchText + prebuiltText + installText
)
