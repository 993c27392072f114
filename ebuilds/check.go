package ebuilds

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/version"
)

// A fault is what is wrong with a file of an overlay.
type fault struct{ path, text string }

func (f fault) Error() string { return f.path + ": " + f.text }

// A report takes what is wrong with a file.
type report func(format string, args ...any)

// Check applies those rules of pkgcheck and Portage to an overlay that need no
// shell. It skips files that were changed by hand or that somebody else wrote.
func (t Tree) Check() error {
	written, err := t.record()
	if err != nil {
		return err
	}
	var errs []error
	of := func(name string) report {
		return func(format string, args ...any) {
			errs = append(errs, fault{name, fmt.Sprintf(format, args...)})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(t)) {
		if !written.edited(name, t[name]) {
			t.checkFile(name, of(name))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(t)) {
		if path.Base(name) == "Manifest" {
			t.checkManifest(name, of(name))
		}
	}
	return errors.Join(errs...)
}

// checkFile reports what is wrong with a file by itself.
func (t Tree) checkFile(name string, add report) {
	switch base := path.Base(name); {
	case path.Ext(name) == ".ebuild":
		t.checkEbuild(name, add)
	case base == "metadata.xml":
		checkXML(t[name], add)
		t.checkDescribed(name, add)
	case strings.Contains(name, "/files/") && len(t[name]) > largestFile:
		add("has %d bytes: a file of more than %d belongs in a distfile", len(t[name]), largestFile)
	case len(t[name]) == 0:
		add("is empty")
	}
}

// What the ebuilds of this package may use. Any other name is a mistake.
var (
	// Each eclass has a part of what it defines: an ebuild uses it if it has one of
	// these texts.
	eclasses = map[string][]string{
		"acct-group":       {"ACCT_GROUP_ID"},
		"acct-user":        {"ACCT_USER_ID", "acct-user_add_deps"},
		"go-env":           {"go-env_set_compile_environment"},
		"go-module":        {"ego "},
		"optfeature":       {"optfeature "},
		"shell-completion": {"dobashcomp", "dofishcomp", "dozshcomp"},
		"systemd":          {"systemd_dounit"},
		"tmpfiles":         {"dotmpfiles", "tmpfiles_process"},
	}
	// order is the order of variables that Gentoo wants.
	order = []string{
		"DESCRIPTION", "HOMEPAGE", "SRC_URI", "S", "LICENSE", "SLOT", "KEYWORDS", "IUSE", "REQUIRED_USE", "PROPERTIES",
		"RESTRICT", "DEPEND", "RDEPEND", "BDEPEND",
	}
	arches       = []string{"amd64", "arm", "arm64", "loong", "ppc64", "riscv", "s390", "x86"}
	restrictions = []string{"mirror", "strip", "test"}
	licenseNames = slices.Concat(slices.Sorted(maps.Values(gentooLicenses)), []string{"metapackage"})
)

var (
	eapi       = regexp.MustCompile(`(?m)^EAPI=8$`)
	assignment = regexp.MustCompile(`(?ms)^([A-Z_]+)(\+?)="((?:[^"\\]|\\.)*)"$`)
	comment    = regexp.MustCompile(`(?m)^\s*#.*$`)
	quotedText = regexp.MustCompile(`\\.|'[^']*'|"(?:[^"\\]|\\.)*"`)
	// substitution matches commands in double quotes, which code is without.
	substitution = regexp.MustCompile(`\$\([a-z][^()]*\)`)
	inherits     = regexp.MustCompile(`(?m)^inherit (.*)$`)
	unquoted     = regexp.MustCompile(`(?m)(^|[\s=])\$\{?(WORKDIR|FILESDIR|S|D|ED|T|DISTDIR|EPREFIX)\b`)
)

// An ebuild is one that is checked.
type ebuild struct {
	name string            // path in the overlay
	text string            // whole
	code string            // without comments and what is quoted
	vars map[string]string // values by variable, after a space
	seen []string          // variables in the order of their first assignments
}

func parseEbuild(name string, data []byte) ebuild {
	e := ebuild{name: name, text: string(data), vars: map[string]string{}}
	e.code = quotedText.ReplaceAllString(comment.ReplaceAllString(e.text, ""), `""`)
	for _, m := range assignment.FindAllStringSubmatch(e.text, -1) {
		e.vars[m[1]] += " " + m[3]
		if slices.Contains(order, m[1]) && m[2] == "" {
			e.seen = append(e.seen, m[1])
		}
	}
	return e
}

// checkEbuild reports what is wrong with an ebuild.
func (t Tree) checkEbuild(name string, add report) {
	e := parseEbuild(name, t[name])
	e.checkName(add)
	checkSpace(e.text, add)
	if !strings.HasPrefix(e.text, "# Copyright ") {
		add("does not begin with a copyright line")
	}
	if !eapi.MatchString(e.text) {
		add("is not of EAPI 8")
	}
	e.checkOrder(add)
	e.checkVariables(add)
	e.checkInherit(add)
	t.checkFlags(e, add)
	for _, v := range []string{"DEPEND", "RDEPEND", "BDEPEND"} {
		checkAtoms(v, e.vars[v], add)
	}
	checkGroups("SRC_URI", e.vars["SRC_URI"], add)
	checkGroups("REQUIRED_USE", e.vars["REQUIRED_USE"], add)
	for _, m := range unquoted.FindAllStringSubmatch(e.code, -1) {
		add("${%s} is not quoted", m[2])
	}
	if strings.HasSuffix(path.Dir(name), "-bin") && !strings.Contains(e.vars["RESTRICT"], "strip") {
		add("lets Portage strip precompiled programs: RESTRICT has no strip")
	}
	if strings.Contains(e.text, "src_prepare()") && !strings.Contains(e.text, "eapply_user") {
		add("src_prepare does not call eapply_user")
	}
	t.checkPatches(e, add)
}

// checkName reports an ebuild that is not named after its folder.
func (e ebuild) checkName(add report) {
	name := path.Base(path.Dir(e.name))
	v, ok := strings.CutPrefix(strings.TrimSuffix(path.Base(e.name), ".ebuild"), name+"-")
	if _, err := version.CompareGentoo(v, v); !ok || err != nil {
		add("has the wrong name: want %s-VERSION.ebuild", name)
	}
}

// checkSpace reports white space that Gentoo does not want.
func checkSpace(text string, add report) {
	for i, line := range strings.Split(text, "\n") {
		if strings.TrimRight(line, " \t") != line {
			add("line %d ends in white space", i+1)
		}
		if strings.HasPrefix(line, " ") {
			add("line %d is indented with spaces: want tabs", i+1)
		}
	}
	if !strings.HasSuffix(text, "\n") {
		add("does not end with a newline")
	}
	if strings.HasSuffix(text, "\n\n") || strings.Contains(text, "\n\n\n") {
		add("has an extra empty line")
	}
}

func (e ebuild) checkOrder(add report) {
	byOrder := func(a, b string) int { return slices.Index(order, a) - slices.Index(order, b) }
	if !slices.IsSortedFunc(e.seen, byOrder) {
		want := slices.SortedStableFunc(slices.Values(e.seen), byOrder)
		add("has its variables in the order %s: want %s", strings.Join(e.seen, " "), strings.Join(want, " "))
	}
}

// checkVariables reports what is wrong with single variables. The eclasses of
// accounts set all but the description.
func (e ebuild) checkVariables(add report) {
	account := strings.HasPrefix(e.name, "acct-")
	for _, v := range []string{"DESCRIPTION", "HOMEPAGE", "LICENSE", "SLOT", "KEYWORDS"} {
		if strings.TrimSpace(e.vars[v]) == "" && (!account || v == "DESCRIPTION") {
			add("has no %s", v)
		}
	}
	if d := strings.TrimSpace(e.vars["DESCRIPTION"]); len(d) > longestSummary {
		add("DESCRIPTION has %d characters: want at most %d", len(d), longestSummary)
	}
	for _, u := range strings.Fields(e.vars["HOMEPAGE"]) {
		if !strings.HasPrefix(u, "https://") && !strings.HasPrefix(u, "http://") {
			add("HOMEPAGE: %s is not the URL of a page", u)
		}
	}
	checkWords("LICENSE", e.vars["LICENSE"], licenseNames, add)
	checkWords("RESTRICT", e.vars["RESTRICT"], restrictions, add)
	for _, k := range strings.Fields(e.vars["KEYWORDS"]) {
		if k != "-*" && !slices.Contains(arches, strings.TrimPrefix(k, "~")) {
			add("KEYWORDS: unknown architecture %s", k)
		}
	}
}

func checkWords(what, value string, known []string, add report) {
	for _, w := range strings.Fields(value) {
		if !slices.Contains(known, w) {
			add("%s: unknown word %s", what, w)
		}
	}
}

// checkInherit compares what is inherited with what is used.
func (e ebuild) checkInherit(add report) {
	var inherited []string
	if m := inherits.FindStringSubmatch(e.text); m != nil {
		inherited = strings.Fields(m[1])
	}
	for _, name := range inherited {
		if _, ok := eclasses[name]; !ok {
			add("inherits the unknown eclass %s", name)
		}
	}
	body := inherits.ReplaceAllString(e.code+strings.Join(substitution.FindAllString(e.text, -1), ""), "")
	for _, name := range slices.Sorted(maps.Keys(eclasses)) {
		uses := slices.ContainsFunc(eclasses[name], func(part string) bool { return strings.Contains(body, part) })
		if has := slices.Contains(inherited, name); has && !uses {
			add("inherits %s without using it", name)
		} else if uses && !has {
			add("uses %s without inheriting it", name)
		}
	}
}
