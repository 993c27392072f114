//go:build acceptance && linux

package acceptance

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// hosts are servers that pages name, and who vouches for them.
type hosts struct {
	authority *authority
	lines     string // of /etc/hosts
}

// serveHosts serves hosts by TLS, each by its name, at an address of this machine.
func serveHosts(t *testing.T, address string, handlers map[string]http.Handler) hosts {
	t.Helper()
	h := hosts{newAuthority(t), "127.0.0.1 localhost\n"}
	cert, mux, now := &x509.Certificate{}, http.NewServeMux(), time.Now()
	for name, handler := range handlers {
		mux.Handle(name+"/", handler)
		cert.DNSNames = append(cert.DNSNames, name)
		h.lines += address + " " + name + "\n"
	}
	both := h.authority.issue(t, cert, now.Add(-time.Hour), now.Add(time.Hour))
	pair := must(tls.X509KeyPair(both, both))
	listener := must(net.Listen("tcp", address+":443"))
	server := &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}
	go func() {
		_ = server.Serve(tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{pair}}))
	}()
	t.Cleanup(func() { _ = server.Close() })
	return h
}

// behindTLS hands requests on to a server as they are, so that what they sign holds.
func behindTLS(server string) http.Handler {
	to := must(url.Parse(server))
	return &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(to)
		r.Out.Host = r.In.Host
		r.SetXForwarded()
	}}
}

// known has those who run a command under the one that is returned find the hosts, and trust them. Folders and files
// are mounted over others of this machine, by their paths, for them alone.
func (h hosts) known(t *testing.T, mounts map[string]string) (under, env []string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "hosts")
	put(t, file, h.lines, 0o644)
	script := []string{"mount --bind " + file + " /etc/hosts"}
	for to, from := range mounts {
		script = append(script, "mount --bind "+from+" "+to)
	}
	script = append(script, `exec "$@"`)
	return []string{"unshare", "-m", "sh", "-ec", strings.Join(script, "\n"), "sh"},
		[]string{"SSL_CERT_FILE=" + h.authority.file}
}
