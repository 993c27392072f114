package ebuilds

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strings"
	"text/template"

	"github.com/slipway-build/slipway/internal/shell"
	"github.com/slipway-build/slipway/packaging"
)

// A page is what the templates are filled with.
type page struct {
	Fork
	Inherit   []string // eclasses
	Sources   []string // lines of SRC_URI
	IUse      string
	Required  []string // lines of REQUIRED_USE
	Accounts  []string // lines of DEPEND
	Run       []string // lines of RDEPEND
	Unpack    []string // lines of src_unpack
	Patches   []string // lines of src_prepare
	Git       bool     // which need git
	Compile   []string // lines of src_compile
	Install   []string // lines of src_install
	Tmpfiles  []string // lines of pkg_postinst
	Prebuilt  []string // paths of programs, without the leading slash
	KeyWords  string
	SourceDir string // S
	Upstream  bool   // S names the upstream's version
	Restrict  string
}

func fill(text string, p any) ([]byte, error) {
	t, err := template.New("").Funcs(template.FuncMap{"join": strings.Join, "inside": shell.QuoteInside}).Parse(text)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = t.Execute(&b, p)
	return b.Bytes(), err
}

// page returns what the source ebuild and the binary one have in common.
func (f Fork) page() (page, error) {
	p := page{Fork: f, KeyWords: "~" + strings.Join(f.Arches, " ~")}
	inherit, flags := map[string]bool{}, map[string]bool{}
	for _, pkg := range f.Packages {
		in, err := f.install(pkg)
		if err != nil {
			return p, fmt.Errorf("package %s: %w", pkg.Name, err)
		}
		inherit["shell-completion"] = inherit["shell-completion"] || in.shell
		inherit["systemd"] = inherit["systemd"] || in.units
		inherit["tmpfiles"] = inherit["tmpfiles"] || len(in.tmp) > 0
		if f.flag(pkg.Name) != "" {
			flags[f.Project.Flags[pkg.Name]] = true
		}
		if err := p.add(pkg, in); err != nil {
			return p, err
		}
	}
	for _, name := range []string{"shell-completion", "systemd", "tmpfiles"} {
		if inherit[name] {
			p.Inherit = append(p.Inherit, name)
		}
	}
	var names []string
	for name := range flags {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		return strings.Compare(strings.TrimPrefix(a, "+"), strings.TrimPrefix(b, "+"))
	})
	p.IUse = strings.Join(names, " ")
	for _, rival := range f.Project.Rivals {
		p.Run = append(p.Run, "!"+rival)
	}
	return p, nil
}

// add adds the lines of one package.
func (p *page) add(pkg packaging.Package, in installation) error {
	flag := p.flag(pkg.Name)
	p.Install = append(p.Install, ifUse(flag, in.lines)...)
	for _, name := range in.tmp {
		p.Tmpfiles = append(p.Tmpfiles, ifUse(flag, []string{"tmpfiles_process " + shell.Quote(name)})...)
	}
	for _, file := range pkg.Files {
		if _, part := p.part(pkg, file); part || file.Source != "" {
			p.Prebuilt = append(p.Prebuilt, strings.TrimPrefix(file.Path, "/"))
		}
	}
	if isName(pkg) { // what it recommends is a dependency of the metapackage
		pkg.Relations.Recommends = nil
	}
	run, required, err := p.needs(pkg)
	if err != nil {
		return err
	}
	p.Run = append(p.Run, useGroup(flag, run)...)
	p.Required = append(p.Required, useGroup(flag, required)...)
	var atoms []string
	for _, user := range (Fork{Packages: []packaging.Package{pkg}}).users() {
		atoms = append(atoms, "acct-group/"+user, "acct-user/"+user)
	}
	p.Accounts = append(p.Accounts, useGroup(flag, atoms)...)
	return nil
}

// source writes the ebuild that compiles the fork.
func (f Fork) source(p page) ([]byte, error) {
	p.Restrict = "mirror strip test"
	p.Inherit = append([]string{"go-env"}, p.Inherit...)
	p.Sources = []string{f.sourceURI("source"), f.sourceURI("files")}
	root := strings.TrimSuffix(path.Base(f.sourceURI("source")), ".tar.xz")
	p.SourceDir, p.Upstream = "${WORKDIR}/"+root, strings.Contains(root, "${MY_PV}")
	p.Unpack = []string{"default", "go-env_set_compile_environment"}
	if f.Build.GOPATH != "" {
		p.SourceDir = "${WORKDIR}/go/src/" + shell.QuoteInside(f.Build.GOPATH)
		p.Unpack = append(p.Unpack, `mkdir -p "${S%/*}" || die`, `mv "${WORKDIR}/`+root+`" "${S}" || die`)
	}
	p.Patches = f.prepare()
	p.Git = slices.ContainsFunc(f.Series, func(patch Patch) bool { return patch.Git })
	for _, what := range []string{"deps", "patches"} {
		if f.Distfiles[what].Name != "" {
			p.Sources = append(p.Sources, f.sourceURI(what))
		}
	}
	if f.Distfiles["deps"].Name != "" {
		// The sums of modules can be compared only after the series has changed go.mod.
		p.Inherit = slices.Insert(p.Inherit, 1, "go-module")
		p.Patches = append(p.Patches, "ego mod verify")
	}
	p.Run = append(p.Run, "!"+f.Project.Category+"/"+f.Project.Name+"-bin")
	p.Compile = f.compile()
	return fill(sourceText, p)
}

// verifySeries compares the patched files with the sums that the fork pins.
const verifySeries = `sha256sum --quiet -c "${WORKDIR}"/files/series.sha256 ` +
	`|| die "the series came to another tree than was pinned"`

// prepare returns the lines of src_prepare that make the fork's tree.
func (f Fork) prepare() []string {
	var lines []string
	for _, patch := range f.Series {
		name := shell.QuoteInside(patch.Name)
		from := `"${FILESDIR}/${P}-` + name + `"`
		if f.Distfiles["patches"].Name != "" {
			from = `"${WORKDIR}/patches/` + name + `"`
		}
		line := fmt.Sprintf("eapply -p%d -F0 -- %s", patch.Strip, from)
		if patch.Git {
			line = fmt.Sprintf(`GIT_CEILING_DIRECTORIES="${WORKDIR}" git apply -p%d --whitespace=nowarn -- %s || die`,
				patch.Strip, from)
		}
		lines = append(lines, line)
	}
	if len(f.Edits) > 0 {
		lines = append(lines, `cp -r "${WORKDIR}"/files/tree/. "${S}"/ || die`)
	}
	if len(f.Touched) > 0 {
		lines = append(lines, verifySeries)
	}
	return lines
}

// url returns the URL of a distfile.
func (f Fork) url(what string) string {
	return strings.TrimSuffix(f.BaseURL, "/") + "/" + f.Distfiles[what].Name
}

// sourceURI returns the URL of a distfile as the source ebuild writes it: with
// variables for the package's name and version.
func (f Fork) sourceURI(what string) string {
	dir, name := path.Split(f.url(what))
	dir = shell.QuoteInside(dir)
	spellings := []struct{ from, to string }{
		{f.P() + ".", "${P}."},
		{f.Project.Name + "-" + strippedVersion(f.Version) + ".tar.xz", "${PN}-${MY_PV}.tar.xz"},
		{f.P() + "-", "${P}-"},
	}
	if what == "files" {
		spellings = []struct{ from, to string }{{f.PF() + "-", "${PF}-"}}
	}
	for _, s := range spellings {
		if rest, ok := strings.CutPrefix(name, s.from); ok {
			return dir + s.to + rest
		}
	}
	return dir + name
}

// strippedVersion returns a version without the fork's revision, as ${PV%_p*}
// does.
func strippedVersion(v string) string {
	if i := strings.LastIndex(v, "_p"); i >= 0 {
		return v[:i]
	}
	return v
}

// binary writes the ebuild that installs what was compiled.
func (f Fork) binary(p page) ([]byte, error) {
	p.SourceDir, p.Restrict, p.KeyWords = "${WORKDIR}", "mirror strip", "-* "+p.KeyWords
	url := func(what string) string { return shell.QuoteInside(f.url(what)) }
	p.Sources = []string{url("files")}
	for _, arch := range f.Arches {
		p.Sources = append(p.Sources, arch+"? ( "+url(arch)+" )")
	}
	p.Run = append(p.Run, "!"+f.Project.Category+"/"+f.Project.Name)
	return fill(binaryText, p)
}

// meta writes the ebuild that only depends on the others. It has a USE flag for
// each package that is a name for others, and is nil if there is none.
func (f Fork) meta() ([]byte, error) {
	p := page{Fork: f, KeyWords: "~" + strings.Join(f.Arches, " ~")}
	p.Summary = "Metapackage: " + f.Project.Summary
	var flags []string
	for _, pkg := range f.names() {
		flags = append(flags, f.Project.Flags[pkg.Name])
		run, _, err := f.needs(pkg)
		if err != nil {
			return nil, err
		}
		either, err := f.either(f.flag(pkg.Name))
		if err != nil {
			return nil, err
		}
		p.Run = append(p.Run, useGroup(f.flag(pkg.Name), append([]string{either}, run...))...)
	}
	if len(flags) == 0 {
		return nil, nil
	}
	slices.Sort(flags)
	p.IUse = strings.Join(flags, " ")
	return fill(metaText, p)
}

// either returns a group of the source package and the binary one, each with a USE
// flag and those that it requires.
func (f Fork) either(flag string) (string, error) {
	compiled, err := f.closure(flag)
	if err != nil {
		return "", err
	}
	prebuilt, err := f.withoutParts().closure(flag)
	if err != nil {
		return "", err
	}
	atom := f.Project.Category + "/" + f.Project.Name
	return group("||", []string{
		atom + "[" + strings.Join(compiled, ",") + "]",
		atom + "-bin[" + strings.Join(prebuilt, ",") + "]",
	}), nil
}
