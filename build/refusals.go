package build

import (
	"cmp"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/internal/text"
	"github.com/slipway-build/slipway/patches"
)

// ApplyError adds to the error of a patch that does not apply which tree it met, and
// how to look at that; and to that of one that cannot be read, where it is.
func (s *Session) ApplyError(err error) error {
	if e, ok := errors.AsType[*patches.ApplyError](err); ok {
		named := *e
		named.Onto = s.fork.Upstream.String()
		return fmt.Errorf("%w\n  To see the tree that it was applied to: mage patches:apply -fork=%s -until=%s",
			&named, s.fork.ID, cmp.Or(e.Applied, "none"))
	}
	return located(s.fork, err)
}

// located adds to the error of a patch that cannot be read where it is.
func located(f fork.Fork, err error) error {
	if e, ok := errors.AsType[*patches.ParseError](err); ok {
		named := *e
		named.Dir = f.File("patches")
		return &named
	}
	return err
}

// shown is how many files an error lists.
const shown = 10

// CheckReach returns an error if patches change files that the fork's upstream, a
// module, cannot have: the go command leaves vendor and folders with a go.mod out of
// one. It answers for all patches at once, for the way out is the same.
func (s *Session) CheckReach(tree filetree.Tree, series []patches.Patch) error {
	if s.fork.Upstream.Module == "" {
		return nil
	}
	beyond, n, err := outOfReach(tree, series)
	if err != nil {
		return s.ApplyError(err)
	}
	if len(beyond) == 0 {
		return nil
	}
	if more := len(beyond) - shown; more > 0 {
		beyond = append(beyond[:shown], fmt.Sprintf("and %d more", more))
	}
	return fmt.Errorf("%s of %s %s files that the module %s does not have: Go leaves vendor, and folders with a go.mod, "+
		"out of a module\n    %s\n"+
		"  To patch them, take the sources as they are: upstream.git or upstream.archive instead of upstream.module\n"+
		"  To build with another version of a dependency: deps, instead of a patch to its files\n"+
		"  To apply the rest of the patches: upstream.exclude, as exclude: [\"vendor/**\"]\n"+
		"  docs/patches.md shows each", text.Count(n, "patch"), s.fork.ID,
		map[bool]string{true: "changes", false: "change"}[n == 1], s.fork.Upstream.Module, strings.Join(beyond, "\n    "))
}

// outOfReach lists the files of a series, each with its patch, that no module has
// and no patch before makes, and returns how many patches those are.
func outOfReach(tree filetree.Tree, series []patches.Patch) (list []string, n int, err error) {
	r := reach{tree: tree, made: map[string]bool{}}
	all := make([][]patches.FileDiff, len(series))
	for i, p := range series {
		if all[i], err = patches.Parse(p); err != nil {
			return nil, 0, err
		}
		r.expect(all[i])
	}
	for i, p := range series {
		before := len(list)
		for _, d := range all[i] {
			if !r.reaches(d) {
				list = append(list, fmt.Sprintf("%s (%s)", cmp.Or(d.Old, d.New), p.Name))
			}
			for name := d.New; name != "" && name != "."; name = path.Dir(name) {
				r.made[name] = true
			}
		}
		if len(list) > before {
			n++
		}
	}
	return list, n, nil
}

// A reach is what a series can change in the tree of a module.
type reach struct {
	tree    filetree.Tree
	made    map[string]bool // by the patches so far: files, and the folders of them
	vendors []string        // vendor folders that the series makes as a whole
	nested  []string        // folders of modules of their own, which the series changes
}

// expect notes what a patch tells of the folders that it changes.
func (r *reach) expect(diffs []patches.FileDiff) {
	for _, d := range diffs {
		_, there := r.tree.Lookup(d.Old)
		switch {
		case d.Old == "" && path.Base(d.New) == "modules.txt":
			r.vendors = append(r.vendors, path.Dir(d.New)+"/")
		case path.Base(d.Old) == "go.mod" && !there:
			r.nested = append(r.nested, path.Dir(d.Old)+"/")
		}
	}
}

// reaches reports whether the file that a diff changes can be in the module.
func (r *reach) reaches(d patches.FileDiff) bool {
	name := cmp.Or(d.Old, d.New)
	if _, ok := r.tree.Lookup(name); ok || r.made[name] {
		return true
	}
	if at := strings.Index("/"+name, "/vendor/"); at >= 0 {
		dir := name[:at] + "vendor/"
		return slices.Contains(r.vendors, dir) || d.Old == "" && len(r.tree.Below(strings.TrimSuffix(dir, "/"))) > 0
	}
	if slices.ContainsFunc(r.nested, func(dir string) bool { return strings.HasPrefix(name, dir) }) {
		return false
	}
	top, _, deep := strings.Cut(name, "/") // a module has no file of it, where it is a module itself
	return d.Old == "" || !deep || r.made[top] || len(r.tree.Below(top)) > 0
}

// ApplyErrorOn is ApplyError, and says of a folder that a module does not have what
// may be the reason.
func (s *Session) ApplyErrorOn(err error, tree filetree.Tree) error {
	refused, ok := errors.AsType[*patches.ApplyError](err)
	err = s.ApplyError(err)
	if !ok || s.fork.Upstream.Module == "" {
		return err
	}
	for _, fault := range refused.Faults {
		absent, ok := errors.AsType[*patches.AbsentError](fault)
		if !ok || len(tree.Below(path.Dir(absent.File))) > 0 {
			continue
		}
		return fmt.Errorf("%w\n  The module has no folder %s. Go leaves a folder with a go.mod out of a module: "+
			"docs/patches.md shows what to do then", err, path.Dir(absent.File))
	}
	return err
}

// ExplainStale adds to the error of a lock that pins another tree what may have
// changed it: an earlier Slipway applied the diffs that a message quotes.
func ExplainStale(err error, series []patches.Patch) error {
	stale, ok := errors.AsType[*fork.StaleError](err)
	if !ok {
		return err
	}
	explained := *stale
	for _, p := range series {
		if p.QuotesDiff() {
			explained.Faults = append(explained.Faults[:len(explained.Faults):len(explained.Faults)], fmt.Errorf(
				"commit %s quotes a diff in its message: earlier versions of Slipway applied that too, and pinned the result",
				p.Name))
		}
	}
	return &explained
}
