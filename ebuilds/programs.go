package ebuilds

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/internal/shell"
	"github.com/slipway-build/slipway/packaging"
)

// A unit is a component that is compiled, and the test of USE flags that it depends
// on, "" for none. A part also depends on the component that contains it not being
// wanted.
type unit struct {
	Component
	test string
}

// A batch is units that are compiled by the same go command, but for their names.
type batch struct {
	dir, mod string
	cgo      bool
	units    []unit
}

// units returns the components that packages use.
func (f Fork) units() []unit {
	var out []unit
	for _, c := range f.Build.Components {
		if test, used := f.condition(c); used {
			out = append(out, unit{c, test})
		}
	}
	return out
}

// condition returns the test of USE flags under which a package wants a component,
// "" if one always does. It reports false if no package uses the component.
func (f Fork) condition(c Component) (string, bool) {
	var flags []string
	for _, pkg := range f.Packages {
		replaced := func(file packaging.File) bool {
			part, ok := f.part(pkg, file)
			return ok && part == c
		}
		if !contains(pkg, c.Name) && !slices.ContainsFunc(pkg.Files, replaced) {
			continue
		}
		flag := f.flag(pkg.Name)
		if flag == "" {
			return "", true
		}
		flags = append(flags, "use "+flag)
	}
	return strings.Join(flags, " || "), len(flags) > 0
}

var majorVersion = regexp.MustCompile(`^v[0-9]+$`)

// sameName reports whether the go command names the program of a component like the
// component.
func (c Component) sameName() bool {
	base := path.Base(c.Main)
	return strings.HasPrefix(c.Main, "./") && base == c.Name && !majorVersion.MatchString(base)
}

// batches returns the units by the go command that compiles them.
func (f Fork) batches() []batch {
	var out []batch
	for _, u := range f.units() {
		same := func(g batch) bool {
			return g.dir == u.Dir && g.mod == u.Mod && g.cgo == u.CGO && u.sameName() && g.units[0].sameName()
		}
		i := slices.IndexFunc(out, same)
		if i < 0 {
			i = len(out)
			out = append(out, batch{dir: u.Dir, mod: u.Mod, cgo: u.CGO})
		}
		out[i].units = append(out[i].units, u)
	}
	return out
}

// compileOne returns the lines that compile the unit of a batch.
func (f Fork) compileOne(g batch) []string {
	u := g.units[0]
	test := u.test
	if u.Part != "" {
		test = strings.TrimSuffix("! use "+f.flagOf(u.Part)+" && "+inBraces(test), " && ")
	}
	line := f.goBuild(g, shell.Quote("/bin/"+u.Name), quote(u.Main))
	if test == "" {
		return []string{line}
	}
	return []string{"if " + test + "; then", "\t" + line, "fi"}
}

// inBraces has a test with alternatives be one operand.
func inBraces(test string) string {
	if strings.Contains(test, " || ") {
		return "{ " + test + "; }"
	}
	return test
}

// compileAll returns the lines that compile the units of a batch, in a loop: the go
// command takes one program at a time if it is told the build mode.
func (f Fork) compileAll(g batch, declare string) []string {
	var always, lines []string
	parts := map[string][]unit{}
	for _, u := range g.units {
		switch {
		case u.Part != "":
			parts[u.Part] = append(parts[u.Part], u)
		case u.test == "":
			always = append(always, quote(u.Main))
		}
	}
	for _, u := range g.units {
		if whole := "use " + f.flagOf(u.Name); u.Part == "" && u.test == whole && parts[u.Name] != nil {
			lines = append(lines, "if "+whole+"; then", "\t"+u.line(), "else")
			lines = append(lines, indent(unitLines(parts[u.Name]))...)
			lines = append(lines, "fi")
			delete(parts, u.Name)
		} else if u.Part == "" && u.test != "" {
			lines = append(lines, unitLines([]unit{u})...)
		}
	}
	for _, u := range g.units {
		if of := parts[u.Part]; u.Part != "" && of != nil {
			lines = append(lines, ifUse("!"+f.flagOf(u.Part), unitLines(of))...)
			delete(parts, u.Part)
		}
	}
	return slices.Concat(array(declare+"programs", always), lines, []string{
		`for program in "${programs[@]}"; do`, "\t" + f.goBuild(g, "/bin/", `"${program}"`), "done",
	})
}

// line returns the line that adds a unit to the programs.
func (u unit) line() string { return "programs+=( " + quote(u.Main) + " )" }

// unitLines returns the lines that add units to the programs, if they are wanted.
func unitLines(list []unit) []string {
	var out []string
	for _, u := range list {
		line := u.line()
		if u.test != "" {
			line = inBraces(u.test) + " && " + line
		}
		out = append(out, line)
	}
	return out
}

// goBuild returns the command that compiles main packages. to is a path below
// WORKDIR, for bash.
func (f Fork) goBuild(g batch, to, mains string) string {
	build := "go build"
	if g.dir != "" {
		build += " -C " + shell.Quote(g.dir)
	}
	if g.mod != "" {
		build += " -mod=" + shell.Quote(g.mod)
	}
	build += fmt.Sprintf(` "${flags[@]}" -o "${WORKDIR}"%s %s`, to, mains)
	if f.Build.GOPATH != "" { // ego is of the eclass for modules
		build += " || die"
	} else {
		build = "e" + build
	}
	if _, same := f.cgo(); !same {
		build = "CGO_ENABLED=" + cgoEnabled(g.cgo) + " " + build
	}
	return build
}
