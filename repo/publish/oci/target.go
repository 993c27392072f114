package oci

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/slipway-build/slipway/registry"
	"github.com/slipway-build/slipway/repo/publish"
	"github.com/slipway-build/slipway/repo/state"
	"github.com/slipway-build/slipway/repo/tree"
)

// largest is the largest object that Get returns, in bytes.
const largest = 256 << 20

// Get returns an object. The tag of the head is the digest of the index, which is asked for
// anew; that of another object is its own digest.
func (t *Target) Get(ctx context.Context, path string) ([]byte, string, error) {
	if path == publish.HeadFile {
		v, err := t.look(ctx)
		if err != nil {
			return nil, "", err
		}
		head, err := t.reader().head(ctx, v)
		return head, v.digest, err
	}
	f, err := t.find(ctx, path)
	if err == nil && f.digest == "" {
		err = fmt.Errorf("%s has no %s: %w", t, path, fs.ErrNotExist)
	}
	if err == nil && f.size > largest {
		err = fmt.Errorf("%s: %s has %d bytes, which is too much to hold", t, path, f.size)
	}
	if err != nil {
		return nil, "", err
	}
	data, err := t.repo.Read(ctx, f.digest, f.size)
	return data, f.digest, err
}

func (t *Target) reader() reader { return reader{t.repo} }

// look has the target know what the tag shows now.
func (t *Target) look(ctx context.Context) (view, error) {
	v, err := t.reader().view(ctx, t.tag)
	if err == nil {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.shown, t.seen = v, true
	}
	return v, err
}

// current returns what the tag showed when it was last asked for.
func (t *Target) current(ctx context.Context) (view, error) {
	t.mu.Lock()
	v, seen := t.shown, t.seen
	t.mu.Unlock()
	if seen {
		return v, nil
	}
	return t.look(ctx)
}

// find returns what is at a path; the zero file if nothing is.
func (t *Target) find(ctx context.Context, path string) (file, error) {
	t.mu.Lock()
	f, ok := t.changed[path]
	t.mu.Unlock()
	if ok {
		return f, nil
	}
	v, err := t.current(ctx)
	if err != nil {
		return file{}, err
	}
	for _, part := range []string{pointsPart, contentPart} {
		l, ok := v.holder(part, path)
		if !ok {
			continue
		}
		files, err := t.list(ctx, l)
		if err != nil {
			return file{}, err
		}
		if at, ok := slices.BinarySearchFunc(files, file{path: path}, byPath); ok {
			return files[at], nil
		}
	}
	return file{}, nil
}

// list returns the files of a list, which is read once.
func (t *Target) list(ctx context.Context, l list) ([]file, error) {
	once, _ := t.lists.LoadOrStore(l.Digest, &lazy{})
	once.(*lazy).mu.Lock()
	defer once.(*lazy).mu.Unlock()
	if known := once.(*lazy); known.files != nil {
		return known.files, nil
	}
	files, err := t.reader().files(ctx, l)
	once.(*lazy).files = files
	return files, err
}

// Stat reports what the lists have at a path, and what was put there since. What an interrupted
// run has sent is in none, and is found by Put.
func (t *Target) Stat(ctx context.Context, e tree.Entry) (publish.Presence, error) {
	f, err := t.find(ctx, e.Path)
	switch {
	case err != nil || f.digest == "":
		return publish.Absent, err
	case f.digest == "sha256:"+e.SHA256:
		return publish.Same, nil
	}
	return publish.Different, nil
}

// Put sends a blob, unless it is there. Nobody finds it by its path before the next Swap.
func (t *Target) Put(ctx context.Context, f tree.File) error {
	if err := check(f, f.Data != nil); err != nil {
		return err
	}
	_, err := t.repo.Upload(ctx, registry.Blob{
		Digest: "sha256:" + f.SHA256, Size: f.Size, Open: func() (io.ReadCloser, error) { return f.Open() },
	})
	if err != nil {
		if changed := check(f, true); changed != nil {
			return changed
		}
		return fmt.Errorf("%s: %w", f.Path, err)
	}
	t.change(f.Path, file{path: f.Path, digest: "sha256:" + f.SHA256, size: f.Size})
	return nil
}

// check returns an error if a file is not what its entry says: by its size or, if it is read,
// by its digest. Large files are read only where the registry refuses them: it compares them, too.
func check(f tree.File, read bool) error {
	in, err := f.Open()
	if err != nil {
		return err
	}
	defer in.Close()
	size, err := in.Seek(0, io.SeekEnd)
	if err != nil || size != f.Size {
		return changedError(f, err)
	}
	if !read {
		return nil
	}
	if _, err := in.Seek(0, io.SeekStart); err != nil {
		return changedError(f, err)
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, in); err != nil || hex.EncodeToString(sum.Sum(nil)) != f.SHA256 {
		return changedError(f, err)
	}
	return nil
}

func changedError(f tree.File, err error) error {
	if err != nil {
		return fmt.Errorf("%s: reading it: %w", f.Path, err)
	}
	return fmt.Errorf("%s: its content was changed after it was described: it is no longer %d bytes with sha256:%s",
		f.Path, f.Size, f.SHA256)
}

// Copy only notes that the path has the bytes of the alias: a blob is there once, under
// however many paths.
func (t *Target) Copy(ctx context.Context, e tree.Entry) error {
	f, err := t.find(ctx, e.Alias)
	if err != nil {
		return err
	}
	if f.digest != "sha256:"+e.SHA256 {
		return fmt.Errorf("%s has no %s with sha256:%s, of which %s would be a copy", t, e.Alias, e.SHA256, e.Path)
	}
	t.change(e.Path, file{path: e.Path, digest: "sha256:" + e.SHA256, size: e.Size})
	return nil
}

func (t *Target) change(path string, to file) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.changed[path] = to
}

// Swap moves the tag to an index of entries, and has a tag name the snapshot. While the head is
// pending, the index has the new content, and what readers start at as it was before.
func (t *Target) Swap(ctx context.Context, head []byte, tag string, entries []tree.Entry) (string, error) {
	says, err := headOf(head)
	if err != nil {
		return "", err
	}
	was, err := t.expect(ctx, tag)
	if err != nil {
		return "", err
	}
	if entries, err = t.named(ctx, says, entries); err != nil {
		return "", err
	}
	lists, err := layOut(entries)
	if err != nil {
		return "", err
	}
	if says.Pending {
		content := view{lists: lists}.of(contentPart)
		lists = append(was.of(pointsPart), content...)
	}
	lists, err = t.send(ctx, was, head, lists)
	if err != nil {
		return "", err
	}
	index, err := indexOf(says.Snapshot, lists)
	if err != nil {
		return "", err
	}
	return index.Digest, t.move(ctx, index, says, tag)
}

// named returns entries with the listing of what ends, which the head alone names.
func (t *Target) named(ctx context.Context, says state.Head, entries []tree.Entry) ([]tree.Entry, error) {
	path := publish.ListingFile(says.Ending)
	if says.Ending == "" || slices.ContainsFunc(entries, func(e tree.Entry) bool { return e.Path == path }) {
		return entries, nil
	}
	f, err := t.find(ctx, path)
	if err != nil {
		return nil, err
	}
	if f.digest == "" {
		return nil, fmt.Errorf("%s has no %s, which its head names", t, path)
	}
	e := tree.Entry{Path: path, Size: f.size, SHA256: strings.TrimPrefix(f.digest, "sha256:"), Class: tree.Content}
	return append(slices.Clip(entries), e), nil
}

// expect returns what the tag shows, if that is still the index with a digest.
func (t *Target) expect(ctx context.Context, digest string) (view, error) {
	now, err := t.digestOf(ctx, t.tag)
	if err != nil {
		return view{}, err
	}
	if now != digest {
		return view{}, t.conflict(ctx)
	}
	v, err := t.current(ctx)
	if err == nil && v.digest != digest {
		v, err = t.look(ctx)
	}
	if err == nil && v.digest != digest {
		return v, t.conflict(ctx)
	}
	return v, err
}

// conflict returns the error of another publisher's change.
func (t *Target) conflict(ctx context.Context) error {
	head, _, err := t.Get(ctx, publish.HeadFile)
	says := state.Head{}
	if err == nil {
		says, _ = headOf(head) // that there was a change is worth more than what it was
	}
	return &publish.ConflictError{Target: t.String(), Snapshot: says.Snapshot}
}

// send puts the head, and the lists that the registry does not have, and returns all.
func (t *Target) send(ctx context.Context, was view, head []byte, lists []list) ([]list, error) {
	headFile := tree.Of(tree.Commit, publish.HeadFile, head)
	first, err := listOf(headPart, []file{{
		path: headFile.Path, digest: "sha256:" + headFile.SHA256, size: headFile.Size,
	}})
	if err != nil {
		return nil, err
	}
	lists = append([]list{first}, lists...)
	blobs := [][]byte{head}
	if was.digest == "" {
		blobs = append(blobs, emptyConfig)
	}
	for _, data := range blobs {
		if err := t.upload(ctx, data); err != nil {
			return nil, err
		}
	}
	g, within := errgroup.WithContext(ctx)
	g.SetLimit(jobs)
	for _, l := range lists {
		if !was.has(l) {
			g.Go(func() error {
				m := registry.Manifest{MediaType: string(l.MediaType), Data: l.data}
				return t.repo.PutManifest(within, l.Digest.String(), m)
			})
		}
	}
	return lists, g.Wait()
}

func (t *Target) upload(ctx context.Context, data []byte) error {
	_, err := t.repo.Upload(ctx, registry.Blob{
		Digest: registry.ManifestOf("", data).Digest, Size: int64(len(data)),
		Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil },
	})
	return err
}

// move has the snapshot's tag and then the tag that readers use name an index.
func (t *Target) move(ctx context.Context, index registry.Manifest, says state.Head, from string) error {
	if !says.Pending && says.Snapshot != "" && says.Snapshot != t.tag {
		if err := t.repo.PutManifest(ctx, says.Snapshot, index); err != nil {
			return err
		}
	}
	now, err := t.digestOf(ctx, t.tag) // once more, as close to the move as can be
	if err != nil {
		return err
	}
	if now != from {
		return t.conflict(ctx)
	}
	if err := t.repo.PutManifest(ctx, t.tag, index); err != nil {
		return err
	}
	if err := t.stays(ctx, index.Digest, says.Pending); err != nil {
		return err
	}
	v, err := viewOf(t.String(), index)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.shown, t.seen, t.changed = v, true, map[string]file{}
	return err
}

// stays returns an error if the tag no longer names an index with a digest. What is pending is
// compared by the next Swap.
func (t *Target) stays(ctx context.Context, digest string, pending bool) error {
	if pending {
		return nil
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(t.settling):
	}
	now, err := t.digestOf(ctx, t.tag)
	if err != nil || now == digest {
		return err
	}
	return t.conflict(ctx)
}

// Delete forgets paths: the next Swap lists them no more, and the registry collects what no
// list has. The tag of a snapshot whose file is deleted is removed, too.
func (t *Target) Delete(ctx context.Context, paths []string) error {
	for _, p := range paths {
		t.change(p, file{})
		id := strings.TrimSuffix(path.Base(p), ".json")
		if p != publish.SnapshotFile(id) {
			continue
		}
		removed, err := t.repo.RemoveTag(ctx, id)
		if err != nil {
			return err
		}
		if !removed {
			t.note(fmt.Sprintf("%s: the registry does not remove tags: %s stays, with the files of that snapshot", t, id))
		}
	}
	return nil
}
