package registry

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// TestPassing has the HTTP statuses after which a request is tried again.
func TestPassing(t *testing.T) {
	for code, want := range map[int]bool{
		200: false, 201: false, 301: false, 400: false, 401: false, 403: false, 404: false, 413: false,
		408: true, 429: true, 500: true, 502: true, 503: true, 504: true, 520: true,
		501: false, 505: false, 507: false,
	} {
		if got := passing(code); got != want {
			t.Errorf("passing(%d) = %t, want %t", code, got, want)
		}
	}
}

func TestLocal(t *testing.T) {
	for host, want := range map[string]bool{
		"localhost": true, "localhost:5000": true, "127.0.0.1": true, "127.1.2.3:5000": true, "[::1]:5000": true,
		"registry.example.org": false, "localhost.example.org": false, "192.0.2.7:5000": false, "[2001:db8::1]:5000": false,
		"127.example.org": false, "": false,
	} {
		if got := local(host); got != want {
			t.Errorf("local(%q) = %t, want %t", host, got, want)
		}
	}
}

// TestLasting has the errors of connections that no second try gets rid of.
func TestLasting(t *testing.T) {
	for _, c := range []struct {
		err  error
		want bool
	}{
		{errPlain, true},
		{http.ErrSchemeMismatch, true},
		{syscall.ECONNREFUSED, true},
		{context.Canceled, true},
		{&tls.CertificateVerificationError{Err: errors.New("expired")}, true},
		{tls.RecordHeaderError{Msg: "no TLS"}, true},
		{&net.OpError{Op: "remote error", Err: errors.New("tls: bad certificate")}, true},
		{&net.DNSError{IsNotFound: true}, true},
		{&fs.PathError{Op: "open", Path: "layer", Err: fs.ErrNotExist}, true},
		{syscall.ECONNRESET, false},
		{io.ErrUnexpectedEOF, false},
		{context.DeadlineExceeded, false},
		{&net.OpError{Op: "read", Err: syscall.EPIPE}, false},
		{&net.DNSError{IsTemporary: true}, false},
		{errors.New("http2: stream error"), false},
	} {
		for _, err := range []error{c.err, fmt.Errorf("pushing: %w", c.err)} {
			if got := lasting(err); got != c.want {
				t.Errorf("lasting(%v) = %t, want %t", err, got, c.want)
			}
		}
	}
}

// TestUploadsAgain has the errors after which an upload is begun again.
func TestUploadsAgain(t *testing.T) {
	answer := func(method string, status int, codes ...transport.ErrorCode) error {
		e := &transport.Error{StatusCode: status, Request: &http.Request{Method: method}}
		if method == http.MethodPatch {
			e.Request.ContentLength = 1
		}
		for _, code := range codes {
			e.Errors = append(e.Errors, transport.Diagnostic{Code: code})
		}
		return e
	}
	for _, c := range []struct {
		name string
		err  error
		want bool
	}{
		{"a blob that was cut", &url.Error{Op: "Patch", Err: io.ErrUnexpectedEOF}, true},
		{"a blob that broke the registry", answer(http.MethodPatch, 500), true},
		{"an unknown upload", answer(http.MethodPut, 404, transport.BlobUploadUnknownErrorCode), true},
		{"an invalid upload", answer(http.MethodPut, 416, transport.BlobUploadInvalidErrorCode), true},
		{"a range that it does not want", answer(http.MethodPatch, 416), true},
		{"a digest that is another one", answer(http.MethodPut, 400, transport.DigestInvalidErrorCode), true},
		{"a second code", answer(http.MethodPut, 404, "OTHER", transport.BlobUploadUnknownErrorCode), true},
		{"another request that was cut", &url.Error{Op: "Put", Err: io.ErrUnexpectedEOF}, false},
		{"a blob by plain HTTP", &url.Error{Op: "Patch", Err: errPlain}, false},
		{"a full disk", answer(http.MethodPatch, 507), false},
		{"no right", answer(http.MethodPatch, 403, transport.DeniedErrorCode), false},
		{"a broken manifest", answer(http.MethodPut, 500), false},
		{"any other", errors.New("other"), false},
	} {
		if got := uploadsAgain(c.err); got != c.want {
			t.Errorf("%s: uploadsAgain() = %t, want %t", c.name, got, c.want)
		}
	}
}

func TestRetryAfterHeader(t *testing.T) {
	const now = "Wed, 21 Oct 2026 07:28:00 GMT"
	for _, c := range []struct {
		value, date string
		want        time.Duration
	}{
		{"", now, 0},
		{"0", now, 0},
		{"3", "", 3 * time.Second},
		{" 3", now, 0}, // net/http trims what a server sends
		{"3600", now, time.Hour},
		{"-5", now, 0},
		{"soon", now, 0},
		{"Wed, 21 Oct 2026 07:28:30 GMT", now, 30 * time.Second},
		{"Wed, 21 Oct 2026 07:27:30 GMT", now, 0},
		{"Wednesday, 21-Oct-26 07:29:00 GMT", now, time.Minute},
		{"Wed, 21 Oct 2026 07:28:30 GMT", "", 0}, // nothing to compare it with
	} {
		got := retryAfter(http.Header{"Retry-After": {c.value}, "Date": {c.date}})
		if got != c.want {
			t.Errorf("retryAfter(%q at %q) = %s, want %s", c.value, c.date, got, c.want)
		}
	}
}

// TestLimits tells too many requests from other refusals.
func TestLimits(t *testing.T) {
	for _, c := range []struct {
		status int
		after  string
		body   string
		want   bool
	}{
		{429, "", "", true},
		{429, "3", "", true},
		{503, "", "", false},
		{503, "3", "", true},
		{403, "", `{"errors":[{"code":"DENIED","message":"requested access to the resource is denied"}]}`, false},
		{403, "", `{"errors":[{"code":"TOOMANYREQUESTS","message":""}]}`, true},
		{403, "", `{"message":"You have exceeded a secondary rate limit."}`, true},
		{403, "", "Rate exceeded", true},
		{403, "60", "", true},
		{400, "", `{"errors":[{"code":"UNKNOWN","message":"ThrottlingException"}]}`, true},
		{400, "", `{"errors":[{"code":"MANIFEST_INVALID","message":"generated at a steady pace"}]}`, false},
		{401, "3", "rate limit", false},
		{200, "", "rate limit", false},
	} {
		resp := &http.Response{
			StatusCode: c.status, Header: http.Header{"Retry-After": {c.after}},
			Body: io.NopCloser(strings.NewReader(c.body)),
		}
		if got := limits(resp); got != c.want {
			t.Errorf("limits(%d %q %q) = %t, want %t", c.status, c.after, c.body, got, c.want)
		}
		if rest, err := io.ReadAll(resp.Body); err != nil || string(rest) != c.body {
			t.Errorf("after limits(%d), the body is %q (%v), want %q", c.status, rest, err, c.body)
		}
	}
}

// TestScrub holds that no secret gets into an error.
func TestScrub(t *testing.T) {
	for text, want := range map[string]string{
		"":                                  "",
		" no room \n at all":                "no room",
		"https://mate:pw@example.org/a":     "https://example.org/a",
		"https://example.org/a?token=pw":    "https://example.org/a",
		`"https://example.org/a?x" gone`:    `"https://example.org/a" gone`,
		"Bearer abcdefgh.ijkl is bad":       "Bearer … is bad",
		"authorization: BASIC bWF0ZTpwdw==": "authorization: BASIC …",
		"basic training":                    "basic …",
		"basic food":                        "basic food",
		strings.Repeat("x", 301):            strings.Repeat("x", 300) + "…",
		strings.Repeat("x", 299) + "é…":     strings.Repeat("x", 299) + "…",
	} {
		if got := scrub(text); got != want {
			t.Errorf("scrub(%q) = %q, want %q", text, got, want)
		}
	}
}
