package registry

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestErrors holds what is said of each fault, and what is never said.
func TestErrors(t *testing.T) {
	answer := func(kind string, status int, code, message string, detail any) func(*testing.T, *fake, *Pusher) {
		return func(_ *testing.T, f *fake, _ *Pusher) {
			f.fault = func(w http.ResponseWriter, r *http.Request, k string, n int) bool {
				return k == kind && refuse(w, status, code, message, detail) || wantsLogin(w, r, k, n)
			}
		}
	}
	tokens := func(status int, said string) func(*testing.T, *fake, *Pusher) {
		return func(_ *testing.T, f *fake, _ *Pusher) {
			f.fault = func(w http.ResponseWriter, r *http.Request, _ string, _ int) bool {
				if r.URL.Path == "/token" {
					w.WriteHeader(status)
					_, _ = io.WriteString(w, said)
					return true
				}
				w.Header().Set("WWW-Authenticate", `Bearer realm="`+f.URL+`/token",service="registry"`)
				return refuse(w, 401, "UNAUTHORIZED", "authentication required", nil)
			}
		}
	}
	const noToken = "HOST: it answers a login without a token: check the realm of its tokens, "
	as := func(l login) func(*testing.T, *fake, *Pusher) {
		return func(_ *testing.T, _ *fake, p *Pusher) { p.Keychain = l }
	}
	for _, c := range []struct {
		name string
		set  func(t *testing.T, f *fake, p *Pusher)
		want string
	}{
		{"wrong password", as(login{Username: "crew", Password: password}),
			"HOST refuses the login of crew: log in again with docker login HOST or podman login HOST (401 Unauthorized"},
		{"identity token", as(login{IdentityToken: password}),
			"HOST refuses the login of a token: log in again with"},
		{"no login", func(_ *testing.T, _ *fake, p *Pusher) { p.Keychain = nil },
			"HOST: it needs a login: log in with docker login HOST or podman login HOST (401 Unauthorized"},
		{"no right", answer("POST blob", 403, "DENIED", "you may only look", nil),
			"HOST refuses the login of mate: log in again with docker login HOST or podman login HOST " +
				"(403 Forbidden, DENIED: you may only look)"},
		{"a manifest that is too large", answer("PUT manifest", 413, "SIZE_INVALID", "at most 1 kB", nil),
			"(413 Request Entity Too Large, SIZE_INVALID: at most 1 kB): raise the limit of the registry or of the " +
				"proxy before it, as client_max_body_size of nginx"},
		{"no repository", answer("POST blob", 404, "NAME_UNKNOWN", "it does not exist", nil),
			", and makes none for a push: create it there, and push again (404 Not Found, NAME_UNKNOWN: it does not exist)"},
		{"blobs that it forgot", answer("PUT manifest", 404, "MANIFEST_BLOB_UNKNOWN", "blob unknown", nil),
			"HOST: it said that it has the blobs, and now that it has not: check its storage, "},
		{"a tag that is not a manifest", func(_ *testing.T, f *fake, _ *Pusher) {
			f.fault = on("HEAD manifest, GET manifest", func(w http.ResponseWriter, _ *http.Request) {
				_, _ = io.WriteString(w, `{"page": 1}`)
			})
		}, "HOST: it answers with something that is not a manifest, and not as a registry: "},
		{"a page for tokens", tokens(200, "<html>log in</html>"), noToken},
		{"no token", tokens(200, `{"secret": "`+password+`"}`), noToken},
		{"no tokens there", tokens(404, "nothing here"),
			"HOST: it has logins sent to https://HOST/token, which answers with 404 Not Found, nothing here: set the realm"},
		{"blobs by another protocol", func(_ *testing.T, f *fake, _ *Pusher) {
			f.fault = on("POST blob", func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", "ftp://example.org/blob")
				w.WriteHeader(http.StatusAccepted)
			})
		}, "HOST: it does not say where to send blobs: "},
		{"disk full", answer("PUT blob", 500, "UNKNOWN", "unknown error", map[string]any{"Err": "no space left on device"}),
			"HOST" + noRoom + " (500 Internal Server Error, UNKNOWN: unknown error (map[Err:no space left on device]))"},
		{"broken", answer("PUT blob", 500, "UNKNOWN", "unknown error", map[string]any{"Err": 280}),
			"HOST: it refuses the push: 500 Internal Server Error, UNKNOWN: unknown error (map[Err:280])"},
		{"secrets in what a registry says", answer("PUT manifest", 400, "UNKNOWN",
			"see https://mate:"+password+"@example.org/?token="+password+" of Bearer "+password, nil),
			"UNKNOWN: see https://example.org/ of Bearer …"},
		{"no JSON", func(_ *testing.T, f *fake, _ *Pusher) {
			f.fault = func(w http.ResponseWriter, _ *http.Request, kind string, _ int) bool {
				if kind == "PUT blob" {
					http.Error(w, "the bilge is full", http.StatusInsufficientStorage)
				}
				return kind == "PUT blob"
			}
		}, "HOST" + noRoom + " (507 Insufficient Storage, the bilge is full)"},
		{"always cut", func(_ *testing.T, f *fake, _ *Pusher) {
			f.fault = func(w http.ResponseWriter, r *http.Request, kind string, n int) bool {
				return kind == "PATCH blob" && cut(w, r)
			}
		}, "HOST: the connection failed: "},
		{"unknown certificate", func(_ *testing.T, _ *fake, p *Pusher) { p.Roots = x509.NewCertPool() },
			"HOST: its certificate is not trusted: x509: certificate signed by unknown authority: renew it, add its authority"},
		{"expired certificate", func(t *testing.T, f *fake, p *Pusher) {
			old := certificate(t, time.Unix(0, 0), time.Unix(1e9, 0))
			p.Roots.AddCert(old.Leaf)
			f.TLS.Certificates = []tls.Certificate{old}
		}, "HOST: its certificate is not trusted: x509: certificate has expired or is not yet valid: current time "},
		{"nobody there", func(_ *testing.T, f *fake, _ *Pusher) { f.Close() },
			"HOST: it refuses connections: check that the registry runs"},
		{"a keychain that fails", func(t *testing.T, _ *fake, p *Pusher) {
			p.Keychain = Keychain([]string{"REGISTRY_AUTH_FILE=" + t.TempDir()})
		}, "HOST: finding its login: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := serve(t)
			f.fault = wantsLogin
			p := f.pusher()
			p.Keychain = login{Username: "mate", Password: password}
			c.set(t, f, &p)
			_, err := p.Push(t.Context(), []Item{item(t, "kubelet", 1), item(t, "proxy", 2)})
			if err == nil {
				t.Fatal("Push() does not fail")
			}
			said := err.Error()
			if want := strings.ReplaceAll(c.want, "HOST", f.host); !strings.Contains(said, want) {
				t.Errorf("Push() = %s\nwant     %s", said, want)
			}
			basic := base64.StdEncoding.EncodeToString([]byte("mate:" + password))
			for _, secret := range []string{password, basic, "_state", "?"} {
				if strings.Contains(said, secret) {
					t.Errorf("the error holds %q: %s", secret, said)
				}
			}
			if n := strings.Count(said, f.host+": ") + strings.Count(said, f.host+" refuses the login"); n != 1 {
				t.Errorf("the fault is told %d times:\n%s", n, said)
			}
		})
	}
}

// TestUnknownHost asks no name server, which would answer as it likes.
func TestUnknownHost(t *testing.T) {
	for name, want := range map[string]string{
		"registry.example.org": "no such host: check how -registry is spelled",
		"login.example.org":    "it leads to login.example.org, which is a host that this machine does not find",
	} {
		err := (&client{target: &target{host: "registry.example.org"}}).explain(t.Context(),
			fmt.Errorf("dialing: %w", &net.DNSError{Name: name, IsNotFound: true}))
		if want = "registry.example.org: " + want; err.Error() != want {
			t.Errorf("explain() = %v, want %s", err, want)
		}
	}
	if lasting(&net.DNSError{IsTemporary: true}) || !lasting(&net.DNSError{IsNotFound: true}) ||
		lasting(errors.New("http2: stream error")) {
		t.Error("lasting() does not know which faults of the network pass")
	}
}
