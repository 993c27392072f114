package ebuilds

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
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

// Check applies the rules that pkgcheck and Portage hold against a package's
// files, as far as they can be told without a shell. It looks at what was
// written, and leaves the maintainer's own files alone.
func (t Tree) Check() error {
	written, err := t.record()
	if err != nil {
		return err
	}
	var errs []error
	add := func(name, format string, args ...any) { errs = append(errs, fault{name, fmt.Sprintf(format, args...)}) }
	for _, name := range slices.Sorted(maps.Keys(t)) {
		if written[name] == "" || written.edited(name, t[name]) {
			continue
		}
		switch base := path.Base(name); {
		case path.Ext(name) == ".ebuild":
			checkEbuild(name, t, func(format string, args ...any) { add(name, format, args...) })
		case base == "metadata.xml":
			checkXML(t[name], func(format string, args ...any) { add(name, format, args...) })
			t.checkDescribed(name, func(format string, args ...any) { add(name, format, args...) })
		case strings.Contains(name, "/files/") && len(t[name]) > largestFile:
			add(name, "has %d bytes: more than %d belong in a distfile", len(t[name]), largestFile)
		case len(t[name]) == 0:
			add(name, "is empty")
		}
	}
	t.checkManifests(add)
	return errors.Join(errs...)
}

// What ebuilds here may use. A name that is none of these is a slip.
var (
	eclasses = map[string][]string{
		"acct-group": {"ACCT_GROUP_ID"}, "acct-user": {"ACCT_USER_ID", "acct-user_add_deps"},
		"go-env": {"go-env_set_compile_environment"}, "go-module": {"ego "}, "systemd": {"systemd_dounit"},
		"shell-completion": {"dobashcomp", "dofishcomp", "dozshcomp"}, "tmpfiles": {"dotmpfiles", "tmpfiles_process"},
	}
	order = []string{
		"DESCRIPTION", "HOMEPAGE", "SRC_URI", "S", "LICENSE", "SLOT", "KEYWORDS", "IUSE", "REQUIRED_USE", "PROPERTIES", "RESTRICT", "DEPEND", "RDEPEND", "BDEPEND",
	}
	arches       = []string{"amd64", "arm", "arm64", "loong", "ppc64", "riscv", "s390", "x86"}
	restrictions = []string{"mirror", "strip", "test"}
	assignment   = regexp.MustCompile(`(?ms)^([A-Z_]+)(\+?)="([^"]*)"$`)
	inherits     = regexp.MustCompile(`(?m)^inherit (.*)$`)
	atom         = regexp.MustCompile(`^(!{0,2})((?:>=|<=|>|<|=|~)?)([a-z0-9][a-z0-9+_.-]*/[A-Za-z0-9_][A-Za-z0-9+_-]*?)(?:-([0-9][^\s\[:]*))?(:[^\s\[]+)?(?:\[([a-z0-9,!?=+_@-]+)\])?$`)
	unquoted     = regexp.MustCompile(`(?m)(^|[\s=])\$\{?(WORKDIR|FILESDIR|S|D|ED|T|DISTDIR|EPREFIX)\b`)
	licenseNames = slices.Concat(slices.Sorted(maps.Values(gentooLicenses)), []string{"metapackage"})
)

// checkEbuild tells what is wrong with an ebuild.
func checkEbuild(name string, t Tree, add func(string, ...any)) {
	text, category := string(t[name]), strings.Split(name, "/")[0]
	acct := strings.HasPrefix(category, "acct-")
	checkName(name, add)
	checkSpace(text, add)
	if !strings.HasPrefix(text, "# Copyright ") {
		add("has no copyright line")
	}
	if !regexp.MustCompile(`(?m)^EAPI=8$`).MatchString(text) {
		add("is not of EAPI 8")
	}
	vars := map[string]string{}
	var seen []string
	for _, m := range assignment.FindAllStringSubmatch(text, -1) {
		vars[m[1]] += " " + m[3]
		if slices.Contains(order, m[1]) && m[2] == "" {
			seen = append(seen, m[1])
		}
	}
	if !slices.IsSortedFunc(seen, func(a, b string) int { return slices.Index(order, a) - slices.Index(order, b) }) {
		add("has its variables in the order %s, and not in Gentoo's", strings.Join(seen, " "))
	}
	for _, v := range []string{"DESCRIPTION", "HOMEPAGE", "LICENSE", "SLOT", "KEYWORDS"} {
		if strings.TrimSpace(vars[v]) == "" && (!acct || v == "DESCRIPTION") {
			add("has no %s", v)
		}
	}
	if d := strings.TrimSpace(vars["DESCRIPTION"]); len(d) > 80 {
		add("has a DESCRIPTION of %d characters, and 80 are the most", len(d))
	}
	for _, u := range strings.Fields(vars["HOMEPAGE"]) {
		if !strings.HasPrefix(u, "https://") && !strings.HasPrefix(u, "http://") {
			add("HOMEPAGE: %s is no page", u)
		}
	}
	checkWords("LICENSE", vars["LICENSE"], licenseNames, add)
	checkWords("RESTRICT", vars["RESTRICT"], restrictions, add)
	for _, k := range strings.Fields(vars["KEYWORDS"]) {
		if k != "-*" && !slices.Contains(arches, strings.TrimPrefix(k, "~")) {
			add("KEYWORDS: there is no %s", k)
		}
	}
	checkInherit(text, add)
	checkFlags(name, text, vars, t, add)
	for _, v := range []string{"DEPEND", "RDEPEND", "BDEPEND"} {
		checkAtoms(v, vars[v], add)
	}
	checkGroups("SRC_URI", vars["SRC_URI"], add)
	checkGroups("REQUIRED_USE", vars["REQUIRED_USE"], add)
	for _, m := range unquoted.FindAllStringSubmatch(text, -1) {
		add("${%s} is not quoted", m[2])
	}
	if strings.HasSuffix(path.Dir(name), "-bin") && !strings.Contains(vars["RESTRICT"], "strip") {
		add("installs what is compiled, and lets Portage strip it")
	}
	if strings.Contains(text, "src_prepare()") && !strings.Contains(text, "eapply_user") {
		add("src_prepare calls no eapply_user")
	}
	checkPatches(name, text, t, add)
}

// checkName tells whether an ebuild is called as its folder is.
func checkName(name string, add func(string, ...any)) {
	v, ok := strings.CutPrefix(strings.TrimSuffix(path.Base(name), ".ebuild"), path.Base(path.Dir(name))+"-")
	if _, err := version.CompareGentoo(v, v); !ok || err != nil {
		add("is not called after its folder and a version")
	}
}

// checkSpace tells of white space that Gentoo does not want.
func checkSpace(text string, add func(string, ...any)) {
	for i, line := range strings.Split(text, "\n") {
		if strings.TrimRight(line, " \t") != line {
			add("line %d ends in white space", i+1)
		}
		if strings.HasPrefix(line, " ") {
			add("line %d is indented by spaces", i+1)
		}
	}
	if !strings.HasSuffix(text, "\n") || strings.HasSuffix(text, "\n\n") || strings.Contains(text, "\n\n\n") {
		add("has empty lines where none belong, or no line's end")
	}
}

func checkWords(what, value string, known []string, add func(string, ...any)) {
	for _, w := range strings.Fields(value) {
		if !slices.Contains(known, w) {
			add("%s: there is no %s", what, w)
		}
	}
}

// checkInherit holds what is inherited against what is used.
func checkInherit(text string, add func(string, ...any)) {
	var inherited []string
	if m := inherits.FindStringSubmatch(text); m != nil {
		inherited = strings.Fields(m[1])
	}
	for _, e := range inherited {
		if _, ok := eclasses[e]; !ok {
			add("inherits %s, which there is not", e)
		}
	}
	body := inherits.ReplaceAllString(text, "")
	for _, e := range slices.Sorted(maps.Keys(eclasses)) {
		uses := slices.ContainsFunc(eclasses[e], func(f string) bool { return strings.Contains(body, f) })
		if has := slices.Contains(inherited, e); has && !uses {
			add("inherits %s and uses nothing of it", e)
		} else if uses && !has {
			add("uses %s, which it does not inherit", e)
		}
	}
}

// checkFlags holds the USE flags that are used against those there are.
func checkFlags(name, text string, vars map[string]string, t Tree, add func(string, ...any)) {
	var flags []string
	for _, f := range strings.Fields(vars["IUSE"]) {
		flags = append(flags, strings.TrimPrefix(f, "+"))
	}
	for _, v := range []string{"DEPEND", "RDEPEND", "BDEPEND", "REQUIRED_USE", "SRC_URI"} {
		for _, w := range strings.Fields(vars[v]) {
			if f, ok := strings.CutSuffix(strings.TrimPrefix(w, "!"), "?"); ok && !slices.Contains(flags, f) && (v != "SRC_URI" || !slices.Contains(arches, f)) {
				add("%s: there is no USE flag %s", v, f)
			}
		}
	}
	for _, m := range regexp.MustCompile(`\buse ([a-z0-9_-]+)`).FindAllStringSubmatch(text, -1) {
		if !slices.Contains(flags, m[1]) {
			add("there is no USE flag %s", m[1])
		}
	}
	for _, f := range flags {
		if !bytes.Contains(t[path.Dir(name)+"/metadata.xml"], []byte(`<flag name="`+f+`">`)) {
			add("metadata.xml does not describe the USE flag %s", f)
		}
	}
}

// checkAtoms tells which words of a dependency are none.
func checkAtoms(what, value string, add func(string, ...any)) {
	checkGroups(what, value, add)
	for _, w := range strings.Fields(value) {
		if w == "(" || w == ")" || w == "||" || w == "${DEPEND}" || strings.HasSuffix(w, "?") {
			continue
		}
		m := atom.FindStringSubmatch(w)
		switch {
		case m == nil:
			add("%s: %s is no atom", what, w)
		case (m[2] == "") != (m[4] == ""):
			add("%s: %s has an operator without a version, or a version without an operator", what, w)
		case m[4] != "":
			if _, err := version.CompareGentoo(m[4], m[4]); err != nil {
				add("%s: %s: %v", what, w, err)
			}
		}
	}
}

func checkGroups(what, value string, add func(string, ...any)) {
	depth := 0
	for _, w := range strings.Fields(value) {
		switch w {
		case "(":
			depth++
		case ")":
			depth--
		}
		if depth < 0 {
			break
		}
	}
	if depth != 0 {
		add("%s: its groups are not closed", what)
	}
}

// checkPatches tells which patches an ebuild applies that are not there.
func checkPatches(name, text string, t Tree, add func(string, ...any)) {
	base := path.Base(path.Dir(name))
	pvr := strings.TrimPrefix(strings.TrimSuffix(path.Base(name), ".ebuild"), base+"-")
	pv, _ := revision(pvr)
	for _, m := range regexp.MustCompile(`"\$\{FILESDIR\}/\$\{P\}-([^"]+)"`).FindAllStringSubmatch(text, -1) {
		if _, ok := t[path.Join(path.Dir(name), "files", base+"-"+pv+"-"+m[1])]; !ok {
			add("files has no %s-%s-%s", base, pv, m[1])
		}
	}
	for _, m := range regexp.MustCompile(`(?m)^\s*eapply .*$`).FindAllString(text, -1) {
		if !strings.Contains(m, " -F0 ") {
			add("applies a patch with fuzz: %s", strings.TrimSpace(m))
		}
	}
}

// checkXML reads a metadata.xml.
func checkXML(data []byte, add func(string, ...any)) {
	known := map[string][]string{
		"": {"pkgmetadata", "catmetadata"}, "pkgmetadata": {"maintainer", "upstream", "use"}, "maintainer": {"email", "name"},
		"upstream": {"remote-id"}, "use": {"flag"}, "catmetadata": {"longdescription"},
	}
	dec := xml.NewDecoder(bytes.NewReader(data))
	at := []string{""}
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			add("%v", err)
			return
		}
		switch e := token.(type) {
		case xml.StartElement:
			if !slices.Contains(known[at[len(at)-1]], e.Name.Local) {
				add("has <%s> where none belongs", e.Name.Local)
			}
			at = append(at, e.Name.Local)
		case xml.EndElement:
			at = at[:len(at)-1]
		}
	}
}

// checkDescribed tells which USE flags a metadata.xml describes that no ebuild has.
func (t Tree) checkDescribed(name string, add func(string, ...any)) {
	dir := path.Dir(name)
	for _, m := range regexp.MustCompile(`<flag name="([^"]+)">`).FindAllSubmatch(t[name], -1) {
		if !slices.ContainsFunc(t.versions(dir), func(v string) bool {
			ebuild := string(t[fmt.Sprintf("%s/%s-%s.ebuild", dir, path.Base(dir), v)])
			_, iuse, _ := strings.Cut(ebuild, "\nIUSE=\"")
			iuse, _, _ = strings.Cut(iuse, "\"")
			return slices.Contains(strings.Fields(strings.ReplaceAll(iuse, "+", "")), string(m[1]))
		}) {
			add("describes the USE flag %s, which no ebuild has", m[1])
		}
	}
}

// checkManifests holds each Manifest against the files that it is about, and
// against what ebuilds fetch.
func (t Tree) checkManifests(add func(string, string, ...any)) {
	for _, name := range slices.Sorted(maps.Keys(t)) {
		if path.Base(name) != "Manifest" {
			continue
		}
		dir, listed := path.Dir(name), map[string]bool{}
		var files []File
		for line := range strings.Lines(string(t[name])) {
			w := strings.Fields(line)
			if len(w) != 7 {
				add(name, "%q is no line of one", strings.TrimSpace(line))
				continue
			}
			listed[w[1]] = true
		}
		for _, file := range slices.Sorted(maps.Keys(t)) {
			if rel, ok := strings.CutPrefix(file, dir+"/"); ok && rel != "Manifest" {
				files = append(files, File{rel, t[file]})
			}
		}
		have := string(t[name])
		for line := range strings.Lines(string(Manifest(files, nil))) {
			if !strings.Contains(have, line) {
				add(name, "has no line, or another, for %s", strings.Fields(line)[1])
			}
		}
		for _, f := range files {
			for _, dist := range fetched(dir, f) {
				if !listed[dist] {
					add(name, "has no sums of %s, which %s fetches", dist, f.Path)
				}
			}
		}
	}
}

// distURL matches what an ebuild fetches.
var distURL = regexp.MustCompile(`https?://\S+/(\S+\.tar\.xz)`)

// fetched returns the names of the distfiles that an ebuild of a package fetches,
// none where the file is no ebuild.
func fetched(dir string, f File) []string {
	pf, ok := strings.CutSuffix(f.Path, ".ebuild")
	if !ok {
		return nil
	}
	pn := path.Base(dir)
	pv, _ := revision(strings.TrimPrefix(pf, pn+"-"))
	spelled := strings.NewReplacer("${PF}", pf, "${P}", pn+"-"+pv, "${PN}", pn, "${PV}", pv, "${MY_PV}", strippedVersion(pv))
	var out []string
	for _, m := range distURL.FindAllStringSubmatch(string(f.Data), -1) {
		out = append(out, spelled.Replace(m[1]))
	}
	return out
}
