package oci

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	memory "github.com/google/go-containerregistry/pkg/registry"

	"github.com/slipway-build/slipway/event"
	"github.com/slipway-build/slipway/internal/testkit/testserver"
	"github.com/slipway-build/slipway/repo/publish"
	"github.com/slipway-build/slipway/repo/tree"
)

// A counting registry in memory writes down what is asked of it.
type counting struct {
	next http.Handler
	url  *url.URL
	// fault answers in the registry's place where it returns true.
	fault func(w http.ResponseWriter, r *http.Request) bool

	mu   sync.Mutex
	asks []string // METHOD PATH
}

func (c *counting) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	c.asks = append(c.asks, r.Method+" "+r.URL.Path)
	c.mu.Unlock()
	if c.fault != nil && c.fault(w, r) {
		return
	}
	c.next.ServeHTTP(w, r)
}

// took returns how many requests f took, and those that put a manifest.
func (c *counting) took(f func()) (all, manifests int) {
	c.mu.Lock()
	c.asks = nil
	c.mu.Unlock()
	f()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, ask := range c.asks {
		if strings.HasPrefix(ask, "PUT ") && strings.Contains(ask, "/manifests/") {
			manifests++
		}
	}
	return len(c.asks), manifests
}

func serve(t *testing.T) *counting {
	t.Helper()
	c := &counting{next: memory.New(memory.Logger(log.New(io.Discard, "", 0)))}
	s := httptest.NewServer(c)
	t.Cleanup(s.Close)
	c.url = locationOf(t, strings.TrimPrefix(s.URL, "http://"))
	return c
}

// locationOf returns the URL of a repository on a host.
func locationOf(t *testing.T, host string) *url.URL {
	t.Helper()
	u, err := url.Parse("oci://" + host + "/acme/packages")
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// notes are what targets and fetches say.
type notes struct {
	mu   sync.Mutex
	said []string
}

func (n *notes) options() publish.Options {
	return publish.Options{Events: func(e event.Event) {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.said = append(n.said, e.Detail)
	}}
}

func open(t *testing.T, u *url.URL) *Target {
	t.Helper()
	target, err := Open(t.Context(), u, publish.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = target.Close() })
	target.(*Target).settling = 0
	return target.(*Target)
}

// A shipState is a snapshot's files, by path.
type shipState struct {
	id    string
	files []tree.File
}

// stateOf returns the state of ship with n packages, each in a pool and in a dated tree.
func stateOf(id string, n int) shipState {
	s := shipState{id: id}
	for i := range n {
		deb := tree.Of(tree.Content, fmt.Sprintf("apt/pool/%02x/captain_%d.deb", i%97, i), fmt.Appendf(nil, "captain %d", i))
		s.files = append(s.files, deb, tree.AliasOf(tree.Content, fmt.Sprintf("apt/dated/captain_%d.deb", i), deb))
	}
	packages := tree.Of(tree.Content, "apt/dists/ship-1.4/main/binary-amd64/by-hash/SHA256/"+id, []byte("Packages of "+id))
	s.files = append(s.files, packages,
		tree.AliasOf(tree.Index, "apt/dists/ship-1.4/main/binary-amd64/Packages", packages),
		tree.Of(tree.Content, "apt/dists/ship-1.4/main/binary-arm64/Packages", []byte{}),
		tree.Of(tree.Commit, "apt/dists/ship-1.4/InRelease", []byte("InRelease of "+id)),
		tree.Of(tree.Content, "state/snapshots/"+id+".json", []byte(`{"id":"`+id+`"}`)))
	tree.Sort(s.files)
	return s
}

func (s shipState) entries() (out []tree.Entry) {
	for _, f := range s.files {
		out = append(out, f.Entry)
	}
	return out
}

// since returns the state with what is new since another one alone, as a listing tells it.
func (s shipState) since(before shipState) shipState {
	was := map[string]string{}
	for _, f := range before.files {
		was[f.Path] = f.SHA256
	}
	s.files = slices.DeleteFunc(slices.Clone(s.files), func(f tree.File) bool { return was[f.Path] == f.SHA256 })
	return s
}

func (s shipState) head(pending bool) []byte {
	return fmt.Appendf(nil, `{"schema":1,"snapshot":%q,"pending":%v}`, s.id, pending)
}

// put brings files of classes to a target, as publishing does: copies after what they copy.
func (s shipState) put(ctx context.Context, to *Target, classes ...tree.Class) error {
	for _, copies := range []bool{false, true} {
		for _, f := range s.files {
			if !slices.Contains(classes, f.Class) || (f.Alias != "") != copies {
				continue
			}
			is, err := to.Stat(ctx, f.Entry)
			switch {
			case err != nil:
				return err
			case is == publish.Same:
			case copies:
				err = to.Copy(ctx, f.Entry)
			default:
				err = to.Put(ctx, f)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// publish brings a state to a target, and returns the new tag.
func (s shipState) publish(ctx context.Context, to *Target) (string, error) {
	_, tag, err := to.Get(ctx, publish.HeadFile)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	if err == nil {
		err = s.put(ctx, to, tree.Content)
	}
	if err == nil {
		tag, err = to.Swap(ctx, s.head(true), tag, s.entries())
	}
	if err == nil {
		err = s.put(ctx, to, tree.Index, tree.Commit)
	}
	if err == nil {
		tag, err = to.Swap(ctx, s.head(false), tag, s.entries())
	}
	return tag, err
}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// fetched returns the files of a repository by path, as Fetch lays them out.
func fetched(t *testing.T, u *url.URL) map[string]string {
	t.Helper()
	dir := t.TempDir()
	must[Fetched](t)(Fetch(t.Context(), u, publish.Options{}, dir))
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(name)
		rel, _ := filepath.Rel(dir, name)
		out[filepath.ToSlash(rel)] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// holds checks that a repository is a state.
func holds(t *testing.T, u *url.URL, s shipState) {
	t.Helper()
	got := fetched(t, u)
	if got[publish.HeadFile] != string(s.head(false)) || len(got) != len(s.files)+1 {
		t.Errorf("%s: the head is %s, with %d files, want %s and %d",
			u, got[publish.HeadFile], len(got), s.head(false), len(s.files)+1)
	}
	for _, f := range s.files {
		if data, ok := got[f.Path]; !ok || data != string(f.Data) {
			t.Errorf("%s: %s is %q (%v), want %q", u, f.Path, data, ok, f.Data)
		}
	}
}

// TestPublish publishes twice, and fetches both states.
func TestPublish(t *testing.T) {
	t.Run("in memory", func(t *testing.T) { publishTwice(t, serve(t).url, 300) })
	t.Run("docker-registry", func(t *testing.T) {
		host, _, _ := testserver.DockerRegistry(t, t.TempDir(), "")
		publishTwice(t, locationOf(t, host), 20)
	})
}

func publishTwice(t *testing.T, u *url.URL, n int) {
	first, second := stateOf("20260102T030405Z", n), stateOf("20260203T040506Z", n+1)
	for _, s := range []shipState{first, second} {
		to := open(t, u)
		tag := must[string](t)(s.publish(t.Context(), to))
		holds(t, u, s)
		head, got, err := open(t, u).Get(t.Context(), publish.HeadFile)
		if err != nil || got != tag || string(head) != string(s.head(false)) {
			t.Errorf("the head is %s with the tag %s (%v), want %s", head, got, err, tag)
		}
		data, _, err := open(t, u).Get(t.Context(), "apt/pool/05/captain_5.deb")
		if err != nil || string(data) != "captain 5" {
			t.Errorf("a package is %q, %v", data, err)
		}
		if _, _, err := to.Get(t.Context(), "apt/pool/05/captain_6.deb"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("what is not there: %v", err)
		}
	}
	before := *u
	before.Path += ":" + first.id
	holds(t, &before, first)
}

// TestRequests checks that a publish takes as many requests as there are changes, whatever the
// repository has already.
func TestRequests(t *testing.T) {
	for _, n := range []int{100, 2000} {
		r := serve(t)
		before, s := stateOf("20260102T030405Z", n), stateOf("20260203T040506Z", n+1)
		must[string](t)(before.publish(t.Context(), open(t, r.url)))
		fresh := s.since(before)
		to := open(t, r.url)
		all, manifests := r.took(func() {
			_, tag, err := to.Get(t.Context(), publish.HeadFile)
			err = errors.Join(err, fresh.put(t.Context(), to, tree.Content))
			tag = must[string](t)(to.Swap(t.Context(), s.head(true), tag, s.entries()))
			err = errors.Join(err, fresh.put(t.Context(), to, tree.Index, tree.Commit))
			must[string](t)(to.Swap(t.Context(), s.head(false), tag, s.entries()))
			if err != nil {
				t.Fatal(err)
			}
		})
		t.Logf("%d packages: %d requests, %d of them put manifests", n, all, manifests)
		if all > 60 || manifests > 14 {
			t.Errorf("one more package in %d takes %d requests, %d of them put manifests", n, all, manifests)
		}
		holds(t, r.url, s)
	}
}
