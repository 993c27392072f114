package registry

import (
	"crypto/x509"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/registry"
)

// A fake is a registry on localhost. It writes down what is asked of it, has
// blobs by repository, which the library's does not, and mounts them.
type fake struct {
	*httptest.Server
	host  string
	roots *x509.CertPool
	// fault answers in the registry's place where it returns true. n counts the
	// requests of the same kind before this one.
	fault func(w http.ResponseWriter, r *http.Request, kind string, n int) bool

	next http.Handler
	mu   sync.Mutex
	log  []string // KIND PATH
	has  map[string]bool
	busy int // blobs that arrive at this moment
	most int // there ever were
}

func serve(t *testing.T) *fake {
	next := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	f := &fake{next: next, has: map[string]bool{}, roots: x509.NewCertPool()}
	f.Server = httptest.NewUnstartedServer(f)
	f.Config.ErrorLog = log.New(io.Discard, "", 0)
	f.StartTLS()
	t.Cleanup(f.Close)
	f.roots.AddCert(f.Certificate())
	f.host = strings.TrimPrefix(f.URL, "https://")
	return f
}

// kind tells what a request is for, as PATCH blob or PUT manifest.
func kind(r *http.Request) string {
	switch {
	case strings.Contains(r.URL.Path, "/blobs/"):
		return r.Method + " blob"
	case strings.Contains(r.URL.Path, "/manifests/"):
		return r.Method + " manifest"
	}
	return r.Method + " other"
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	kind := kind(r)
	f.mu.Lock()
	n := f.count(kind)
	f.log = append(f.log, kind+" "+r.URL.Path)
	f.mu.Unlock()
	if f.fault != nil && f.fault(w, r, kind, n) {
		return
	}
	repo, digest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/v2/"), "/blobs/")
	q := r.URL.Query()
	switch {
	case kind == "HEAD blob" && !f.holds(repo, digest):
		w.WriteHeader(http.StatusNotFound)
		return
	case kind == "POST blob" && q.Get("mount") != "" && f.holds(q.Get("from"), q.Get("mount")):
		f.keep(repo, q.Get("mount"))
		w.WriteHeader(http.StatusCreated)
		return
	case kind == "PATCH blob":
		f.busier(1)
		time.Sleep(time.Millisecond)
		defer f.busier(-1)
	}
	answer := &recorder{ResponseWriter: w}
	f.next.ServeHTTP(answer, r)
	if kind == "PUT blob" && answer.code == http.StatusCreated {
		f.keep(repo, q.Get("digest"))
	}
}

func (f *fake) busier(by int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.busy += by
	f.most = max(f.most, f.busy)
}

func (f *fake) holds(repo, digest string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.has[repo+"@"+digest]
}

func (f *fake) keep(repo, digest string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.has[repo+"@"+digest] = true
}

// count tells how many requests of a kind there were since forget.
func (f *fake) count(kind string) int {
	n := 0
	for _, line := range f.log {
		if strings.HasPrefix(line, kind) {
			n++
		}
	}
	return n
}

func (f *fake) forget() { f.log, f.most = nil, 0 }

type recorder struct {
	http.ResponseWriter
	code int
}

func (r *recorder) WriteHeader(code int) {
	r.code = code
	r.ResponseWriter.WriteHeader(code)
}

func (f *fake) pusher() Pusher {
	return Pusher{Registries: []string{f.host + "/team"}, Roots: f.roots, Wait: time.Millisecond}
}

// refuse answers as Docker's registry does.
func refuse(w http.ResponseWriter, status int, code, message string, detail any) bool {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	said := map[string]any{"code": code, "message": message, "detail": detail}
	_ = json.NewEncoder(w).Encode(map[string]any{"errors": []any{said}})
	return true
}
