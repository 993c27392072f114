package registry

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// plain serves what f does without TLS, at an address on this machine.
func plain(t *testing.T, f *fake, address string) (port string) {
	t.Helper()
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Skip(err) // there are machines without IPv6
	}
	server := &httptest.Server{Listener: listener, Config: &http.Server{Handler: f}}
	server.Start()
	t.Cleanup(server.Close)
	_, port, _ = net.SplitHostPort(listener.Addr().String())
	return port
}

// elsewhere has names at example.org lead to this machine.
func elsewhere(t *testing.T) {
	before := remote.DefaultTransport
	t.Cleanup(func() { remote.DefaultTransport = before })
	transport := before.(*http.Transport).Clone()
	transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, strings.Replace(address, "registry.example.org", "127.0.0.1", 1))
	}
	remote.DefaultTransport = transport
}

// TestPlain holds that registries on this machine need no TLS, and all others do: those are
// sent nothing, and no login.
func TestPlain(t *testing.T) {
	elsewhere(t)
	for _, c := range []struct {
		listen, host string
		wrong        string // what there is to say of it
	}{
		{listen: "127.0.0.1:0", host: "127.0.0.1"},
		{listen: "127.0.0.1:0", host: "localhost"},
		{listen: "127.0.0.2:0", host: "127.0.0.2"},
		{listen: "[::1]:0", host: "[::1]"},
		{"127.0.0.1:0", "registry.example.org", "it speaks plain HTTP, not HTTPS: push with -insecure if that is intended"},
	} {
		t.Run(c.host, func(t *testing.T) {
			f := serve(t)
			f.fault = wantsLogin
			host := c.host + ":" + plain(t, f, c.listen)
			p := Pusher{Registries: []string{host + "/team"}, Keychain: login{Username: "mate", Password: password},
				Wait: time.Millisecond}
			got, err := p.Push(t.Context(), []Item{item(t, "kubelet", 1)})
			switch {
			case c.wrong == "":
				if err != nil || len(got) != 1 || got[0].Name != host+"/team/kubelet" || got[0].Blobs[Uploaded] != 4 {
					t.Errorf("Push() = %v, %v, want four blobs there", got, err)
				}
			case err == nil || err.Error() != host+": "+c.wrong || len(f.log) > 0:
				t.Errorf("Push() = %v, %v after %v, want %s", got, err, f.log, c.wrong)
			}
		})
	}
}

// TestPlainLeads holds that a registry cannot have plain HTTP spoken to another machine, nor one on
// another machine have it spoken here.
func TestPlainLeads(t *testing.T) {
	elsewhere(t)
	blobs := func(w http.ResponseWriter, kind, to string) bool {
		if kind == "POST blob" {
			w.Header().Set("Location", to+"/v2/team/kubelet/blobs/uploads/1")
			w.WriteHeader(http.StatusAccepted)
		}
		return kind == "POST blob"
	}
	tokens := func(w http.ResponseWriter, _, to string) bool {
		w.Header().Set("WWW-Authenticate", `Bearer realm="`+to+`/token",service="registry"`)
		return refuse(w, http.StatusUnauthorized, "UNAUTHORIZED", "authentication required", nil)
	}
	for _, c := range []struct {
		name string
		here bool   // the registry is, without TLS; else it is not, and has TLS
		to   string // the host it leads to
		want string // what is said, after the registry's name; TO is the address
		asks func(w http.ResponseWriter, kind, to string) bool
	}{
		{"for blobs", true, "registry.example.org", "it has blobs sent to TO/v2/team/kubelet/blobs/uploads/1, " +
			"which is plain HTTP: have it give addresses that its users reach, by http.relativeurls or http.host of " +
			"Docker's registry, or have the proxy before it pass on the headers Host and X-Forwarded-Proto, " +
			"or push with -insecure if that is intended", blobs},
		{"for tokens", true, "registry.example.org", "it has logins sent to TO/token, which is plain HTTP: " +
			"set the realm of its tokens, auth.token.realm of Docker's registry, to an address that its users reach, " +
			"or push with -insecure if that is intended", tokens},
		{"here for blobs", false, "localhost", "it has blobs sent to TO/v2/team/kubelet/blobs/uploads/1, " +
			"which is this machine or a private network, and the registry is not: have it give addresses that its " +
			"users reach, by http.relativeurls or http.host of Docker's registry, or have the proxy before it pass on " +
			"the headers Host and X-Forwarded-Proto", blobs},
		{"here for tokens", false, "localhost", "it has logins sent to TO/token, which is plain HTTP, and the registry " +
			"is not: set the realm of its tokens, auth.token.realm of Docker's registry, to an address that its users " +
			"reach", tokens},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, other := serve(t), serve(t)
			to := "http://" + c.to + ":" + plain(t, other, "127.0.0.1:0")
			f.fault = func(w http.ResponseWriter, _ *http.Request, kind string, _ int) bool { return c.asks(w, kind, to) }
			cert := certificate(t, time.Unix(0, 0), time.Unix(1<<32, 0))
			f.TLS.Certificates = []tls.Certificate{cert}
			p := f.pusher()
			p.Roots.AddCert(cert.Leaf)
			p.Keychain = login{Username: "mate", Password: password}
			p.Registries = []string{strings.Replace(f.host, "127.0.0.1", "registry.example.org", 1)}
			if c.here {
				p.Registries = []string{"localhost:" + plain(t, f, "127.0.0.1:0")}
			}
			_, err := p.Push(t.Context(), []Item{item(t, "kubelet", 1)})
			want := p.Registries[0] + ": " + strings.ReplaceAll(c.want, "TO", to)
			if err == nil || err.Error() != want || len(other.log) > 0 {
				t.Errorf("Push() = %v after %d requests, want %s", err, len(other.log), want)
			}
		})
	}
}

// TestPlainBesideTLS holds that plain HTTP is no way around a certificate, or a protocol, that is
// not good, where one port has both.
func TestPlainBesideTLS(t *testing.T) {
	for _, c := range []struct {
		name, want string
		set        func(f *fake, p *Pusher)
	}{
		{"certificate", "its certificate is not trusted: x509: certificate signed by unknown authority",
			func(_ *fake, p *Pusher) { p.Roots = x509.NewCertPool() }},
		{"protocol", "the connection failed: remote error: tls: protocol version not supported",
			func(f *fake, _ *Pusher) { f.TLS.MaxVersion = tls.VersionTLS10 }},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := serve(t)
			port := plain(t, f, "127.0.0.1:0")
			p := f.pusher()
			c.set(f, &p)
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer listener.Close()
			go func() {
				for conn, err := listener.Accept(); err == nil; conn, err = listener.Accept() {
					go relay(conn, f.host, "127.0.0.1:"+port)
				}
			}()
			p.Registries = []string{listener.Addr().String()}
			_, err = p.Push(t.Context(), []Item{item(t, "kubelet", 1)})
			if err == nil || !strings.HasPrefix(err.Error(), p.Registries[0]+": "+c.want) || len(f.log) > 0 {
				t.Errorf("Push() = %v after %d requests, want %s", err, len(f.log), c.want)
			}
		})
	}
}

// relay connects what begins as TLS does with one address, and all else with another.
func relay(from net.Conn, secure, other string) {
	defer from.Close()
	first := make([]byte, 1)
	if _, err := from.Read(first); err != nil {
		return
	}
	if first[0] == 0x16 { // a handshake
		other = secure
	}
	to, err := net.Dial("tcp", other)
	if err != nil {
		return
	}
	defer to.Close()
	go func() { _, _ = io.Copy(from, to); from.Close() }()
	_, _ = to.Write(first)
	_, _ = io.Copy(to, from)
}
