package build

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/lock"
	"github.com/slipway-build/slipway/source"
)

// TestUpstreamOf holds what of fork.yaml decides the upstream tree, and what does
// not.
func TestUpstreamOf(t *testing.T) {
	f := newYard(t).fork
	commit := strings.Repeat("c", 40)
	for _, c := range []struct {
		about    string
		upstream source.Upstream
		want     string // the input's Upstream
		siblings int
	}{
		{"a module", source.Upstream{Module: "example.org/ship@v1.4.1"}, `{"module":"example.org/ship@v1.4.1"}`, 1},
		{"with its commit, which is only told", source.Upstream{Module: "example.org/ship@v1.4.1", Commit: commit},
			`{"module":"example.org/ship@v1.4.1"}`, 1},
		{"a module before the layout", source.Upstream{Module: "example.org/ship@v0.9.0"},
			`{"module":"example.org/ship@v0.9.0"}`, 0},
		{"a repository", source.Upstream{Git: "https://example.org/ship", Commit: commit, Tag: "v1.4.1"},
			`{"git":"https://example.org/ship","commit":"` + commit + `"}`, 0},
		{"less some files", source.Upstream{Git: "../ship", Commit: commit, Exclude: []string{"vendor/*"}},
			`{"git":"../ship","commit":"` + commit + `","exclude":["vendor/*"]}`, 0},
		{"an archive", source.Upstream{Archive: "ship.tar.xz", SHA256: "00", Strip: 1, Commit: commit},
			`{"archive":"ship.tar.xz","sha256":"00","strip":1}`, 0},
	} {
		f.Upstream = c.upstream
		in := upstreamOf(f, nil)
		got, err := json.Marshal(in.Upstream)
		must(t, err)
		if string(got) != c.want || len(in.Siblings) != c.siblings || in.tag != c.upstream.Tag {
			t.Errorf("%s: got %s, %d siblings, tag %q, want %s, %d, %q",
				c.about, got, len(in.Siblings), in.tag, c.want, c.siblings, c.upstream.Tag)
		}
	}
}

// someTree returns an upstream tree, and the folder that it is kept in.
func someTree(t *testing.T) (source.Tree, string) {
	t.Helper()
	dir := t.TempDir()
	put(t, filepath.Join(dir, "tree/captain.go"), "package captain\n")
	put(t, filepath.Join(dir, "tree/mate/mate.go"), "package mate\n")
	files, err := filetree.Scan(t.Context(), filepath.Join(dir, "tree"))
	must(t, err)
	tree := source.Tree{
		Dir: files, Time: time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC),
		Modules: []lock.Module{{Place: ".", Path: "example.org/ship", Version: "v1.4.1", Sum: "h1:47DE="}},
		Dropped: []lock.Module{{Place: "lantern", Path: "example.org/lantern", Version: "v0.4.1"}},
	}
	must(t, writeTree(dir, tree))
	return tree, dir
}

// recordOfTree is how a kept tree is described; every project has such files.
const recordOfTree = `{"Modules":[{"place":".","path":"example.org/ship","version":"v1.4.1","sum":"h1:47DE="}],` +
	`"Dropped":[{"place":"lantern","path":"example.org/lantern","version":"v0.4.1"}],` +
	`"Time":"2026-02-03T04:05:06Z","Digest":"sha256:DIGEST"}`

func TestReadTree(t *testing.T) {
	want, dir := someTree(t)
	got, err := readTree(dir)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	_, record, _ := strings.Cut(read(t, filepath.Join(dir, "record")), " ")
	if want := strings.Replace(recordOfTree, "sha256:DIGEST", want.Tree.Digest(), 1); record != want {
		t.Errorf("the record is\n%s, want\n%s", record, want)
	}
}

// TestReadTreeDamaged damages what is kept beside a tree.
func TestReadTreeDamaged(t *testing.T) {
	signed := func(record string) string { return fmt.Sprintf("%x %s", sha256.Sum256([]byte(record)), record) }
	for _, c := range []struct {
		about, file string
		damage      func(text string) string
		err         string
	}{
		{"an empty record", "record", func(string) string { return "" }, "record was changed by something else"},
		{"a record without its sum", "record", func(s string) string { return s[65:] }, "record was changed by something"},
		{"a changed record", "record", func(s string) string { return strings.Replace(s, "v1.4.1", "v1.4.2", 1) },
			"record was changed by something else"},
		{"a changed sum", "record", func(s string) string { return "0" + s[1:] + " " }, "record was changed by something"},
		{"a record that is no JSON", "record", func(string) string { return signed("{") }, "unexpected end of JSON input"},
		{"a record of another tree", "record", func(string) string { return signed(`{"Digest":"sha256:00"}`) },
			"listing was changed by something else"},
		{"an empty listing", "listing", func(string) string { return "" }, "listing was changed by something else"},
		{"a listing with another path", "listing",
			func(s string) string { return strings.Replace(s, "mate.go", "male.go", 1) },
			"listing was changed by something else"},
		{"a listing whose last line is cut", "listing", func(s string) string { return s[:len(s)-1] },
			"listing: listing, line 2: its end is missing"},
		{"a listing without its first line", "listing", func(s string) string { return s[strings.Index(s, "\n")+1:] },
			"listing was changed by something else"},
		{"a listing that is none", "listing", func(string) string { return "ahoy\n" }, "listing, line 1: want mode, sum"},
	} {
		_, dir := someTree(t)
		name := filepath.Join(dir, c.file)
		text := read(t, name)
		damaged := c.damage(text)
		if damaged == text {
			t.Errorf("%s: nothing was damaged", c.about)
		}
		put(t, name, damaged)
		if _, err := readTree(dir); err == nil || !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: got %v, want …%s…", c.about, err, c.err)
		}
	}
	for _, file := range []string{"record", "listing"} {
		_, dir := someTree(t)
		must(t, os.Remove(filepath.Join(dir, file)))
		if _, err := readTree(dir); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("without %s, got %v", file, err)
		}
	}
}

func TestExtent(t *testing.T) {
	for _, c := range []struct {
		tree source.Tree
		want string
	}{
		{source.Tree{}, "0 files"},
		{source.Tree{Dir: filetree.Dir{Tree: make(filetree.Tree, 1)}}, "1 file"},
		{source.Tree{Modules: make([]lock.Module, 2), Dir: filetree.Dir{Tree: make(filetree.Tree, 9)}}, "2 modules"},
	} {
		if got := extent(c.tree); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
}

// TestUpstream holds when a kept tree is fetched again.
func TestUpstream(t *testing.T) {
	y := newYard(t)
	s := y.open()
	fails := errors.New("it leaks")
	good := func(source.Tree) error { return nil }
	once := func(err error) func(source.Tree) error {
		return func(source.Tree) error { defer func() { err = nil }(); return err }
	}
	for _, c := range []struct {
		about, err, stage string
		check             func(source.Tree) error
		notes             []string
	}{
		{"a new one that fails", "it leaks", "source 0 files, 0 MB failed", once(fails), nil},
		{"a new one", "", "source 3 modules, 0 MB", good, nil},
		{"a kept one", "", "source 3 modules, 0 MB kept", good, nil},
		{"a kept one that fails", "", "source 3 modules, 0 MB", once(fails), []string{"it leaks: making it again"}},
		{"a kept one that is not pinned", "", "source 3 modules, 0 MB", once(&fork.StaleError{}), nil},
		{"one that fails again and again", "it leaks", "source 0 files, 0 MB failed",
			func(source.Tree) error { return fails }, []string{"it leaks: making it again"}},
		{"a good one after that", "", "source 3 modules, 0 MB", good, nil},
	} {
		y.events = nil
		tree, err := s.upstream(t.Context(), c.check)
		if says(t, err, c.err); err == nil && len(tree.Modules) != 3 {
			t.Errorf("%s: got %d modules", c.about, len(tree.Modules))
		}
		equal(t, c.about+": notes", y.notes(), c.notes)
		equal(t, c.about+": stages", y.ended(), []string{c.stage})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.upstream(ctx, once(fails)); !errors.Is(err, fails) {
		t.Errorf("in a run that is cancelled, got %v", err)
	}
	if _, err := s.Upstream(t.Context()); err != nil {
		t.Errorf("the tree did not survive a run that was cancelled: %v", err)
	}
}

// TestUpstreamIsTheOneThatIsLocked holds that a kept tree is used where it leaves out
// what the lock drops, and that of two locks on one upstream each has its tree.
func TestUpstreamIsTheOneThatIsLocked(t *testing.T) {
	y := newYard(t)
	s := y.open()
	asked, err := s.Upstream(t.Context())
	must(t, err)
	put(t, y.fork.Abs("fork.lock"), read(t, "testdata/fork.lock"))
	y.fork, err = y.fork.Project.Fork(y.fork.ID)
	must(t, err)
	s = y.again(s)
	locked, err := s.Upstream(t.Context())
	must(t, err)
	if locked.Path != asked.Path {
		t.Errorf("a tree that leaves out what the lock drops was not used")
	}
	asked.Dropped = nil // as it would be, had everything been published
	must(t, writeTree(s.upstreamDir(), asked))
	locked, err = s.Upstream(t.Context())
	must(t, err)
	if locked.Path == asked.Path || len(locked.Dropped) != 1 {
		t.Errorf("the tree at %s leaves out %v", locked.Path, locked.Dropped)
	}
	if _, err := os.Stat(asked.Path); err != nil {
		t.Errorf("the other lock's tree is gone: %v", err)
	}
}

// TestForgetDropped holds that a tree which something was left out of is fetched
// again, because that may have been published since.
func TestForgetDropped(t *testing.T) {
	y := newYard(t)
	s := y.open()
	must(t, s.ForgetDropped()) // there is no tree yet
	tree, err := s.Upstream(t.Context())
	must(t, err)
	if len(tree.Dropped) != 1 {
		t.Fatalf("the ship comes without %v", tree.Dropped)
	}
	must(t, s.ForgetDropped())
	if _, err := os.Stat(s.upstreamDir()); !os.IsNotExist(err) {
		t.Errorf("the tree is still there: %v", err)
	}
	tree, err = s.Upstream(t.Context())
	must(t, err)
	tree.Dropped = nil
	must(t, writeTree(s.upstreamDir(), tree))
	must(t, s.ForgetDropped())
	if _, err := os.Stat(s.upstreamDir()); err != nil {
		t.Errorf("a tree that nothing was left out of: %v", err)
	}
}
