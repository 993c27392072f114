package series

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/internal/gitrepo"
	"github.com/slipway-build/slipway/internal/near"
	"github.com/slipway-build/slipway/patches"
	"github.com/slipway-build/slipway/source"
)

// An ApplyRequest says which tree to lay out, and where.
type ApplyRequest struct {
	Until string // the last patch of it; empty: the whole series, "none": the upstream as it is
	Tree  string // the folder; empty: dist/FORK/src
}

// Check returns what is wrong with the request for a fork, as far as it is known
// before carried commits are fetched.
func (r ApplyRequest) Check(f fork.Fork) error {
	if _, err := workDirOf(f, "", r.Tree); err != nil || f.CarriesCommits() {
		return err
	}
	shared, err := f.Shared()
	if err != nil {
		return err
	}
	_, err = upTo(f.ID, append(shared, f.Series...), r.Until)
	return err
}

// Apply leaves the tree that the series makes in a folder for a person to read and
// to edit. It is a git repository, with a commit for the upstream and one for each
// patch.
func Apply(ctx context.Context, s *build.Session, r ApplyRequest) (artifact.Set, error) {
	if err := r.Check(s.Fork()); err != nil {
		return nil, err
	}
	at, err := workDirOf(s.Fork(), s.CacheDir("src"), r.Tree)
	if err != nil {
		return nil, err
	}
	if err := at.checkReplaced(ctx, s.Git(), s.Fork()); err != nil || s.PlanOnly() {
		return nil, err
	}
	s.Announce()
	l, err := layoutOf(ctx, s, r.Until)
	if err != nil {
		return nil, err
	}
	l.at = at
	if err := replaceSource(ctx, s, l); err != nil {
		return nil, err
	}
	return s.Report(artifact.Artifact{Kind: artifact.Tree, Format: "git", Path: at.path}), nil
}

// layoutOf returns the tree that the series makes, up to a patch.
func layoutOf(ctx context.Context, s *build.Session, until string) (l layout, err error) {
	l.fork = s.Fork()
	if l.up, err = s.Upstream(ctx); err != nil {
		return l, err
	}
	series, err := s.Series(ctx)
	if err != nil {
		return l, err
	}
	effective := series.Effective()
	n, err := upTo(l.fork.ID, effective, until)
	if err != nil {
		return l, err
	}
	if err := s.CheckReach(l.up.Tree, effective[:n]); err != nil {
		return l, err
	}
	err = s.Stage("patches", "", build.Applied(n), func() (build.Done, error) {
		if l.steps, err = patches.Steps(l.up.Dir, effective[:n]); err != nil {
			return build.Done{}, s.ApplyErrorOn(err, l.up.Tree)
		}
		return build.Done{}, nil
	})
	return l, err
}

// upTo returns how many patches of a series there are up to the one named until.
func upTo(id string, series []patches.Patch, until string) (int, error) {
	switch until {
	case "":
		return len(series), nil
	case "none":
		return 0, nil
	}
	names := make([]string, len(series))
	for i, p := range series {
		if p.Name == until {
			return i + 1, nil
		}
		names[i] = p.Name
	}
	return 0, near.Unknown(until, names, "no patch %q in %s: it has %s", until, id, strings.Join(names, ", "))
}

// A workTree is what was laid out in a folder: the commits after the one with the
// upstream's tree. Its record is kept beside the cache's trees or, of a folder that
// is not in dist, in its repository.
type workTree struct {
	Fork     string `json:",omitempty"` // its ID, where the folder does not tell
	Upstream source.Upstream
	Version  string // of the fork, on that upstream
	Base     string // commit of the upstream's tree
	Commits  []workCommit
	Unsolved []unsolved `json:",omitempty"`
	// Refreshed is set once the commits became the patches by whose names they are.
	Refreshed bool `json:",omitempty"`
}

// A workCommit is a patch as it was laid out.
type workCommit struct {
	ID, Patch string
	Exact     bool `json:"Stands"` // the patch's bytes make the commit
}

func (w workTree) tip() string {
	if len(w.Commits) == 0 {
		return w.Base
	}
	return w.Commits[len(w.Commits)-1].ID
}

// recordOf returns the record that tells most of a history: of those on its base,
// one whose last commit it has, with the most commits; of equals the first.
func recordOf(records []workTree, h gitrepo.History) (best workTree, ok bool) {
	for _, w := range records {
		if w.Base == h.Base && (!ok || w.known(h) > best.known(h)) {
			best, ok = w, true
		}
	}
	return best, ok
}

// known returns how many commits of the record a history has, and the base; 0 if it
// does not have the last.
func (w workTree) known(h gitrepo.History) int {
	if w.tip() == h.Base {
		return 1
	}
	has := func(id string) bool {
		return slices.ContainsFunc(h.Commits, func(c gitrepo.Revision) bool { return c.ID == id })
	}
	if !has(w.tip()) {
		return 0
	}
	n := 1
	for _, c := range w.Commits {
		if has(c.ID) {
			n++
		}
	}
	return n
}

// A layout is a tree with its history.
type layout struct {
	at    workDir
	up    source.Tree
	fork  fork.Fork // as it is on that upstream
	steps []patches.Step
	exact []bool // of each step, whether its patch's bytes make it; nil where all do
	// unmarked are the files of each step that conflict and have no mark that says so.
	unmarked [][]patches.FileOutcome
}

// replaceSource puts a tree with its history where it belongs, unless a person has
// changed what is there.
func replaceSource(ctx context.Context, s *build.Session, l layout) error {
	if err := l.at.checkReplaced(ctx, s.Git(), s.Fork()); err != nil {
		return err
	}
	return l.at.replace(s, func(next string) (workTree, error) {
		steps := commits(l.fork, l.steps, l.up.Time)
		for i, files := range l.unmarked {
			for _, f := range files {
				steps[i].Unsolved = append(steps[i].Unsolved, f.File)
			}
		}
		ids, err := s.Git().Build(ctx, next, gitrepo.Series{
			Base: l.up.Dir, Upstream: l.fork.Upstream.Pin(), Date: l.up.Time, Steps: steps,
		})
		if err != nil {
			return workTree{}, err
		}
		w := workTree{Upstream: l.fork.Upstream, Version: l.fork.Version, Base: ids[0], Unsolved: l.unsolved()}
		for i, step := range l.steps {
			w.Commits = append(w.Commits, workCommit{ids[i+1], step.Patch.Name, l.exact == nil || l.exact[i]})
		}
		return w, nil
	})
}

// commits returns patches as commits, each by whoever wrote it.
func commits(f fork.Fork, steps []patches.Step, date time.Time) []gitrepo.Step {
	out := make([]gitrepo.Step, len(steps))
	for i, step := range steps {
		mail := mailOf(f, step.Patch, date)
		out[i] = gitrepo.Step{
			Name: step.Patch.Name, Author: mail.From, Email: mail.Email, Date: mail.Date,
			Subject: mail.Subject, Body: mail.Body, Changes: step.Changes,
		}
	}
	return out
}

// mailOf returns what a patch says of its commit. A file that says nothing of its
// author is by the fork, and one without a subject is named after itself; what its
// author wrote about it is the message.
func mailOf(f fork.Fork, p patches.Patch, date time.Time) patches.Mail {
	mail, ok := p.Mail()
	if !ok {
		mail.Body = strings.TrimSpace(p.Preamble())
	}
	if mail.From == "" && mail.Email == "" {
		mail.From, mail.Email = f.Name+" fork", "fork@localhost"
	}
	if mail.Date.IsZero() {
		mail.Date = date
	}
	if mail.Subject == "" {
		mail.Subject = p.Name
	}
	return mail
}
