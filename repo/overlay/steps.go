package overlay

import (
	"bytes"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/slipway-build/slipway/ebuilds"
)

// A step is one commit to be: its message, and the overlay that it leaves.
type step struct {
	subject, body string
	files         ebuilds.Tree // without the Manifest of the root
}

// steps returns the commits from one overlay to another: one for each package that changes.
// What belongs to no package, such as profiles, changes with the first.
func steps(old, files ebuilds.Tree) []step {
	changed := map[string][]string{}
	for _, name := range slices.Sorted(maps.Keys(union(old, files))) {
		had, was := old[name]
		has, is := files[name]
		if was != is || !bytes.Equal(had, has) {
			dir := owner(name, old, files)
			changed[dir] = append(changed[dir], name)
		}
	}
	all := maps.Clone(old)
	apply := func(dir string) ebuilds.Tree {
		for _, name := range changed[dir] {
			delete(all, name)
			if data, is := files[name]; is {
				all[name] = data
			}
		}
		delete(changed, dir)
		return maps.Clone(all)
	}
	shared := apply("")
	var out []step
	for _, dir := range slices.Sorted(maps.Keys(changed)) {
		s := describe(dir, old, files)
		s.files = apply(dir)
		out = append(out, s)
	}
	if len(out) == 0 {
		out = append(out, step{subject: "metadata: update", files: shared})
	}
	return out
}

func union(a, b ebuilds.Tree) ebuilds.Tree {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

// cacheDir has a file for each ebuild: CATEGORY/PACKAGE-VERSION.
const cacheDir = "metadata/md5-cache/"

// owner returns the folder of the package that a file belongs to; "" if to none.
func owner(name string, trees ...ebuilds.Tree) string {
	if entry, ok := strings.CutPrefix(name, cacheDir); ok {
		for _, t := range trees {
			for _, ebuild := range t.Ebuilds() {
				if dir := path.Dir(ebuild); path.Join(path.Dir(dir), path.Base(ebuild)) == entry+".ebuild" {
					return dir
				}
			}
		}
		return ""
	}
	if parts := strings.SplitN(name, "/", 3); len(parts) == 3 && strings.Contains(parts[0], "-") {
		return parts[0] + "/" + parts[1]
	}
	return ""
}

// longestSummary is how long Gentoo wants a subject at most, behind the package's name.
const longestSummary = 69

// describe returns the message of a commit of one package, in Gentoo's words.
func describe(dir string, old, files ebuilds.Tree) step {
	was, is := old.Versions(dir), files.Versions(dir)
	without := func(of, others []string) []string {
		return slices.DeleteFunc(slices.Clone(of), func(v string) bool { return slices.Contains(others, v) })
	}
	added, dropped := without(is, was), without(was, is)
	var parts []string
	switch {
	case len(is) == 0 && len(was) > 0:
		return step{subject: dir + ": remove package"}
	case len(was) == 0 && len(is) > 0:
		parts = append(parts, "new package")
	}
	if len(added) > 0 {
		parts = append(parts, "add "+strings.Join(added, ", "))
	}
	if len(dropped) > 0 {
		parts = append(parts, "drop "+strings.Join(dropped, ", "))
	}
	if len(parts) == 0 {
		parts = append(parts, "update "+strings.Join(is, ", "))
	}
	if summary := strings.Join(parts, ", "); len(summary) <= longestSummary {
		return step{subject: dir + ": " + summary}
	}
	summary := fmt.Sprintf("add %d versions, drop %d", len(added), len(dropped))
	return step{subject: dir + ": " + summary, body: strings.Join(parts, "\n") + "\n"}
}

// back is the one commit to a state that was there before.
func back(to time.Time, files ebuilds.Tree) step {
	return step{subject: "*/*: go back to the state of " + to.UTC().Format(time.DateTime) + " UTC", files: files}
}
