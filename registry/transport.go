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

// A transfer is what became of one blob. The context of its requests holds it.
type transfer struct {
	state State        // empty if nothing was settled
	bytes atomic.Int64 // sent
	lacks bool         // the registry said so, and was given nothing since
}

type transferKey struct{}

// A retrier makes requests that failed for a while again, but for those that
// send a blob: what of it arrived is not known, and the upload is begun anew
// (see uploadsAgain). The library's own begins all of an upload again for any
// fault of it, never after codes that it does not know, and hears no Retry-After.
type retrier struct {
	base  http.RoundTripper
	plain bool        // HTTP is allowed
	local bool        // it is allowed on this machine, until tls is set
	tls   atomic.Bool // the registry speaks TLS, if not as it should
	wait  time.Duration
}

var errPlain = errors.New("it leads to plain HTTP: push with -insecure if that is meant")

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
	if req.Method == http.MethodHead && sent.lacks {
		return &http.Response{StatusCode: http.StatusNotFound, Header: http.Header{}, Body: http.NoBody, Request: req}, nil
	}
	for try := 1; ; try++ {
		out := req.Clone(req.Context())
		if req.Body != nil && req.GetBody != nil { // at first, too: where a token has ended, the library repeats a request whose body may still be read
			var err error
			req.Body.Close()
			if out.Body, err = req.GetBody(); err != nil {
				return nil, err
			}
		}
		if req.Method == http.MethodPatch && req.ContentLength > 0 {
			out.Body = counted{out.Body, &sent.bytes}
		}
		resp, err := r.base.RoundTrip(out)
		if err != nil && refusesTLS(err) {
			r.tls.Store(true)
		}
		passes := err == nil && passing(resp.StatusCode) || err != nil && req.Context().Err() == nil && !lasting(err)
		if !passes || try == tries || req.Method == http.MethodPatch {
			if err == nil {
				sent.note(req.Method, resp.StatusCode)
			}
			return resp, err
		}
		wait := r.wait << (try - 1)
		if err == nil {
			if s, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil {
				wait = max(wait, min(time.Duration(s)*time.Second, time.Minute))
			}
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

// note learns from a registry's answer to a request of a blob.
func (t *transfer) note(method string, code int) {
	switch {
	case method == http.MethodHead && code == http.StatusNotFound:
		t.lacks = true
	case method == http.MethodHead && code == http.StatusOK && t.bytes.Load() == 0:
		t.state = Existing
	case method == http.MethodHead && code == http.StatusOK, method == http.MethodPut && code == http.StatusCreated:
		t.state = Uploaded
	case method == http.MethodPost && code == http.StatusCreated:
		t.state = Mounted
	}
	if method == http.MethodPut {
		t.lacks = false
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

// passing tells of an HTTP status whether it may be another one soon.
func passing(code int) bool {
	switch code {
	case http.StatusRequestTimeout, http.StatusTooManyRequests:
		return true
	case http.StatusNotImplemented, http.StatusHTTPVersionNotSupported, http.StatusInsufficientStorage:
		return false
	}
	return code >= 500
}

// local tells of a host, with or without a port, whether it is this machine, and nobody
// between can read along.
func local(host string) bool {
	host = (&url.URL{Host: host}).Hostname()
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// refusesTLS tells of an error whether both sides speak TLS, and do not come together.
func refusesTLS(err error) bool {
	var cert *tls.CertificateVerificationError
	var op *net.OpError // an alert, of a type that crypto/tls does not export
	return errors.As(err, &cert) || errors.As(err, &op) && (op.Op == "remote error" || op.Op == "local error")
}

// lasting tells of an error of a connection whether it stays as long as nobody does something.
// All others are taken for accidents of the network, which has too many to list.
func lasting(err error) bool {
	var (
		record tls.RecordHeaderError
		dns    *net.DNSError
		file   *fs.PathError
	)
	return errors.Is(err, errPlain) || errors.Is(err, http.ErrSchemeMismatch) || errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, context.Canceled) ||
		refusesTLS(err) || errors.As(err, &record) || errors.As(err, &file) || errors.As(err, &dns) && dns.IsNotFound
}

// uploadsAgain tells of an error whether the upload it ended is to be begun
// again: its blob was cut, or the registry has forgotten it.
func uploadsAgain(err error) bool {
	var status *transport.Error
	var sent *url.Error
	if errors.As(err, &status) {
		return status.Request.Method == http.MethodPatch && passing(status.StatusCode) || slices.ContainsFunc(status.Errors, func(d transport.Diagnostic) bool {
			return d.Code == transport.BlobUploadUnknownErrorCode || d.Code == transport.BlobUploadInvalidErrorCode
		})
	}
	return errors.As(err, &sent) && sent.Op == "Patch" && !lasting(sent.Err)
}
