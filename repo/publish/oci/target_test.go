package oci

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slipway-build/slipway/internal/testkit"
	"github.com/slipway-build/slipway/internal/testkit/testserver"
	"github.com/slipway-build/slipway/registry"
	"github.com/slipway-build/slipway/repo/publish"
	"github.com/slipway-build/slipway/repo/publish/publishtest"
	"github.com/slipway-build/slipway/repo/tree"
)

// TestContract checks what every target has to do.
func TestContract(t *testing.T) {
	docker := func(t *testing.T) *url.URL {
		host, _, _ := testserver.DockerRegistry(t, t.TempDir(), "")
		return locationOf(t, host)
	}
	for name, start := range map[string]func(t *testing.T) *url.URL{
		"in memory":       func(t *testing.T) *url.URL { return serve(t).url },
		"docker-registry": docker,
	} {
		t.Run(name, func(t *testing.T) {
			t.Run("files", func(t *testing.T) { publishtest.Target(t, open(t, start(t))) })
			t.Run("swaps", func(t *testing.T) { publishtest.Swaps(t, open(t, start(t))) })
			t.Run("publishes", func(t *testing.T) { publishtest.Publishes(t, open(t, start(t)), nil) })
		})
	}
}

// TestPending checks that readers have the old state until the head is no longer pending.
func TestPending(t *testing.T) {
	r := serve(t)
	before, s := stateOf("20260102T030405Z", 5), stateOf("20260203T040506Z", 6)
	tag := must[string](t)(before.publish(t.Context(), open(t, r.url)))
	to := open(t, r.url)
	if err := s.put(t.Context(), to, tree.Content); err != nil {
		t.Fatal(err)
	}
	must[string](t)(to.Swap(t.Context(), s.head(true), tag, s.entries()))
	got := fetched(t, r.url)
	if got[publish.HeadFile] != string(s.head(true)) || got["apt/dists/ship-1.4/InRelease"] != "InRelease of "+before.id ||
		got["apt/dists/ship-1.4/main/binary-amd64/Packages"] != "Packages of "+before.id ||
		got["apt/pool/05/captain_5.deb"] == "" {
		t.Errorf("while the head is pending: %.1000v", got)
	}
	// Somebody else completes it.
	other := open(t, r.url)
	_, tag, err := other.Get(t.Context(), publish.HeadFile)
	if err == nil {
		err = s.put(t.Context(), other, tree.Index, tree.Commit)
	}
	if err != nil {
		t.Fatal(err)
	}
	must[string](t)(other.Swap(t.Context(), s.head(false), tag, s.entries()))
	holds(t, r.url, s)
}

// TestConflict has two publish at once: one wins, the other is told what is shown.
func TestConflict(t *testing.T) {
	r := serve(t)
	first, a, b := stateOf("20260102T030405Z", 2), stateOf("20260203T040506Z", 3), stateOf("20260304T050607Z", 4)
	lost := func(err error, shows string) {
		t.Helper()
		var conflict *publish.ConflictError
		if !errors.As(err, &conflict) || conflict.Snapshot != shows || conflict.Target != r.url.String()+":latest" {
			t.Errorf("the second publisher is told %v, want that it shows %s", err, shows)
		}
	}
	one, two := open(t, r.url), open(t, r.url)
	tag := must[string](t)(first.publish(t.Context(), one))
	_, err := two.Swap(t.Context(), a.head(true), "", nil)
	lost(err, first.id)
	if _, _, err := two.Get(t.Context(), publish.HeadFile); err != nil {
		t.Fatal(err)
	}
	must[string](t)(a.publish(t.Context(), one))
	_, err = two.Swap(t.Context(), b.head(true), tag, nil)
	lost(err, a.id)
	holds(t, r.url, a)

	// The tag moves between the question and the move.
	_, tag, err = two.Get(t.Context(), publish.HeadFile)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.put(t.Context(), two, tree.Content, tree.Index, tree.Commit); err != nil {
		t.Fatal(err)
	}
	var once atomic.Bool
	r.fault = func(_ http.ResponseWriter, ask *http.Request) bool {
		if strings.HasSuffix(ask.URL.Path, "/manifests/"+b.id) && once.CompareAndSwap(false, true) {
			must[string](t)(first.publish(context.Background(), open(t, r.url)))
		}
		return false
	}
	_, err = two.Swap(t.Context(), b.head(false), tag, b.entries())
	lost(err, first.id)

	// It moves once more after the move, by somebody who had asked before it.
	_, tag, err = two.Get(t.Context(), publish.HeadFile)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.put(t.Context(), two, tree.Content, tree.Index, tree.Commit); err != nil {
		t.Fatal(err)
	}
	moved := atomic.Bool{}
	r.fault = func(w http.ResponseWriter, ask *http.Request) bool {
		last := strings.HasSuffix(ask.URL.Path, "/manifests/latest") && ask.Method == http.MethodPut
		if !last || !moved.CompareAndSwap(false, true) {
			return false
		}
		r.next.ServeHTTP(w, ask)
		must[string](t)(a.publish(context.Background(), open(t, r.url)))
		return true
	}
	_, err = two.Swap(t.Context(), b.head(false), tag, b.entries())
	lost(err, a.id)
	holds(t, r.url, a)
}

// TestCutAnywhere ends a publish at each of its requests. Readers have the old state or the
// new one, and the next run completes.
func TestCutAnywhere(t *testing.T) {
	before, s := stateOf("20260102T030405Z", 3), stateOf("20260203T040506Z", 5)
	for at := 1; ; at++ {
		r := serve(t)
		must[string](t)(before.publish(t.Context(), open(t, r.url)))
		ctx, cancel := context.WithCancel(t.Context())
		n := 0
		r.fault = func(w http.ResponseWriter, ask *http.Request) bool {
			if n++; n != at {
				return n > at
			}
			if at%2 == 0 { // the registry may have done what was asked, though nobody hears of it
				r.next.ServeHTTP(discard{}, ask)
			}
			cancel()
			return true
		}
		to := open(t, r.url)
		_, err := s.publish(ctx, to)
		r.fault = nil
		if err == nil {
			if at < 30 {
				t.Errorf("a publish takes only %d requests", at)
			}
			return
		}
		shown := fetched(t, r.url)["apt/dists/ship-1.4/InRelease"]
		if !slices.Contains([]string{"InRelease of " + before.id, "InRelease of " + s.id}, shown) {
			t.Errorf("cut at request %d, readers have %q", at, shown)
		}
		must[string](t)(s.publish(t.Context(), open(t, r.url)))
		holds(t, r.url, s)
	}
}

type discard struct{}

func (discard) Header() http.Header         { return http.Header{} }
func (discard) Write(p []byte) (int, error) { return len(p), nil }
func (discard) WriteHeader(int)             {}

// TestPutRefuses checks what is said of files that were changed after they were described, and
// of blobs that the registry refuses to take.
func TestPutRefuses(t *testing.T) {
	good := tree.Of(tree.Content, "apt/pool/captain.deb", []byte("captain"))
	longer, other := good, good
	longer.Data, other.Data = []byte("captains"), []byte("purser!")
	file := good
	file.Data, file.From = nil, filepath.Join(t.TempDir(), "captain.deb")
	if err := os.WriteFile(file.From, other.Data, 0o644); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		file tree.File
		want string
	}{
		"another size":             {longer, "its content was changed after it was described"},
		"another content":          {other, "its content was changed after it was described"},
		"another content of files": {file, "its content was changed after it was described"},
		"no content":               {tree.File{Entry: good.Entry}, "nothing here has its content"},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := parse(serve(t).url)
			if err != nil {
				t.Fatal(err)
			}
			p := l.pusher(publish.Options{})
			p.Wait = time.Millisecond // for what the registry finds out
			to := newTarget(must[*registry.Repository](t)(p.Open(t.Context(), l.name)), l.reference, publish.Options{})
			err = to.Put(t.Context(), c.file)
			if err == nil || !strings.Contains(err.Error(), "apt/pool/captain.deb: "+c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
			if is, err := to.Stat(t.Context(), good.Entry); is != publish.Absent || err != nil {
				t.Errorf("then the file is %v, %v", is, err)
			}
		})
	}
}

// TestSwapRefuses checks that a tag never names what the registry does not have all of.
func TestSwapRefuses(t *testing.T) {
	host, _, _ := testserver.DockerRegistry(t, t.TempDir(), "")
	u := locationOf(t, host)
	s := stateOf("20260102T030405Z", 2)
	tag := must[string](t)(s.publish(t.Context(), open(t, u)))
	to := open(t, u)
	next := stateOf("20260203T040506Z", 3)
	if _, err := to.Swap(t.Context(), next.head(false), tag, next.entries()); err == nil {
		t.Error("the tag names files that were never put")
	}
	_, err := to.Swap(t.Context(), []byte("{"), tag, s.entries())
	if err == nil || !strings.Contains(err.Error(), publish.HeadFile) {
		t.Errorf("a head that is no JSON: %v", err)
	}
	holds(t, u, s)
}

// TestDelete checks that a snapshot's tag is removed with its file, or that it is said that it
// stays.
func TestDelete(t *testing.T) {
	s, next := stateOf("20260102T030405Z", 2), stateOf("20260203T040506Z", 2)
	for name, c := range map[string]struct {
		fault func(w http.ResponseWriter, r *http.Request) bool
		said  bool
	}{
		"it removes tags": {},
		"it removes none": {said: true, fault: func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method == http.MethodDelete {
				w.WriteHeader(http.StatusMethodNotAllowed)
			}
			return r.Method == http.MethodDelete
		}},
	} {
		t.Run(name, func(t *testing.T) {
			r := serve(t)
			must[string](t)(s.publish(t.Context(), open(t, r.url)))
			r.fault = c.fault
			n := &notes{}
			opened, err := Open(t.Context(), r.url, n.options())
			if err != nil {
				t.Fatal(err)
			}
			to := opened.(*Target)
			must[string](t)(next.publish(t.Context(), to))
			if err := to.Delete(t.Context(), []string{"state/snapshots/" + s.id + ".json", "apt/pool/none.deb"}); err != nil {
				t.Fatal(err)
			}
			if said := len(n.said) == 1 && strings.Contains(n.said[0], s.id+" stays"); said != c.said {
				t.Errorf("it says %q", n.said)
			}
			left, err := to.digestOf(t.Context(), s.id)
			if err != nil || (left != "") != c.said {
				t.Errorf("the tag of the snapshot is %q, %v", left, err)
			}
			holds(t, r.url, next)
		})
	}
}

// foreign is what is said of what is no repository.
const foreign = "something else than a repository"

// TestForeign checks that what is no repository is left alone.
func TestForeign(t *testing.T) {
	r := serve(t)
	to := open(t, r.url)
	if err := to.upload(t.Context(), emptyConfig); err != nil {
		t.Fatal(err)
	}
	image := `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}`
	at := "http://" + r.url.Host + "/v2/acme/packages/manifests/latest"
	ask, err := http.NewRequest(http.MethodPut, at, strings.NewReader(image))
	if err != nil {
		t.Fatal(err)
	}
	ask.Header.Set("Content-Type", "application/vnd.oci.image.index.v1+json")
	if resp, err := http.DefaultClient.Do(ask); err != nil || resp.StatusCode != http.StatusCreated {
		t.Fatalf("%v, %v", resp, err)
	}
	_, err = stateOf("20260102T030405Z", 1).publish(t.Context(), to)
	if err == nil || !strings.Contains(err.Error(), foreign) {
		t.Errorf("a tag of an image: %v", err)
	}
	_, err = Fetch(t.Context(), r.url, publish.Options{}, t.TempDir())
	if err == nil || !strings.Contains(err.Error(), foreign) {
		t.Errorf("fetching an image: %v", err)
	}
}

// TestUnreachable checks that a question that fails is no answer.
func TestUnreachable(t *testing.T) {
	r := serve(t)
	s := stateOf("20260102T030405Z", 1)
	must[string](t)(s.publish(t.Context(), open(t, r.url)))
	to := open(t, r.url)
	r.fault = func(w http.ResponseWriter, _ *http.Request) bool {
		w.WriteHeader(http.StatusForbidden)
		return true
	}
	data, tag, err := to.Get(t.Context(), publish.HeadFile)
	if err == nil || !strings.Contains(err.Error(), "needs a login") {
		t.Errorf("the head is %s, %s, %v", data, tag, err)
	}
	if _, err := to.Swap(t.Context(), s.head(true), "", nil); err == nil || errors.As(err, new(*publish.ConflictError)) {
		t.Errorf("Swap: %v", err)
	}
	if is, err := to.Stat(t.Context(), s.files[0].Entry); err == nil {
		t.Errorf("Stat says %v", is)
	}
	r.fault = nil
	holds(t, r.url, s)
}

// TestSkopeo has another client copy what was published to another registry, from which it is
// the same. Old versions of skopeo write the index anew.
func TestSkopeo(t *testing.T) {
	testkit.Need(t, "skopeo")
	host, _, _ := testserver.DockerRegistry(t, t.TempDir(), "")
	s := stateOf("20260102T030405Z", 3)
	must[string](t)(s.publish(t.Context(), open(t, locationOf(t, host))))
	mirror := serve(t)
	cmd := exec.Command("skopeo", "copy", "--all", "--src-tls-verify=false", "--dest-tls-verify=false",
		"docker://"+host+"/acme/packages:"+s.id, "docker://"+mirror.url.Host+"/acme/packages:latest")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("skopeo: %v\n%s", err, out)
	}
	holds(t, mirror.url, s)
}
