package ebuilds

import (
	"bytes"
	"fmt"
	"maps"
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
	Header    string   // comment
	Inherit   []string // eclasses
	Sources   []string // lines of SRC_URI
	IUse      string
	Required  []string // lines of REQUIRED_USE
	Accounts  []string // lines of DEPEND
	Run       []string // lines of RDEPEND
	Unpack    []string // lines of src_unpack
	Patches   []string // lines of src_prepare
	Compile   []string // lines of src_compile
	Install   []string // lines of src_install
	PostInst  []string // lines of pkg_postinst
	Helper    string   // function that src_install calls
	Builders  []string // lines of BDEPEND
	Quiet     string   // variables for Portage's checks
	Prebuilt  []string // paths of programs, without the leading slash
	KeyWords  string
	SourceDir string // S
	Upstream  bool   // S names the upstream's version
	Restrict  string
	Why       []string // lines of the comment on it
}

func fill(text string, p any) ([]byte, error) {
	functions := template.FuncMap{"join": strings.Join, "inside": shell.QuoteInside, "list": assign}
	t, err := template.New("").Funcs(functions).Parse(text)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = t.Execute(&b, p)
	return b.Bytes(), err
}

// assign returns the lines that set a variable to a list, one if it is short.
func assign(variable string, items []string) string {
	line := fmt.Sprintf("%s=\"%s\"", variable, strings.Join(items, " "))
	if len(items) < 2 && len(line) <= widest && !strings.Contains(line, "\n") {
		return line
	}
	return variable + "=\"\n\t" + strings.Join(items, "\n\t") + "\n\""
}

// page returns what the source ebuild and the binary one have in common.
func (f Fork) page() (page, error) {
	p := page{Fork: f, Header: f.header(), KeyWords: "~" + strings.Join(f.Arches, " ~")}
	inherit, flags := map[string]bool{}, map[string]bool{}
	for _, u := range f.Project.Use {
		flags[u.Flag] = true
	}
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
	inherit["optfeature"] = slices.ContainsFunc(p.PostInst, func(line string) bool {
		return strings.HasPrefix(strings.TrimSpace(line), "optfeature ")
	})
	for _, name := range []string{"optfeature", "shell-completion", "systemd", "tmpfiles"} {
		if inherit[name] {
			p.Inherit = append(p.Inherit, name)
		}
	}
	p.IUse = iuse(slices.Collect(maps.Keys(flags)))
	if len(p.Accounts) > 0 {
		p.Run = slices.Insert(p.Run, 0, "${DEPEND}")
	}
	for _, rival := range f.Project.Rivals {
		p.Run = append(p.Run, "!"+rival)
	}
	return p, nil
}

// iuse returns USE flags as IUSE lists them.
func iuse(flags []string) string {
	slices.SortFunc(flags, func(a, b string) int {
		return strings.Compare(strings.TrimPrefix(a, "+"), strings.TrimPrefix(b, "+"))
	})
	return strings.Join(flags, " ")
}

// add adds the lines of one package.
func (p *page) add(pkg packaging.Package, in installation) error {
	flag := p.flag(pkg.Name)
	p.Install = append(p.Install, ifUse(flag, script(in.commands))...)
	p.PostInst = append(p.PostInst, ifUse(flag, p.afterInstall(pkg, in))...)
	for _, file := range pkg.Files {
		if _, part := p.part(pkg, file); part || file.Source != "" {
			p.Prebuilt = append(p.Prebuilt, strings.TrimPrefix(file.Path, "/"))
		}
	}
	if isName(pkg) { // what it recommends is a dependency of the metapackage
		pkg.Relations.Recommends = nil
	}
	run, required, err := p.needs(pkg)
	for _, u := range p.Project.Use {
		if u.Package == pkg.Name {
			run = append(run, useGroup(strings.TrimPrefix(u.Flag, "+"), u.Needs)...)
		}
	}
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
	p.Why = []string{"The distfiles are not on Gentoo's mirrors. The programs are installed as they were built."}
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
	p := page{Fork: f, Header: f.header(), KeyWords: "~" + strings.Join(f.Arches, " ~")}
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
