package s3

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"net/http"
	"slices"

	"github.com/minio/minio-go/v7"

	"github.com/slipway-build/slipway/repo/publish"
	"github.com/slipway-build/slipway/repo/publish/bucket"
	"github.com/slipway-build/slipway/repo/tree"
)

const (
	// partSize is the size of an upload's parts; what is no larger is one request. An upload keeps
	// a part in memory.
	partSize = 32 << 20
	// copySize is the most that one request copies.
	copySize = 5 << 30
)

func (t *Target) key(path string) string { return bucket.Key(t.prefix, path) }

// Get returns an object, and its ETag. The library repeats requests, but not what is cut while it
// is read.
func (t *Target) Get(ctx context.Context, path string) (data []byte, tag string, err error) {
	var cut error
	for range 3 {
		body, info, _, err := t.client.GetObject(ctx, t.bucket, t.key(path), minio.GetObjectOptions{})
		if code(err) == minio.NoSuchKey {
			return nil, "", fmt.Errorf("%s: %s: %w", t, path, fs.ErrNotExist)
		}
		if err != nil {
			return nil, "", t.fault("reading "+path, err)
		}
		data, cut = io.ReadAll(body)
		body.Close()
		if cut == nil {
			return data, info.ETag, nil
		}
	}
	return nil, "", t.fault("reading "+path, cut)
}

// Stat asks for an object's headers, and reads the object only where somebody else put it there
// without its digest.
func (t *Target) Stat(ctx context.Context, e tree.Entry) (publish.Presence, error) {
	info, err := t.client.StatObject(ctx, t.bucket, t.key(e.Path), minio.StatObjectOptions{})
	if code(err) == minio.NoSuchKey {
		return publish.Absent, nil
	}
	if err != nil {
		return publish.Absent, t.fault("looking for "+e.Path, err)
	}
	same := info.Size == e.Size
	if digest := info.UserMetadata[http.CanonicalHeaderKey(bucket.Digest)]; same && digest != "" {
		same = digest == e.SHA256
	} else if same {
		same, err = t.read(ctx, e)
	}
	if err != nil {
		return publish.Absent, t.fault("reading "+e.Path, err)
	}
	if !same {
		return publish.Different, nil
	}
	return publish.Same, nil
}

func (t *Target) read(ctx context.Context, e tree.Entry) (bool, error) {
	body, _, _, err := t.client.GetObject(ctx, t.bucket, t.key(e.Path), minio.GetObjectOptions{})
	if err != nil {
		return false, err
	}
	defer body.Close()
	return bucket.Matches(body, e)
}

func headers(e tree.Entry) minio.PutObjectOptions {
	return minio.PutObjectOptions{
		ContentType:  bucket.ContentType(e.Path),
		CacheControl: bucket.CacheControl(e.Class, e.Path),
		UserMetadata: map[string]string{bucket.Digest: e.SHA256},
		// MD5 is what every store compares. A signature for each chunk is what some do not take.
		PartSize: partSize, SendContentMd5: true, DisableContentSha256: true,
	}
}

// Put writes an object: in one request, or in parts of which the last makes the object.
func (t *Target) Put(ctx context.Context, f tree.File) error {
	body, err := bucket.Open(f)
	if err != nil {
		return t.fault("", err)
	}
	defer body.Close()
	if f.Size <= partSize {
		_, err = t.put(ctx, f.Entry, body, headers(f.Entry))
	} else {
		_, err = t.client.Client.PutObject(ctx, t.bucket, t.key(f.Path), body.ReadSeekCloser, f.Size, headers(f.Entry))
	}
	return t.fault("writing "+f.Path, err)
}

// put writes an object in one request, with sums that the store compares.
func (t *Target) put(
	ctx context.Context, e tree.Entry, body *bucket.Body, opts minio.PutObjectOptions,
) (etag string, err error) {
	sum, err := hex.DecodeString(body.MD5)
	if err != nil {
		return "", err
	}
	info, err := t.client.PutObject(ctx, t.bucket, t.key(e.Path), body.ReadSeekCloser, e.Size,
		base64.StdEncoding.EncodeToString(sum), e.SHA256, opts)
	return info.ETag, err
}

// Copy lets the store copy, with the headers of e's class and name.
func (t *Target) Copy(ctx context.Context, e tree.Entry) error {
	with := headers(e)
	to := minio.CopyDestOptions{
		Bucket: t.bucket, Object: t.key(e.Path), ReplaceMetadata: true, UserMetadata: with.UserMetadata,
		ContentType: with.ContentType, CacheControl: with.CacheControl,
	}
	from := minio.CopySrcOptions{Bucket: t.bucket, Object: t.key(e.Alias)}
	var err error
	if e.Size < copySize {
		_, err = t.client.Client.CopyObject(ctx, to, from)
	} else {
		_, err = t.client.ComposeObject(ctx, to, from)
	}
	return t.fault("copying "+e.Alias+" to "+e.Path, err)
}

// Delete removes a thousand objects with each request, where the store can.
func (t *Target) Delete(ctx context.Context, paths []string) error {
	results, err := t.client.RemoveObjectsWithIter(ctx, t.bucket, t.objects(paths), minio.RemoveObjectsOptions{})
	if err != nil {
		return t.fault("deleting", err)
	}
	for r := range results {
		if r.Err != nil && code(r.Err) != minio.NoSuchKey {
			return t.fault("deleting "+r.ObjectName, r.Err)
		}
	}
	return nil
}

func (t *Target) objects(paths []string) iter.Seq[minio.ObjectInfo] {
	return func(yield func(minio.ObjectInfo) bool) {
		for _, path := range slices.Sorted(slices.Values(paths)) {
			if !yield(minio.ObjectInfo{Key: t.key(path)}) {
				return
			}
		}
	}
}

// write writes a small object with a condition, the one thing that opts has.
func (t *Target) write(
	ctx context.Context, path string, data []byte, opts minio.PutObjectOptions,
) (etag string, err error) {
	f := tree.Of(tree.Commit, path, data)
	body, err := bucket.Open(f)
	if err != nil {
		return "", err
	}
	with := headers(f.Entry)
	opts.ContentType, opts.CacheControl, opts.UserMetadata = with.ContentType, with.CacheControl, with.UserMetadata
	opts.DisableContentSha256 = with.DisableContentSha256
	return t.put(ctx, f.Entry, body, opts)
}
