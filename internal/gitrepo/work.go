package gitrepo

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"unicode"
)

// Work is what somebody may have done in a repository.
type Work struct {
	// Commits are all that the work tree, branches, stashes and notes hold, and those
	// of tags that no remote has.
	Commits   []Commit
	Changed   []string // files that are not as the last commit or the index has them
	Untracked []string // files that are in no commit and that no .gitignore names
	Hidden    []string // files whose changes git was told not to show
	Trees     []string // further work trees of the repository
	Unended   string   // what git is in the midst of, as "rebase"; "" if nothing
}

// Work returns what is in the repository in dir. Where git cannot answer, that is an
// error: nobody knows then that there is nothing.
func (g Git) Work(ctx context.Context, dir string) (w Work, err error) {
	if info, err := os.Lstat(filepath.Join(dir, ".git")); err != nil || !info.IsDir() {
		return w, fmt.Errorf("%s is not a git repository of its own", dir)
	}
	if w.Unended, err = unended(dir); err != nil {
		return w, err
	}
	if w.Changed, w.Untracked, err = g.status(ctx, dir); err != nil {
		return w, err
	}
	if w.Commits, err = g.made(ctx, dir); err != nil {
		return w, err
	}
	if w.Hidden, err = g.hidden(ctx, dir); err != nil {
		return w, err
	}
	w.Trees, err = g.furtherTrees(ctx, dir)
	return w, err
}

// unended returns what git is in the midst of in a repository, or "".
func unended(dir string) (string, error) {
	for _, state := range [][2]string{
		{"rebase-merge", "rebase"}, {"rebase-apply", "rebase or git am"}, {"MERGE_HEAD", "merge"},
		{"CHERRY_PICK_HEAD", "cherry-pick"}, {"REVERT_HEAD", "revert"}, {"BISECT_START", "bisect"},
	} {
		_, err := os.Lstat(filepath.Join(dir, ".git", state[0]))
		if err == nil {
			return state[1], nil
		} else if !os.IsNotExist(err) {
			return "", err
		}
	}
	return "", nil
}

// status returns the files that differ from the last commit or the index, and those
// that are in no commit and not ignored, sorted.
func (g Git) status(ctx context.Context, dir string) (changed, untracked []string, err error) {
	out, err := g.output(ctx, dir, "status", "--porcelain", "-z", "--no-renames", "--untracked-files=all",
		"--ignored=no", "--ignore-submodules=none")
	for _, entry := range fields(out) {
		switch {
		case len(entry) <= 3:
		case entry[:2] == "??":
			untracked = append(untracked, entry[3:])
		default:
			changed = append(changed, entry[3:])
		}
	}
	return changed, untracked, err
}

// fields splits what git writes with -z.
func fields(out []byte) []string {
	return strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
}

// made returns the commits of Work, each once.
func (g Git) made(ctx context.Context, dir string) (all []Commit, err error) {
	stashes, err := g.output(ctx, dir, "for-each-ref", "refs/stash")
	if err != nil {
		return nil, err
	}
	asked := [][]string{
		{"HEAD", "--exclude=refs/remotes/*", "--exclude=refs/tags/*", "--all"}, {"--tags", "--not", "--remotes"},
	}
	if len(stashes) > 0 { // the ref leads to the last one alone
		asked = append(asked, []string{"-g", "refs/stash"})
	}
	seen := map[string]bool{}
	for _, args := range asked {
		commits, err := g.log(ctx, dir, args...)
		if err != nil {
			return nil, err
		}
		for _, c := range commits {
			if !seen[c.ID] {
				seen[c.ID], all = true, append(all, c)
			}
		}
	}
	return all, nil
}

// hidden returns the files that were marked to be taken for unchanged, or to be
// skipped, and that are there all the same.
func (g Git) hidden(ctx context.Context, dir string) (names []string, err error) {
	out, err := g.output(ctx, dir, "ls-files", "-v", "-z")
	for _, entry := range fields(out) {
		if len(entry) < 3 || entry[0] != 'S' && !unicode.IsLower(rune(entry[0])) {
			continue
		}
		if _, err := os.Lstat(filepath.Join(dir, entry[2:])); err == nil {
			names = append(names, entry[2:])
		}
	}
	return names, err
}

// furtherTrees returns the further work trees that are still where they were made.
func (g Git) furtherTrees(ctx context.Context, dir string) (paths []string, err error) {
	out, err := g.output(ctx, dir, "worktree", "list", "--porcelain")
	for _, tree := range strings.Split(strings.TrimSpace(string(out)), "\n\n")[1:] {
		if !strings.Contains(tree, "\nprunable") {
			first, _, _ := strings.Cut(tree, "\n")
			paths = append(paths, strings.TrimPrefix(first, "worktree "))
		}
	}
	return paths, err
}
