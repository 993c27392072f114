package ebuilds

import (
	"fmt"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/internal/shell"
	"github.com/slipway-build/slipway/packaging"
)

// compile returns the lines of src_compile. Each component is compiled once, if a
// package with it is installed.
func (f Fork) compile() []string {
	var lines []string
	if len(f.Build.Env) > 0 {
		line := "local -x"
		for _, pair := range f.Build.Env {
			key, value, _ := strings.Cut(pair, "=")
			line += " " + key + "=" + quote(value)
		}
		lines = append(lines, line)
	}
	lines = append(lines, "local flags=(")
	for _, flag := range append([]string{"-buildmode=exe"}, f.Build.Flags...) {
		lines = append(lines, "\t"+quote(flag))
	}
	lines = append(lines, ")")
	for _, c := range f.Build.Components {
		switch condition, used := f.condition(c); {
		case used && condition == "":
			lines = append(lines, f.goBuild(c))
		case used:
			lines = append(lines, "if "+condition+"; then", "\t"+f.goBuild(c), "fi")
		}
	}
	return lines
}

// condition returns the test of USE flags under which a component is compiled, ""
// if it always is. It reports false if no package uses the component.
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
	condition := strings.Join(flags, " || ")
	if c.Part == "" || len(flags) == 0 {
		return condition, len(flags) > 0
	}
	if len(flags) > 1 {
		condition = "{ " + condition + "; }"
	}
	return "use !" + f.flagOf(c.Part) + " && " + condition, true
}

// goBuild returns the command that compiles a component.
func (f Fork) goBuild(c Component) string {
	env := "CGO_ENABLED=0"
	if c.CGO {
		env = "CGO_ENABLED=1"
	}
	build := "go build"
	if c.Dir != "" {
		build += " -C " + shell.Quote(c.Dir)
	}
	if c.Mod != "" {
		build += " -mod=" + shell.Quote(c.Mod)
	}
	build += fmt.Sprintf(` "${flags[@]}" -o "${WORKDIR}"%s %s`, shell.Quote("/bin/"+c.Name), shell.Quote(c.Main))
	if f.Build.GOPATH != "" { // ego is of the eclass for modules
		return env + ` GO111MODULE=off GOPATH="${WORKDIR}"/go ` + build + " || die"
	}
	return env + " e" + build
}

// quote quotes a word for bash where it has to be. A comma is quoted, too: it means
// something to bash between braces.
func quote(s string) string {
	if q := shell.Quote(s); q != s || !strings.Contains(s, ",") {
		return q
	}
	return "'" + s + "'"
}
