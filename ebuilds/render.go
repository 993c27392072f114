package ebuilds

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strings"
	"text/template"

	"github.com/slipway-build/slipway/packaging"
)

// A page is what the templates are filled with.
type page struct {
	Fork
	Inherit   []string
	Sources   []string // of SRC_URI, one a line
	IUse      string
	Required  []string
	Accounts  []string // atoms, behind their flag
	Run       []string // atoms that it needs when it runs
	Unpack    []string // lines of src_unpack
	Patches   []string // lines of src_prepare
	Git       bool     // which need git
	Compile   []string // lines of src_compile
	Install   []string // lines of src_install
	Tmpfiles  []string // lines of pkg_postinst
	Prebuilt  []string
	KeyWords  string
	OwnSource string // S: the folder that is compiled in
	Upstream  bool   // which the upstream's version names
	Restrict  string
}

func fill(text string, p any) ([]byte, error) {
	t, err := template.New("").Funcs(template.FuncMap{"join": strings.Join}).Parse(text)
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
	inherit := map[string]bool{}
	flags := map[string]bool{}
	for _, pkg := range f.Packages {
		in, err := f.install(pkg)
		if err != nil {
			return p, fmt.Errorf("package %s: %w", pkg.Name, err)
		}
		inherit["shell-completion"] = inherit["shell-completion"] || in.shell
		inherit["systemd"] = inherit["systemd"] || in.units
		inherit["tmpfiles"] = inherit["tmpfiles"] || len(in.tmp) > 0
		flag := f.flag(pkg.Name)
		if flag != "" {
			flags[f.Project.Flags[pkg.Name]] = true
		}
		p.Install = append(p.Install, when(flag, in.lines)...)
		for _, name := range in.tmp {
			p.Tmpfiles = append(p.Tmpfiles, when(flag, []string{"tmpfiles_process " + name})...)
		}
		for _, file := range pkg.Files {
			if _, part := f.part(pkg, file); part || file.Source != "" {
				p.Prebuilt = append(p.Prebuilt, strings.TrimPrefix(file.Path, "/"))
			}
		}
		if pkg.Platform.OS == "" { // what a name for others recommends, its metapackage wants
			pkg.Relations.Recommends = nil
		}
		run, required, err := f.needs(pkg)
		if err != nil {
			return p, err
		}
		p.Run = append(p.Run, behind(flag, run)...)
		p.Required = append(p.Required, behind(flag, required)...)
		if users := (Fork{Packages: []packaging.Package{pkg}}).users(); len(users) > 0 {
			var atoms []string
			for _, user := range users {
				atoms = append(atoms, "acct-group/"+user, "acct-user/"+user)
			}
			p.Accounts = append(p.Accounts, behind(flag, atoms)...)
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
	slices.SortFunc(names, func(a, b string) int { return strings.Compare(strings.TrimPrefix(a, "+"), strings.TrimPrefix(b, "+")) })
	p.IUse = strings.Join(names, " ")
	for _, rival := range f.Project.Rivals {
		p.Run = append(p.Run, "!"+rival)
	}
	return p, nil
}

// when puts lines of a phase behind a USE flag.
func when(flag string, lines []string) []string {
	if flag == "" || len(lines) == 0 {
		return lines
	}
	out := []string{"if use " + flag + "; then"}
	for _, line := range lines {
		out = append(out, "\t"+line)
	}
	return append(out, "fi")
}

// widest is how many characters a line should have at the most.
const widest = 110

// behind puts atoms behind a USE flag, on as many lines as it takes.
func behind(flag string, atoms []string) []string {
	if flag == "" || len(atoms) == 0 {
		return atoms
	}
	return strings.Split(group(flag+"?", atoms), "\n")
}

// group writes a group of a dependency specification, on a line if that is not
// too wide.
func group(head string, items []string) string {
	line := head + " ( " + strings.Join(items, " ") + " )"
	if len(line) <= widest && !strings.Contains(line, "\n") {
		return line
	}
	var b strings.Builder
	b.WriteString(head + " (")
	for _, item := range items {
		b.WriteString("\n\t" + strings.ReplaceAll(item, "\n", "\n\t"))
	}
	return b.String() + "\n)"
}

// needs returns the atoms of other packages that one needs, and what it needs of
// its own ebuild.
func (f Fork) needs(p packaging.Package) (run, required []string, err error) {
	for i, r := range slices.Concat(p.Relations.Depends, p.Relations.Recommends) {
		var atoms []string
		for _, n := range r.Names() {
			atom := n.Package
			if slices.ContainsFunc(f.Packages, func(o packaging.Package) bool { return o.Name == n.Package }) {
				if flag := f.flag(n.Package); flag != "" && !slices.Contains(required, flag) && !f.apart(p, flag) {
					required = append(required, flag)
				}
				continue
			}
			if !strings.Contains(atom, "/") {
				if i < len(p.Relations.Depends) {
					return nil, nil, fmt.Errorf("package %s depends on %s, and what that is in Gentoo is not known", p.Name, atom)
				}
				continue
			}
			if n.Op != "" && n.Version != "" {
				atom = n.Op + atom + "-" + n.Version
			}
			if !slices.Contains(atoms, atom) {
				atoms = append(atoms, atom)
			}
		}
		switch {
		case len(atoms) == 1:
			run = append(run, atoms[0])
		case len(atoms) > 1:
			run = append(run, group("||", atoms))
		}
	}
	return run, required, nil
}

// apart tells whether a package does without what a flag installs, a component of
// many programs: all that it has of that can be compiled by itself.
func (f Fork) apart(p packaging.Package, flag string) bool {
	return slices.ContainsFunc(p.Files, func(file packaging.File) bool {
		c, part := f.part(p, file)
		return part && f.whole(c.Part) == flag
	})
}

// source writes the ebuild that compiles the fork.
func (f Fork) source(p page) ([]byte, error) {
	p.Restrict = "mirror strip test"
	p.Inherit = append([]string{"go-env"}, p.Inherit...)
	p.Sources = []string{f.spelled("source"), f.spelled("files")}
	root := strings.TrimSuffix(path.Base(f.spelled("source")), ".tar.xz")
	p.OwnSource, p.Upstream = "${WORKDIR}/"+root, strings.Contains(root, "${MY_PV}")
	p.Unpack = []string{"default", "go-env_set_compile_environment"}
	if f.Build.GOPATH != "" {
		p.OwnSource = "${WORKDIR}/go/src/" + f.Build.GOPATH
		p.Unpack = append(p.Unpack, `mkdir -p "${S%/*}" || die`, `mv "${WORKDIR}/`+root+`" "${S}" || die`)
	}
	for _, patch := range f.Series {
		from := `"${FILESDIR}/${P}-` + patch.Name + `"`
		if f.Distfiles["patches"].Name != "" {
			from = `"${WORKDIR}/patches/` + patch.Name + `"`
		}
		line := fmt.Sprintf("eapply -p%d -F0 -- %s", patch.Strip, from)
		if patch.Git {
			line = fmt.Sprintf(`GIT_CEILING_DIRECTORIES="${WORKDIR}" git apply -p%d --whitespace=nowarn -- %s || die`, patch.Strip, from)
		}
		p.Patches = append(p.Patches, line)
	}
	p.Git = slices.ContainsFunc(f.Series, func(patch Patch) bool { return patch.Git })
	if len(f.Edits) > 0 {
		p.Patches = append(p.Patches, `cp -r "${WORKDIR}"/files/tree/. "${S}"/ || die`)
	}
	if len(f.Touched) > 0 {
		p.Patches = append(p.Patches, `sha256sum --quiet -c "${WORKDIR}"/files/series.sha256 || die "the series came to another tree than was pinned"`)
	}
	for _, what := range []string{"deps", "patches"} {
		if f.Distfiles[what].Name != "" {
			p.Sources = append(p.Sources, f.spelled(what))
		}
	}
	if f.Distfiles["deps"].Name != "" {
		// The module's sums are compared only now, when go.mod is what the series makes of it.
		p.Inherit = slices.Insert(p.Inherit, 1, "go-module")
		p.Patches = append(p.Patches, "ego mod verify")
	}
	p.Run = append(p.Run, "!"+f.Project.Category+"/"+f.Project.Name+"-bin")
	p.Compile = f.compile()
	return fill(sourceText, p)
}

// url returns where a distfile is fetched from.
func (f Fork) url(what string) string {
	return strings.TrimSuffix(f.BaseURL, "/") + "/" + f.Distfiles[what].Name
}

// spelled returns that as the ebuild that compiles says it: by its own name and
// version.
func (f Fork) spelled(what string) string {
	dir, name := path.Split(f.url(what))
	upstream := f.Project.Name + "-" + strippedVersion(f.Version) + ".tar.xz"
	for _, s := range []struct{ from, to string }{{f.P() + ".", "${P}."}, {upstream, "${PN}-${MY_PV}.tar.xz"}, {f.P() + "-", "${P}-"}} {
		if what == "files" {
			s.from, s.to = f.PF()+"-", "${PF}-"
		}
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

// compile returns the lines of src_compile: each component is compiled once, if
// a package that is installed has it.
func (f Fork) compile() []string {
	lines := []string{"local flags=("}
	for _, flag := range append([]string{"-buildmode=exe"}, f.Build.Flags...) {
		lines = append(lines, "\t"+bash(flag))
	}
	lines = append(lines, ")")
	for _, c := range f.Build.Components {
		var flags []string
		always := false
		for _, pkg := range f.Packages {
			if !holds(pkg, c.Name) && !slices.ContainsFunc(pkg.Files, func(file packaging.File) bool { p, ok := f.part(pkg, file); return ok && p == c }) {
				continue
			}
			flag := f.flag(pkg.Name)
			always = always || flag == ""
			flags = append(flags, "use "+flag)
		}
		env := "CGO_ENABLED=0"
		if c.CGO {
			env = "CGO_ENABLED=1"
		}
		line := fmt.Sprintf(`ego build "${flags[@]}" -o "${WORKDIR}"/bin/%s ./%s`, c.Name, c.Main)
		if f.Build.GOPATH != "" { // and so without the eclass
			line = `GO111MODULE=off GOPATH="${WORKDIR}"/go ` + strings.TrimPrefix(line, "e") + " || die"
		}
		line = env + " " + line
		if always {
			lines = append(lines, line)
			continue
		}
		condition := strings.Join(flags, " || ")
		if c.Part != "" && len(flags) > 1 {
			condition = "{ " + condition + "; }"
		}
		if c.Part != "" {
			condition = "use !" + f.whole(c.Part) + " && " + condition
		}
		lines = append(lines, "if "+condition+"; then", "\t"+line, "fi")
	}
	return lines
}

// bash quotes a word where it has to be.
func bash(s string) string {
	if !strings.ContainsAny(s, " \t'\"$`\\()*?[]{}<>|&;!#~,") {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// binary writes the ebuild that installs what was compiled.
func (f Fork) binary(p page) ([]byte, error) {
	p.OwnSource, p.Restrict, p.KeyWords = "${WORKDIR}", "mirror strip", "-* "+p.KeyWords
	p.Sources = []string{f.url("files")}
	for _, arch := range f.Arches {
		p.Sources = append(p.Sources, arch+"? ( "+f.url(arch)+" )")
	}
	p.Run = append(p.Run, "!"+f.Project.Category+"/"+f.Project.Name)
	return fill(binaryText, p)
}

// names returns the packages that are only a name for others.
func (f Fork) names() []packaging.Package {
	var out []packaging.Package
	for _, pkg := range f.Packages {
		if pkg.Platform.OS == "" && f.flag(pkg.Name) != "" {
			out = append(out, pkg)
		}
	}
	return out
}

// wanted returns a USE flag and those that REQUIRED_USE has with it, sorted.
func (f Fork) wanted(flag string) ([]string, error) {
	out := []string{flag}
	for i := 0; i < len(out); i++ {
		for _, pkg := range f.Packages {
			if f.flag(pkg.Name) != out[i] {
				continue
			}
			if pkg.Platform.OS == "" {
				pkg.Relations.Recommends = nil
			}
			_, required, err := f.needs(pkg)
			if err != nil {
				return nil, err
			}
			for _, r := range required {
				if !slices.Contains(out, r) {
					out = append(out, r)
				}
			}
		}
	}
	slices.Sort(out)
	return out, nil
}

// meta writes the ebuild that only wants others: of each package without
// programs of its own, what it is a name for. It returns none where there is
// none.
func (f Fork) meta() ([]byte, error) {
	p := page{Fork: f, KeyWords: "~" + strings.Join(f.Arches, " ~")}
	p.Summary = "Metapackage: " + f.Project.Summary
	atom := f.Project.Category + "/" + f.Project.Name
	var flags []string
	for _, pkg := range f.names() {
		flag := f.flag(pkg.Name)
		flags = append(flags, f.Project.Flags[pkg.Name])
		run, _, err := f.needs(pkg)
		if err != nil {
			return nil, err
		}
		compiled, err := f.wanted(flag)
		if err != nil {
			return nil, err
		}
		prebuilt, err := f.withoutParts().wanted(flag)
		if err != nil {
			return nil, err
		}
		either := group("||", []string{atom + "[" + strings.Join(compiled, ",") + "]", atom + "-bin[" + strings.Join(prebuilt, ",") + "]"})
		p.Run = append(p.Run, behind(flag, append([]string{either}, run...))...)
	}
	if len(flags) == 0 {
		return nil, nil
	}
	slices.Sort(flags)
	p.IUse = strings.Join(flags, " ")
	return fill(metaText, p)
}
