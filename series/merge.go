package series

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/patches"
	"github.com/slipway-build/slipway/source"
)

// An addition is a range of commits that does not apply where it belongs in a
// series.
type addition struct {
	at      workDir
	carry   source.Carry
	commits []patches.Patch
	last    bool  // behind the whole series, not before its patch files
	refused error // how it does not apply
}

// merge merges commits into the series as a rebase does, with what they were made
// of, and leaves the result in the work tree. Without a conflict it is taken from
// there at once.
func merge(ctx context.Context, s *build.Session, a addition) (artifact.Set, error) {
	l, outcomes, err := mergeCommits(ctx, s, a)
	if _, ok := errors.AsType[*patches.ApplyError](err); ok {
		return nil, a.refused // the fork's patches do not apply without the commits either
	}
	if err != nil {
		return nil, err
	}
	news := func(o patches.Outcome) bool { return o.Status != patches.InUpstream }
	if !slices.ContainsFunc(outcomes[:len(a.commits)], news) {
		return nil, fmt.Errorf("%s has all that these commits change already: %s of %s",
			s.Fork().ID, a.carry.Commits, a.carry.Git)
	}
	for _, o := range outcomes {
		l.add(o)
	}
	if err := replaceSource(ctx, s, l); err != nil {
		return nil, fmt.Errorf("%w\n%w", a.refused, err)
	}
	if err := conflictsLeft(s, a.at, outcomes); err != nil {
		return nil, err
	}
	s.Note("the commits were merged with what they meet, so they are patch files now")
	changed, _, err := refresh(ctx, s, a.at)
	if err != nil {
		return nil, err
	}
	return patchSet(s.Fork(), changed), sayLock(s, "written")
}

// add adds what becomes of a patch to the layout, unless the tree has it already.
func (l *layout) add(o patches.Outcome) {
	if o.Status == patches.InUpstream {
		return
	}
	for len(l.exact) < len(l.steps) { // those before the first that was merged
		l.exact, l.unmarked = append(l.exact, true), append(l.unmarked, nil)
	}
	l.steps = append(l.steps, patches.Step{Patch: o.Patch, Changes: o.Changes})
	l.exact = append(l.exact, len(o.Files) == 0 && (o.Status == patches.Applies ||
		o.Status == patches.Moves && build.IsShared(o.Patch))) // a file gets its new lines, one of the library stays
	l.unmarked = append(l.unmarked, unmarked(o))
}

// mergeCommits returns the layout with the part of the series that comes before the
// commits, and what becomes of these and of the patches behind them.
func mergeCommits(ctx context.Context, s *build.Session, a addition) (l layout, out []patches.Outcome, err error) {
	up, err := s.Upstream(ctx)
	if err != nil {
		return l, nil, err
	}
	series, err := s.Series(ctx)
	if err != nil {
		return l, nil, err
	}
	first, rest := series.Effective(), []patches.Patch(nil)
	if n := len(first) - countFiles(first); !a.last {
		first, rest = first[:n], first[n:]
	}
	l = layout{at: a.at, up: up, fork: s.Fork()}
	if l.steps, err = patches.Steps(up.Dir, first); err != nil {
		return l, nil, s.ApplyError(err)
	}
	scratch, err := s.Scratch()
	if err != nil {
		return l, nil, err
	}
	defer os.RemoveAll(scratch)
	m := merging{s: s, scratch: scratch, up: up.Dir}
	for _, step := range l.steps {
		m.changes = filetree.Compose(m.changes, step.Changes)
	}
	if out, err = m.commits(ctx, a); err != nil || len(rest) == 0 {
		return l, out, err
	}
	more, err := m.files(ctx, out, rest)
	return l, append(out, more...), err
}

func countFiles(series []patches.Patch) int {
	n := 0
	for _, p := range series {
		if !build.IsCommit(p) && !build.IsShared(p) {
			n++
		}
	}
	return n
}

// merging is a series while commits are merged into it.
type merging struct {
	s       *build.Session
	scratch string
	up      filetree.Dir
	changes []filetree.Change // what the patches so far make of it
}

// commits merges the commits with the tree so far.
func (m merging) commits(ctx context.Context, a addition) ([]patches.Outcome, error) {
	names, err := touched(a.commits)
	if err != nil {
		return nil, err
	}
	exclude := m.s.Fork().Upstream.Exclude
	base, err := m.s.Fetcher().Before(ctx, a.carry, exclude, names, filepath.Join(m.scratch, "base"))
	if err != nil {
		return nil, err
	}
	onto, err := sparse(filepath.Join(m.scratch, "onto"), m.up, m.changes, names)
	if err != nil {
		return nil, err
	}
	from, _ := a.carry.Range()
	labels := [2]string{fmt.Sprintf("%.12s", from), m.s.Fork().Upstream.String()}
	return patches.Rebase(patches.Rebasing{
		Before: base, After: onto, Series: a.commits, Merge: merger(ctx, m.s, m.scratch, labels),
	})
}

// files merges patch files with the tree that the outcomes of the commits make.
func (m merging) files(
	ctx context.Context, merged []patches.Outcome, files []patches.Patch,
) ([]patches.Outcome, error) {
	names, err := touched(files)
	if err != nil {
		return nil, err
	}
	before, err := sparse(filepath.Join(m.scratch, "before"), m.up, m.changes, names)
	if err != nil {
		return nil, err
	}
	all := m.changes
	for _, o := range merged {
		all = filetree.Compose(all, o.Changes)
	}
	after, err := sparse(filepath.Join(m.scratch, "after"), m.up, all, names)
	if err != nil {
		return nil, err
	}
	labels := [2]string{m.s.Fork().Upstream.String(), "with the commits"}
	return patches.Rebase(patches.Rebasing{
		Before: before, After: after, Series: files, Merge: merger(ctx, m.s, m.scratch, labels),
	})
}

// touched returns the names of the files that patches change.
func touched(series []patches.Patch) ([]string, error) {
	var names []string
	for _, p := range series {
		diffs, err := patches.Parse(p)
		if err != nil {
			return nil, err
		}
		for _, d := range diffs {
			names = append(names, d.Old, d.New)
		}
	}
	return names, nil
}

// sparse returns a tree with changes, of which only the named files are written, to
// dir.
func sparse(dir string, base filetree.Dir, changes []filetree.Change, names []string) (filetree.Dir, error) {
	content := map[string][]byte{}
	for _, c := range changes {
		content[c.Path] = c.Content
	}
	out := filetree.Dir{Path: dir, Tree: base.Tree.Changed(changes)}
	for _, name := range names {
		e, ok := out.Tree.Lookup(name)
		if !ok {
			continue
		}
		data, ok := content[name]
		if !ok {
			var err error
			if data, err = base.ReadFile(name); err != nil {
				return out, err
			}
		}
		if err := writeFile(filepath.Join(dir, filepath.FromSlash(name)), e.Mode, data); err != nil {
			return out, err
		}
	}
	return out, nil
}

// writeFile writes a file, or leaves the one that is there.
func writeFile(name string, mode filetree.Mode, data []byte) error {
	if _, err := os.Lstat(name); err == nil {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	if mode == filetree.Link {
		return os.Symlink(string(data), name)
	}
	return os.WriteFile(name, data, 0o644)
}

// conflictsLeft returns an error that names each conflict of the outcomes, and says
// how to solve them; nil if there is none.
func conflictsLeft(s *build.Session, at workDir, outcomes []patches.Outcome) error {
	var lines []string
	for _, o := range outcomes {
		if o.Status != patches.Conflicts {
			continue
		}
		subject := ""
		if mail, ok := o.Patch.Mail(); ok {
			subject = ": " + mail.Subject
		}
		to := s.Fork().Upstream.String()
		if named(s.Fork().Series, o.Patch.Name) { // it applied before the commits came
			to += " with the commits"
		}
		lines = append(lines, fmt.Sprintf("%s does not apply to %s%s", o.Patch.Name, to, subject))
		for _, f := range o.Files {
			if f.Conflict {
				lines = append(lines, "    "+f.String())
			}
		}
	}
	if lines == nil {
		return nil
	}
	return fmt.Errorf("%s\n  Resolve the conflicts in %s and commit each change to its patch\n"+
		"  (git commit --fixup, git rebase -i --autosquash), then: mage patches:refresh%s\n"+
		"  To give it up: %s", strings.Join(lines, "\n"), at.path, at.flags(), at.removal())
}
