package gitrepo

import (
	"bufio"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/slipway-build/slipway/filetree"
)

// branch is the one that a work tree's history is on.
const branch = "refs/heads/series"

// A Step is a commit to be.
type Step struct {
	Name          string // of the patch; noted in the commit's message
	Author, Email string
	Date          time.Time
	Subject, Body string
	Changes       []filetree.Change // of the tree that the steps before made
	Unsolved      []string          // paths in conflict that no mark tells of; noted in the commit's message
}

// A History is what a work tree's commits say.
type History struct {
	Upstream  string // as Build was told
	Base, Tip string // commits: the first, and the last
	Commits   []Revision
	Dirty     []string // files of the last commit that are not as it has them, sorted
	Untracked []string // files that are in no commit and that no .gitignore names, sorted
}

// A Revision is a commit after the first.
type Revision struct {
	Commit
	Name    string            // of the patch that it was made of, "" if a person added it
	Changes []filetree.Change // what it made of the tree before

	Unsolved []string // the paths that a Step named so, as far as they are still noted
}

// A Series is a history without a branch or a merge in it.
type Series struct {
	Base     filetree.Dir // the tree of the first commit
	Upstream string       // the name of that tree, noted in the commit's message
	Date     time.Time    // of the first commit
	Steps    []Step       // the commits after it
}

// Build makes dir, which does not exist, a work tree with a history, and returns
// the ids of its commits. The same history makes the same ids.
func (g Git) Build(ctx context.Context, dir string, s Series) ([]string, error) {
	if err := g.initialise(ctx, dir); err != nil {
		return nil, err
	}
	marks := filepath.Join(dir, ".git", "marks")
	out, in := io.Pipe()
	sent := make(chan error, 1)
	go func() {
		w := bufio.NewWriterSize(in, 1<<20)
		err := stream(w, s)
		err = errors.Join(err, w.Flush())
		in.CloseWithError(err)
		sent <- err
	}()
	args := []string{"fast-import", "--quiet", "--done", "--date-format=raw", "--export-marks=" + marks}
	err := g.run(ctx, call{dir: dir, args: args, stdin: out})
	out.CloseWithError(io.ErrClosedPipe)
	if err := errors.Join(err, ignoreClosed(<-sent)); err != nil {
		return nil, fmt.Errorf("laying out the history in %s: %w", dir, err)
	}
	ids, err := readMarks(marks, len(s.Steps)+1)
	if err != nil {
		return nil, err
	}
	if err := os.Remove(marks); err != nil {
		return nil, err
	}
	_, err = g.output(ctx, dir, "-c", "advice.detachedHead=false", "reset", "-q", "--hard")
	return ids, err
}

func ignoreClosed(err error) error {
	if errors.Is(err, io.ErrClosedPipe) {
		return nil
	}
	return err
}

// attributes keep the attributes of the tree, and those of the user, from
// changing what is in a file or how it is compared.
const attributes = "* -text -filter -ident -working-tree-encoding !diff !merge !eol !whitespace\n"

// initialise makes dir an empty repository that does as it is told.
func (g Git) initialise(ctx context.Context, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if _, err := g.output(ctx, dir, "init", "-q", "--template=", "."); err != nil {
		return err
	}
	for _, kv := range [][2]string{
		{"core.autocrlf", "false"}, {"core.eol", "lf"}, {"core.fileMode", "true"}, {"core.symlinks", "true"},
		{"core.ignoreCase", "false"}, {"core.excludesFile", "/dev/null"}, {"core.hooksPath", "/dev/null"},
		{"gc.auto", "0"}, {"maintenance.auto", "false"}, {"commit.gpgSign", "false"}, {"core.fsmonitor", "false"},
	} {
		if _, err := g.output(ctx, dir, "config", kv[0], kv[1]); err != nil {
			return err
		}
	}
	info := filepath.Join(dir, ".git", "info")
	return errors.Join(os.MkdirAll(info, 0o755),
		os.WriteFile(filepath.Join(info, "attributes"), []byte(attributes), 0o644),
		os.WriteFile(filepath.Join(dir, ".git", "HEAD"), []byte("ref: "+branch+"\n"), 0o644))
}

// stream writes the history as git fast-import reads it.
func stream(w *bufio.Writer, s Series) error {
	first := Step{Author: "Slipway", Email: "slipway@localhost", Date: s.Date, Subject: s.Upstream}
	commit(w, 1, first, "Slipway-Upstream: "+s.Upstream)
	for _, e := range s.Base.Tree {
		data, err := s.Base.ReadFile(e.Path)
		if err != nil {
			return err
		}
		modify(w, e.Mode, e.Path, data)
	}
	for i, step := range s.Steps {
		note := "Slipway-Patch: " + step.Name
		for _, path := range step.Unsolved {
			note += "\nSlipway-Unsolved: " + path
		}
		commit(w, i+2, step, note)
		for _, c := range step.Changes { // a file may take the place of a folder
			if c.Deleted {
				fmt.Fprintf(w, "D %s\n", quoted(c.Path))
			}
		}
		for _, c := range step.Changes {
			if !c.Deleted {
				modify(w, c.Mode, c.Path, c.Content)
			}
		}
	}
	_, err := w.WriteString("done\n")
	return err
}

func commit(w *bufio.Writer, mark int, s Step, note string) {
	message := s.Subject + "\n\n"
	if s.Body != "" {
		message += s.Body + "\n\n"
	}
	message += note + "\n"
	clean := strings.NewReplacer("<", "", ">", "", "\n", " ").Replace
	_, offset := s.Date.Zone()
	when := fmt.Sprintf("%d %+03d%02d", s.Date.Unix(), offset/3600, abs(offset)%3600/60)
	fmt.Fprintf(w, "commit %s\nmark :%d\nauthor %s <%s> %s\ncommitter %[3]s <%[4]s> %[5]s\ndata %[6]d\n%[7]s\n", branch,
		mark, clean(s.Author), clean(s.Email), when, len(message), message)
}

func abs(n int) int { return max(n, -n) }

func modify(w *bufio.Writer, mode filetree.Mode, name string, data []byte) {
	fmt.Fprintf(w, "M %s inline %s\ndata %d\n", mode, quoted(name), len(data))
	_, _ = w.Write(data) // what fails shows when it is flushed
	_ = w.WriteByte('\n')
}

// quoted writes a path as fast-import reads it.
func quoted(name string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(name) + `"`
}

// readMarks returns the ids of commits by their numbers, from 1.
func readMarks(name string, n int) ([]string, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	ids := make([]string, n)
	for line := range strings.Lines(string(data)) {
		var mark int
		var id string
		if _, err := fmt.Sscanf(line, ":%d %s", &mark, &id); err != nil || mark < 1 || mark > n {
			return nil, fmt.Errorf("git fast-import marked %q", line)
		}
		ids[mark-1] = id
	}
	return ids, nil
}

// Read returns the history of the work tree in dir. One with a merge in it, or
// in the midst of a rebase, is refused.
func (g Git) Read(ctx context.Context, dir string) (History, error) {
	var h History
	if _, err := os.Stat(filepath.Join(dir, ".git")); err != nil {
		return h, fmt.Errorf("%s is not a git repository", dir)
	}
	if what, err := unended(dir); err != nil {
		return h, err
	} else if what != "" {
		return h, fmt.Errorf("a %s is in progress in %s: finish it first (git status says how)", what, dir)
	}
	var err error
	if h.Dirty, h.Untracked, err = g.status(ctx, dir); err != nil {
		return h, err
	}
	commits, err := g.log(ctx, dir, "--reverse", "--topo-order", "HEAD")
	if err != nil {
		return h, err
	}
	h.Base, h.Upstream, h.Tip = commits[0].ID, commits[0].note("Upstream"), commits[len(commits)-1].ID
	for _, c := range commits[1:] {
		if len(c.Parents) != 1 {
			return h, fmt.Errorf("%s has a merge in its history, or two roots: %.12s %s\n"+
				"  A series is one commit after the other. To make it one: git rebase %.12s", dir, c.ID, c.Subject, h.Base)
		}
		r := Revision{Commit: c, Name: c.note("Patch"), Unsolved: c.noted("Unsolved")}
		if r.Changes, err = g.changes(ctx, dir, c.ID); err != nil {
			return h, err
		}
		h.Commits = append(h.Commits, r)
	}
	return h, nil
}

// changes returns what a commit made of the tree before it.
func (g Git) changes(ctx context.Context, dir, id string) ([]filetree.Change, error) {
	out, err := g.output(ctx, dir, "diff-tree", "-r", "-z", "--no-commit-id", "--no-renames", "--raw", "--no-abbrev", id)
	if err != nil {
		return nil, err
	}
	var changes []filetree.Change
	fields := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
	for i := 0; i+1 < len(fields); i += 2 {
		f := strings.Fields(strings.TrimPrefix(fields[i], ":"))
		if len(f) != 5 {
			return nil, fmt.Errorf("git diff-tree wrote %q", fields[i])
		}
		c := filetree.Change{Path: fields[i+1], Mode: filetree.Mode(f[1]), Deleted: f[4] == "D"}
		if c.Deleted {
			c.Mode = ""
		} else if c.Content, err = g.output(ctx, dir, "cat-file", "blob", f[3]); err != nil {
			return nil, err
		}
		changes = append(changes, c)
	}
	return changes, nil
}

// Tree returns the files of a commit of the repository at dir.
func (g Git) Tree(ctx context.Context, dir, commit string) (filetree.Tree, error) {
	r := &Remote{git: g, dir: dir, url: dir}
	files, err := r.list(ctx, commit, nil)
	if err != nil {
		return nil, err
	}
	tree := make(filetree.Tree, len(files))
	err = r.cat(ctx, files, func(i int, content io.Reader, size int64) error {
		tree[i] = filetree.Entry{Path: files[i].path, Mode: files[i].mode, Size: size}
		h := sha256.New()
		_, err := io.Copy(h, content)
		h.Sum(tree[i].Sum[:0])
		return err
	})
	return tree, err
}
