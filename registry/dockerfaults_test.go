package registry

import (
	"fmt"
	"io"
	"log"
	"math/rand"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/slipway-build/slipway/internal/testkit"
	"github.com/slipway-build/slipway/internal/testkit/testserver"
)

// A link leads to a registry, and is not good.
type link struct {
	host  string
	fault func(kind string, n, all int) fault // of a request after n of its kind, and all of any

	mu       sync.Mutex
	requests map[string]int // by kind; "" has all
	arrived  map[string]int // blobs that the registry said it took, by repository and digest
}

// A fault is what becomes of a request.
type fault int

const (
	none   fault = iota
	broken       // 500, and the registry hears nothing
	halved       // the registry has half of it when both connections end
)

// when is what it says, or none.
func when(it bool, is fault) fault {
	if it {
		return is
	}
	return none
}

// newLink returns a link that waits for requests, and for its fault to be set.
func newLink(t *testing.T, to string) *link {
	l := &link{requests: map[string]int{}, arrived: map[string]int{}}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "http", Host: to})
			r.Out.Host = r.In.Host
		},
		ModifyResponse: func(resp *http.Response) error {
			if kind(resp.Request) == "PUT blob" && resp.StatusCode == http.StatusCreated {
				l.mu.Lock()
				defer l.mu.Unlock()
				repo, _, _ := strings.Cut(resp.Request.URL.Path, "/blobs/")
				l.arrived[repo+"@"+resp.Request.URL.Query().Get("digest")]++
			}
			return nil
		},
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
		ErrorLog:     log.New(io.Discard, "", 0),
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l.mu.Lock()
		n := l.requests[kind(r)]
		how := l.fault(kind(r), n, l.requests[""])
		l.requests[kind(r)]++
		l.requests[""]++
		l.mu.Unlock()
		switch how {
		case broken:
			refuse(w, http.StatusInternalServerError, "INTERNAL", "out of order", nil)
			return
		case halved:
			r.Body = struct {
				io.Reader
				io.Closer
			}{io.MultiReader(io.LimitReader(r.Body, r.ContentLength/2), ends{}), r.Body}
		}
		proxy.ServeHTTP(w, r)
	}))
	server.Config.ErrorLog = proxy.ErrorLog
	server.Start()
	t.Cleanup(server.Close)
	l.host = strings.TrimPrefix(server.URL, "http://")
	return l
}

// ends is where a connection does.
type ends struct{}

func (ends) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// large returns a layer of a quarter of a megabyte.
func large(t *testing.T, seed int64) v1.Layer {
	t.Helper()
	l, err := random.Layer(1<<18, types.OCILayer, random.WithSource(rand.NewSource(seed)))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// TestDockerFaults has a push to Docker's registry meet faults of the way, and of its disk. A
// second push sends what is missing, and no blob arrives twice.
func TestDockerFaults(t *testing.T) {
	const outOfOrder = "HOST: it refuses the push: 500 Internal Server Error, INTERNAL: out of order"
	for _, c := range []struct {
		name  string
		disk  string // its size, as mount has it; empty has no end
		fault func(kind string, n, all int) fault
		came  int    // blobs by the first push, of 11
		want  string // it fails with; empty: does not
	}{
		{name: "every third request fails", came: 11,
			fault: func(_ string, _, all int) fault { return when(all%3 == 2, broken) }},
		{name: "every third connection breaks", came: 11,
			fault: func(_ string, _, all int) fault { return when(all%3 == 2, halved) }},
		{name: "every second upload is cut", came: 11,
			fault: func(kind string, n, _ int) fault { return when(kind == "PATCH blob" && n%2 == 0, halved) }},
		{name: "uploads are cut", came: 4, want: "HOST: the connection failed: ",
			fault: func(kind string, n, _ int) fault { return when(kind == "PATCH blob" && n > 3, halved) }},
		{name: "breaks down amid blobs", came: 4, want: outOfOrder,
			fault: func(kind string, n, _ int) fault { return when(kind == "PATCH blob" && n > 3, broken) }},
		{name: "breaks down amid manifests", came: 11, want: outOfOrder,
			fault: func(kind string, n, _ int) fault { return when(kind == "PUT manifest" && n > 1, broken) }},
		{name: "has a full disk", came: 1, disk: "512k", want: "HOST: it has no room for the blobs",
			fault: func(string, int, int) fault { return none }},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			var command []string
			if c.disk != "" {
				for _, tool := range []string{"unshare", "nsenter"} {
					testkit.Need(t, tool)
				}
				if os.Getuid() != 0 {
					t.Skip("mounts a disk, for which it has to be root")
				}
				command = []string{"unshare", "--mount", "sh", "-ec",
					"mount -t tmpfs -o size=" + c.disk + ` disk data; exec "$0" "$@"`}
			}
			to, _, pid := testserver.DockerRegistry(t, dir, "", command...)
			l := newLink(t, to)
			l.fault = c.fault
			p := Pusher{Registries: []string{l.host + "/team"}, Jobs: 1, Wait: time.Millisecond}
			items := []Item{item(t, "kubelet", 1, large(t, 2), large(t, 3)), item(t, "proxy", 4, large(t, 2), large(t, 5))}
			_, err := p.Push(t.Context(), items)
			want := strings.ReplaceAll(c.want, "HOST", l.host)
			if (err == nil) != (want == "") || err != nil && !strings.HasPrefix(err.Error(), want) {
				t.Fatalf("Push() = %v, want %s", err, want)
			}
			l.fault = func(string, int, int) fault { return none }
			if c.disk != "" {
				grow := exec.Command("nsenter", fmt.Sprintf("--target=%d", pid), "--mount",
					"mount", "-o", "remount,size=64m", dir+"/data")
				if out, err := grow.CombinedOutput(); err != nil {
					t.Fatalf("mount: %v\n%s", err, out)
				}
			}
			came := len(l.arrived)
			push(t, p, items...)
			if came != c.came || len(l.arrived) != 11 {
				t.Errorf("%d blobs came by the first push, and %d in the end, want %d and 11", came, len(l.arrived), c.came)
			}
			for blob, times := range l.arrived {
				if times != 1 {
					t.Errorf("%s came %d times", blob, times)
				}
			}
		})
	}
}
