package ebuilds

import (
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
)

var thinLine = regexp.MustCompile(`(?mi)^\s*thin-manifests\s*=\s*true\s*$`)

// thin reports whether the Manifests of packages list only what is fetched.
func (t Tree) thin() bool { return thinLine.Match(t["metadata/layout.conf"]) }

// ignored is what the checkout of an overlay may have besides: git's own folder, and what
// Portage once kept there.
var ignored = []string{".git", "distfiles", "local", "lost+found", "packages"}

// Manifest returns the Manifest of the overlay's root, as GLEP 74 has it: a line for each file
// that no Manifest below lists, and for each of these. It has no time: git's commits have one.
func (t Tree) Manifest() []byte {
	var lines []string
	for _, name := range ignored {
		lines = append(lines, "IGNORE "+name+"\n")
	}
	for _, name := range slices.Sorted(maps.Keys(t)) {
		if kind := t.listedAs(name); kind != "" {
			lines = append(lines, manifestLine(kind, sumOf(name, t[name])))
		}
	}
	slices.Sort(lines)
	return []byte(strings.Join(lines, ""))
}

// listedAs returns how the root's Manifest lists a file; "" if it does not.
func (t Tree) listedAs(name string) string {
	dir, _, ofPackage := packageFile(name)
	_, listed := t[dir+"/Manifest"]
	switch {
	case name == "Manifest" || strings.HasPrefix(name, ".") || strings.Contains(name, "/."):
		return "" // what begins with a dot is never checked
	case path.Base(name) == "Manifest":
		return "MANIFEST"
	case ofPackage && listed && !t.thin():
		return ""
	}
	return "DATA"
}
