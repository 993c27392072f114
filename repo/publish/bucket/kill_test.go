package bucket_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slipway-build/slipway/internal/run"
	"github.com/slipway-build/slipway/repo/publish"
	"github.com/slipway-build/slipway/repo/publish/storetest"
	"github.com/slipway-build/slipway/repo/tree"
)

// snapshot returns the files of the n-th state of a repository, and its head.
func snapshot(n int) (files []tree.File, head []byte) {
	deb := tree.Of(tree.Content, fmt.Sprintf("apt/pool/captain_%d.deb", n), bytes.Repeat([]byte{byte(n)}, 1<<20))
	packages := tree.Of(tree.Content, fmt.Sprintf("apt/by-hash/%d", n), []byte(fmt.Sprintf("packages of %d", n)))
	files = []tree.File{
		deb, packages,
		tree.AliasOf(tree.Content, fmt.Sprintf("apt/snapshots/%d/captain.deb", n), deb),
		tree.AliasOf(tree.Index, "apt/Packages", packages),
		tree.Of(tree.Commit, "apt/InRelease", []byte(fmt.Sprintf("release %d", n))),
	}
	if n%8 == 1 { // in parts
		files = append(files, tree.Of(tree.Content, fmt.Sprintf("release/captain_%d.tar", n),
			bytes.Repeat([]byte{byte(n)}, 33<<20)))
	}
	tree.Sort(files)
	return files, []byte(fmt.Sprintf(`{"schema":1,"snapshot":"%d"}`, n))
}

// bring publishes a state as a publisher does: content, the head, what readers start at.
func bring(ctx context.Context, target publish.Target, n int) error {
	files, head := snapshot(n)
	shown, tag, err := target.Get(ctx, publish.HeadFile)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, class := range []tree.Class{tree.Content, tree.Index, tree.Commit} {
		if class == tree.Index && !bytes.Equal(shown, head) {
			if _, err := target.Swap(ctx, head, tag, nil); err != nil {
				return err
			}
		}
		for _, f := range files {
			if f.Class == class {
				if err := bringFile(ctx, target, f); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func bringFile(ctx context.Context, target publish.Target, f tree.File) error {
	there, err := target.Stat(ctx, f.Entry)
	switch {
	case err != nil || there == publish.Same:
		return err
	case there == publish.Different && f.Class == tree.Content:
		return errors.New(f.Path + " is there with other content")
	case f.Alias != "":
		return target.Copy(ctx, f.Entry)
	}
	return target.Put(ctx, f)
}

// TestPublisher is the publisher that TestKill kills.
func TestPublisher(t *testing.T) {
	address := os.Getenv("PUBLISH_TO")
	if address == "" {
		t.Skip("TestKill starts it")
	}
	target, err := open(t.Context(), address, run.Env(os.Environ()))
	must(t, err)
	n, err := strconv.Atoi(os.Getenv("PUBLISH_STATE"))
	must(t, err)
	must(t, bring(t.Context(), target, n))
}

// TestKill kills publishers at any of their requests. Objects are there as a whole or not at all,
// the head is the old or the new one, and the next run goes on.
func TestKill(t *testing.T) {
	for name, store := range map[string]func(testing.TB) *storetest.Store{
		"s3": storetest.S3, gateway: storetest.Gateway, "swift": storetest.Swift,
	} {
		t.Run(name, func(t *testing.T) {
			s := store(t)
			s.URL = strings.Replace(s.URL, "lock=2s", "lock=1s", 1)
			target := mustOpen(t, s)
			must(t, bring(t.Context(), target, 0))
			kills, choose := 0, rand.New(rand.NewPCG(1, 2))
			for n := 1; n <= 30; n++ {
				if killAt(t, s, n, 1+choose.IntN(12), choose.IntN(2) == 0) {
					kills++
				}
				whole(t, target, n)
				must(t, bring(t.Context(), target, n))
				complete(t, target, n)
			}
			if kills < 25 {
				t.Errorf("only %d publishers were killed", kills)
			}
		})
	}
}

// killAt starts a publisher and kills it at a request: before the store gets it, or while the store
// answers. It reports whether it was still running then.
func killAt(t *testing.T, s *storetest.Store, n, request int, handled bool) bool {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestPublisher$")
	cmd.Env = s.Env.With("PUBLISH_TO="+s.URL, fmt.Sprintf("PUBLISH_STATE=%d", n))
	var mu sync.Mutex
	seen := 0
	s.Intercept(func(http.ResponseWriter, *http.Request) bool {
		mu.Lock()
		defer mu.Unlock()
		if seen++; seen == request {
			_ = cmd.Process.Kill()
		}
		return seen == request && !handled
	})
	out, err := cmd.CombinedOutput()
	s.Intercept(nil)
	if _, killed := errors.AsType[*exec.ExitError](err); err != nil && (!killed || bytes.Contains(out, []byte("FAIL"))) {
		t.Fatalf("state %d: %v\n%s", n, err, out)
	}
	return err != nil
}

// whole holds that what is there of the n-th state, or of the one before, is there as a whole.
func whole(t *testing.T, target publish.Target, n int) {
	t.Helper()
	before, oldHead := snapshot(n - 1)
	after, newHead := snapshot(n)
	old := map[string]string{publish.HeadFile: string(oldHead)}
	for _, f := range before {
		old[f.Path] = string(f.Data)
	}
	for _, f := range append(after, tree.Of(tree.Commit, publish.HeadFile, newHead)) {
		data, _, err := target.Get(t.Context(), f.Path)
		had, replaced := old[f.Path]
		delete(old, f.Path)
		if errors.Is(err, fs.ErrNotExist) && !replaced {
			continue
		}
		if err != nil || !bytes.Equal(data, f.Data) && (!replaced || string(data) != had) {
			t.Fatalf("state %d: %s has %d bytes, %v, and is none of what was published", n, f.Path, len(data), err)
		}
	}
	for path, want := range old {
		if data, _, err := target.Get(t.Context(), path); err != nil || string(data) != want {
			t.Fatalf("state %d: %s of the state before: %d bytes, %v", n, path, len(data), err)
		}
	}
}

// complete holds that all of the n-th state is there.
func complete(t *testing.T, target publish.Target, n int) {
	t.Helper()
	files, head := snapshot(n)
	for _, f := range files {
		if there, err := target.Stat(t.Context(), f.Entry); err != nil || there != publish.Same {
			t.Errorf("state %d: %s: %v, %v", n, f.Path, there, err)
		}
	}
	if shown, _, err := target.Get(t.Context(), publish.HeadFile); err != nil || !bytes.Equal(shown, head) {
		t.Errorf("state %d: the head is %s, %v", n, shown, err)
	}
}
