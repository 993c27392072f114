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
	stdin  io.Reader
	stdout io.Writer
	stderr io.Writer
	// connects is set for a command that talks to another repository. Only such a
	// command has the user's settings, which say how to get there.
	connects bool
	env      []string // more than a command is told otherwise
}

// run runs git where no prompt can hold it up.
func (g Git) run(ctx context.Context, c call) error {
	if _, err := g.Env.LookPath("git"); err != nil {
		return fmt.Errorf("%w\n  Install git: https://git-scm.com/downloads", err)
	}
	return g.Run.Run(ctx, run.Cmd{
		Args: append([]string{"git"}, c.args...), Dir: c.dir, Env: g.environment(c).With(c.env...),
		Stdin: c.stdin, Stdout: c.stdout, Stderr: c.stderr,
	})
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

// commitFormat makes git write a commit as readCommits reads it: fields that end in
// NUL, the one byte that no commit has in it.
const commitFormat = "--format=tformat:%H%x00%P%x00%an%x00%ae%x00%at%x00%s%x00%b"

func readCommits(out []byte) ([]Commit, error) {
	const fields = 7
	all := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
	if len(out) == 0 {
		return nil, nil
	}
	if len(all)%fields != 0 {
		return nil, fmt.Errorf("git log wrote %q", out)
	}
	var commits []Commit
	for f := range slices.Chunk(all, fields) {
		commits = append(commits, Commit{
			ID: f[0], Parents: strings.Fields(f[1]), Author: f[2], Email: f[3],
			Date: timeOf(f[4]), Subject: f[5], Body: strings.TrimSpace(f[6]),
		})
	}
	return commits, nil
}

// timeOf reads a commit's time. Old tools wrote some that are none, or that no
// calendar has: git takes them, and so they are the start of 1970 here.
func timeOf(seconds string) time.Time {
	n, err := strconv.ParseInt(seconds, 10, 64)
	if t := time.Unix(n, 0).UTC(); err == nil && t.Year() <= 9999 {
		return t
	}
	return time.Unix(0, 0).UTC()
}

// log returns commits as git log selects them.
func (g Git) log(ctx context.Context, dir string, args ...string) ([]Commit, error) {
	out, err := g.output(ctx, dir, append([]string{
		"log", "-z", "--encoding=UTF-8", "--no-color", "--no-mailmap", "--no-notes", "--no-patch", commitFormat,
	}, args...)...)
	if err != nil {
		return nil, err
	}
	return readCommits(out)
}

// trailer names what Slipway notes in a commit's message.
var trailer = regexp.MustCompile(`(?m)^Slipway-(Patch|Upstream|Unsolved): (.*)$`)

// withoutTrailers returns a message's body without Slipway's notes.
func withoutTrailers(body string) string {
	return strings.TrimSpace(trailer.ReplaceAllString(body, ""))
}

// noted returns what a commit's message notes under a name.
func (c Commit) noted(name string) []string {
	var out []string
	for _, m := range trailer.FindAllStringSubmatch(c.Body, -1) {
		if m[1] == name {
			out = append(out, strings.TrimSpace(m[2]))
		}
	}
	return out
}

// note returns the first of them, or "".
func (c Commit) note(name string) string {
	if all := c.noted(name); len(all) > 0 {
		return all[0]
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
