package ebuilds

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Messages returns the messages of the commits that bring the forks' packages, as they
// are in an overlay, to a repository: one for each package, in the order of Gentoo's
// commits, what others depend on first.
func (o Overlay) Messages(t Tree) []string {
	var out []string
	for _, dir := range o.dirs(t) {
		versions := t.Versions(dir)
		for i, v := range versions {
			if pv, r := revision(v); slices.Contains(o.versions(dir), pv) {
				out = append(out, message(dir, v, i == 0 && len(versions) == 1 && r == 0))
			}
		}
	}
	return out
}

// messages returns the messages of the commits that a merge asks for.
func (o Overlay) messages(old, out Tree) []string {
	var list []string
	for _, dir := range o.dirs(out) {
		was := old.Versions(dir)
		for _, v := range out.Versions(dir) {
			if pv, _ := revision(v); slices.Contains(o.versions(dir), pv) && !slices.Contains(was, v) {
				list = append(list, message(dir, v, len(was) == 0))
			}
		}
	}
	return list
}

// CommitNote returns the note that a change is to be committed with a message.
func CommitNote(message string) string { return fmt.Sprintf("commit as %q", message) }

func message(dir, version string, isNew bool) string {
	if isNew {
		return dir + ": new package, add " + version
	}
	return dir + ": add " + version
}

// dirs returns the folders of the forks' packages that are in an overlay: accounts, then
// the forks' in their order.
func (o Overlay) dirs(t Tree) []string {
	accounts := map[string]bool{}
	var out []string
	for _, f := range o.Forks {
		for _, user := range f.users() {
			if _, ok := f.Project.Accounts[user]; ok {
				accounts["acct-group/"+user], accounts["acct-user/"+user] = true, true
			}
		}
		for _, dir := range f.dirs() {
			if !slices.Contains(out, dir) {
				out = append(out, dir)
			}
		}
	}
	out = slices.Concat(slices.Sorted(maps.Keys(accounts)), out)
	return slices.DeleteFunc(out, func(dir string) bool { return len(t.Versions(dir)) == 0 })
}

// versions returns the versions, without revisions, that the forks have of a package.
func (o Overlay) versions(dir string) []string {
	if strings.HasPrefix(dir, "acct-") {
		return []string{"0"}
	}
	var out []string
	for _, f := range o.Forks {
		if slices.Contains(f.dirs(), dir) {
			out = append(out, f.Version)
		}
	}
	return out
}
