package fork

import (
	"fmt"
	"strings"

	"github.com/slipway-build/slipway/cross"
)

// Commit returns the commit that binaries of the fork are stamped with, and whose that
// is, as build.commit_of says. tree is the digest of the patched tree.
func (f Fork) Commit(tree string) (id, of string, err error) {
	if fault := f.commitFault(); fault != "" {
		return "", "", f.Refuse("build.commit_of", "%s", fault)
	}
	switch of := f.Build.CommitOf; {
	case of == cross.OfFork:
		_, tip := f.Carried[len(f.Carried)-1].Range()
		return tip, of, nil
	case of != cross.OfTree && f.Upstream.Commit != "":
		return f.Upstream.Commit, cross.OfUpstream, nil
	}
	digits := strings.TrimPrefix(tree, "sha256:")
	return digits[:min(40, len(digits))], cross.OfTree, nil // a lock that is yet to be written has none
}

// commitFault returns why the fork has no such commit as build.commit_of says, or "".
// The last carried commit is the fork's only if what is built is its tree.
func (f Fork) commitFault() string {
	const instead = ": what is built is not the tree of the last carried commit; take it into the branch, " +
		"or write commit_of: " + cross.OfTree
	switch {
	case f.Build.CommitOf == cross.OfUpstream && f.Upstream.Commit == "":
		return "upstream.commit is missing: write the commit of " + f.Upstream.String()
	case f.Build.CommitOf != cross.OfFork:
		return ""
	case !f.CarriesCommits():
		return "the fork carries no commits: add the range of its branch to patches, or write commit_of: " + cross.OfTree
	case len(f.Series) > 0:
		return f.Series[0].Name + " of " + f.File("patches/series") + " comes after the carried commits" + instead
	case len(f.Deps) > 0:
		return "deps changes modules after the carried commits" + instead
	}
	at, where := f.Upstream.Commit, "upstream.commit"
	for i, c := range f.Carried {
		if c.Library != "" {
			return fmt.Sprintf("patches[%d], %s, is not of the branch%s", i, c.Library, instead)
		}
		base, tip := c.Range()
		if at != "" && at != base {
			return fmt.Sprintf("patches[%d] begins at %s, and not at %s, %s%s", i, base[:12], where, at[:12], instead)
		}
		at, where = tip, fmt.Sprintf("the end of patches[%d]", i)
	}
	if f.Upstream.Commit == "" { // a move to another version drops it, and the commits may be of the former one
		return "upstream.commit is missing, where the carried commits have to begin: write the commit of " +
			f.Upstream.String() + ", or commit_of: " + cross.OfTree
	}
	return ""
}
