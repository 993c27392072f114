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

	"golang.org/x/sync/errgroup"

	"github.com/slipway-build/slipway/event"
	"github.com/slipway-build/slipway/filetree"
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

// list returns the files of a commit, sorted by path.
func (r *Remote) list(ctx context.Context, commit string, exclude []string) ([]blob, error) {
	out, err := r.git.output(ctx, r.dir, "ls-tree", "-r", "-z", "--full-tree", commit)
	if err != nil {
		return nil, err
	}
	excluded, err := matcher(exclude)
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
		mode := filetree.Mode(f[0])
		if f[0] == "100664" { // as git of 2005 had it
			mode = filetree.Regular
		}
		files = append(files, blob{f[2], name, mode})
	}
	slices.SortFunc(files, func(a, b blob) int { return strings.Compare(a.path, b.path) })
	return files, nil
}

// safe refuses a name that no tree of sources may have.
func safe(name string) error {
	if !filepath.IsLocal(name) || path.Clean(name) != name || strings.ContainsAny(name, "\n\\") {
		return fmt.Errorf("%q is not a name for a file in a tree", name)
	}
	for part := range strings.SplitSeq(name, "/") {
		if strings.EqualFold(part, ".git") {
			return fmt.Errorf("%q is in a .git folder", name)
		}
	}
	return nil
}

// complete fetches the files that are not here.
func (r *Remote) complete(ctx context.Context, commit string, files []blob) error {
	out, err := r.git.output(ctx, r.dir, "rev-list", "--objects", "--missing=print", "--no-walk", commit)
	if err != nil {
		return err
	}
	absent := map[string]bool{}
	for line := range strings.Lines(string(out)) {
		if id, ok := strings.CutPrefix(strings.TrimSpace(line), "?"); ok {
			absent[id] = true
		}
	}
	var wanted []blob
	for _, f := range files {
		if absent[f.id] {
			wanted = append(wanted, f)
			delete(absent, f.id)
		}
	}
	done := 0
	for part := range slices.Chunk(wanted, batch) {
		r.git.Events.Emit(event.Event{Kind: event.Progress, Stage: "source", Subject: run.Redact(r.url),
			Done: done, Total: len(wanted), Unit: "files"})
		if err := r.fetchBlobs(ctx, part); err != nil {
			return err
		}
		done += len(part)
	}
	return nil
}

// fetchBlobs fetches files. Where that fails for one of them, the error names it.
func (r *Remote) fetchBlobs(ctx context.Context, files []blob) error {
	var ids strings.Builder
	for _, f := range files {
		ids.WriteString(f.id + "\n")
	}
	err := r.fetch(ctx, ids.String(), []string{"--stdin"})
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
