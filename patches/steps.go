package patches

import (
	"maps"
	"slices"

	"github.com/slipway-build/slipway/filetree"
)

// A Step is a patch, or a mail of one, and what it changes of the tree that those
// before it made.
type Step struct {
	Patch   Patch             // of a mailbox, one of its Messages
	Changes []filetree.Change // sorted by path
}

// Steps applies the series to base as Apply does, and returns what each patch
// changes. A mailbox has a step for each of its mails.
func Steps(base filetree.Dir, series []Patch) ([]Step, error) {
	t := newTree(base)
	var steps []Step
	applied := ""
	for _, p := range series {
		commits, err := commitsOf(p)
		if err != nil {
			return nil, err
		}
		several := len(messages(p)) > 1 // also if only one of them has diffs
		for _, c := range commits {
			s := step{tree: t, patch: p.Name, applied: applied, mail: c.title(commits)}
			changes, err := s.run(c.diffs)
			if err != nil {
				return nil, err
			}
			of := p
			if several {
				of = c.asPatch()
			}
			steps = append(steps, Step{of, changes})
		}
		applied = p.Name
	}
	return steps, nil
}

// run applies diffs to the tree and returns what that changed.
func (s *step) run(diffs []FileDiff) ([]filetree.Change, error) {
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
