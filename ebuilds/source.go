package ebuilds

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/internal/shell"
)

// source writes the ebuild that compiles the fork.
func (f Fork) source(p page) ([]byte, error) {
	p.Sources = []string{f.sourceURI("source"), f.sourceURI("files")}
	root := strings.TrimSuffix(path.Base(f.sourceURI("source")), ".tar.xz")
	p.SourceDir, p.Upstream = "${WORKDIR}/"+root, strings.Contains(root, "${MY_PV}")
	p.Unpack = []string{"default", "go-env_set_compile_environment"}
	libraries := f.libraries()
	p.Accounts = append(p.Accounts, libraries...)
	p.Builders, p.Quiet = f.builders(len(libraries) > 0), f.quiet(p.Prebuilt)
	if f.Build.GOPATH != "" {
		p.SourceDir = "${WORKDIR}/go/src/" + shell.QuoteInside(f.Build.GOPATH)
		p.Unpack = append(p.Unpack, `mkdir -p "${S%/*}" || die`, `mv "${WORKDIR}/`+root+`" "${S}" || die`)
	}
	p.Patches = f.prepare()
	for _, what := range []string{"deps", "patches"} {
		if f.Distfiles[what].Name != "" {
			p.Sources = append(p.Sources, f.sourceURI(what))
		}
	}
	p.Restrict, p.Why = "mirror strip test", []string{
		"The distfiles are not on Gentoo's mirrors. Go's linker strips the programs, and strip(1) would",
		"change them. Upstream's tests may need a network or a cluster.",
	}
	p.modules()
	if f.PIE {
		p.IUse = iuse(append(strings.Fields(p.IUse), "+pie"))
	}
	p.Run = append(p.Run, "!"+f.Project.Category+"/"+f.Project.Name+"-bin")
	p.Compile = f.compile()
	p.Install = slices.Concat([]string{`cd "${WORKDIR}" || die`}, p.Install)
	if helper := f.helper(); helper != nil {
		p.Helper = "\n" + strings.Join(helper, "\n") + "\n"
	}
	return fill(sourceText, p)
}

// modules adds what the eclass for modules does, or what does without it.
func (p *page) modules() {
	if p.Distfiles["deps"].Name == "" {
		p.Inherit = append([]string{"go-env"}, p.Inherit...)
		return
	}
	p.Inherit = append([]string{"go-env", "go-module"}, p.Inherit...)
	p.Unpack = slices.Insert(p.Unpack, 0,
		"# go-module_src_unpack would verify go.mod before the patches have changed it.")
	p.Patches = append(p.Patches, "ego mod verify")
}

// libraries returns lines of DEPEND: what programs are linked with, besides what every system has.
func (f Fork) libraries() []string {
	var out []string
	for _, pkg := range f.Packages {
		for _, r := range pkg.Libraries {
			out = append(out, useGroup(f.flag(pkg.Name), f.atoms(r))...)
		}
	}
	return out
}

// builders returns what an ebuild that compiles the fork needs for that. cgo finds libraries by
// pkg-config.
func (f Fork) builders(libraries bool) []string {
	out := []string{">=dev-lang/go-" + f.Build.Go}
	if libraries {
		out = append(out, "virtual/pkgconfig")
	}
	if slices.ContainsFunc(f.Series, func(patch Patch) bool { return patch.Git }) {
		out = append(out, "dev-vcs/git")
	}
	return out
}

// quiet returns the variables that say to Portage's checks which of the programs are
// stripped, and that there are no CFLAGS to respect.
func (f Fork) quiet(programs []string) string {
	var lines []string
	stripped := func(flag string) bool {
		return strings.HasPrefix(flag, "-ldflags=") && strings.Contains(" "+flag[len("-ldflags="):]+" ", " -s ")
	}
	if slices.ContainsFunc(f.Build.Flags, stripped) && len(programs) > 0 {
		lines = append(lines, `QA_PRESTRIPPED="`+shell.QuoteInside(strings.Join(programs, " "))+`"`)
	}
	if f.Distfiles["deps"].Name == "" { // go-module has this of its own
		lines = append(lines, `QA_FLAGS_IGNORED=".*"`)
	}
	if lines == nil {
		return ""
	}
	return strings.Join(lines, "\n") + "\n"
}

// verifySeries compares the patched files with the sums that the fork pins.
const verifySeries = `sha256sum --quiet -c "${WORKDIR}"/files/series.sha256 ` +
	`|| die "the patched files are not those that the fork pins"`

// prepare returns the lines of src_prepare that make the fork's tree.
func (f Fork) prepare() []string {
	var lines []string
	for i, patch := range f.Series {
		name := shell.QuoteInside(patch.Name)
		from := `"${FILESDIR}/${P}-` + name + `"`
		if f.Distfiles["patches"].Name != "" {
			from = `"${WORKDIR}/patches/` + name + `"`
		}
		switch last := len(lines) - 1; {
		case patch.Git:
			lines = append(lines, fmt.Sprintf(
				`GIT_CEILING_DIRECTORIES="${WORKDIR}" git apply -p%d --whitespace=nowarn -- %s || die`, patch.Strip, from))
		case i > 0 && !f.Series[i-1].Git && f.Series[i-1].Strip == patch.Strip:
			lines[last] += " \\"
			lines = append(lines, "\t"+from)
		default:
			lines = append(lines, fmt.Sprintf("eapply -p%d -F0 -- %s", patch.Strip, from))
		}
	}
	if lines != nil {
		lines = slices.Insert(lines, 0, "# With -F0, a patch that does not fit exactly is refused.")
	}
	if len(f.Edits) > 0 {
		lines = append(lines, `cp -r "${WORKDIR}"/files/tree/. "${S}"/ || die`)
	}
	if len(f.Touched) > 0 {
		lines = append(lines, verifySeries)
	}
	return lines
}
