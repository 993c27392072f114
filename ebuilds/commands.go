package ebuilds

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/internal/shell"
	"github.com/slipway-build/slipway/packaging"
)

// A command of src_install. It is run in WORKDIR.
type command struct {
	kind  int    // commands are in the order of their kinds
	into  string // the command before it, which says where to: insinto /etc
	name  string
	args  []string // quoted
	many  bool     // it takes the arguments of others like it
	lines []string // instead of all but the kind
}

// The kinds of commands.
const (
	ofPrograms = iota
	ofManuals
	ofSettings
	ofServices
	ofUnits
	ofCompletions
	ofFolders
)

// installers maps a folder to the command of EAPI 8 or an eclass that installs a file
// into it.
var installers = map[string]command{
	unitDir:                                  {kind: ofUnits, name: "systemd_dounit"},
	tmpfilesDir:                              {kind: ofUnits, name: "dotmpfiles"},
	scriptDir:                                {kind: ofServices, name: "doinitd"},
	confDir:                                  {kind: ofServices, name: "doconfd"},
	"/usr/share/bash-completion/completions": {kind: ofCompletions, name: "dobashcomp"},
	"/usr/share/fish/vendor_completions.d":   {kind: ofCompletions, name: "dofishcomp"},
	"/usr/share/zsh/site-functions":          {kind: ofCompletions, name: "dozshcomp"},
}

// binaries maps a folder of programs to the end of the commands that install into it.
var binaries = map[string]string{"/usr/bin": "bin", "/usr/sbin": "sbin"}

// command returns the command that installs one file.
func (in *installation) command(f packaging.File) command {
	dir, base := path.Split(f.Path)
	dir = path.Clean(dir)
	from := shell.Quote("files/" + in.pkg + f.Path)
	at, to := shell.Quote(f.Path), shell.Quote(dir)
	installer, known := installers[dir]
	switch {
	case f.Kind == packaging.Link:
		return command{name: "dosym", args: []string{shell.Quote(f.Target), at}}
	case f.Kind == packaging.Folder:
		return command{kind: ofFolders, name: "keepdir", args: []string{at}, many: true}
	case f.Source != "":
		return executable(dir, "bin/"+path.Base(f.Source), base)
	case known:
		in.note(dir, base)
		installer.args, installer.many = []string{from}, true
		return installer
	case strings.HasPrefix(dir, manDir):
		return command{kind: ofManuals, name: "doman", args: []string{from}, many: true}
	case f.Mode&0o111 != 0:
		return executable(dir, "files/"+in.pkg+f.Path, base)
	}
	return command{kind: ofSettings, into: "insinto " + to, name: "doins", args: []string{from}, many: true}
}

// executable returns the command that installs a program or script.
func executable(dir, from, name string) command {
	c := command{args: []string{shell.Quote(from)}}
	end := "exe"
	if short, ok := binaries[dir]; ok {
		end = short
	} else {
		c.into = "exeinto " + shell.Quote(dir)
	}
	if path.Base(from) == name {
		c.name, c.many = "do"+end, true
		return c
	}
	c.name, c.args = "new"+end, append(c.args, shell.Quote(name))
	return c
}

// eitherCommand returns the command that installs a call of a component of many
// programs where that is wanted, and the program by itself elsewhere.
func (f Fork) eitherCommand(file packaging.File, c Component, call command) command {
	whole := f.flagOf(c.Part)
	if p, ok := f.linked(); ok && file.Kind == packaging.Link && p == (links{c.Part, file.Target, path.Dir(file.Path)}) {
		return command{lines: []string{linkOrProgram + " " + shell.Quote(c.Name)}}
	}
	itself := executable(path.Dir(file.Path), "bin/"+c.Name, c.Name)
	return command{lines: ifElse(whole, call.text(), itself.text())}
}

// links are what the links to a component of many programs have in common.
type links struct{ whole, target, dir string }

// linked returns the links of which an ebuild has several, so that a function is for
// them.
func (f Fork) linked() (links, bool) {
	seen := map[links]int{}
	for _, p := range f.Packages {
		for _, file := range p.Files {
			c, ok := f.part(p, file)
			if !ok || file.Kind != packaging.Link {
				continue
			}
			l := links{c.Part, file.Target, path.Dir(file.Path)}
			if seen[l]++; seen[l] > 1 {
				return l, true
			}
		}
	}
	return links{}, false
}

// linkOrProgram is the function of an ebuild that installs such a link, or a program.
const linkOrProgram = "install_program"

// helper returns the lines of that function, if the ebuild calls it.
func (f Fork) helper() []string {
	l, ok := f.linked()
	if !ok {
		return nil
	}
	whole := f.flagOf(l.whole)
	link := fmt.Sprintf(`dosym %s %s/"${1}"`, shell.Quote(l.target), shell.Quote(l.dir))
	itself := executable(l.dir, "bin/x", "x")
	itself.args = []string{`bin/"${1}"`}
	return slices.Concat(
		[]string{
			"# Installs a program: as a link to " + l.whole + ", or as it was compiled by itself.",
			linkOrProgram + "() {",
		},
		indent(ifElse(whole, []string{link}, itself.text())), []string{"}"},
	)
}

// text returns a command's lines.
func (c command) text() []string {
	if c.lines != nil {
		return c.lines
	}
	var out []string
	if c.into != "" {
		out = append(out, c.into)
	}
	line := strings.Join(append([]string{c.name}, c.args...), " ")
	if len(line) <= widest || len(c.args) < 2 {
		return append(out, line)
	}
	out = append(out, c.name+" \\")
	for i, arg := range c.args {
		end := " \\"
		if i+1 == len(c.args) {
			end = ""
		}
		out = append(out, "\t"+arg+end)
	}
	return out
}

// script returns the lines of commands, by their kinds. Those that are alike are one.
func script(list []command) []string {
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b command) int { return a.kind - b.kind })
	var merged []command
	for _, c := range list {
		like := func(o command) bool { return o.many && c.many && o.into == c.into && o.name == c.name }
		if i := slices.IndexFunc(merged, like); i >= 0 {
			merged[i].args = slices.Concat(merged[i].args, c.args)
			continue
		}
		merged = append(merged, c)
	}
	var out []string
	for _, c := range merged {
		out = append(out, c.text()...)
	}
	return out
}
