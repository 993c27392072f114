package patches

import (
	"maps"
	"slices"

	"github.com/slipway-build/slipway/filetree"
)

// A Step is a patch and what it changes of the tree that the patches before it
// made.
type Step struct {
	Patch   Patch
	Changes []filetree.Change // sorted by path
}

// Steps applies the series to base as Apply does, and returns what each patch
// changes.
func Steps(base filetree.Dir, series []Patch) ([]Step, error) {
	t := newTree(base)
	steps := make([]Step, len(series))
	applied := ""
	for i, p := range series {
		s := step{tree: t, patch: p.Name, applied: applied}
		changes, err := s.run(p)
		if err != nil {
			return nil, err
		}
		steps[i] = Step{p, changes}
		applied = p.Name
	}
	return steps, nil
}

// run applies one patch to the tree and returns what that changed.
func (s *step) run(p Patch) ([]filetree.Change, error) {
	diffs, err := Parse(p)
	if err != nil {
		return nil, err
	}
	before := s.tree.clone(diffs)
	if err := s.apply(diffs); err != nil {
		return nil, err
	}
	return s.tree.since(before), nil
}

// clone returns what the files that diffs name are now; nil for none.
func (t *tree) clone(diffs []FileDiff) map[string]*file {
	before := map[string]*file{}
	for _, d := range diffs {
		for _, name := range []string{d.Old, d.New} {
			if name != "" {
				before[name], _ = t.read(name) // one that cannot be read is an error of apply
			}
		}
	}
	return before
}

// since returns what changed of some files.
func (t *tree) since(before map[string]*file) []filetree.Change {
	return changesBetween(before, t.states(before))
}

// changesBetween returns what makes the files after of those before; nil is no
// file.
func changesBetween(before, after map[string]*file) []filetree.Change {
	var changes []filetree.Change
	for _, name := range slices.Sorted(maps.Keys(before)) {
		was, now := before[name], after[name]
		switch {
		case sameFile(was, now):
		case now == nil:
			changes = append(changes, filetree.Change{Path: name, Deleted: true})
		default:
			changes = append(changes, filetree.Change{Path: name, Mode: now.mode, Content: now.content()})
		}
	}
	return changes
}
