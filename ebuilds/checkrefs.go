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

// useTest matches a test of a USE flag in a phase, and useValue one that prints a value.
var (
	useTest  = regexp.MustCompile(`\buse ([a-z0-9_-]+)`)
	useValue = regexp.MustCompile(`\$\(use[vx] ([a-z0-9_-]+)`)
)

// checkFlags reports USE flags that are used and not declared, or declared and not
// described.
func (t Tree) checkFlags(e ebuild, add report) {
	var flags []string
	for _, f := range strings.Fields(e.vars["IUSE"]) {
		flags = append(flags, strings.TrimPrefix(f, "+"))
	}
	for _, v := range []string{"DEPEND", "RDEPEND", "BDEPEND", "REQUIRED_USE", "SRC_URI"} {
		for _, w := range strings.Fields(e.vars[v]) {
			f, conditional := strings.CutSuffix(strings.TrimPrefix(w, "!"), "?")
			arch := v == "SRC_URI" && slices.Contains(arches, f) // profiles set a flag for it
			if conditional && !arch && !slices.Contains(flags, f) {
				add("%s: the USE flag %s is not in IUSE", v, f)
			}
		}
	}
	tests := slices.Concat(useTest.FindAllStringSubmatch(e.code, -1), useValue.FindAllStringSubmatch(e.text, -1))
	for _, m := range tests {
		if !slices.Contains(flags, m[1]) && !slices.Contains(arches, m[1]) {
			add("tests the USE flag %s, which is not in IUSE", m[1])
		}
	}
	for _, f := range flags {
		if !bytes.Contains(t[path.Dir(e.name)+"/metadata.xml"], []byte(`<flag name="`+f+`">`)) {
			add("metadata.xml does not describe the USE flag %s", f)
		}
	}
}

// atom matches a package dependency specification (Package Manager Specification,
// chapter 8.3): blocker, operator, package, version, slot, USE flags.
var atom = regexp.MustCompile(`^(!{0,2})((?:>=|<=|>|<|=|~)?)` +
	`([a-z0-9][a-z0-9+_.-]*/[A-Za-z0-9_][A-Za-z0-9+_-]*?)(?:-([0-9][^\s\[:]*))?` +
	`(:[^\s\[]+)?(?:\[([a-z0-9,!?=+_@-]+)\])?$`)

// checkAtoms reports words of a dependency that are not atoms.
func checkAtoms(what, value string, add report) {
	checkGroups(what, value, add)
	for _, w := range strings.Fields(value) {
		if w == "(" || w == ")" || w == "||" || w == "${DEPEND}" || strings.HasSuffix(w, "?") {
			continue
		}
		m := atom.FindStringSubmatch(w)
		switch {
		case m == nil:
			add("%s: %s is not an atom", what, w)
		case m[2] == "" && m[4] != "":
			add("%s: %s has a version without an operator", what, w)
		case m[2] != "" && m[4] == "":
			add("%s: %s has an operator without a version", what, w)
		case m[4] != "":
			if _, err := version.CompareGentoo(m[4], m[4]); err != nil {
				add("%s: %s: %v", what, w, err)
			}
		}
	}
}

// checkGroups reports parentheses without a counterpart.
func checkGroups(what, value string, add report) {
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
		add("%s: a parenthesis has no counterpart", what)
	}
}

var (
	patchFile  = regexp.MustCompile(`"\$\{FILESDIR\}/\$\{P\}-((?:[^"\\]|\\.)+)"`)
	eapplyLine = regexp.MustCompile(`(?m)^\s*eapply .*$`)
)

// checkPatches reports patches that are missing, or applied with fuzz.
func (t Tree) checkPatches(e ebuild, add report) {
	dir := path.Dir(e.name)
	pn := path.Base(dir)
	pv, _ := revision(strings.TrimPrefix(strings.TrimSuffix(path.Base(e.name), ".ebuild"), pn+"-"))
	for _, m := range patchFile.FindAllStringSubmatch(e.text, -1) {
		patch := "files/" + pn + "-" + pv + "-" + m[1]
		if _, ok := t[path.Join(dir, patch)]; !ok {
			add("applies %s, which is missing", patch)
		}
	}
	for _, line := range eapplyLine.FindAllString(e.text, -1) {
		if !strings.Contains(line, " -F0 ") {
			add("applies a patch with fuzz: %s", strings.TrimSpace(line))
		}
	}
}

// elements maps an element of a metadata.xml to those that it may contain.
var elements = map[string][]string{
	"":            {"pkgmetadata", "catmetadata"},
	"pkgmetadata": {"maintainer", "upstream", "use"},
	"maintainer":  {"email", "name"},
	"upstream":    {"remote-id"},
	"use":         {"flag"},
	"catmetadata": {"longdescription"},
}

// checkXML reports what is wrong with a metadata.xml by itself.
func checkXML(data []byte, add report) {
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
			if in := at[len(at)-1]; !slices.Contains(elements[in], e.Name.Local) {
				add("has <%s> in the wrong place", e.Name.Local)
			}
			at = append(at, e.Name.Local)
		case xml.EndElement:
			at = at[:len(at)-1]
		}
	}
}

var describedFlag = regexp.MustCompile(`<flag name="([^"]+)">`)

// checkDescribed reports USE flags that a metadata.xml describes and no ebuild has.
func (t Tree) checkDescribed(name string, add report) {
	dir := path.Dir(name)
	for _, m := range describedFlag.FindAllSubmatch(t[name], -1) {
		if !t.hasFlag(dir, string(m[1])) {
			add("describes the USE flag %s, which no ebuild has", m[1])
		}
	}
}

// hasFlag reports whether an ebuild of a package has a USE flag.
func (t Tree) hasFlag(dir, flag string) bool {
	return slices.ContainsFunc(t.Versions(dir), func(v string) bool {
		ebuild := string(t[fmt.Sprintf("%s/%s-%s.ebuild", dir, path.Base(dir), v)])
		_, iuse, _ := strings.Cut(ebuild, "\nIUSE=\"")
		iuse, _, _ = strings.Cut(iuse, "\"")
		return slices.Contains(strings.Fields(strings.ReplaceAll(iuse, "+", "")), flag)
	})
}

// checkManifest compares a Manifest with the files of its folder, and with what
// their ebuilds fetch.
func (t Tree) checkManifest(name string, add report) {
	dir, have, listed := path.Dir(name), string(t[name]), map[string]bool{}
	for line := range strings.Lines(have) {
		w := strings.Fields(line)
		if len(w) != 7 {
			add("%q is not a Manifest line", strings.TrimSpace(line))
			continue
		}
		listed[w[1]] = true
	}
	var files []File
	for _, file := range slices.Sorted(maps.Keys(t)) {
		if rel, ok := strings.CutPrefix(file, dir+"/"); ok && rel != "Manifest" {
			files = append(files, File{rel, t[file]})
		}
	}
	covered := files
	if t.thin() {
		covered = nil
	}
	for line := range strings.Lines(string(Manifest(covered, nil))) {
		if !strings.Contains(have, line) {
			add("has no line for %s, or a wrong one", strings.Fields(line)[1])
		}
	}
	for _, f := range files {
		for _, dist := range fetched(dir, f) {
			if !listed[dist] {
				add("has no line for %s, which %s fetches", dist, f.Path)
			}
		}
	}
}

// distURL matches what an ebuild fetches.
var distURL = regexp.MustCompile(`https?://\S+/\S+\.tar\.xz`)

// fetched returns the names of the distfiles that an ebuild of a package fetches,
// and none if the file is not an ebuild.
func fetched(dir string, f File) []string {
	var out []string
	for _, u := range sources(dir, f) {
		out = append(out, path.Base(u))
	}
	return out
}

// Sources returns the URLs that an ebuild of the overlay fetches distfiles from.
func (t Tree) Sources(ebuild string) []string {
	dir, rel, _ := packageFile(ebuild)
	return sources(dir, File{rel, t[ebuild]})
}

func sources(dir string, f File) []string {
	pf, ok := strings.CutSuffix(f.Path, ".ebuild")
	if !ok {
		return nil
	}
	pn := path.Base(dir)
	pv, _ := revision(strings.TrimPrefix(pf, pn+"-"))
	spelled := strings.NewReplacer(
		"${PF}", pf, "${P}", pn+"-"+pv, "${PN}", pn, "${PV}", pv, "${MY_PV}", strippedVersion(pv))
	var out []string
	for _, u := range distURL.FindAllString(string(f.Data), -1) {
		out = append(out, spelled.Replace(u))
	}
	return out
}
