package series

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/slipway-build/slipway/event"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/internal/gitrepo"
	"github.com/slipway-build/slipway/internal/run"
	"github.com/slipway-build/slipway/internal/text"
	"github.com/slipway-build/slipway/lock"
	"github.com/slipway-build/slipway/patches"
)

// CheckUnsaved returns an error that names what the work trees in dist hold and no
// patch of their forks has: whoever removes dist would lose that. A repository that
// somebody has put there is taken for one of them.
func CheckUnsaved(ctx context.Context, p fork.Project, env run.Env, events event.Sink) error {
	if info, err := os.Lstat(p.Path("dist")); err != nil || info.Mode()&fs.ModeSymlink != 0 {
		return err // what a link leads to is not removed
	}
	git := gitrepo.Git{Run: run.Runner{Events: events}, Env: env, Events: events}
	ids, err := subfolders(p.Path("dist"))
	errs := []error{err}
	for _, id := range ids {
		if id == ".cache" {
			continue
		}
		f := fork.Fork{ID: id, Project: p}
		names, err := subfolders(p.Path(f.Dist()))
		errs = append(errs, err)
		for _, name := range append(names, ".") {
			at := workDir{
				fork: id, path: f.Dist(name), dir: p.Path(f.Dist(name)), record: p.Path(filepath.Join("dist/.cache/src", id)),
			}
			_, err := os.Lstat(filepath.Join(at.dir, ".git"))
			if name == "src" || !errors.Is(err, fs.ErrNotExist) {
				errs = append(errs, at.checkUntouched(ctx, git, f))
			}
		}
	}
	return errors.Join(errs...)
}

// subfolders returns the names of a folder's folders, without links.
func subfolders(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	var names []string
	for _, e := range entries {
		if e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names, err
}

// checkUntouched returns an error if the tree has anything that no patch of the fork
// has: commits or edits, finished or not. Where that cannot be found out, it is taken
// for such.
func (w workDir) checkUntouched(ctx context.Context, git gitrepo.Git, f fork.Fork) error {
	if there, err := w.exists(); err != nil || !there {
		return err
	}
	lines, err := w.unsaved(ctx, git, f)
	if err != nil {
		return fmt.Errorf("%s may have work that no patch of %s has: %w\n"+
			"  Move it away, or remove it: %s", w.path, w.fork, err, w.removal())
	}
	if lines == nil {
		return nil
	}
	told := ""
	for _, line := range lines[:min(shown, len(lines))] {
		told += "    " + line + "\n"
	}
	if more := len(lines) - shown; more > 0 {
		told += fmt.Sprintf("    and %d more\n", more)
	}
	return fmt.Errorf("%s has work that no patch of %s has:\n%s"+
		"  To keep it: commit it there, on the branch that is checked out, then: mage patches:refresh%s\n"+
		"  To discard it: %s", w.path, w.fork, told, w.flags(), w.removal())
}

// shown is how many lines an error lists.
const shown = 20

// unsaved returns what the tree has and no patch of the fork does, a line each.
func (w workDir) unsaved(ctx context.Context, git gitrepo.Git, f fork.Fork) (lines []string, err error) {
	work, err := git.Work(ctx, w.dir)
	if err != nil {
		return nil, err
	}
	records, err := w.records()
	if err != nil {
		return nil, err
	}
	if len(records) == 0 {
		return nil, errors.New("there is no record of what was laid out there")
	}
	if work.Unended != "" {
		lines = append(lines, "a "+work.Unended+" that is not finished")
	}
	if !slices.ContainsFunc(records, func(was workTree) bool { return hasCommit(work.Commits, was.tip()) }) {
		lines = append(lines, "commits that were laid out there were dropped or changed")
	}
	for _, c := range work.Commits {
		if !slices.ContainsFunc(records, func(was workTree) bool { return was.has(c.ID) }) {
			lines = append(lines, fmt.Sprintf("commit     %.12s %s", c.ID, c.Subject))
		}
	}
	lines = append(lines, notCommitted(work)...)
	gone, err := gonePatches(f, records, work.Commits)
	return append(lines, gone...), err
}

// notCommitted returns the files that are in no commit, and the further work trees, a
// line each.
func notCommitted(work gitrepo.Work) (lines []string) {
	for _, name := range slices.Concat(work.Changed, work.Hidden) {
		lines = append(lines, "changed    "+name)
	}
	for _, name := range work.Untracked {
		lines = append(lines, "untracked  "+name)
	}
	for _, name := range work.Trees {
		lines = append(lines, "work tree  "+name+" (when it is not needed: git worktree remove)")
	}
	return lines
}

func hasCommit(all []gitrepo.Commit, id string) bool {
	return slices.ContainsFunc(all, func(c gitrepo.Commit) bool { return c.ID == id })
}

// has reports whether a commit is one of those that were laid out.
func (w workTree) has(id string) bool {
	return id == w.Base || slices.ContainsFunc(w.Commits, func(c workCommit) bool { return c.ID == id })
}

// gonePatches returns the commits that became patches which the fork has no more.
func gonePatches(f fork.Fork, records []workTree, commits []gitrepo.Commit) (lines []string, err error) {
	for _, was := range records {
		if !was.Refreshed {
			continue
		}
		series, err := patches.ReadSeries(f.Abs("patches"))
		if err != nil {
			return nil, err
		}
		for _, c := range was.Commits {
			p := lock.Patch{Name: c.Patch}
			if !p.Carried() && !p.Library() && !named(series, c.Patch) && hasCommit(commits, c.ID) {
				lines = append(lines,
					fmt.Sprintf("commit     %.12s was %s, which is not in patches/series any more", c.ID, c.Patch))
			}
		}
	}
	return lines, nil
}

// someOf names the first of some files, and says how many there are.
func someOf(files []string) string {
	return fmt.Sprintf("%s (%s)", files[0], text.Count(len(files), "file"))
}
