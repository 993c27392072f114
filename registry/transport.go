package registry

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// tries is how often a request is made, and an upload begun, before it fails.
const tries = 5

// onceKey marks the context of a request that is made once: who makes it knows what to
// do next.
type onceKey struct{}

// once returns a context whose requests are not repeated.
func once(ctx context.Context) context.Context { return context.WithValue(ctx, onceKey{}, true) }

// A retrier tries requests again that failed for a while, and waits when a registry says
// that there are too many. The library's own retries do not heed Retry-After, and stop at
// codes that they do not know.
type retrier struct {
	base     http.RoundTripper
	plain    bool        // HTTP is allowed
	local    bool        // it is allowed on this machine, until tls is set
	tls      atomic.Bool // the registry tried to speak TLS
	wait     time.Duration
	patience time.Duration // how long a request waits in all because there are too many
	note     func(format string, args ...any)
}

// baseTransport returns what makes requests, and does not wait for ever.
func baseTransport() *http.Transport {
	base := remote.DefaultTransport.(*http.Transport).Clone()
	base.ResponseHeaderTimeout = 5 * time.Minute
	return base
}

func (t *target) retrier(base http.RoundTripper) *retrier {
	return &retrier{base: base, plain: t.Insecure, local: local(t.host), wait: t.Wait, patience: t.Patience, note: t.note}
}

// PullOptions returns how the library reads an image: with the logins of Keychain(env), and
// with the tries and waits of a Push, each of which note is told.
func PullOptions(env []string, image string, note func(string)) []remote.Option {
	host, _, _ := strings.Cut(image, "/")
	t := &target{Pusher: Pusher{Note: note, Insecure: true}.defaulted(), host: host} // a digest says what is read
	return []remote.Option{
		remote.WithAuthFromKeychain(Keychain(env)), remote.WithTransport(t.retrier(baseTransport())),
		remote.WithUserAgent("slipway"), remote.WithRetryStatusCodes(),
	}
}

var errPlain = errors.New("it is plain HTTP")

// tooMany is the error of a request that a registry refused because it had too many.
type tooMany struct {
	said  string        // by the registry
	after time.Duration // it wants the next request after that; 0 if it does not say
	spent bool          // that would be longer than a request waits
}

func (e *tooMany) Error() string { return e.said }

func (r *retrier) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Scheme != "https" && !r.plain && !(r.local && local(req.URL.Host) && !r.tls.Load()) {
		if req.Body != nil {
			req.Body.Close()
		}
		return nil, errPlain
	}
	waited := time.Duration(0)
	for try := 1; ; try++ {
		resp, err := r.send(req)
		var many *tooMany
		limited := errors.As(err, &many)
		again := err == nil && passing(resp.StatusCode) || err != nil && req.Context().Err() == nil && !lasting(err)
		if !again || try >= tries && !limited || req.Context().Value(onceKey{}) != nil {
			return resp, err
		}
		if err == nil {
			_, _ = io.CopyN(io.Discard, resp.Body, 1<<16)
			resp.Body.Close()
		}
		if err := r.pause(req.Context(), try, &waited, err); err != nil {
			return nil, err
		}
	}
}

// pause waits before the next try of what failed with an error, which it returns if that
// would be too long. waited is how long it was so far because there were too many requests.
func (r *retrier) pause(ctx context.Context, try int, waited *time.Duration, err error) error {
	wait := r.wait << min(try-1, 6)
	var many *tooMany
	if errors.As(err, &many) {
		wait = cmp.Or(many.after, wait)
		if *waited += wait; *waited > r.patience {
			many.spent = true
			return err
		}
		r.note("too many requests: waits %s (%s)", wait, many.said)
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(wait):
		return nil
	}
}

// send sends a copy of a request, whose body can be read once more.
func (r *retrier) send(req *http.Request) (*http.Response, error) {
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
	resp, err := r.base.RoundTrip(out)
	if err != nil && refusesTLS(err) {
		r.tls.Store(true)
	}
	if err == nil && limits(resp) {
		defer resp.Body.Close()
		return nil, &tooMany{said: told(refusalOf(resp)), after: retryAfter(resp.Header)}
	}
	return resp, err
}

// manyWords are what registries and what is before them say of too many requests with a
// status that means something else.
var manyWords = regexp.MustCompile(`(?i)too ?many ?requests|rate[ -]?limit|rate exceeded|throttl`)

// limits reports whether a response is that there are too many requests. The body can
// still be read.
func limits(resp *http.Response) bool {
	switch resp.StatusCode {
	case http.StatusTooManyRequests:
		return true
	case http.StatusServiceUnavailable:
		return resp.Header.Get("Retry-After") != ""
	case http.StatusForbidden, http.StatusBadRequest:
		start, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<16))
		resp.Body = struct {
			io.Reader
			io.Closer
		}{io.MultiReader(bytes.NewReader(start), resp.Body), resp.Body}
		return resp.Header.Get("Retry-After") != "" || manyWords.Match(start)
	}
	return false
}

// retryAfter returns how long a registry asks to wait: by seconds, or by a date, which is
// compared with the one of the answer. It is 0 if neither is there.
func retryAfter(h http.Header) time.Duration {
	value := h.Get("Retry-After")
	if s, err := strconv.Atoi(value); err == nil {
		return max(0, time.Duration(min(s, 1<<30))*time.Second)
	}
	at, err := http.ParseTime(value)
	now, err2 := http.ParseTime(h.Get("Date"))
	if err != nil || err2 != nil {
		return 0
	}
	return max(0, at.Sub(now))
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
		cut := status.Request.ContentLength > 0 && passing(status.StatusCode)
		return cut || slices.ContainsFunc(status.Errors, func(d transport.Diagnostic) bool {
			return slices.Contains([]transport.ErrorCode{transport.BlobUploadUnknownErrorCode,
				transport.BlobUploadInvalidErrorCode, transport.DigestInvalidErrorCode}, d.Code)
		}) || status.StatusCode == http.StatusRequestedRangeNotSatisfiable
	}
	return errors.As(err, &sent) && sent.Op == "Patch" && !lasting(sent.Err)
}
