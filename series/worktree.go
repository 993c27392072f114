package series

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/internal/gitrepo"
	"github.com/slipway-build/slipway/internal/text"
	"github.com/slipway-build/slipway/patches"
	"github.com/slipway-build/slipway/source"
)

// Apply leaves the tree that the series makes, up to and including the patch named
// until, in dist/FORK/src for a person to read and to edit. It is a git repository,
// with a commit for the upstream and one for each patch. An empty until is the
// whole series, "none" the upstream as it is.
func Apply(ctx context.Context, s *build.Session, until string) (artifact.Set, error) {
	s.Announce()
	up, err := s.Upstream(ctx)
	if err != nil {
		return nil, err
	}
	series, err := s.Series(ctx)
	if err != nil {
		return nil, err
	}
	effective := series.Effective()
	n, err := upTo(s.Fork().ID, effective, until)
	if err != nil {
		return nil, err
	}
	var steps []patches.Step
	if err := s.CheckReach(up.Tree, effective[:n]); err != nil {
		return nil, err
	}
	err = s.Stage("patches", "", build.Applied(n), func() (build.Done, error) {
		if steps, err = patches.Steps(up.Dir, effective[:n]); err != nil {
			return build.Done{}, s.ApplyErrorOn(err, up.Tree)
		}
		return build.Done{}, nil
	})
	if err != nil {
		return nil, err
	}
	if err := replaceSource(ctx, s, layout{up: up, fork: s.Fork(), steps: steps}); err != nil {
		return nil, err
	}
	return s.Report(artifact.Artifact{Kind: artifact.Tree, Format: "git", Path: s.Fork().Dist("src")}), nil
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
	return 0, fmt.Errorf("no patch %q in %s: it has %s", until, id, strings.Join(names, ", "))
}

// A workTree is what was laid out in dist/FORK/src: the commits after the one with
// the upstream's tree. It is kept beside the cache's trees.
type workTree struct {
	Upstream source.Upstream
	Version  string // of the fork, on that upstream
	Base     string // commit of the upstream's tree
	Commits  []workCommit
	Unsolved []unsolved `json:",omitempty"`
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

// write writes the record beside the one that it will replace, and reports the
// function that puts it in its place in one step.
func (w workTree) write(s *build.Session) (place func() error, err error) {
	_, record := src(s)
	next := record + nextRecord
	data, err := json.Marshal(w)
	if err != nil {
		return nil, err
	}
	err = errors.Join(os.MkdirAll(filepath.Dir(record), 0o755), os.WriteFile(next, data, 0o644))
	s.Step("wrote the next record of the work tree")
	return func() error {
		defer s.Step("placed the record of the work tree")
		return os.Rename(next, record)
	}, err
}

// nextRecord is what the name of a record that is not in its place yet ends in.
const nextRecord = ".next"

// src returns the folder of the tree that people edit, and the file with the record
// of what was laid out there.
func src(s *build.Session) (dir, record string) {
	return s.Dist().Abs(s.Fork().Dist("src")), s.CacheDir("src", s.Fork().ID)
}

// laidOut returns the record of the tree whose history is h: the last, or, where a
// run was killed before it placed its own, the next.
func laidOut(s *build.Session, h gitrepo.History) (workTree, bool) {
	_, record := src(s)
	var found []workTree
	for _, name := range []string{record, record + nextRecord} {
		var w workTree
		data, err := os.ReadFile(name)
		if err == nil && json.Unmarshal(data, &w) == nil {
			found = append(found, w)
		}
	}
	return recordOf(found, h)
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
	up    source.Tree
	fork  fork.Fork // as it is on that upstream
	steps []patches.Step
	exact []bool // of each step, whether its patch's bytes make it; nil where all do
	// unmarked are the files of each step that conflict and have no mark that says so.
	unmarked [][]patches.FileOutcome
}

// replaceSource puts a tree with its history at dist/FORK/src, unless a person has
// changed what is there.
func replaceSource(ctx context.Context, s *build.Session, l layout) error {
	if err := checkUntouched(ctx, s); err != nil {
		return err
	}
	scratch, err := s.Scratch()
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	next := filepath.Join(scratch, "src")
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
		return err
	}
	w := workTree{Upstream: l.fork.Upstream, Version: l.fork.Version, Base: ids[0], Unsolved: l.unsolved()}
	for i, step := range l.steps {
		w.Commits = append(w.Commits, workCommit{ids[i+1], step.Patch.Name, l.exact == nil || l.exact[i]})
	}
	// Until the tree is placed, either record is that of what is there.
	placeRecord, err := w.write(s)
	if err != nil {
		return err
	}
	if err := s.Dist().Place(next, s.Fork().Dist("src")); err != nil {
		return err
	}
	return placeRecord()
}

// commits returns patches as commits, each by whoever wrote it.
func commits(f fork.Fork, steps []patches.Step, date time.Time) []gitrepo.Step {
	out := make([]gitrepo.Step, len(steps))
	for i, step := range steps {
		mail, ok := step.Patch.Mail()
		if !ok {
			mail = patches.Mail{From: f.Name + " fork", Email: "fork@localhost", Date: date, Subject: step.Patch.Name}
		}
		out[i] = gitrepo.Step{
			Name: step.Patch.Name, Author: mail.From, Email: mail.Email, Date: mail.Date,
			Subject: mail.Subject, Body: mail.Body, Changes: step.Changes,
		}
	}
	return out
}

// checkUntouched returns an error if dist/FORK/src has anything but what was laid
// out there, or was about to be.
func checkUntouched(ctx context.Context, s *build.Session) error {
	path := s.Fork().Dist("src")
	if !s.Dist().Exists(path) {
		return nil
	}
	h, err := s.Git().Read(ctx, s.Dist().Abs(path))
	was, ok := laidOut(s, h)
	what := ""
	switch {
	case err != nil:
		what = err.Error()
	case !ok || was.tip() != h.Tip:
		what = "it has other commits"
	case len(h.Dirty)+len(h.Untracked) > 0:
		what = someOf(slices.Concat(h.Dirty, h.Untracked))
	default:
		return nil
	}
	return errors.New(path + " was changed since it was laid out: " + what + "\n" +
		"  To keep the changes: commit them there, then mage patches:refresh -fork=" + s.Fork().ID + "\n" +
		"  To discard them: rm -r " + path)
}

// someOf names the first of some files, and says how many there are.
func someOf(files []string) string {
	return fmt.Sprintf("%s (%s)", files[0], text.Count(len(files), "file"))
}
