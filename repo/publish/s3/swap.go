package s3

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io/fs"
	"net/http"

	"github.com/minio/minio-go/v7"

	"github.com/slipway-build/slipway/repo/publish"
	"github.com/slipway-build/slipway/repo/publish/bucket"
	"github.com/slipway-build/slipway/repo/tree"
)

// conditions is what is known of a store's conditional writes.
type conditions int

const (
	unknown conditions = iota
	compared
	ignored
)

// probeFile is an empty object by which a store shows whether it compares. It stays, so that two
// publishers never remove it from under each other; a store that compares well never gets it.
const probeFile = "state/compare"

const noCompare = "the store does not compare on writing (If-Match): two publishers in the same second are not kept " +
	"apart, so let only one run at a time"

// Swap replaces the head with a conditional write. On a store that has none, the head is read
// again right before, which Limits tells.
func (t *Target) Swap(ctx context.Context, head []byte, tag string, _ []tree.Entry) (string, error) {
	conditional, err := t.conditional(ctx)
	if err != nil {
		return "", t.fault("asking whether writes are compared", err)
	}
	var condition minio.PutObjectOptions
	switch {
	case !conditional:
		if shown, shownTag, err := t.shown(ctx); err != nil || shownTag != tag {
			return "", cmp.Or(err, t.conflict(shown))
		}
	case tag == "":
		condition.SetMatchETagExcept("*")
	default:
		condition.SetMatchETag(tag)
	}
	// A store may refuse one of two writes at the same time though the other fails: then nothing
	// has changed, and another attempt decides.
	for range 3 {
		newTag, err := t.write(ctx, publish.HeadFile, head, condition)
		if !refused(err) {
			return newTag, t.fault("replacing "+publish.HeadFile, err)
		}
		shown, shownTag, err := t.shown(ctx)
		switch {
		case err != nil:
			return "", err
		case bytes.Equal(shown, head): // an attempt whose answer was lost
			return shownTag, nil
		case shownTag != tag:
			return "", t.conflict(shown)
		}
	}
	return "", t.fault("replacing "+publish.HeadFile, errors.New("it is refused, though nobody changed it"))
}

// shown returns the head and its tag, which are empty if there is none.
func (t *Target) shown(ctx context.Context) ([]byte, string, error) {
	head, tag, err := t.Get(ctx, publish.HeadFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, "", nil
	}
	return head, tag, err
}

func (t *Target) conflict(shown []byte) error {
	return &publish.ConflictError{Target: t.String(), Snapshot: bucket.Snapshot(shown)}
}

// conditional reports whether the store compares: it is asked to replace the probe if it has a tag
// that it cannot have. Some stores take that as leave to write where there is nothing yet, so only
// the second success shows that the condition was ignored.
func (t *Target) conditional(ctx context.Context) (bool, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for attempt := 0; t.conditions == unknown; attempt++ {
		var condition minio.PutObjectOptions
		condition.SetMatchETag("00000000000000000000000000000000")
		_, err := t.write(ctx, probeFile, []byte{}, condition)
		switch {
		case refused(err):
			t.conditions = compared
		case unsupported(err), err == nil && attempt > 0:
			t.conditions = ignored
		case err != nil:
			return false, err
		}
	}
	return t.conditions == compared, nil
}

// refused reports whether a write's condition did not hold. Amazon says that there is nothing to
// compare where an object is missing, and that there is a conflict where two writes are under way.
func refused(err error) bool {
	response := answer(err)
	return response.StatusCode == http.StatusPreconditionFailed || response.StatusCode == http.StatusConflict ||
		response.Code == minio.NoSuchKey
}

// unsupported reports whether a store takes no condition at all.
func unsupported(err error) bool {
	switch answer(err).Code {
	case minio.NotImplemented, minio.InvalidArgument, "InvalidRequest":
		return true
	}
	return answer(err).StatusCode == http.StatusNotImplemented
}
