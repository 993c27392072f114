package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// Chunks of a blob are as large as a registry takes them, between these sizes in bytes.
const (
	largestChunk  = 64 << 20
	smallestChunk = 1 << 10
	steadyChunk   = 4 << 20 // where uploads are cut again and again
	progress      = 1 << 20 // after that many more, an upload that was cut is tried as often as at first
)

// A blobUpload is a blob on its way into a repository. What a registry takes is found out by
// trying: the blob in one PATCH, then in chunks, if that is too large, or in one PUT, if it
// does not know PATCH. What was cut goes on from where it was, if the registry says where.
type blobUpload struct {
	*client
	open   func() (io.ReadCloser, error)
	digest string
	size   int64
	name   string           // of the repository
	from   *name.Repository // has the blob; nil if none is known to

	sent   atomic.Int64 // bytes
	told   int64        // of these, to the target
	at     *url.URL     // where the next part goes; nil: the upload has not begun
	offset int64        // bytes that the registry has
	again  bool         // it said so, after a request that was cut
	least  int64        // chunk that the registry takes
}

// chunkError is of a registry that takes no blob above a size, whole or in chunks.
type chunkError struct {
	limit int64  // bytes of the largest request that it took
	said  string // of the second chunk
}

func (e *chunkError) Error() string { return e.said }

// run puts the blob into the repository, and returns how.
func (u *blobUpload) run(ctx context.Context) (State, error) {
	var waited time.Duration
	reached, limits := int64(0), 0
	for try := 1; ; try++ {
		state, err := u.try(ctx)
		var many *tooMany
		pause := try
		switch limited := errors.As(err, &many) && !many.spent; {
		case err == nil || ctx.Err() != nil || !limited && !u.passes(err):
			return state, err
		case limited: // that does not count as a try
			limits++
			try, pause = try-1, limits
		case u.offset >= reached+progress:
			try, reached = 1, u.offset
		case try == tries:
			return "", err
		case try == tries/2 && u.size-u.offset > steadyChunk && u.lower(steadyChunk):
			u.note("uploads are cut: sends blobs in chunks of %d bytes", steadyChunk)
		}
		if err := u.transport.pause(ctx, pause, &waited, err); err != nil {
			return "", err
		}
		u.resume(ctx)
	}
}

// passes reports whether the upload can go on, or begin again, after an error.
func (u *blobUpload) passes(err error) bool {
	var sent *url.Error
	return uploadsAgain(err) || u.noPatch.Load() && errors.As(err, &sent) && sent.Op == "Put" && !lasting(sent.Err)
}

// try does what is left of the upload.
func (u *blobUpload) try(ctx context.Context) (State, error) {
	if u.at == nil {
		there, err := u.exists(ctx)
		if err != nil {
			return "", err
		}
		if there {
			if u.sent.Load() > 0 { // the registry had it, and said no
				return Uploaded, nil
			}
			return Existing, nil
		}
		if mounted, err := u.begin(ctx); mounted || err != nil {
			return Mounted, err
		}
	}
	err := u.send(ctx)
	if err == nil && !u.noPatch.Load() {
		_, err = u.done(ctx, call{method: http.MethodPut, url: u.commit()})
	}
	var status *transport.Error
	if errors.As(err, &status) && !passing(status.StatusCode) {
		u.at = nil // what is wrong with this upload may not be with another one
	}
	return Uploaded, err
}

// exists reports whether the registry says that it has the blob. Sending one that it has
// does no harm, so any other answer means that it has not. That there are too many requests
// is an error.
func (u *blobUpload) exists(ctx context.Context) (bool, error) {
	var waited time.Duration
	for try := 1; !u.noBlobHead.Load() && try <= tries/2+1; try++ {
		there, again, err := u.head(ctx)
		var many *tooMany
		if errors.As(err, &many) || !again {
			return there, err
		}
		if err := u.transport.pause(ctx, try, &waited, nil); err != nil {
			return false, err
		}
	}
	u.noBlobHead.Store(true) // each blob would wait as long
	return false, nil
}

// head asks once for the blob, and reports whether asking again may help.
func (u *blobUpload) head(ctx context.Context) (there, again bool, err error) {
	ctx, cancel := context.WithTimeout(once(ctx), u.Answer)
	defer cancel()
	resp, err := u.do(ctx, call{method: http.MethodHead, url: u.url("blobs/" + u.digest)})
	if err != nil {
		u.noBlobHead.CompareAndSwap(false, errors.Is(err, context.DeadlineExceeded))
		return false, !lasting(err), err
	}
	resp.Body.Close()
	whole := resp.ContentLength <= 0 || resp.ContentLength == u.size
	return resp.StatusCode == http.StatusOK && whole && !isPage(resp.Header), passing(resp.StatusCode), nil
}

// begin begins the upload, and reports whether it is not needed, because the registry has
// mounted the blob from another repository.
func (u *blobUpload) begin(ctx context.Context) (mounted bool, err error) {
	u.offset, u.again = 0, false
	to := u.url("blobs/uploads/")
	if u.from != nil {
		mount := *to
		mount.RawQuery = url.Values{"mount": {u.digest}, "from": {u.from.RepositoryStr()}}.Encode()
		if c, err := u.reader(ctx, *u.from); err == nil {
			resp, err := c.done(ctx, call{method: http.MethodPost, url: &mount})
			if err == nil && resp.StatusCode == http.StatusCreated {
				return true, nil
			}
			if err == nil && u.begun(resp) == nil {
				return false, nil
			}
		}
		u.from = nil // it refuses, for whatever reason
	}
	resp, err := u.done(ctx, call{method: http.MethodPost, url: to})
	if err != nil {
		return false, err
	}
	return false, u.begun(resp)
}

// begun takes what the answer to the beginning of an upload says.
func (u *blobUpload) begun(resp *http.Response) (err error) {
	if u.at, err = u.next(resp); err != nil {
		u.at = nil
		return err
	}
	u.least, _ = strconv.ParseInt(resp.Header.Get("OCI-Chunk-Min-Length"), 10, 64)
	return nil
}

// send sends what the registry does not have of the blob.
func (u *blobUpload) send(ctx context.Context) error {
	if u.noPatch.Load() {
		return u.request(ctx, http.MethodPut, u.commit(), u.size)
	}
	for u.offset < u.size {
		n := u.size - u.offset
		if chunk := u.chunk.Load(); chunk > 0 {
			n = min(n, max(chunk, u.least))
		}
		err := u.request(ctx, http.MethodPatch, u.at, n)
		var status *transport.Error
		switch {
		case err == nil:
			u.offset += n
		case !errors.As(err, &status), status.StatusCode == http.StatusRequestedRangeNotSatisfiable && u.again:
			return err
		case status.StatusCode == http.StatusRequestEntityTooLarge:
			err = u.smaller(n, status)
		case knowsNoPatch(status):
			err = u.whole(ctx, status)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// knowsNoPatch reports whether a registry refuses PATCH, and not this upload.
func knowsNoPatch(e *transport.Error) bool {
	unknown := func(d transport.Diagnostic) bool {
		return d.Code == transport.BlobUploadUnknownErrorCode || d.Code == transport.BlobUploadInvalidErrorCode
	}
	codes := []int{http.StatusBadRequest, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusLengthRequired,
		http.StatusUnsupportedMediaType, http.StatusRequestedRangeNotSatisfiable, http.StatusNotImplemented}
	return slices.Contains(codes, e.StatusCode) && !slices.ContainsFunc(e.Errors, unknown)
}

// smaller has the next request be smaller than one that was too large.
func (u *blobUpload) smaller(n int64, status *transport.Error) error {
	next := int64(largestChunk)
	for next >= n {
		next /= 2
	}
	next = max(next, u.least)
	if next >= n || next < smallestChunk {
		return status
	}
	if u.lower(next) {
		u.note("it takes no request of %d bytes (%s): sends blobs in chunks of %d bytes", n, told(status), next)
	}
	return nil
}

// lower has blobs be sent in chunks of n bytes, and reports whether they were larger.
func (t *target) lower(n int64) bool {
	for {
		now := t.chunk.Load()
		if now > 0 && now <= n {
			return false
		}
		if t.chunk.CompareAndSwap(now, n) {
			return true
		}
	}
}

// whole sends the blob in one PUT, to a registry that refuses PATCH.
func (u *blobUpload) whole(ctx context.Context, status *transport.Error) error {
	if chunk := u.chunk.Load(); chunk > 0 && u.size > chunk {
		return &chunkError{limit: chunk, said: told(status)}
	}
	u.from = nil
	if _, err := u.begin(ctx); err != nil {
		return err
	}
	if err := u.request(ctx, http.MethodPut, u.commit(), u.size); err != nil {
		return err
	}
	u.offset = u.size
	u.noPatch.Store(true)
	return nil
}

// commit returns where the upload ends.
func (u *blobUpload) commit() *url.URL {
	to := *u.at
	query := to.Query()
	query.Set("digest", u.digest)
	to.RawQuery = query.Encode()
	return &to
}

// request sends n bytes of the blob.
func (u *blobUpload) request(ctx context.Context, method string, to *url.URL, n int64) error {
	header := http.Header{"Content-Type": {"application/octet-stream"}}
	if n < u.size {
		header.Set("Content-Range", fmt.Sprintf("%d-%d", u.offset, u.offset+n-1))
	}
	resp, err := u.done(once(ctx), call{
		method: method, url: to, header: header, size: n,
		body: func() (io.ReadCloser, error) { return u.part(n) },
	})
	if err == nil && method == http.MethodPatch && resp.Header.Get("Location") != "" {
		u.at, err = u.next(resp)
	}
	return err
}

// part returns n bytes of the blob, from the offset on. What is read of it counts as sent.
func (u *blobUpload) part(n int64) (io.ReadCloser, error) {
	in, err := u.open()
	if err != nil {
		return nil, err
	}
	if file, ok := in.(io.Seeker); ok {
		_, err = file.Seek(u.offset, io.SeekStart)
	} else {
		_, err = io.CopyN(io.Discard, in, u.offset)
	}
	if err != nil {
		in.Close()
		return nil, err
	}
	return counted{io.LimitReader(in, n), in, u}, nil
}

// resume asks how much of a blob the registry has, after a request that was cut. If it does
// not say, the upload begins again.
func (u *blobUpload) resume(ctx context.Context) {
	at := u.at
	u.at = nil
	if at == nil || u.noPatch.Load() {
		return
	}
	resp, err := u.do(once(ctx), call{method: http.MethodGet, url: at})
	if err != nil {
		return
	}
	resp.Body.Close()
	offset, ok := received(resp.Header.Get("Range"))
	if resp.StatusCode != http.StatusNoContent || !ok || offset > u.size || offset == 0 || offset < u.offset {
		return // it has nothing new, or still writes what came before the cut
	}
	if resp.Header.Get("Location") != "" {
		if at, err = u.next(resp); err != nil {
			return
		}
	}
	u.at, u.offset, u.again = at, offset, true
}

// received returns how many bytes of an upload a registry has, by the header Range: 0-99 is
// a hundred. 0-0 is none.
func received(header string) (int64, bool) {
	first, last, ok := strings.Cut(strings.TrimPrefix(header, "bytes="), "-")
	n, err := strconv.ParseInt(last, 10, 64)
	if !ok || first != "0" || err != nil || n < 0 {
		return 0, false
	}
	if n > 0 {
		n++
	}
	return n, true
}

// counted counts what is read.
type counted struct {
	io.Reader
	io.Closer
	of *blobUpload
}

func (c counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.of.move(c.of.sent.Add(int64(n)))
	return n, err
}

// move tells p.Moving that so many bytes of the blob are there or on their way. What is sent
// again, after an upload was cut, counts once.
func (u *blobUpload) move(bytes int64) {
	u.mu.Lock()
	defer u.mu.Unlock()
	before := u.moved
	u.moved += max(0, min(bytes, u.size)-u.told)
	u.told = max(u.told, min(bytes, u.size))
	if u.Moving != nil && (u.moved>>20 != before>>20 || before < u.moved && u.moved == u.target.size) {
		u.Moving(u.name, u.moved, u.target.size)
	}
}
