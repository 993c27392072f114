package action

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// What is discarded is gone from its place before the first of its files is.
func TestDiscardTakesAwayAtOnce(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "trees", "ship")
	put(t, filepath.Join(path, "captain.go"), "captain")
	c := Cache{Dir: dir, Step: func(what string) {
		if got := files(t, filepath.Join(dir, "trees")); len(got) > 0 {
			t.Errorf("%s: %v is still there", what, got)
		}
		if got, _ := filepath.Glob(filepath.Join(dir, "tmp", "*", "gone", "captain.go")); len(got) != 1 {
			t.Errorf("%s: the files are removed already", what)
		}
	}}
	if err := c.Discard(path); err != nil {
		t.Fatal(err)
	}
	if got := files(t, dir); !slices.Equal(got, []string{"tmp/", "trees/"}) {
		t.Errorf("left over: %v", got)
	}
	if err := c.Discard(path); err == nil {
		t.Error("something that does not exist is discarded")
	}
	if got, _ := filepath.Glob(filepath.Join(dir, "tmp", "*")); len(got) > 0 {
		t.Errorf("left over: %v", got)
	}
}

// Where nothing can be moved, as on a disk that is full, all is removed even so.
func TestDiscardAllWithoutScratch(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"trees/captain.go", "layers/blob", "kept/blob", "tmp"} {
		put(t, filepath.Join(dir, filepath.FromSlash(name)), name) // tmp is no folder
	}
	c := Cache{Dir: dir}
	if err := c.DiscardAll(dir, filepath.Join(dir, "kept"), filepath.Join(dir, "tmp")); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 2 {
		t.Errorf("left over: %v (%v)", entries, err)
	}
}

// The lock is there until all else is gone, and what another process puts there
// then is left alone.
func TestRemove(t *testing.T) {
	dir := filepath.Join(t.TempDir(), ".cache")
	var steps []string
	c := Cache{Dir: dir}
	c.Step = func(what string) {
		steps = append(steps, what)
		_, err := os.Stat(c.lockFile())
		if last := what == "removed the lock"; last != os.IsNotExist(err) {
			t.Errorf("%s: %v", what, err)
		} else if last {
			put(t, c.lockFile(), "another's")
		}
	}
	unlock := lock(t, c)
	put(t, filepath.Join(dir, "trees", "captain.go"), "captain")
	put(t, filepath.Join(dir, "tmp", "1", "rest"), "rest")
	if err := c.Remove(); err != nil {
		t.Fatal(err)
	}
	unlock()
	want := []string{"discarded " + filepath.Join(dir, "trees"), "removed the lock"}
	if !slices.Equal(steps, want) {
		t.Errorf("the steps are %q, want %q", steps, want)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("left over: %v (%v)", entries, err)
	}
}

func TestRemoveEmpty(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "full", "file"), "")
	put(t, filepath.Join(dir, "file"), "")
	if err := os.Mkdir(filepath.Join(dir, "empty"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		there bool
		ok    bool
	}{
		{"empty", false, true},
		{"full", true, true},
		{"missing", false, true},
		{"file/below", false, false},
	} {
		err := RemoveEmpty(filepath.Join(dir, c.name))
		if _, stat := os.Lstat(filepath.Join(dir, c.name)); (stat == nil) != c.there || (err == nil) != c.ok {
			t.Errorf("%s: %v, and then %v", c.name, err, stat)
		}
	}
}
