package ebuilds

import (
	"fmt"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/internal/shell"
)

// compile returns the lines of src_compile. Each component is compiled once, if a
// package with it is installed.
func (f Fork) compile() []string {
	lines := slices.Concat(f.environment(), f.flagLines())
	declare := "local program "
	for _, g := range f.batches() {
		if len(g.units) == 1 {
			lines = append(lines, f.compileOne(g)...)
			continue
		}
		lines = append(lines, f.compileAll(g, declare)...)
		declare = ""
	}
	return lines
}

// environment returns the lines that export what the go command reads.
func (f Fork) environment() []string {
	var words []string
	if cgo, same := f.cgo(); same {
		words = append(words, "CGO_ENABLED="+cgo)
	}
	if f.Build.GOPATH != "" {
		words = append(words, "GO111MODULE=off", `GOPATH="${WORKDIR}"/go`)
	}
	for _, pair := range f.Build.Env {
		key, value, _ := strings.Cut(pair, "=")
		words = append(words, key+"="+quote(value))
	}
	if len(words) == 0 {
		return nil
	}
	return []string{"# The fork's settings, whatever make.conf has.", "local -x " + strings.Join(words, " ")}
}

// cgo returns the value of CGO_ENABLED, if it is the same for all components.
func (f Fork) cgo() (string, bool) {
	var values []string
	for _, u := range f.units() {
		values = append(values, cgoEnabled(u.CGO))
	}
	values = slices.Compact(slices.Sorted(slices.Values(values)))
	if len(values) != 1 {
		return "", false
	}
	return values[0], true
}

func cgoEnabled(on bool) string {
	if on {
		return "1"
	}
	return "0"
}

// flagLines returns the lines that set the flags of the go command.
func (f Fork) flagLines() []string {
	modeLines, mode := f.mode()
	flags, ldflags := []string{mode}, []string(nil)
	for _, flag := range f.Build.Flags {
		value, isLink := strings.CutPrefix(flag, "-ldflags=")
		tags, isTags := strings.CutPrefix(flag, "-tags=")
		switch {
		case isLink && strings.Contains(value, " -"):
			ldflags = strings.Split(value, " -")
			flags = append(flags, `-ldflags="${ldflags[*]}"`)
		case isTags:
			flags = append(flags, f.tags(tags))
		default:
			flags = append(flags, quote(flag))
		}
	}
	for i, flag := range ldflags {
		if i > 0 {
			flag = "-" + flag
		}
		ldflags[i] = quote(flag)
	}
	var lines []string
	if ldflags != nil {
		lines = array("local ldflags", ldflags)
	}
	return slices.Concat(lines, modeLines, array("local flags", flags))
}

// pieArches are those that Go links position-independent programs for by itself.
// Elsewhere it takes a linker for C.
var pieArches = []string{"amd64", "arm64", "loong", "ppc64"}

// mode returns the flag with the build mode, and the lines before it.
func (f Fork) mode() (lines []string, flag string) {
	binary := f.Project.Name + "-bin"
	if !f.PIE {
		return []string{"# The fork sets ebuilds.pie to false: programs are the same as in " + binary + "."}, "-buildmode=exe"
	}
	lines = []string{"# USE=-pie compiles the same programs as in " + binary + "."}
	test := "pie"
	for _, arch := range f.Arches {
		if cgo, same := f.cgo(); (!same || cgo == "0") && !slices.Contains(pieArches, arch) {
			test += " && ! use " + arch
		}
	}
	if test == "pie" {
		return lines, `-buildmode="$(usex pie pie exe)"`
	}
	return slices.Concat(lines, []string{"local mode=exe"}, ifUse(test, []string{"mode=pie"})), `-buildmode="${mode}"`
}

// tags returns the flag with the build tags, of which some depend on USE flags.
func (f Fork) tags(list string) string {
	for _, u := range f.Project.Use {
		before, after, found := cutTag(list, u.Tag)
		switch flag := strings.TrimPrefix(u.Flag, "+"); {
		case !found:
		case after != "":
			return fmt.Sprintf(`%s"$(usev %s %s,)"%s`, quote("-tags="+before), flag, u.Tag, quote(after))
		case before != "":
			return fmt.Sprintf(`%s"$(usev %s ,%s)"`, quote("-tags="+strings.TrimSuffix(before, ",")), flag, u.Tag)
		default:
			return fmt.Sprintf(`-tags="$(usev %s %s)"`, flag, u.Tag)
		}
	}
	return quote("-tags=" + list)
}

// cutTag returns what of a list of tags is before one and after it.
func cutTag(list, tag string) (before, after string, found bool) {
	tags := strings.Split(list, ",")
	i := slices.Index(tags, tag)
	if tag == "" || i < 0 {
		return "", "", false
	}
	before, after = strings.Join(tags[:i], ","), strings.Join(tags[i+1:], ",")
	if before != "" {
		before += ","
	}
	return before, after, true
}

// array returns the lines that set an array, one if it is not too wide.
func array(name string, items []string) []string {
	if len(items) == 0 {
		return []string{name + "=()"}
	}
	if line := name + "=( " + strings.Join(items, " ") + " )"; len(items) < 3 && len(line) <= widest {
		return []string{line}
	}
	lines := []string{name + "=("}
	for _, item := range items {
		lines = append(lines, "\t"+item)
	}
	return append(lines, ")")
}

// quote quotes a word for bash where it has to be. A comma is quoted, too: it means
// something to bash between braces.
func quote(s string) string {
	if q := shell.Quote(s); q != s || !strings.Contains(s, ",") {
		return q
	}
	return "'" + s + "'"
}
