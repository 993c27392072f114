package slipway

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/internal/config"
	"github.com/slipway-build/slipway/internal/gitrepo"
	"github.com/slipway-build/slipway/internal/text"
	"github.com/slipway-build/slipway/patches"
	"github.com/slipway-build/slipway/source"
)

// A left is what Slipway left in dist/FORK/src: the commits behind the one that
// stands for the upstream.
type left struct {
	Upstream source.Upstream
	Version  string // of the fork, on that upstream
	Base     string // commit of the upstream's tree
	Commits  []leftCommit
}

// A leftCommit is a patch as Slipway laid it.
type leftCommit struct {
	ID, Patch string
	Stands    bool // the patch's bytes make the commit
}

func (l left) tip() string {
	if len(l.Commits) == 0 {
		return l.Base
	}
	return l.Commits[len(l.Commits)-1].ID
}

// write puts the record at name.
func (l left) write(name string) error {
	data, err := json.Marshal(l)
	if err != nil {
		return err
	}
	return os.WriteFile(name, data, 0o644)
}

// leftFor returns the record of the tree whose history is h: the last, or the one
// that was about to be.
func (w *workshop) leftFor(h gitrepo.History) (left, bool) {
	_, name := w.src()
	for _, name := range []string{name, name + ".next"} {
		var l left
		data, err := os.ReadFile(name)
		if err == nil && json.Unmarshal(data, &l) == nil && l.Base == h.Base {
			return l, true
		}
	}
	return left{}, false
}

// Refresh makes the fork's series what the commits in dist/FORK/src say, and
// pins it. A patch whose commit nobody changed keeps its bytes. It returns the
// names of the patches that were written anew, and of those that are gone.
func (p *Project) Refresh(ctx context.Context, id string) (changed, gone []string, err error) {
	f, err := p.Fork(id)
	if err != nil {
		return nil, nil, err
	}
	w, leave, err := p.enter(ctx, f)
	if err != nil {
		return nil, nil, err
	}
	defer leave()
	w.announce()
	if changed, gone, err = w.refresh(ctx); err != nil {
		return nil, nil, p.advise(err)
	}
	what := "unchanged"
	if len(changed)+len(gone) > 0 {
		what = fmt.Sprintf("%s written, %d gone", text.Count(len(changed), "patch"), len(gone))
	}
	w.sayLock(what)
	return changed, gone, nil
}

func (w *workshop) refresh(ctx context.Context) (changed, gone []string, err error) {
	src, leftFile := w.src()
	if !exists(src) {
		return nil, nil, fmt.Errorf("%s does not exist\n  To lay out the tree to edit: mage patches:apply -fork=%s", w.fork.dist("src"), w.fork.ID)
	}
	h, err := w.fetcher().Git.Read(ctx, src)
	if err != nil {
		return nil, nil, err
	}
	was, ok := w.leftFor(h)
	switch {
	case !ok:
		return nil, nil, fmt.Errorf("%s does not begin with the upstream's tree as it was laid out: its first commit is %.12s\n  To begin anew: move it away, then mage patches:apply -fork=%s", w.fork.dist("src"), h.Base, w.fork.ID)
	case len(h.Dirty) > 0:
		return nil, nil, fmt.Errorf("%s has changes that are in no commit: %s (%s)\n  To make them part of the last patch: git commit -a --amend\n  To make them a patch of their own: git add -A && git commit", w.fork.dist("src"), h.Dirty[0], text.Count(len(h.Dirty), "file"))
	}
	if err := checkMarks(w.fork.dist("src"), h); err != nil {
		return nil, nil, err
	}
	now, err := w.fromCommits(ctx, h, was)
	if err != nil {
		return nil, nil, err
	}
	laid, err := filetree.Scan(ctx, src)
	if err != nil {
		return nil, nil, err
	}
	r, changed, gone := w.revise(now, was)
	if err := w.adopt(ctx, r, withoutGit(laid.Tree).Digest()); err != nil {
		return nil, nil, err
	}
	next := left{Upstream: was.Upstream, Version: was.Version, Base: h.Base}
	for i, c := range h.Commits {
		next.Commits = append(next.Commits, leftCommit{c.ID, now[i].Name, true})
	}
	return changed, gone, next.write(leftFile)
}

// withoutGit returns the tree less the folder .git.
func withoutGit(t filetree.Tree) filetree.Tree {
	return slices.DeleteFunc(slices.Clone(t), func(e filetree.Entry) bool {
		return e.Path == ".git" || strings.HasPrefix(e.Path, ".git/")
	})
}

// checkMarks returns an error if a conflict is left unsolved in what the
// commits come to.
func checkMarks(src string, h gitrepo.History) error {
	last := map[string][]byte{}
	for _, c := range h.Commits {
		for _, f := range c.Changes {
			last[f.Path] = f.Content
		}
	}
	var errs []error
	for name, content := range last {
		if bytes.HasPrefix(content, []byte("<<<<<<< ")) || bytes.Contains(content, []byte("\n<<<<<<< ")) {
			errs = append(errs, fmt.Errorf("%s has conflict marks: solve them, commit, then run this again", path.Join(src, name)))
		}
	}
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(errs...)
}

// fromCommits returns the patches that the commits in src stand for, in order.
func (w *workshop) fromCommits(ctx context.Context, h gitrepo.History, was left) ([]patches.Patch, error) {
	series, err := w.series(ctx)
	if err != nil {
		return nil, err
	}
	git := w.fetcher().Git
	src, _ := w.src()
	taken := map[string]bool{}
	var out []patches.Patch
	for i, c := range h.Commits {
		data, err := git.Patch(ctx, src, c.ID)
		if err != nil {
			return nil, err
		}
		p := patches.Patch{Name: was.patchOf(c, series), Strip: 1, Data: data}
		if old, ok, err := w.untouched(ctx, was, series, p); err != nil {
			return nil, err
		} else if ok && !taken[old.Name] {
			p = old
		}
		for n := i + 1; p.Name == "" || taken[p.Name]; n++ {
			p.Name = patches.FileName(n, c.Subject)
			if slices.ContainsFunc(series, func(o patches.Patch) bool { return o.Name == p.Name }) {
				p.Name = ""
			}
		}
		taken[p.Name] = true
		out = append(out, p)
	}
	return out, nil
}

// patchOf returns the name of the patch that a commit is: the one it was made
// of, or, of a commit that a person added, the one it became when it was
// refreshed before. A new one has none.
func (l left) patchOf(c gitrepo.Revision, series []patches.Patch) string {
	if c.Name != "" {
		return c.Name
	}
	_, slug, _ := strings.Cut(patches.FileName(0, c.Subject), "-")
	for _, p := range series {
		if _, other, _ := strings.Cut(p.Name, "-"); other == slug {
			return p.Name
		}
	}
	return ""
}

// untouched returns the patch of the series that a commit was made of, if the
// commit still says the same.
func (w *workshop) untouched(ctx context.Context, was left, series []patches.Patch, p patches.Patch) (patches.Patch, bool, error) {
	i := slices.IndexFunc(was.Commits, func(c leftCommit) bool { return c.Patch == p.Name && c.Stands })
	j := slices.IndexFunc(series, func(o patches.Patch) bool { return o.Name == p.Name })
	if i < 0 || j < 0 {
		return patches.Patch{}, false, nil
	}
	src, _ := w.src()
	old, err := w.fetcher().Git.Patch(ctx, src, was.Commits[i].ID)
	if err != nil {
		return patches.Patch{}, false, err
	}
	return series[j], patches.SameChange(old, p.Data), nil
}

// revise returns what the fork becomes with a new series, and which of its
// patches that changes. A carried range stays one as long as all of it, and all
// before it, is as it was; what does not becomes patch files.
func (w *workshop) revise(now []patches.Patch, was left) (r revision, changed, gone []string) {
	ranges, commits := w.keptRanges(now)
	if ranges < len(w.fork.Carried) {
		r.edits = append(r.edits, func(data []byte) ([]byte, error) { return config.Truncate(data, "patches", ranges) })
	}
	r.files = now[commits:]
	for i, p := range r.files {
		if isCommit(p) {
			mail, _ := p.Mail()
			r.files[i].Name = patches.FileName(commits+i+1, mail.Subject)
		}
	}
	for _, p := range r.files {
		if !slices.ContainsFunc(w.fork.Series, func(o patches.Patch) bool { return o.Name == p.Name && bytes.Equal(o.Data, p.Data) }) {
			changed = append(changed, p.Name)
		}
	}
	for _, p := range w.fork.Series {
		if !slices.ContainsFunc(r.files, func(o patches.Patch) bool { return o.Name == p.Name }) {
			gone = append(gone, p.Name)
		}
	}
	if was.Upstream.Pin() != w.fork.Upstream.Pin() {
		r.edits = append(r.edits, moveTo(was.Upstream, was.Version)...)
	}
	return r, changed, gone
}

// keptRanges returns how many of the fork's carried ranges a new series begins
// with, and how many commits those are.
func (w *workshop) keptRanges(now []patches.Patch) (ranges, commits int) {
	n := 0
	for i, size := range w.sizes {
		for range size {
			if n >= len(now) || now[n].Name != w.all[n].Name || !bytes.Equal(now[n].Data, w.all[n].Data) {
				return i, commits
			}
			n++
		}
		commits = n
	}
	return len(w.sizes), commits
}
