package series

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/internal/config"
	"github.com/slipway-build/slipway/internal/gitrepo"
	"github.com/slipway-build/slipway/internal/text"
	"github.com/slipway-build/slipway/patches"
)

// Refresh makes the fork's series what the commits in a work tree say, and pins it.
// tree is its folder, "" for dist/FORK/src. A patch whose commit nobody changed keeps
// its bytes. It returns the patches that were written.
func Refresh(ctx context.Context, s *build.Session, tree string) (artifact.Set, error) {
	at, err := workDirOf(s.Fork(), s.CacheDir("src"), tree)
	if err != nil || s.PlanOnly() {
		return nil, err
	}
	s.Announce()
	changed, gone, err := refresh(ctx, s, at)
	if err != nil {
		return nil, err
	}
	what := "unchanged"
	if len(changed)+len(gone) > 0 {
		what = fmt.Sprintf("%s written, %d gone", text.Count(len(changed), "patch"), len(gone))
	}
	return patchSet(s.Fork(), changed), sayLock(s, what)
}

// patchSet returns the artifacts of patches.
func patchSet(f fork.Fork, list []patches.Patch) artifact.Set {
	var out artifact.Set
	for _, p := range list {
		a := artifact.Artifact{Kind: artifact.Patch, Name: p.Name, Size: int64(len(p.Data)), Digest: "sha256:" + p.SHA256()}
		if !build.IsCommit(p) && !build.IsShared(p) {
			a.Path = f.File(path.Join("patches", p.Name))
		}
		out = append(out, a)
	}
	return artifact.Of(out)
}

// refresh returns the patches that were written, and the names of those that are
// gone.
func refresh(ctx context.Context, s *build.Session, at workDir) (changed []patches.Patch, gone []string, err error) {
	h, was, err := readWorkTree(ctx, s, at)
	if err != nil {
		return nil, nil, err
	}
	series, err := seriesOn(ctx, s, was.Upstream)
	if err != nil {
		return nil, nil, err
	}
	now, sizes, err := commitReader{s, at, was}.patches(ctx, h, series.Patches)
	if err != nil {
		return nil, nil, err
	}
	tree, err := s.Git().Tree(ctx, at.dir, h.Tip)
	if err != nil {
		return nil, nil, err
	}
	all := withLeftOut(now, series.Patches)
	r, changed, gone, err := revise(s.Fork(), series, all, was)
	if err != nil {
		return nil, nil, err
	}
	sayFreed(s, series, all)
	if err := adopt(ctx, s, r, tree.Digest()); err != nil {
		return nil, nil, err
	}
	next := workTree{Upstream: was.Upstream, Version: was.Version, Base: h.Base, Refreshed: true}
	kept := all[:len(all)-len(r.files)]
	for i, p := range slices.DeleteFunc(slices.Concat(kept, r.files), build.LeftOut) {
		for range sizes[i] {
			next.Commits = append(next.Commits, workCommit{h.Commits[len(next.Commits)].ID, p.Name, true})
		}
	}
	placeRecord, err := at.write(s, next)
	if err != nil {
		return nil, nil, err
	}
	return changed, gone, placeRecord()
}

// withLeftOut returns the patches of commits, and between them those of the series
// that are in no commit since upstream.exclude leaves nothing of them: each behind
// the one that it was behind.
func withLeftOut(now, series []patches.Patch) []patches.Patch {
	out := slices.Clone(now)
	at := 0
	for _, p := range series {
		if build.LeftOut(p) {
			out = slices.Insert(out, at, p)
			at++
		} else if i := slices.IndexFunc(out, func(o patches.Patch) bool { return o.Name == p.Name }); i >= 0 {
			at = i + 1
		}
	}
	return out
}

// readWorkTree reads the history of a work tree, and the record of what was laid out
// there. All that a person has to mend first is an error.
func readWorkTree(ctx context.Context, s *build.Session, at workDir) (gitrepo.History, workTree, error) {
	path := at.path
	if there, err := at.exists(); err != nil || !there {
		return gitrepo.History{}, workTree{}, errors.Join(err, fmt.Errorf(
			"%s does not exist\n  To lay out the tree to edit: mage patches:apply%s", path, at.flags()))
	}
	h, err := s.Git().Read(ctx, at.dir)
	if err != nil {
		return h, workTree{}, err
	}
	was, ok, err := at.laidOut(h)
	switch {
	case err != nil:
		return h, was, err
	case !ok:
		return h, was, fmt.Errorf("%s does not begin with the upstream's tree as it was laid out: "+
			"its first commit is %.12s\n  To start over: move it away, then mage patches:apply%s", path, h.Base, at.flags())
	case len(h.Dirty) > 0:
		return h, was, errors.New(path + " has uncommitted changes: " + someOf(h.Dirty) + "\n" +
			"  To make them part of the last patch: git commit -a --amend\n" +
			"  To make them a patch of their own: git add -A && git commit")
	}
	if len(h.Untracked) > 0 {
		s.Note(fmt.Sprintf("%s: not taken, because it is in no commit: %s", path, someOf(h.Untracked)))
	}
	return h, was, errors.Join(checkMarks(path, h), was.checkSolved(path, h))
}

// checkMarks returns an error if the last commits leave a conflict unsolved.
func checkMarks(src string, h gitrepo.History) error {
	last := map[string][]byte{}
	for _, c := range h.Commits {
		for _, f := range c.Changes {
			last[f.Path] = f.Content
		}
	}
	var marked []string
	for name, content := range last {
		if hasMarks(content) {
			marked = append(marked, name)
		}
	}
	slices.Sort(marked)
	var errs []error
	for _, name := range marked {
		errs = append(errs, fmt.Errorf("%s has conflict markers: resolve them, commit, then run this again",
			path.Join(src, name)))
	}
	return errors.Join(errs...)
}

// A commitReader makes patches of the commits in a work tree.
type commitReader struct {
	s   *build.Session
	at  workDir
	was workTree
}

// patches returns the patches that the commits are, in order, and of how many commits
// each is.
func (r commitReader) patches(
	ctx context.Context, h gitrepo.History, series []patches.Patch,
) (out []patches.Patch, sizes []int, err error) {
	was, read := r.was, func(id string) ([]byte, error) { return patchFile(ctx, r.s, r.at.dir, id) }
	// Patches of the series that no commit was made of: a commit may have become one.
	others := slices.DeleteFunc(slices.Clone(series), func(p patches.Patch) bool {
		return slices.ContainsFunc(h.Commits, func(c gitrepo.Revision) bool { return c.Name == p.Name })
	})
	for i := 0; i < len(h.Commits); i++ {
		c := h.Commits[i]
		box, n, err := was.mailbox(h.Commits[i:], series, read)
		if err != nil {
			return nil, nil, err
		}
		if n > 0 && !named(out, box.Name) {
			out, sizes = append(out, box), append(sizes, n)
			i += n - 1
			continue
		}
		data, err := read(c.ID)
		if err != nil {
			return nil, nil, err
		}
		if data == nil {
			return nil, nil, changesNothing(r.at, c)
		}
		others = slices.DeleteFunc(others, func(p patches.Patch) bool { return named(out, p.Name) })
		c.Name = was.current(c.Name, series)
		p := patches.Patch{Name: patchOf(c, others), Strip: 1, Data: data}
		if p, err = was.taken(series, p, read); err != nil {
			return nil, nil, err
		}
		if p.Name == "" || named(out, p.Name) {
			p.Name = freeName(len(out)+1, c.Subject, slices.Concat(series, out))
		}
		out, sizes = append(out, p), append(sizes, 1)
	}
	return out, sizes, nil
}

func changesNothing(at workDir, c gitrepo.Revision) error {
	return fmt.Errorf("commit %.12s in %s changes nothing: %s\n  To drop it: git rebase -i %.12s~1",
		c.ID, at.path, c.Subject, c.ID)
}

// mailbox returns the patch of the series whose mails the first n commits are, all of
// them and as they were laid out. Of a mailbox with one that was changed, each
// becomes a patch file of its own.
func (w workTree) mailbox(
	commits []gitrepo.Revision, series []patches.Patch, patchOf func(id string) ([]byte, error),
) (patches.Patch, int, error) {
	j := slices.IndexFunc(series, func(p patches.Patch) bool { return p.Name == commits[0].Name })
	if j < 0 {
		return patches.Patch{}, 0, nil
	}
	n := len(series[j].Messages())
	i := slices.IndexFunc(w.Commits, func(c workCommit) bool { return c.Patch == series[j].Name })
	if n < 2 || n > len(commits) || i < 0 || i+n > len(w.Commits) {
		return patches.Patch{}, 0, nil
	}
	for k, old := range w.Commits[i : i+n] {
		if old.Patch != series[j].Name || commits[k].Name != old.Patch || !old.Exact {
			return patches.Patch{}, 0, nil
		}
		if commits[k].ID == old.ID {
			continue
		}
		a, err := patchOf(old.ID)
		if err != nil {
			return patches.Patch{}, 0, err
		}
		b, err := patchOf(commits[k].ID)
		if err != nil || !patches.SameChange(a, b) {
			return patches.Patch{}, 0, err
		}
	}
	return series[j], n, nil
}

// patchFile returns a commit of the repository at dir as the bytes of a patch file,
// nil if it changes nothing.
func patchFile(ctx context.Context, s *build.Session, dir, id string) ([]byte, error) {
	p, err := s.Git().Patch(ctx, dir, id)
	if err != nil || p.Data == nil {
		return nil, err
	}
	return patches.Patch{Name: id, Strip: 1, Data: p.Data, Diff: p.Diff}.File()
}

// named reports whether a series has a patch of that name.
func named(series []patches.Patch, name string) bool {
	return slices.ContainsFunc(series, func(p patches.Patch) bool { return p.Name == name })
}

// current returns the name of a patch that a commit was made of, or "" if that was of
// a range that the fork carried once, or a mailbox, and is a file since.
func (w workTree) current(name string, series []patches.Patch) string {
	if named(series, name) || slices.ContainsFunc(w.Commits, func(c workCommit) bool { return c.Patch == name }) {
		return name
	}
	return ""
}

// patchOf returns the name of the patch that a commit is: the one it was made of,
// or, of a commit that a person added, the one of others that it became when it was
// refreshed before. A new one has none.
func patchOf(c gitrepo.Revision, others []patches.Patch) string {
	if c.Name != "" {
		return c.Name
	}
	_, slug, _ := strings.Cut(patches.FileName(0, c.Subject), "-")
	for _, p := range others {
		if n, other, _ := strings.Cut(p.Name, "-"); other == slug && strings.Trim(n, "0123456789") == "" {
			return p.Name
		}
	}
	return ""
}

// taken returns what the patch of a commit becomes, which is p now: the patch of the
// series that the commit was made of, if that still says the same, and otherwise one
// with as much of its head as the commit leaves true. read reads a commit as a patch.
func (w workTree) taken(
	series []patches.Patch, p patches.Patch, read func(id string) ([]byte, error),
) (patches.Patch, error) {
	i := slices.IndexFunc(w.Commits, func(c workCommit) bool { return c.Patch == p.Name })
	j := slices.IndexFunc(series, func(o patches.Patch) bool { return o.Name == p.Name })
	if p.Name == "" || i < 0 || j < 0 {
		return p, nil
	}
	if len(series[j].Messages()) > 1 { // it is one of several, which get files of their own
		p.Name = ""
		return p, nil
	}
	if old, ok, err := w.untouched(series, p, read); err != nil || ok {
		return old, err
	}
	if build.IsCommit(p) { // which becomes a patch file, with a message that is its own
		return p, nil
	}
	old, err := read(w.Commits[i].ID)
	if err == nil {
		p.Data = series[j].Rewrite(old, p.Data)
	}
	return p, err
}

// untouched returns the patch of the series that a commit was made of, if the
// commit, which is p now, still says the same. read reads a commit as a patch.
func (w workTree) untouched(
	series []patches.Patch, p patches.Patch, read func(id string) ([]byte, error),
) (patches.Patch, bool, error) {
	i := slices.IndexFunc(w.Commits, func(c workCommit) bool { return c.Patch == p.Name && c.Exact })
	j := slices.IndexFunc(series, func(o patches.Patch) bool { return o.Name == p.Name })
	if i < 0 || j < 0 {
		return patches.Patch{}, false, nil
	}
	old, err := read(w.Commits[i].ID)
	if err != nil {
		return patches.Patch{}, false, err
	}
	return series[j], patches.SameChange(old, p.Data), nil
}

// revise returns what the fork becomes with a new series, and which of its patches
// that changes. A carried range, or a series of the patch library, stays one as long
// as all of it, and all before it, is as it was; the rest become patch files.
func revise(f fork.Fork, before build.Series, now []patches.Patch, was workTree) (
	r revision, changed []patches.Patch, gone []string, err error,
) {
	entries, commits := keptRanges(before, now)
	if entries < len(f.Carried) {
		r.edits = append(r.edits, func(data []byte) ([]byte, error) { return config.Truncate(data, "patches", entries) })
	}
	r.files = slices.Clone(now[commits:])
	for i, p := range r.files {
		switch {
		case build.IsShared(p):
			r.files[i] = sharedAsFile(p, commits+i+1, r.files)
		case build.IsCommit(p):
			if r.files[i], err = asFile(p, commits+i+1, r.files); err != nil {
				return r, nil, nil, err
			}
		}
	}
	for _, p := range r.files {
		same := func(o patches.Patch) bool { return o.Name == p.Name && bytes.Equal(o.Data, p.Data) }
		if !slices.ContainsFunc(f.Series, same) {
			changed = append(changed, p)
		}
	}
	for _, p := range f.Series {
		if !named(r.files, p.Name) {
			gone = append(gone, p.Name)
		}
	}
	if was.Upstream.Pin() != f.Upstream.Pin() {
		r.edits = append(r.edits, moveTo(was.Upstream, was.Version)...)
	}
	return r, changed, gone, nil
}

// keptRanges returns how many entries of patches in fork.yaml a new series begins
// with, and how many patches those are.
func keptRanges(before build.Series, now []patches.Patch) (ranges, commits int) {
	n := 0
	for i, size := range before.Ranges {
		for range size {
			old := before.Patches[n]
			if n >= len(now) || now[n].Name != old.Name || !bytes.Equal(now[n].Data, old.Data) {
				return i, commits
			}
			n++
		}
		commits = n
	}
	return len(before.Ranges), commits
}
