package swift

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"github.com/ncw/swift/v2"

	"github.com/slipway-build/slipway/repo/publish"
	"github.com/slipway-build/slipway/repo/publish/bucket"
	"github.com/slipway-build/slipway/repo/tree"
)

const (
	// digestHeader has an object's SHA-256.
	digestHeader = "X-Object-Meta-Sha256" // as bucket.Digest
	// maxSize is the most that Swift takes in one object.
	maxSize = 5 << 30
)

func (t *Target) key(path string) string { return bucket.Key(t.prefix, path) }

// Get returns an object, and its ETag. Of several copies, the newest counts.
func (t *Target) Get(ctx context.Context, path string) (data []byte, tag string, err error) {
	err = t.retry(ctx, func() error {
		file, headers, err := t.conn.ObjectOpen(ctx, t.container, t.key(path), true, swift.Headers{"X-Newest": "true"})
		if err != nil {
			return err
		}
		data, err = io.ReadAll(file)
		tag = strings.Trim(headers["Etag"], `"`)
		if path == publish.HeadFile {
			t.mu.Lock()
			t.plain = headers["Cache-Control"] == ""
			t.mu.Unlock()
		}
		return errors.Join(err, file.Close())
	})
	if errors.Is(err, swift.ObjectNotFound) {
		return nil, "", fmt.Errorf("%s: %s: %w", t, path, fs.ErrNotExist)
	}
	return data, tag, t.fault("reading "+path, err)
}

// Stat asks for an object's headers, and reads the object only where somebody else put it there
// without its digest.
func (t *Target) Stat(ctx context.Context, e tree.Entry) (publish.Presence, error) {
	var same bool
	err := t.retry(ctx, func() error {
		info, headers, err := t.conn.Object(ctx, t.container, t.key(e.Path))
		if err != nil {
			return err
		}
		same = info.Bytes == e.Size
		if digest := headers[digestHeader]; same && digest != "" {
			same = digest == e.SHA256
		} else if same {
			same, err = t.read(ctx, e)
		}
		return err
	})
	switch {
	case errors.Is(err, swift.ObjectNotFound):
		return publish.Absent, nil
	case err != nil:
		return publish.Absent, t.fault("looking for "+e.Path, err)
	case same:
		return publish.Same, nil
	}
	return publish.Different, nil
}

func (t *Target) read(ctx context.Context, e tree.Entry) (bool, error) {
	file, _, err := t.conn.ObjectOpen(ctx, t.container, t.key(e.Path), false, nil)
	if err != nil {
		return false, err
	}
	same, err := bucket.Matches(file, e)
	return same, errors.Join(err, file.Close())
}

func headers(e tree.Entry) swift.Headers {
	return swift.Headers{digestHeader: e.SHA256, "Cache-Control": bucket.CacheControl(e.Class, e.Path)}
}

// Put writes an object in one request. The store compares its sum before the object is there.
func (t *Target) Put(ctx context.Context, f tree.File) error {
	_, err := t.put(ctx, f, headers(f.Entry))
	return t.fault("writing "+f.Path, err)
}

func (t *Target) put(ctx context.Context, f tree.File, with swift.Headers) (etag string, err error) {
	if f.Size > maxSize {
		return "", fmt.Errorf("it has %d bytes, and Swift takes at most %d in one object", f.Size, int64(maxSize))
	}
	body, err := bucket.Open(f)
	if err != nil {
		return "", err
	}
	defer body.Close()
	with["Content-Length"] = strconv.FormatInt(f.Size, 10)
	err = t.retry(ctx, func() error {
		if _, err := body.Seek(0, io.SeekStart); err != nil {
			return err
		}
		_, err := t.conn.ObjectPut(ctx, t.container, t.key(f.Path), body, false, body.MD5, bucket.ContentType(f.Path), with)
		return err
	})
	return body.MD5, err
}

// Copy lets the store copy, with the headers of e's class and name.
func (t *Target) Copy(ctx context.Context, e tree.Entry) error {
	with := headers(e)
	with["Content-Type"] = bucket.ContentType(e.Path)
	with["X-Fresh-Metadata"] = "true"
	err := t.retry(ctx, func() error {
		_, err := t.conn.ObjectCopy(ctx, t.container, t.key(e.Alias), t.container, t.key(e.Path), with)
		return err
	})
	return t.fault("copying "+e.Alias+" to "+e.Path, err)
}

// few is how many objects are removed one by one.
const few = 3

// Delete removes a thousand objects with each request, where the store can.
func (t *Target) Delete(ctx context.Context, paths []string) error {
	if len(paths) <= few || !t.deletesMany(ctx) {
		return t.deleteEach(ctx, paths)
	}
	for part := range slices.Chunk(paths, 1000) {
		keys := make([]string, len(part))
		for i, path := range part {
			keys[i] = t.key(path)
		}
		err := t.retry(ctx, func() error {
			result, err := t.conn.BulkDelete(ctx, t.container, keys)
			for name, fault := range result.Errors {
				err = errors.Join(err, fmt.Errorf("%s: %w", name, fault))
			}
			return err
		})
		if err != nil {
			return t.fault("deleting", err)
		}
	}
	return nil
}

func (t *Target) deleteEach(ctx context.Context, paths []string) error {
	for _, path := range paths {
		err := t.retry(ctx, func() error { return t.conn.ObjectDelete(ctx, t.container, t.key(path)) })
		if err != nil && !errors.Is(err, swift.ObjectNotFound) {
			return t.fault("deleting "+path, err)
		}
	}
	return nil
}

// deletesMany asks the store, once: without it, a request to delete many is one to delete the
// account. A store that does not say what it can is taken for one that cannot.
func (t *Target) deletesMany(ctx context.Context) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.bulk == nil {
		info, err := t.conn.QueryInfo(ctx)
		can := err == nil && info.SupportsBulkDelete()
		t.bulk = &can
	}
	return *t.bulk
}
