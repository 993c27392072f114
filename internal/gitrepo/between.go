package gitrepo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/slipway-build/slipway/event"
	"github.com/slipway-build/slipway/internal/glob"
	"github.com/slipway-build/slipway/internal/run"
)

// A Change is a commit with what it changes, by object ids: no file is read for it.
type Change struct {
	ID    string
	Body  string // the whole message
	Files []ChangedFile
}

// Subject returns the first line of the message.
func (c Change) Subject() string {
	subject, _, _ := strings.Cut(strings.TrimSpace(c.Body), "\n")
	return subject
}

// A ChangedFile is a file of a Change.
type ChangedFile struct {
	Path     string
	Old, New string // blobs; all zeros is none
}

// Between returns the commits that to has and from has not, without merges, the
// newest first. Their history is fetched if it is not here: files are not. A file
// that a glob of exclude matches is not told, nor a commit that changes nothing
// else.
func (r *Remote) Between(ctx context.Context, from, to string, exclude []string) ([]Change, error) {
	excluded, err := glob.Matcher(exclude)
	if err != nil {
		return nil, err
	}
	if err := r.history(ctx, from, to); err != nil {
		return nil, err
	}
	out, err := r.view(ctx, nil, "-c", "i18n.logOutputEncoding=UTF-8", "-c", "log.showSignature=false", "log", "-z",
		"--raw", "-r", "--root", "--no-renames", "--no-abbrev", "--no-merges", "--topo-order", "--no-notes", "--no-mailmap",
		"--no-color", "--format=tformat:%x01%H%n%B%x02", from+".."+to)
	if err != nil {
		return nil, err
	}
	return readChanges(out, excluded)
}

// readChanges reads what git log writes for Between.
func readChanges(out []byte, excluded func(string) bool) ([]Change, error) {
	var changes []Change
	for record := range strings.SplitSeq("\x00"+string(out), "\x00\x01") {
		head, files, ok := strings.Cut(record, "\x02\x00")
		id, body, ok2 := strings.Cut(head, "\n")
		if record == "" || record == "\x00" {
			continue
		}
		if !ok || !ok2 {
			return nil, fmt.Errorf("git log wrote %.200q", record)
		}
		c := Change{ID: id, Body: body}
		fields := strings.Split(strings.TrimSuffix(strings.TrimPrefix(files, "\n"), "\x00"), "\x00")
		for i := 0; i+1 < len(fields); i += 2 {
			f := strings.Fields(strings.TrimPrefix(fields[i], ":"))
			if len(f) != 5 {
				return nil, fmt.Errorf("git log wrote %.200q", fields[i])
			}
			if !excluded(fields[i+1]) {
				c.Files = append(c.Files, ChangedFile{Path: fields[i+1], Old: f[2], New: f[3]})
			}
		}
		if len(c.Files) > 0 {
			changes = append(changes, c)
		}
	}
	return changes, nil
}

// history fetches as much of the history of two commits as tells which commits only
// one of them has: of those, commits and trees.
func (r *Remote) history(ctx context.Context, from, to string) error {
	joined := func() (bool, error) { return r.joined(ctx, from, to) }
	ok, err := r.deepen(ctx, joined, from, to)
	if err != nil {
		return err
	}
	if !ok {
		return fmt.Errorf("in %s, %.12s and %.12s have no common history", run.Redact(r.url), from, to)
	}
	return r.trees(ctx, "--no-merges", from+"..."+to)
}

// joined reports whether the history of two commits is here as far down as they
// have it in common.
func (r *Remote) joined(ctx context.Context, from, to string) (bool, error) {
	if !r.present(ctx, from) || !r.present(ctx, to) {
		return false, nil
	}
	_, err := r.view(ctx, nil, "merge-base", from, to)
	if run.ExitCode(err) == 1 {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	shallow, err := os.ReadFile(filepath.Join(r.dir, "shallow"))
	if errors.Is(err, os.ErrNotExist) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	out, err := r.view(ctx, nil, "rev-list", from+"..."+to)
	if err != nil {
		return false, err
	}
	cut := map[string]bool{}
	for id := range strings.FieldsSeq(string(shallow)) {
		cut[id] = true
	}
	for id := range strings.FieldsSeq(string(out)) {
		if cut[id] {
			return false, nil
		}
	}
	return true, nil
}

// view runs git where it sees what was fetched, and fetches nothing by itself: an
// object that is not here is an error, or said to be missing.
func (r *Remote) view(ctx context.Context, stdin []byte, args ...string) ([]byte, error) {
	dir := filepath.Join(r.dir, "view")
	if _, err := os.Stat(filepath.Join(dir, "HEAD")); err != nil {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, err
		}
		if _, err := r.git.output(ctx, dir, "init", "-q", "--bare", "--template=", "."); err != nil {
			return nil, err
		}
	}
	var out bytes.Buffer
	c := call{dir: dir, args: args, stdout: &out, env: []string{
		"GIT_OBJECT_DIRECTORY=" + filepath.Join(r.dir, "objects"), "GIT_SHALLOW_FILE=" + filepath.Join(r.dir, "shallow"),
	}}
	if stdin != nil {
		c.stdin = bytes.NewReader(stdin)
	}
	err := r.git.run(ctx, c)
	return out.Bytes(), err
}

// Identify returns what identifies the change of each commit, and fetches the files
// that it needs.
func (r *Remote) Identify(ctx context.Context, changes []Change, exclude []string) (map[string]Identity, error) {
	if len(changes) == 0 {
		return nil, nil
	}
	var blobs []blob
	for _, c := range changes {
		for _, f := range c.Files {
			for _, id := range []string{f.Old, f.New} {
				if strings.Trim(id, "0") != "" {
					blobs = append(blobs, blob{id: id, path: f.Path})
				}
			}
		}
	}
	wanted, err := r.missing(ctx, blobs)
	if err == nil && len(wanted) > 0 {
		err = r.fetchBlobs(ctx, event.Event{Total: len(wanted), Unit: "files"}, wanted)
	}
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(changes))
	for i, c := range changes {
		ids[i] = c.ID
	}
	out, err := r.view(ctx, []byte(strings.Join(ids, "\n")+"\n"), identityArgs(false, exclude)...)
	return identities(out), err
}

// missing returns those of some files that are not here, each once.
func (r *Remote) missing(ctx context.Context, blobs []blob) ([]blob, error) {
	var ids bytes.Buffer
	for _, b := range blobs {
		ids.WriteString(b.id + "\n")
	}
	out, err := r.view(ctx, ids.Bytes(), "cat-file", "--batch-check=%(objecttype)")
	if err != nil {
		return nil, err
	}
	gone := map[string]bool{}
	for line := range strings.Lines(string(out)) {
		if id, ok := strings.CutSuffix(strings.TrimSpace(line), " missing"); ok {
			gone[id] = true
		}
	}
	var wanted []blob
	for _, b := range blobs {
		if gone[b.id] {
			wanted = append(wanted, b)
			delete(gone, b.id)
		}
	}
	return wanted, nil
}
