package action

import (
	"context"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

var errMake = errors.New("the stage failed")

func put(t *testing.T, name, content string) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, []byte(content), 0o644)); err != nil {
		t.Fatal(err)
	}
}

// files lists what lies below dir, folders with a slash behind.
func files(t *testing.T, dir string) []string {
	t.Helper()
	var list []string
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if name == dir || err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, name)
		if d.IsDir() {
			rel += "/"
		}
		list = append(list, rel)
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return list
}

func TestNewKey(t *testing.T) {
	type input struct {
		Tree  string
		Tags  []string
		Other map[string]string
	}
	base := input{"sha256:1", []string{"a", "b"}, map[string]string{"x": "1", "y": "2"}}
	key := NewKey("cross", 1, base)
	if len(key) != 64 || strings.Trim(string(key), "0123456789abcdef") != "" {
		t.Errorf("the key is %q, want 64 hex digits", key)
	}
	for range 20 {
		if again := NewKey("cross", 1, input{"sha256:1", []string{"a", "b"},
			map[string]string{"y": "2", "x": "1"}}); again != key {
			t.Fatalf("the same input has the keys %s and %s", key, again)
		}
	}
	seen := map[Key]string{key: "the input itself"}
	for name, other := range map[string]Key{
		"another stage":     NewKey("source", 1, base),
		"another revision":  NewKey("cross", 2, base),
		"another tree":      NewKey("cross", 1, input{"sha256:2", base.Tags, base.Other}),
		"another order":     NewKey("cross", 1, input{base.Tree, []string{"b", "a"}, base.Other}),
		"tags joined":       NewKey("cross", 1, input{base.Tree, []string{"a,b"}, base.Other}),
		"no tags":           NewKey("cross", 1, input{base.Tree, nil, base.Other}),
		"another value":     NewKey("cross", 1, input{base.Tree, base.Tags, map[string]string{"x": "2", "y": "2"}}),
		"no input":          NewKey("cross", 1, nil),
		"digits that move":  NewKey("cross1", 0, base),
		"a text of the key": NewKey("cross", 1, string(key)),
	} {
		if twin, ok := seen[other]; ok {
			t.Errorf("%s has the key of %s", name, twin)
		}
		seen[other] = name
	}
}

func TestNewKeyPanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("an input that does not marshal has a key")
		}
	}()
	NewKey("cross", 1, math.NaN())
}

func TestDo(t *testing.T) {
	c := Cache{Dir: filepath.Join(t.TempDir(), "not", "there", "yet")}
	key := NewKey("stage", 1, "input")
	ran := 0
	make := func(dst string) error {
		ran++
		if list := files(t, dst); len(list) != 0 {
			t.Errorf("make meets %q", list)
		}
		if _, err := os.Stat(c.Path("stage", key)); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("while make runs, its output is there: %v", err)
		}
		put(t, filepath.Join(dst, "a", "b"), "made")
		return nil
	}
	for run, wantKept := range []bool{false, true, true} {
		dir, kept, err := c.Do("stage", key, make)
		if err != nil || kept != wantKept || dir != c.Path("stage", key) {
			t.Fatalf("run %d: Do() = %s, %v, %v, want %s, %v", run, dir, kept, err, c.Path("stage", key), wantKept)
		}
		if list := files(t, dir); !slices.Equal(list, []string{"a/", "a/b"}) {
			t.Errorf("run %d: the output is %q", run, list)
		}
	}
	if ran != 1 {
		t.Errorf("make ran %d times", ran)
	}
	if left := files(t, c.tmp()); len(left) != 0 {
		t.Errorf("left in the scratch folder: %q", left)
	}
	for name, other := range map[string]Key{"stage": NewKey("stage", 1, "other"), "other": key} {
		if _, kept, err := c.Do(name, other, func(string) error { return nil }); kept || err != nil {
			t.Errorf("the output of %s %.8s is taken for another: %v, %v", name, other, kept, err)
		}
	}
}

func TestDoTwiceAtATime(t *testing.T) {
	c := Cache{Dir: t.TempDir()}
	key := NewKey("stage", 1, "input")
	put := func(text string) func(dst string) error {
		return func(dst string) error { put(t, filepath.Join(dst, "a"), text); return nil }
	}
	outer := func(dst string) error {
		if _, kept, err := c.Do("stage", key, put("first")); kept || err != nil {
			t.Errorf("the first: kept %v, %v", kept, err)
		}
		return put("second")(dst)
	}
	dir, kept, err := c.Do("stage", key, outer)
	if dir != c.Path("stage", key) || kept || err != nil {
		t.Fatalf("the second: %s, kept %v, %v", dir, kept, err)
	}
	if got, err := os.ReadFile(filepath.Join(dir, "a")); string(got) != "first" || err != nil {
		t.Errorf("the output is %q, %v", got, err)
	}
	if left := files(t, c.tmp()); len(left) != 0 {
		t.Errorf("left in the scratch folder: %q", left)
	}
}

func TestDoLeavesNothingWhenMakeFails(t *testing.T) {
	c := Cache{Dir: t.TempDir()}
	key := NewKey("stage", 1, "input")
	for range 2 {
		_, kept, err := c.Do("stage", key, func(dst string) error {
			put(t, filepath.Join(dst, "half"), "done")
			return errMake
		})
		if !errors.Is(err, errMake) || kept {
			t.Fatalf("Do() = %v, %v, want make's error", kept, err)
		}
		if list := files(t, c.Dir); !slices.Equal(list, []string{"tmp/"}) {
			t.Fatalf("after make failed, there is %q", list)
		}
	}
	if dir, kept, err := c.Do("stage", key, func(dst string) error {
		put(t, filepath.Join(dst, "whole"), "")
		return nil
	}); kept || err != nil {
		t.Errorf("tried again, Do() = %s, %v, %v", dir, kept, err)
	}
}

func TestDoTellsOfABadFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "file")
	put(t, dir, "in the way")
	_, _, err := Cache{Dir: dir}.Do("stage", NewKey("stage", 1, nil), func(string) error {
		t.Error("make runs though there is no place for its output")
		return nil
	})
	if err == nil {
		t.Error("Do() below a file says nothing")
	}
}

// TestLockClearsWhatWasLeft plays a run that was killed while it made its output.
func TestLockClearsWhatWasLeft(t *testing.T) {
	c := Cache{Dir: t.TempDir()}
	key := NewKey("stage", 1, "input")
	if _, _, err := c.Do("stage", key, func(dst string) error {
		put(t, filepath.Join(dst, "whole"), "")
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	scratch, err := c.Scratch()
	if err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(scratch, "half", "made"), "x")
	unlock := lock(t, c)
	defer unlock()
	want := []string{"lock", "stage/", "stage/" + string(key[:32]) + "/", "stage/" + string(key[:32]) + "/whole"}
	if list := files(t, c.Dir); !slices.Equal(list, want) {
		t.Errorf("under the lock there is %q, want %q", list, want)
	}
}

func lock(t *testing.T, c Cache) func() {
	t.Helper()
	unlock, err := c.Lock(t.Context(), func() { t.Error("had to wait") })
	if err != nil {
		t.Fatal(err)
	}
	return unlock
}

func TestLockWaits(t *testing.T) {
	c := Cache{Dir: filepath.Join(t.TempDir(), "cache")}
	unlock := lock(t, c)
	scratch, err := c.Scratch()
	if err != nil {
		t.Fatal(err)
	}
	waits, got := make(chan bool, 2), make(chan error)
	go func() {
		other, err := c.Lock(t.Context(), func() { waits <- true })
		if err == nil {
			other()
		}
		got <- err
	}()
	select {
	case <-waits:
	case <-time.After(10 * time.Second):
		t.Fatal("wait was not called")
	}
	select {
	case err := <-got:
		t.Fatalf("the lock was given to two at once (%v)", err)
	case <-time.After(150 * time.Millisecond):
	}
	if _, err := os.Stat(scratch); err != nil {
		t.Errorf("whoever waits clears the holder's scratch folder away: %v", err)
	}
	unlock()
	if err := <-got; err != nil {
		t.Error(err)
	}
	if len(waits) > 0 {
		t.Error("wait was called more than once")
	}
	lock(t, c)()
}

func TestLockStopsWaiting(t *testing.T) {
	c := Cache{Dir: t.TempDir()}
	defer lock(t, c)()
	ctx, stop := context.WithCancel(t.Context())
	unlock, err := c.Lock(ctx, stop)
	if !errors.Is(err, context.Canceled) || unlock != nil {
		t.Fatalf("Lock() in a context that ends = %v", err)
	}
	if want := "locking " + filepath.Join(c.Dir, "lock") + ": context canceled"; err.Error() != want {
		t.Errorf("Lock() says %q, want %q", err, want)
	}
}

func TestLockTellsOfABadFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "file")
	put(t, dir, "in the way")
	if _, err := (Cache{Dir: dir}).Lock(t.Context(), func() {}); err == nil {
		t.Error("Lock() below a file says nothing")
	}
}

func TestScratchFoldersDiffer(t *testing.T) {
	c := Cache{Dir: filepath.Join(t.TempDir(), "cache")}
	one, err := c.Scratch()
	if err != nil {
		t.Fatal(err)
	}
	two, err := c.Scratch()
	if err != nil || one == two || len(files(t, two)) > 0 {
		t.Errorf("Scratch() = %s, then %s, %v", one, two, err)
	}
}

func TestPrune(t *testing.T) {
	for _, c := range []struct {
		n     int
		inUse string
		want  []string
	}{
		{0, "", nil},
		{0, "middle", []string{"middle/"}},
		{1, "", []string{"newest/"}},
		{1, "newest", []string{"newest/"}},
		{1, "oldest", []string{"newest/", "oldest/"}},
		{2, "", []string{"middle/", "newest/"}},
		{3, "", []string{"middle/", "newest/", "oldest/"}},
		{9, "", []string{"middle/", "newest/", "oldest/"}},
	} {
		cache := Cache{Dir: t.TempDir()}
		for age, name := range []string{"newest", "middle", "oldest"} {
			dir := filepath.Join(cache.Dir, "stage", name)
			put(t, filepath.Join(dir, "sub", "file"), "x")
			put(t, filepath.Join(cache.Dir, "other", name), "x")
			made := time.Date(2026, 1, 9-age, 0, 0, 0, 0, time.UTC)
			if err := os.Chtimes(dir, made, made); err != nil {
				t.Fatal(err)
			}
		}
		if err := cache.Prune("stage", c.n, map[string]bool{filepath.Join(cache.Dir, "stage", c.inUse): true}); err != nil {
			t.Fatal(err)
		}
		got := slices.DeleteFunc(files(t, filepath.Join(cache.Dir, "stage")),
			func(name string) bool { return strings.Count(name, "/") > 1 || !strings.HasSuffix(name, "/") })
		if !slices.Equal(got, c.want) {
			t.Errorf("Prune(%d) leaves %q, want %q", c.n, got, c.want)
		}
		if others := files(t, filepath.Join(cache.Dir, "other")); len(others) != 3 {
			t.Errorf("Prune(%d) leaves %q of another stage", c.n, others)
		}
		if left := files(t, cache.tmp()); len(left) != 0 {
			t.Errorf("Prune(%d) leaves %q in the scratch folder", c.n, left)
		}
	}
	if err := (Cache{Dir: t.TempDir()}).Prune("absent", 1, nil); err != nil {
		t.Errorf("Prune() of a stage without outputs = %v", err)
	}
}

// TestPruneKeepsWhatWasUsedLast makes outputs, uses the first one again, and has
// all but the last used pruned.
func TestPruneKeepsWhatWasUsedLast(t *testing.T) {
	cache := Cache{Dir: t.TempDir()}
	use := func(name string) (dir string, kept bool) {
		t.Helper()
		dir, kept, err := cache.Do("stage", NewKey("stage", 1, name), func(string) error { return nil })
		if err != nil {
			t.Fatal(err)
		}
		return dir, kept
	}
	for i, name := range []string{"own", "first", "second"} {
		dir, _ := use(name)
		made := time.Date(2026, 1, 1+i, 0, 0, 0, 0, time.UTC)
		if err := os.Chtimes(dir, made, made); err != nil {
			t.Fatal(err)
		}
	}
	use("own")
	if err := cache.Prune("stage", 1, nil); err != nil {
		t.Fatal(err)
	}
	if _, kept := use("own"); !kept {
		t.Error("the output that was used last is gone")
	}
	for _, name := range []string{"first", "second"} {
		if _, kept := use(name); kept {
			t.Errorf("the output %s is still there", name)
		}
	}
}
