// Package storetest has object stores for tests: servers of this process, versitygw, and Debian's
// Swift, which speaks S3 too. Their requests can be counted, answered and cut.
package storetest

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/ncw/swift/v2"
	"github.com/ncw/swift/v2/swifttest"

	"github.com/slipway-build/slipway/internal/run"
	"github.com/slipway-build/slipway/internal/testkit/testserver"
)

// Bucket is the bucket or container that a store has.
const Bucket = "ship"

// A Store is an object store with an empty bucket.
type Store struct {
	URL    string  // of the target
	Env    run.Env // with its credentials
	Server string  // the URL of the server itself
	Public string  // the URL of a container for those who only read

	header    func(ctx context.Context, path string) (http.Header, error)
	mu        sync.Mutex
	requests  []string
	intercept func(http.ResponseWriter, *http.Request) bool
}

// S3 starts gofakes3, which compares conditional writes.
func S3(t testing.TB) *Store {
	s := &Store{}
	serveS3(t, s, gofakes3.New(s3mem.New()).Server(), "mate", "anchor")
	return s
}

// Gateway starts versitygw, a server of S3 on a folder.
func Gateway(t testing.TB) *Store {
	s := &Store{}
	serveS3(t, s, proxy(t, testserver.S3(t)), testserver.S3ID, testserver.S3Secret)
	return s
}

// Swift starts the server of ncw/swift's tests. What it leaves out of Swift's API is added: an
// object that is written only if there is none, and one that ends by itself.
func Swift(t testing.TB) *Store {
	server, err := swifttest.NewSwiftServer("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	s := &Store{}
	back := proxy(t, "http://"+server.Listener.Addr().String())
	s.serve(t, &once{next: back, until: map[string]time.Time{}})
	server.URL = s.Server + "/v1"
	s.container(t, "/v1.0", swifttest.TEST_ACCOUNT, swifttest.TEST_ACCOUNT)
	return s
}

// Debian starts Debian's Swift: a container, and a bucket of another name.
func Debian(t testing.TB) (container, bucket *Store) {
	server := testserver.Swift(t)
	container, bucket = &Store{}, &Store{}
	container.serve(t, proxy(t, server))
	container.container(t, "/auth/v1.0", testserver.SwiftUser, testserver.SwiftKey)
	serveS3(t, bucket, proxy(t, server), testserver.SwiftUser, testserver.SwiftKey)
	return container, bucket
}

// Registry starts Docker's registry.
func Registry(t testing.TB) *Store {
	host, _, _ := testserver.DockerRegistry(t, t.TempDir(), "")
	s := &Store{}
	s.serve(t, proxy(t, "http://"+host))
	s.URL = "oci://" + strings.TrimPrefix(s.Server, "http://") + "/" + Bucket + "/repo"
	return s
}

// proxy hands requests on as they are, so that signatures of the host hold.
func proxy(t testing.TB, server string) http.Handler {
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	return &httputil.ReverseProxy{
		Transport: &http.Transport{DisableKeepAlives: true},
		// Clients that are killed are what tests are about.
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(u)
			r.Out.Host = r.In.Host
		},
	}
}

func serveS3(t testing.TB, s *Store, h http.Handler, id, secret string) {
	s.serve(t, h)
	s.URL = "s3://" + Bucket + "-s3/repo?endpoint=" + s.Server
	s.Env = run.Env{"AWS_ACCESS_KEY_ID=" + id, "AWS_SECRET_ACCESS_KEY=" + secret}
	client, err := minio.New(strings.TrimPrefix(s.Server, "http://"), &minio.Options{
		Creds: credentials.NewStaticV4(id, secret, ""), Region: "us-east-1"})
	s.header = func(ctx context.Context, path string) (http.Header, error) {
		info, err := client.StatObject(ctx, Bucket+"-s3", path, minio.StatObjectOptions{})
		return info.Metadata, err
	}
	if err == nil {
		err = client.MakeBucket(t.Context(), Bucket+"-s3", minio.MakeBucketOptions{})
	}
	if err != nil {
		t.Fatal(err)
	}
}

// container makes the container, for everybody to read.
func (s *Store) container(t testing.TB, auth, user, key string) {
	s.URL = "swift://" + Bucket + "/repo?lock=2s"
	s.Env = run.Env{"ST_AUTH=" + s.Server + auth, "ST_USER=" + user, "ST_KEY=" + key}
	s.header = func(ctx context.Context, path string) (http.Header, error) {
		request, err := http.NewRequestWithContext(ctx, http.MethodHead, s.Public+"/"+path, nil)
		if err != nil {
			return nil, err
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return nil, err
		}
		return response.Header, response.Body.Close()
	}
	c := &swift.Connection{AuthUrl: s.Server + auth, UserName: user, ApiKey: key, AuthVersion: 1}
	if err := c.ContainerCreate(t.Context(), Bucket, swift.Headers{"X-Container-Read": ".r:*,.rlistings"}); err != nil {
		t.Fatal(err)
	}
	s.Public = c.StorageUrl + "/" + Bucket
}

func (s *Store) serve(t testing.TB, h http.Handler) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.requests = append(s.requests, r.Method+" "+r.URL.RequestURI())
		intercept := s.intercept
		s.mu.Unlock()
		if intercept == nil || !intercept(w, r) {
			h.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(server.Close)
	t.Cleanup(server.CloseClientConnections)
	s.Server = server.URL
}

// Header returns the headers that a reader gets of an object.
func (s *Store) Header(t testing.TB, path string) http.Header {
	t.Helper()
	header, err := s.header(t.Context(), path)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return header
}

// Requests returns the requests since it was called last.
func (s *Store) Requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	requests := slices.Clone(s.requests)
	s.requests = nil
	return requests
}

// Intercept calls f before each request from now on. If it answers, it returns true.
func (s *Store) Intercept(f func(http.ResponseWriter, *http.Request) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.intercept = f
}

// once makes an object only if there is none, which swifttest does not.
type once struct {
	next  http.Handler
	mu    sync.Mutex
	until map[string]time.Time // when an object ends
}

func (o *once) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPut || r.Header.Get("If-None-Match") != "*" {
		o.next.ServeHTTP(w, r)
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	head := httptest.NewRequestWithContext(context.WithoutCancel(r.Context()), http.MethodHead, r.URL.RequestURI(), nil)
	head.Header.Set("X-Auth-Token", r.Header.Get("X-Auth-Token"))
	found := httptest.NewRecorder()
	o.next.ServeHTTP(found, head)
	until, ends := o.until[r.URL.Path]
	if found.Code == http.StatusOK && (!ends || time.Now().Before(until)) {
		http.Error(w, "there is one", http.StatusPreconditionFailed)
		return
	}
	delete(o.until, r.URL.Path)
	if after, err := time.ParseDuration(r.Header.Get("X-Delete-After") + "s"); err == nil {
		o.until[r.URL.Path] = time.Now().Add(after)
	}
	o.next.ServeHTTP(w, r)
}
