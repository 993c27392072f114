// Package gitrepo reads and writes git repositories through the user's git.
package gitrepo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/slipway-build/slipway/event"
	"github.com/slipway-build/slipway/internal/run"
)

// Git is the git command in an environment.
type Git struct {
	Run    run.Runner
	Env    run.Env
	Events event.Sink // told of progress
}

// call is one git command to be.
type call struct {
	dir    string // of the repository
	args   []string
	env    []string
	stdin  io.Reader
	stdout io.Writer
}

// run runs git where no prompt can hold it up, with nothing of the caller's
// that points it at another repository.
func (g Git) run(ctx context.Context, c call) error {
	if _, err := g.Env.LookPath("git"); err != nil {
		return fmt.Errorf("%w\n  Install git: https://git-scm.com/downloads", err)
	}
	env := g.Env.Without(steersRepository).With("GIT_TERMINAL_PROMPT=0", "LC_ALL=C").With(c.env...)
	return g.Run.Run(ctx, run.Cmd{
		Args: append([]string{"git"}, c.args...), Dir: c.dir, Env: env, Stdin: c.stdin, Stdout: c.stdout,
	})
}

func steersRepository(key string) bool {
	switch key {
	case "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES",
		"GIT_NAMESPACE", "GIT_PREFIX", "GIT_DIFF_OPTS", "GIT_EXTERNAL_DIFF", "GIT_LITERAL_PATHSPECS":
		return true
	}
	return false
}

// output runs git in dir and returns what it writes.
func (g Git) output(ctx context.Context, dir string, args ...string) ([]byte, error) {
	var out bytes.Buffer
	err := g.run(ctx, call{dir: dir, args: args, stdout: &out})
	return out.Bytes(), err
}

// words returns what git said on a failure, without the command line.
func words(err error) string {
	var failed *run.Error
	if errors.As(err, &failed) && failed.Output != "" {
		return failed.Output
	}
	return err.Error()
}

// A Commit is what one commit says of itself.
type Commit struct {
	ID            string // 40 hex digits
	Parents       []string
	Author, Email string
	Date          time.Time // the author's
	Subject, Body string
}

// commitFormat makes git write a commit as readCommits reads it.
const commitFormat = "--format=tformat:%H%x00%P%x00%an%x00%ae%x00%at%x00%s%x00%b%x1e"

func readCommits(out []byte) ([]Commit, error) {
	var commits []Commit
	for record := range strings.SplitSeq(string(out), "\x1e\n") {
		if record == "" {
			continue
		}
		f := strings.Split(record, "\x00")
		if len(f) != 7 {
			return nil, fmt.Errorf("git log wrote %q", record)
		}
		seconds, err := strconv.ParseInt(f[4], 10, 64)
		if err != nil {
			return nil, err
		}
		commits = append(commits, Commit{
			ID: f[0], Parents: strings.Fields(f[1]), Author: f[2], Email: f[3],
			Date: time.Unix(seconds, 0).UTC(), Subject: f[5], Body: strings.TrimSpace(f[6]),
		})
	}
	return commits, nil
}

// log returns commits as git log selects them.
func (g Git) log(ctx context.Context, dir string, args ...string) ([]Commit, error) {
	out, err := g.output(ctx, dir, append([]string{"-c", "log.showSignature=false", "-c", "i18n.logOutputEncoding=UTF-8",
		"log", "--no-color", "--no-mailmap", "--no-notes", "--no-patch", commitFormat}, args...)...)
	if err != nil {
		return nil, err
	}
	return readCommits(out)
}

// Patch returns a commit of the repository at dir as a patch in mail format,
// without what it does to files that a glob of exclude matches: the same bytes
// whatever the user has configured. It is nil if nothing is left of it.
func (g Git) Patch(ctx context.Context, dir, commit string, exclude ...string) ([]byte, error) {
	commits, err := g.log(ctx, dir, "-1", commit)
	if err != nil {
		return nil, err
	}
	c := commits[0]
	var out bytes.Buffer
	fmt.Fprintf(&out, "From %s Mon Sep 17 00:00:00 2001\nFrom: %s <%s>\nDate: %s\nSubject: [PATCH] %s\n\n", c.ID, c.Author,
		c.Email, c.Date.Format(time.RFC1123Z), c.Subject)
	if body := withoutTrailers(c.Body); body != "" {
		fmt.Fprintf(&out, "%s\n", body)
	}
	out.WriteString("---\n")
	paths := []string{"--", ":/"}
	for _, glob := range exclude {
		paths = append(paths, ":(top,exclude,glob)"+glob)
	}
	diff, err := g.output(ctx, dir, slices.Concat(pinnedDiff,
		[]string{"diff-tree", "-p", "--root", "--no-commit-id", "--full-index", "--binary", "--no-renames", "--no-color",
			"--no-ext-diff", "--no-textconv", "--diff-algorithm=myers", "--indent-heuristic", "--unified=3",
			"--inter-hunk-context=0", "--src-prefix=a/", "--dst-prefix=b/",
			"--ignore-submodules=none", "--submodule=short", "-O/dev/null", commit},
		paths)...)
	if err != nil || len(diff) == 0 {
		return nil, err
	}
	out.Write(diff)
	return out.Bytes(), nil
}

// pinnedDiff are the settings of a diff that have no option.
var pinnedDiff = []string{"-c", "core.quotePath=true", "-c", "diff.noprefix=false", "-c", "diff.mnemonicPrefix=false",
	"-c", "diff.relative=false",
	"-c", "diff.suppressBlankEmpty=false", "-c", "core.attributesFile=/dev/null", "-c", "core.whitespace=-trailing-space"}

// trailer names what Slipway notes in a commit's message.
var trailer = regexp.MustCompile(`(?m)^Slipway-(Patch|Upstream): (.*)$`)

// withoutTrailers returns a message's body without Slipway's notes.
func withoutTrailers(body string) string {
	return strings.TrimSpace(trailer.ReplaceAllString(body, ""))
}

// noted returns what a commit's message notes under a name, or "".
func (c Commit) noted(name string) string {
	for _, m := range trailer.FindAllStringSubmatch(c.Body, -1) {
		if m[1] == name {
			return strings.TrimSpace(m[2])
		}
	}
	return ""
}

// A Version is a file's content on one side of a merge.
type Version struct {
	Label   string // names it in the marks of a conflict
	Content []byte
}

// A Merge is a file that two sides changed.
type Merge struct {
	Ours, Base, Theirs Version
}

// A Merged is what was made of a Merge.
type Merged struct {
	Text      []byte // where both sides conflict, with the three versions between marks
	Conflicts int
	Decided   []byte // the text with each conflict decided for theirs; nil if there is none
}

// MergeFile merges what both sides made of the base, as git merge-file does.
// scratch is a folder to work in.
func (g Git) MergeFile(ctx context.Context, scratch string, m Merge) (Merged, error) {
	dir, err := os.MkdirTemp(scratch, "")
	if err != nil {
		return Merged{}, err
	}
	defer os.RemoveAll(dir)
	for name, data := range map[string][]byte{"ours": m.Ours.Content, "base": m.Base.Content, "theirs": m.Theirs.Content} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			return Merged{}, err
		}
	}
	merge := func(options ...string) ([]byte, error) {
		args := slices.Concat([]string{"merge-file", "-p", "-q"}, options, []string{"ours", "base", "theirs"})
		return g.output(ctx, dir, args...)
	}
	var out Merged
	out.Text, err = merge("--diff3", "-L", m.Ours.Label, "-L", m.Base.Label, "-L", m.Theirs.Label)
	if code := run.ExitCode(err); code > 0 && code < 128 { // the number of conflicts
		out.Conflicts = code
		out.Decided, err = merge("--theirs")
	}
	return out, err
}

// Bundle writes the repository at dir as a bundle, to be cloned.
func (g Git) Bundle(ctx context.Context, dir, file string) error {
	args := []string{"-c", "pack.threads=1", "bundle", "create", "-q", file, "HEAD", branch}
	return g.run(ctx, call{dir: dir, args: args})
}

// clearLocks removes what a killed git left in a bare repository that nobody
// else uses now.
func clearLocks(dir string) error {
	return filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if strings.HasSuffix(name, ".lock") || strings.HasPrefix(d.Name(), "tmp_") {
			return os.Remove(name)
		}
		return nil
	})
}
