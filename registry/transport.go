package registry

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// tries is how often a request is made, and an upload begun, before it fails.
const tries = 5

// A transfer is what is known of sending one blob. The context of its requests holds it.
type transfer struct {
	state   State        // empty if it is not known yet
	bytes   atomic.Int64 // sent
	missing bool         // the registry said that it does not have the blob, and was sent nothing since
}

type transferKey struct{}

// A retrier tries requests again that failed for a while, but for those that send a
// blob: how much of it arrived is not known, and so the upload is begun again (see
// uploadsAgain). The library's own retries begin an upload again for any fault of it,
// but never for codes that it does not know, and do not heed Retry-After.
type retrier struct {
	base  http.RoundTripper
	plain bool        // HTTP is allowed
	local bool        // it is allowed on this machine, until tls is set
	tls   atomic.Bool // the registry tried to speak TLS
	wait  time.Duration
}

var errPlain = errors.New("it points to plain HTTP: push with -insecure if that is intended")

func (r *retrier) RoundTrip(req *http.Request) (*http.Response, error) {
	sent, _ := req.Context().Value(transferKey{}).(*transfer)
	if sent == nil {
		sent = &transfer{}
	}
	if req.URL.Scheme != "https" && !r.plain && !(r.local && local(req.URL.Host) && !r.tls.Load()) {
		if req.Body != nil {
			req.Body.Close()
		}
		return nil, errPlain
	}
	if req.Method == http.MethodHead && sent.missing {
		return &http.Response{
			StatusCode: http.StatusNotFound, Header: http.Header{}, Body: http.NoBody, Request: req,
		}, nil
	}
	for try := 1; ; try++ {
		out, err := sendable(req, sent)
		if err != nil {
			return nil, err
		}
		resp, err := r.base.RoundTrip(out)
		if err != nil && refusesTLS(err) {
			r.tls.Store(true)
		}
		again := err == nil && passing(resp.StatusCode) || err != nil && req.Context().Err() == nil && !lasting(err)
		if !again || try == tries || req.Method == http.MethodPatch {
			if err == nil {
				sent.note(req.Method, resp.StatusCode)
			}
			return resp, err
		}
		wait := r.wait << (try - 1)
		if err == nil {
			wait = max(wait, retryAfter(resp))
			_, _ = io.CopyN(io.Discard, resp.Body, 1<<16)
			resp.Body.Close()
		}
		select {
		case <-req.Context().Done():
			return nil, req.Context().Err()
		case <-time.After(wait):
		}
	}
}

// retryAfter returns how long a registry asks to wait, at most a minute. A
// date instead of seconds is ignored.
func retryAfter(resp *http.Response) time.Duration {
	s, err := strconv.Atoi(resp.Header.Get("Retry-After"))
	if err != nil {
		return 0
	}
	return min(time.Duration(s)*time.Second, time.Minute)
}

// sendable returns a copy of a request, whose body can be read once more, and counts
// what is sent of a blob.
func sendable(req *http.Request, sent *transfer) (*http.Request, error) {
	out := req.Clone(req.Context())
	// Also for the first try: when a token has expired, the library repeats a request
	// whose body may have been read.
	if req.Body != nil && req.GetBody != nil {
		var err error
		req.Body.Close()
		if out.Body, err = req.GetBody(); err != nil {
			return nil, err
		}
	}
	if req.Method == http.MethodPatch && req.ContentLength > 0 {
		out.Body = counted{out.Body, &sent.bytes}
	}
	return out, nil
}

// note notes what a registry's answer to a request tells of the blob.
func (t *transfer) note(method string, code int) {
	switch {
	case method == http.MethodHead && code == http.StatusNotFound:
		t.missing = true
	case method == http.MethodHead && code == http.StatusOK && t.bytes.Load() == 0:
		t.state = Existing
	case method == http.MethodHead && code == http.StatusOK, method == http.MethodPut && code == http.StatusCreated:
		t.state = Uploaded
	case method == http.MethodPost && code == http.StatusCreated:
		t.state = Mounted
	}
	if method == http.MethodPut {
		t.missing = false
	}
}

// counted counts what is read.
type counted struct {
	io.ReadCloser
	n *atomic.Int64
}

func (c counted) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	c.n.Add(int64(n))
	return n, err
}

// passing reports whether a request with this HTTP status may succeed a little later.
func passing(code int) bool {
	switch code {
	case http.StatusRequestTimeout, http.StatusTooManyRequests:
		return true
	case http.StatusNotImplemented, http.StatusHTTPVersionNotSupported, http.StatusInsufficientStorage:
		return false
	}
	return code >= 500
}

// local reports whether a host, with or without a port, is this machine, so that nobody
// can listen in between.
func local(host string) bool {
	host = (&url.URL{Host: host}).Hostname()
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// refusesTLS reports whether an error is of two sides that speak TLS and do not agree.
func refusesTLS(err error) bool {
	var cert *tls.CertificateVerificationError
	var op *net.OpError // an alert, of a type that crypto/tls does not export
	return errors.As(err, &cert) || errors.As(err, &op) && (op.Op == "remote error" || op.Op == "local error")
}

// lasting reports whether an error of a connection stays until somebody does something.
// All others count as accidents of the network, which are too many to list.
func lasting(err error) bool {
	var (
		record tls.RecordHeaderError
		dns    *net.DNSError
		file   *fs.PathError
	)
	for _, stays := range []error{errPlain, http.ErrSchemeMismatch, syscall.ECONNREFUSED, context.Canceled} {
		if errors.Is(err, stays) {
			return true
		}
	}
	return refusesTLS(err) || errors.As(err, &record) || errors.As(err, &file) || errors.As(err, &dns) && dns.IsNotFound
}

// uploadsAgain reports whether an upload that ended with an error is to be begun
// again: its blob was cut, or the registry forgot the upload.
func uploadsAgain(err error) bool {
	var status *transport.Error
	var sent *url.Error
	if errors.As(err, &status) {
		cut := status.Request.Method == http.MethodPatch && passing(status.StatusCode)
		return cut || slices.ContainsFunc(status.Errors, func(d transport.Diagnostic) bool {
			return d.Code == transport.BlobUploadUnknownErrorCode || d.Code == transport.BlobUploadInvalidErrorCode
		})
	}
	return errors.As(err, &sent) && sent.Op == "Patch" && !lasting(sent.Err)
}
