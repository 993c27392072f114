package swift

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slipway-build/slipway/event"
	"github.com/slipway-build/slipway/internal/run"
	"github.com/slipway-build/slipway/repo/publish"
	"github.com/slipway-build/slipway/repo/publish/storetest"
	"github.com/slipway-build/slipway/repo/tree"
)

func parse(t *testing.T, address string) *url.URL {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func mustOpen(t *testing.T, s *storetest.Store, attempts int) *Target {
	t.Helper()
	target, err := Open(t.Context(), parse(t, s.URL), publish.Options{Env: s.Env})
	if err != nil {
		t.Fatal(err)
	}
	target.(*Target).attempts = attempts
	return target.(*Target)
}

func TestURL(t *testing.T) {
	env := run.Env{"ST_AUTH=https://swift.example.org/auth/v1.0", "ST_USER=ship:mate", "ST_KEY=anchor"}
	const forms = ": expected swift://CONTAINER/PREFIX or swift://CONTAINER/PREFIX?lock=20s"
	for address, want := range map[string]string{
		"swift://ship":               "swift://ship 20s",
		"swift://ship/a//b/?lock=1m": "swift://ship/a/b 1m0s",
		"swift://mate:kielholen@ship/a": "swift://ship/a: a URL has no credentials: " +
			"set OS_USERNAME and OS_PASSWORD instead",
		"swift:///a":                          "swift:///a" + forms,
		"swift://ship?endpoint=a.example.org": "swift://ship?endpoint=a.example.org" + forms,
		"swift://ship?lock=1500ms":            "swift://ship: lock=1500ms: expected whole seconds, such as 20s",
		"swift://ship?lock=long":              "swift://ship: lock=long: expected whole seconds, such as 20s",
	} {
		target, err := newTarget(parse(t, address), env)
		got := fmt.Sprint(err)
		if err == nil {
			got = target.String() + " " + target.hold.String()
		}
		if got != want {
			t.Errorf("%s: %s, want %s", address, got, want)
		}
	}
}

// TestOpen holds what is said of a container before anything is published.
func TestOpen(t *testing.T) {
	s := storetest.Swift(t)
	for _, c := range []struct {
		url  string
		env  run.Env
		want string
	}{
		{"swift://purser", s.Env, "there is no container purser; create it, for everybody to read: " +
			"swift post purser --read-acl '.r:*'"},
		{s.URL, s.Env.With("ST_KEY=kielholen"), "check OS_USERNAME, OS_PASSWORD and the project, or ST_USER and ST_KEY"},
		{s.URL, run.Env{}, "no store is named"},
	} {
		_, err := Open(t.Context(), parse(t, c.url), publish.Options{Env: c.env})
		if !strings.Contains(fmt.Sprint(err), c.want) || strings.Contains(fmt.Sprint(err), "kielholen") {
			t.Errorf("%s: %v, want %q", c.url, err, c.want)
		}
	}
}

// TestPrivate holds that a container which only its owner reads is told, and no other.
func TestPrivate(t *testing.T) {
	s := storetest.Swift(t)
	for acl, want := range map[string]int{".r:*,.rlistings": 0, "": 1} {
		s.Intercept(func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method == http.MethodHead {
				w.Header().Set("X-Container-Read", acl)
				w.Header().Set("X-Container-Bytes-Used", "0")
				w.Header().Set("X-Container-Object-Count", "0")
			}
			return r.Method == http.MethodHead
		})
		notes := 0
		_, err := Open(t.Context(), parse(t, s.URL), publish.Options{Env: s.Env, Events: func(e event.Event) {
			notes++
			if !strings.Contains(e.Detail, "swift post ship --read-acl '.r:*'") {
				t.Errorf("%q", e.Detail)
			}
		}})
		if err != nil || notes != want {
			t.Errorf("%q: %d notes, %v", acl, notes, err)
		}
	}
}

// TestFaults holds what is said of a store's answers.
func TestFaults(t *testing.T) {
	s := storetest.Swift(t)
	target := mustOpen(t, s, 1)
	for status, want := range map[int]string{
		http.StatusForbidden:             "give it the write ACL of the container ship",
		http.StatusRequestEntityTooLarge: "is full, or the file too large for the store: make room",
		http.StatusInsufficientStorage:   "is full, or the file too large for the store: make room",
		http.StatusServiceUnavailable:    "what is written stays: run it again to go on",
	} {
		s.Intercept(func(w http.ResponseWriter, _ *http.Request) bool {
			w.WriteHeader(status)
			return true
		})
		err := target.Put(t.Context(), tree.Of(tree.Content, "captain.deb", []byte("captain")))
		if !strings.HasPrefix(fmt.Sprint(err), "swift://ship/repo: writing captain.deb: ") ||
			!strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("%d: %v, want %q", status, err, want)
		}
	}
	large := tree.Of(tree.Content, "captain.tar", nil)
	large.Size = maxSize + 1
	if err := target.Put(t.Context(), large); !strings.Contains(fmt.Sprint(err), "Swift takes at most 5368709120") {
		t.Error(err)
	}
}

// TestCut holds that what fails in passing is tried again.
func TestCut(t *testing.T) {
	s := storetest.Swift(t)
	target := mustOpen(t, s, 5)
	deb := tree.Of(tree.Content, "captain.deb", []byte(strings.Repeat("captain", 1<<18)))
	var requests atomic.Int32
	s.Intercept(func(w http.ResponseWriter, r *http.Request) bool {
		switch n := requests.Add(1); n {
		case 1, 3: // in the middle of what is sent
			_, _ = io.CopyN(io.Discard, r.Body, 1<<10)
			panic(http.ErrAbortHandler)
		case 2:
			w.WriteHeader(http.StatusServiceUnavailable)
			return true
		}
		return false
	})
	if err := target.Put(t.Context(), deb); err != nil {
		t.Error(err)
	}
	if got, err := target.Stat(t.Context(), deb.Entry); err != nil || got != publish.Same {
		t.Errorf("%v, %v", got, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := target.Put(ctx, deb); !strings.HasSuffix(fmt.Sprint(err), context.Canceled.Error()) {
		t.Error(err)
	}
}

// TestForeign holds that an object without our metadata is read.
func TestForeign(t *testing.T) {
	s := storetest.Swift(t)
	target := mustOpen(t, s, 1)
	s.Intercept(func(_ http.ResponseWriter, r *http.Request) bool {
		r.Header.Del(digestHeader)
		return false
	})
	f := tree.Of(tree.Content, "captain.deb", []byte("captain"))
	if err := target.Put(t.Context(), f); err != nil {
		t.Fatal(err)
	}
	for want, content := range map[publish.Presence]string{publish.Same: "captain", publish.Different: "Captain"} {
		e := tree.Of(tree.Content, f.Path, []byte(content)).Entry
		if got, err := target.Stat(t.Context(), e); err != nil || got != want {
			t.Errorf("%v, %v, want %v", got, err, want)
		}
	}
}

// TestLock holds that a dead publisher's lock ends, and that one which is held is told.
func TestLock(t *testing.T) {
	for name, start := range map[string]func(testing.TB) *storetest.Store{"fake": storetest.Swift, "Debian": debian} {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			dead, target := mustOpen(t, s, 1), mustOpen(t, s, 1)
			if _, err := dead.lock(t.Context()); err != nil {
				t.Fatal(err)
			}
			begun := time.Now()
			tag, err := target.Swap(t.Context(), []byte("{}"), "", nil)
			if waited := time.Since(begun); err != nil || waited < target.hold/2 || waited > 2*target.hold {
				t.Errorf("tag %s, %v after %v", tag, err, waited)
			}
			if release, err := target.lock(t.Context()); err != nil {
				t.Error(err)
			} else {
				release()
			}
		})
	}
	s := storetest.Swift(t)
	target := mustOpen(t, s, 1)
	target.hold = 100 * time.Millisecond
	s.Intercept(func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPut {
			w.WriteHeader(http.StatusPreconditionFailed)
		}
		return r.Method == http.MethodPut
	})
	if _, err := target.Swap(t.Context(), []byte("{}"), "", nil); !strings.Contains(fmt.Sprint(err),
		"other publishers held state/lock for 300ms; run it again when they are done") {
		t.Error(err)
	}
}

func debian(t testing.TB) *storetest.Store {
	container, _ := storetest.Debian(t)
	return container
}
