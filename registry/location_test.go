package registry

import (
	"net/http"
	"strings"
	"testing"
)

// TestRealms has what is said of the addresses for logins that registries give.
func TestRealms(t *testing.T) {
	const (
		plain   = " is plain HTTP, and the registry is not"
		private = " is this machine or a private network, and the registry is not"
		noURL   = "it does not say where to log in: the realm of its tokens is not a URL"
	)
	for _, c := range []struct {
		registry, realm string
		plain           bool
		want            string // what is wrong with it; empty: nothing
	}{
		{"registry.example.org", "https://auth.example.org/token", false, ""},
		{"registry.example.org", "https://registry.example.org/token", false, ""},
		{"registry.example.org", "https://auth.internal/token", false, ""},
		{"10.0.0.5:5000", "https://10.0.0.5:5000/token", false, ""},
		{"localhost:5000", "http://localhost:5001/token", true, ""},
		{"registry.example.org", "http://registry.example.org/token", false, "registry.example.org" + plain},
		{"registry.example.org", "http://localhost:5000/token", false, "localhost:5000" + plain},
		{"registry.example.org", "https://localhost:5000/token", false, "localhost:5000" + private},
		{"registry.example.org", "https://169.254.169.254/token", false, "169.254.169.254" + private},
		{"registry.example.org", "https://0x7f000001/token", false, "0x7f000001" + private},
		{"registry.example.org", "https://[::ffff:10.0.0.1]/token", false, "[::ffff:10.0.0.1]" + private},
		{"10.0.0.5:5000", "https://127.0.0.1/token", false, "127.0.0.1" + private},
		{"10.0.0.5:5000", "https://10.0.0.6/token", false, "10.0.0.6 is a private address, and not a name"},
		{"registry.example.org", "/token", false, noURL},
		{"registry.example.org", "", false, noURL},
		{"registry.example.org", "ftp://example.org/", false, noURL},
	} {
		got := ""
		if err := (&target{host: c.registry}).checkRealm(c.realm, c.plain); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s with the realm %s: %q, want %q", c.registry, c.realm, got, c.want)
		}
	}
}

// TestAstray has what is said of registries that lead to where no registry answers. No other
// host is sent a login, but for the one of the tokens.
func TestAstray(t *testing.T) {
	const nobody = "https://localhost:1" // where nothing listens
	const uploads = "it has blobs sent to "
	const remedy = ": have it give addresses that its users reach, by http.relativeurls or http.host of Docker's " +
		"registry, or have the proxy before it pass on the headers Host and X-Forwarded-Proto"
	tokens := func(to string) oddity {
		return func(w http.ResponseWriter, _ *http.Request, _ string, _ int) bool {
			w.Header().Set("WWW-Authenticate", `Bearer realm="`+to+`/token",service="registry"`)
			return refuse(w, 401, "UNAUTHORIZED", "authentication required", nil)
		}
	}
	blobs := func(to string) oddity {
		return on("POST blob", func(w http.ResponseWriter, _ *http.Request) {
			if to != "" {
				w.Header().Set("Location", to+"/v2/team/kubelet/blobs/uploads/1")
			}
			w.WriteHeader(http.StatusAccepted)
		})
	}
	for name, c := range map[string]struct {
		odd  func(other string) oddity
		want string // after the registry's host; OTHER is the other one
	}{
		"logins, to nobody": {func(string) oddity { return tokens(nobody) },
			"it has logins sent to " + nobody + "/token, which refuses connections: set the realm of its tokens, " +
				"auth.token.realm of Docker's registry, to an address that its users reach"},
		"logins, nowhere": {func(string) oddity { return tokens("") },
			"it does not say where to log in: the realm of its tokens is not a URL"},
		"blobs, to nobody": {func(string) oddity { return blobs(nobody) },
			uploads + nobody + "/v2/team/kubelet/blobs/uploads/1, which refuses connections" + remedy},
		"blobs, to who wants a login": {func(other string) oddity { return blobs(other) },
			uploads + "OTHER/v2/team/kubelet/blobs/uploads/1, which refuses them (401 Unauthorized, UNAUTHORIZED: " +
				"authentication required), and gets no login, as it is another host" + remedy},
		"blobs, nowhere": {func(string) oddity { return blobs("") }, "it does not say where to send blobs: "},
	} {
		t.Run(name, func(t *testing.T) {
			f, other := serve(t), serve(t)
			logins := 0
			other.fault = func(w http.ResponseWriter, r *http.Request, kind string, n int) bool {
				logins += len(r.Header.Values("Authorization"))
				return wantsLogin(w, r, kind, n)
			}
			odd := c.odd(other.URL)
			f.fault = func(w http.ResponseWriter, r *http.Request, kind string, n int) bool {
				return strings.HasPrefix(name, "blobs") && wantsLogin(w, r, kind, n) || odd(w, r, kind, n)
			}
			p := f.pusher()
			p.Roots.AddCert(other.Certificate())
			p.Keychain = login{Username: "mate", Password: password}
			_, err := p.Push(t.Context(), []Item{item(t, "kubelet", 1)})
			want := f.host + ": " + strings.ReplaceAll(c.want, "OTHER", other.URL)
			if err == nil || !strings.HasPrefix(err.Error(), want) {
				t.Errorf("Push() = %v\nwant %s", err, want)
			}
			if logins > 0 {
				t.Error("the other host was sent a login")
			}
		})
	}
}
