package gitrepo

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/sync/errgroup"

	"github.com/slipway-build/slipway/event"
	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/internal/glob"
	"github.com/slipway-build/slipway/internal/run"
)

// A blob is a file of a commit.
type blob struct {
	id, path string
	mode     filetree.Mode
}

// batch is how many files are fetched at a time: what was fetched stays, so a
// transfer that breaks loses no more than that.
const batch = 8192

// Export lays the files of a fetched commit out in dst, which does not exist,
// but for those that a glob of exclude matches, and fetches the ones that are
// not here yet. The files have git's bytes: no attribute, filter or setting
// changes one.
func (r *Remote) Export(ctx context.Context, commit string, exclude []string, dst string) (filetree.Dir, error) {
	files, err := r.list(ctx, commit, exclude)
	if err != nil {
		return filetree.Dir{}, err
	}
	if err := r.complete(ctx, commit, files); err != nil {
		return filetree.Dir{}, err
	}
	return r.write(ctx, files, dst)
}

// A Selection says which files of a commit are wanted.
type Selection struct {
	Exclude []string // globs of files that are no part of the tree
	Names   []string // the files whose content is wanted
}

// ExportOnly returns the tree of a fetched commit, of which only the wanted files
// are laid out in dst, which does not exist. Of the others the tree has no sums.
func (r *Remote) ExportOnly(ctx context.Context, commit string, s Selection, dst string) (filetree.Dir, error) {
	if err := r.Fetch(ctx, commit); err != nil {
		return filetree.Dir{}, err
	}
	all, err := r.list(ctx, commit, s.Exclude)
	if err != nil {
		return filetree.Dir{}, err
	}
	var wanted []blob
	for _, f := range all {
		if slices.Contains(s.Names, f.path) {
			wanted = append(wanted, f)
		}
	}
	if err := r.complete(ctx, commit, wanted); err != nil {
		return filetree.Dir{}, err
	}
	laid, err := r.write(ctx, wanted, dst)
	tree := make(filetree.Tree, len(all))
	for i, f := range all {
		var ok bool
		if tree[i], ok = laid.Tree.Lookup(f.path); !ok {
			tree[i] = filetree.Entry{Path: f.path, Mode: f.mode}
		}
	}
	return filetree.Dir{Path: dst, Tree: tree}, err
}

// list returns the files of a commit, sorted by path.
func (r *Remote) list(ctx context.Context, commit string, exclude []string) ([]blob, error) {
	out, err := r.git.output(ctx, r.dir, "ls-tree", "-r", "-z", "--full-tree", commit)
	if err != nil {
		return nil, err
	}
	excluded, err := glob.Matcher(exclude)
	if err != nil {
		return nil, err
	}
	var files []blob
	for entry := range strings.SplitSeq(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		head, name, _ := strings.Cut(entry, "\t")
		f := strings.Fields(head)
		if len(f) != 3 || excluded(name) {
			continue
		}
		if f[1] == "commit" {
			r.git.Events.Note(fmt.Sprintf("%s is a submodule: it is left out of the tree", name))
			continue
		}
		if err := safe(name); err != nil {
			return nil, fmt.Errorf("commit %s of %s: %w", commit, run.Redact(r.url), err)
		}
		files = append(files, blob{f[2], name, modeOf(f[0])})
	}
	slices.SortFunc(files, func(a, b blob) int { return strings.Compare(a.path, b.path) })
	for i := range files[:max(0, len(files)-1)] {
		if files[i].path == files[i+1].path {
			return nil, fmt.Errorf("commit %s of %s has two files named %s", commit, run.Redact(r.url), files[i].path)
		}
	}
	return files, nil
}

// modeOf returns the mode that git gives a file when it checks it out. Git of 2005
// wrote more of them.
func modeOf(octal string) filetree.Mode {
	if m, err := strconv.ParseUint(octal, 8, 32); err == nil && m&0o170000 == 0o100000 {
		if m&0o100 != 0 {
			return filetree.Executable
		}
		return filetree.Regular
	}
	return filetree.Mode(octal)
}

// safe refuses a name that no tree of sources may have.
func safe(name string) error {
	if !filepath.IsLocal(name) || path.Clean(name) != name || strings.ContainsAny(name, "\n\\") {
		return fmt.Errorf("%q is not a name for a file in a tree", name)
	}
	for part := range strings.SplitSeq(name, "/") {
		if isDotGit(part) {
			return fmt.Errorf("%q is in a .git folder", name)
		}
	}
	return nil
}

// isDotGit reports whether a file system takes a name for .git, as git's check of
// objects does: some ignore case, what Unicode does not print, or dots and spaces
// at the end, and some have a short name for it.
func isDotGit(name string) bool {
	name = strings.Map(func(c rune) rune {
		if unicode.Is(unicode.Cf, c) {
			return -1
		}
		return c
	}, name)
	name, _, _ = strings.Cut(name, ":")
	name = strings.TrimRight(name, ". ")
	return strings.EqualFold(name, ".git") || strings.EqualFold(name, "git~1")
}

// complete fetches the files of a commit that are not here.
func (r *Remote) complete(ctx context.Context, commit string, files []blob) error {
	absent, err := r.absent(ctx, []string{commit})
	if err != nil {
		return err
	}
	return r.fetchAbsent(ctx, absent, files)
}

// absent returns the ids of what commits name and is not here.
func (r *Remote) absent(ctx context.Context, commits []string) (map[string]bool, error) {
	var out bytes.Buffer
	err := r.git.run(ctx, call{dir: r.dir, stdin: strings.NewReader(strings.Join(commits, "\n") + "\n"), stdout: &out,
		args: []string{"rev-list", "--objects", "--missing=print", "--no-walk", "--stdin"}})
	if err != nil {
		return nil, err
	}
	ids := map[string]bool{}
	for line := range strings.Lines(out.String()) {
		if id, ok := strings.CutPrefix(strings.TrimSpace(line), "?"); ok {
			ids[id] = true
		}
	}
	return ids, nil
}

// fetchAbsent fetches those of files whose ids are absent.
func (r *Remote) fetchAbsent(ctx context.Context, absent map[string]bool, files []blob) error {
	var wanted []blob
	for _, f := range files {
		if absent[f.id] {
			wanted = append(wanted, f)
			delete(absent, f.id)
		}
	}
	done := 0
	for part := range slices.Chunk(wanted, batch) {
		if err := r.fetchBlobs(ctx, event.Event{Done: done, Total: len(wanted), Unit: "files"}, part); err != nil {
			return err
		}
		done += len(part)
	}
	return nil
}

// Contents fetches what commits change and what that was before, but for files that
// a glob of exclude matches, so that they can be read as patches.
func (r *Remote) Contents(ctx context.Context, commits []Commit, exclude []string) error {
	var ids, all []string
	for _, c := range commits {
		all = append(append(all, c.ID), c.Parents...)
		id := c.ID
		if len(c.Parents) > 1 { // git takes the second for its only parent
			id += " " + c.Parents[0]
		}
		ids = append(ids, id)
	}
	var out bytes.Buffer
	err := r.git.run(ctx, call{dir: r.dir, stdin: strings.NewReader(strings.Join(ids, "\n") + "\n"), stdout: &out,
		args: append([]string{"diff-tree", "--stdin", "-r", "-z", "--root", "--no-commit-id", "--no-renames", "--raw",
			"--no-abbrev"}, pathspecs(exclude)...)})
	if err != nil {
		return err
	}
	var files []blob
	fields := strings.Split(strings.TrimSuffix(out.String(), "\x00"), "\x00")
	for i := 0; i+1 < len(fields); i += 2 {
		f := strings.Fields(strings.TrimPrefix(fields[i], ":"))
		if len(f) != 5 {
			return fmt.Errorf("git diff-tree wrote %q", fields[i])
		}
		files = append(files, blob{id: f[2], path: fields[i+1]}, blob{id: f[3], path: fields[i+1]})
	}
	absent, err := r.absent(ctx, all)
	if err != nil {
		return err
	}
	return r.fetchAbsent(ctx, absent, files)
}

// fetchObjects fetches files or trees by their ids, and counts them; see receive.
func (r *Remote) fetchObjects(ctx context.Context, of event.Event, objects []blob) error {
	var ids strings.Builder
	for _, o := range objects {
		ids.WriteString(o.id + "\n")
	}
	return r.receive(ctx, of, ids.String(), []string{"--stdin"})
}

// fetchBlobs fetches files. Where that fails for one of them, the error names it.
func (r *Remote) fetchBlobs(ctx context.Context, of event.Event, files []blob) error {
	err := r.fetchObjects(ctx, of, files)
	failed, ok := errors.AsType[*fetchError](err)
	if !ok || ctx.Err() != nil {
		return err
	}
	for _, f := range files {
		if strings.Contains(failed.said, f.id) {
			return fmt.Errorf("%s has no content of %s\n  To build without that file, name it in upstream.exclude\n  %w",
				run.Redact(r.url), f.path, err)
		}
	}
	return err
}

// write lays files out in dst, as many at a time as there are processors to
// write them.
func (r *Remote) write(ctx context.Context, files []blob, dst string) (filetree.Dir, error) {
	tree := make(filetree.Tree, len(files))
	if err := os.MkdirAll(dst, 0o755); err != nil {
		return filetree.Dir{}, err
	}
	made := map[string]bool{".": true}
	for _, f := range files {
		if dir := path.Dir(f.path); !made[dir] {
			if err := os.MkdirAll(filepath.Join(dst, filepath.FromSlash(dir)), 0o755); err != nil {
				return filetree.Dir{}, err
			}
			made[dir] = true
		}
	}
	group, ctx := errgroup.WithContext(ctx)
	const readers = 2 // git unpacks on one processor
	per := (len(files) + readers - 1) / readers
	for from := 0; from < len(files); from += per {
		to := min(from+per, len(files))
		group.Go(func() error {
			return r.cat(ctx, files[from:to], func(i int, content io.Reader, size int64) error {
				e, err := files[from+i].lay(dst, content, size)
				tree[from+i] = e
				return err
			})
		})
	}
	if err := group.Wait(); err != nil {
		return filetree.Dir{}, err
	}
	return filetree.Dir{Path: dst, Tree: tree}, nil
}

// cat calls f with the content of each file in turn.
func (r *Remote) cat(ctx context.Context, files []blob, f func(i int, content io.Reader, size int64) error) error {
	var ids strings.Builder
	for _, b := range files {
		ids.WriteString(b.id + "\n")
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	out, in := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := r.git.run(ctx, call{dir: r.dir, args: []string{"cat-file", "--batch", "--buffer"},
			stdin: strings.NewReader(ids.String()), stdout: in})
		in.CloseWithError(errors.Join(err, io.EOF))
		ended <- err
	}()
	err := readBatch(bufio.NewReaderSize(out, 1<<20), files, f)
	if err != nil {
		cancel()
	}
	out.CloseWithError(err)
	if err := errors.Join(err, <-ended); err != nil {
		return fmt.Errorf("reading from %s: %w", r.dir, err)
	}
	return nil
}

// readBatch reads what git cat-file --batch writes.
func readBatch(in *bufio.Reader, files []blob, f func(i int, content io.Reader, size int64) error) error {
	for i, b := range files {
		head, err := in.ReadString('\n')
		if err != nil {
			return fmt.Errorf("%s: %w", b.path, err)
		}
		words := strings.Fields(head)
		if len(words) != 3 || words[0] != b.id || words[1] != "blob" {
			return fmt.Errorf("%s: git says %q", b.path, strings.TrimSpace(head))
		}
		size, err := strconv.ParseInt(words[2], 10, 64)
		if err != nil {
			return err
		}
		content := io.LimitReader(in, size)
		if err := f(i, content, size); err != nil {
			return err
		}
		if _, err := io.Copy(io.Discard, content); err != nil {
			return err
		}
		if _, err := in.Discard(1); err != nil {
			return fmt.Errorf("%s: %w", b.path, err)
		}
	}
	return nil
}

// lay writes the file below dst.
func (b blob) lay(dst string, content io.Reader, size int64) (filetree.Entry, error) {
	e := filetree.Entry{Path: b.path, Mode: b.mode, Size: size}
	name := filepath.Join(dst, filepath.FromSlash(b.path))
	h := sha256.New()
	if b.mode == filetree.Link {
		var target bytes.Buffer
		if _, err := io.Copy(io.MultiWriter(&target, h), content); err != nil {
			return e, err
		}
		h.Sum(e.Sum[:0])
		if why := filetree.BadTarget(b.path, target.String()); why != "" {
			return e, fmt.Errorf("%s is a symbolic link %s\n  To build without it, name it in upstream.exclude", b.path, why)
		}
		return e, os.Symlink(target.String(), name)
	}
	perm := os.FileMode(0o644)
	if b.mode == filetree.Executable {
		perm = 0o755
	}
	out, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
	if err != nil {
		return e, err
	}
	n, err := io.Copy(io.MultiWriter(out, h), content)
	h.Sum(e.Sum[:0])
	if err == nil && n != size {
		err = io.ErrUnexpectedEOF
	}
	return e, errors.Join(err, out.Close())
}
