package bucket

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"sync"
	"time"

	"golang.org/x/net/http/httpproxy"

	"github.com/slipway-build/slipway/internal/run"
)

// A Transport makes requests. Once it has answered one, it no longer reads the request's body, so
// that the libraries of stores can send the same again: net/http goes on reading for a while.
type Transport struct{ *http.Transport }

// NewTransport returns connections through the proxies of env. The variable caName may name a file
// with further certificates to trust.
func NewTransport(env run.Env, caName string) (*Transport, error) {
	proxy := proxies(env).ProxyFunc()
	t := &http.Transport{
		Proxy:                 func(r *http.Request) (*url.URL, error) { return proxy(r.URL) },
		DialContext:           (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 15 * time.Second}).DialContext,
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: 2 * time.Minute,
		IdleConnTimeout:       time.Minute,
		MaxIdleConnsPerHost:   32,
		ForceAttemptHTTP2:     true,
		// What is gzip stays gzip: its bytes are what a digest is of.
		DisableCompression: true,
	}
	file := env.Get(caName)
	if file == "" {
		return &Transport{t}, nil
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", caName, err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		return nil, err
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s: %s has no certificate in PEM", caName, file)
	}
	t.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	return &Transport{t}, nil
}

// RoundTrip makes a request.
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return t.Transport.RoundTrip(r)
	}
	body := &once{ReadCloser: r.Body}
	defer body.end()
	r = r.WithContext(r.Context())
	r.Body = body
	return t.Transport.RoundTrip(r)
}

// once is a body that is read until its request has an answer.
type once struct {
	io.ReadCloser
	mu    sync.Mutex
	ended bool
}

func (o *once) Read(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.ended {
		return 0, http.ErrBodyReadAfterClose
	}
	return o.ReadCloser.Read(p)
}

func (o *once) end() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ended = true
}

func proxies(env run.Env) *httpproxy.Config {
	first := func(names ...string) string {
		for _, name := range names {
			if value := env.Get(name); value != "" {
				return value
			}
		}
		return ""
	}
	return &httpproxy.Config{
		HTTPProxy:  first("HTTP_PROXY", "http_proxy"),
		HTTPSProxy: first("HTTPS_PROXY", "https_proxy"),
		NoProxy:    first("NO_PROXY", "no_proxy"),
	}
}
