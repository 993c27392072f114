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

// TestNote shows what the answers to the requests of a blob tell of it.
func TestNote(t *testing.T) {
	for _, c := range []struct {
		name    string
		answers string // METHOD CODE, one after the other; a PATCH sends a byte
		state   State
		missing bool
	}{
		{"it is there", "HEAD 200", Existing, false},
		{"it is missing", "HEAD 404", "", true},
		{"it is sent", "HEAD 404, POST 202, PATCH 202, PUT 201", Uploaded, false},
		{"it is mounted", "HEAD 404, POST 201", Mounted, true},
		{"it was sent, though the registry said no", "HEAD 404, POST 202, PATCH 202, PUT 404, HEAD 200", Uploaded, false},
		{"it is refused", "HEAD 404, POST 202, PATCH 202, PUT 400", "", false},
	} {
		sent := &transfer{}
		for answer := range strings.SplitSeq(c.answers, ", ") {
			var method string
			var code int
			if _, err := fmt.Sscan(answer, &method, &code); err != nil {
				t.Fatal(err)
			}
			if method == http.MethodPatch {
				sent.bytes.Add(1)
			}
			sent.note(method, code)
		}
		if sent.state != c.state || sent.missing != c.missing {
			t.Errorf("%s: the state is %q, missing %t, want %q, %t", c.name, sent.state, sent.missing, c.state, c.missing)
		}
	}
}

func TestRetryAfterHeader(t *testing.T) {
	for value, want := range map[string]time.Duration{
		"": 0, "0": 0, "3": 3 * time.Second, "60": time.Minute, "3600": time.Minute, "Wed, 21 Oct 2026 07:28:00 GMT": 0,
	} {
		resp := &http.Response{Header: http.Header{"Retry-After": {value}}}
		if got := retryAfter(resp); got != want {
			t.Errorf("retryAfter(%q) = %s, want %s", value, got, want)
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

// TestAbsent tells a tag that is missing from a registry that cannot be asked.
func TestAbsent(t *testing.T) {
	for _, c := range []struct {
		err   error
		force bool
		want  bool
	}{
		{nil, true, false},
		{errors.New("other"), true, false},
		{&transport.Error{StatusCode: 404}, false, true},
		{&transport.Error{StatusCode: 403}, false, false},
		{&transport.Error{StatusCode: 403}, true, true},
		{&transport.Error{StatusCode: 401}, true, false},
	} {
		if got := absent(c.err, c.force); got != c.want {
			t.Errorf("absent(%v, %t) = %t, want %t", c.err, c.force, got, c.want)
		}
	}
}
