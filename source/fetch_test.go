package source

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slipway-build/slipway/event"
	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/internal/gotool"
	"github.com/slipway-build/slipway/internal/run"
	"github.com/slipway-build/slipway/internal/testfork"
	"github.com/slipway-build/slipway/lock"
)

// proxy writes the module proxy that the tests of this package share and do not change.
var proxy = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "slipway-proxy-")
	if err != nil {
		return "", err
	}
	return dir, testfork.WriteProxy(dir)
})

func TestMain(m *testing.M) {
	code := m.Run()
	if dir, err := proxy(); err == nil {
		_ = os.RemoveAll(dir)
	}
	os.Exit(code)
}

// fetcher returns one with an empty module cache, and the notes that it makes.
func fetcher(t *testing.T, more ...string) (f Fetcher, notes func() []string) {
	t.Helper()
	proxyDir, err := proxy()
	if err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	env := run.Env(testfork.Env(proxyDir, home, filepath.Join(home, "build"))).With("PATH=" +
		os.Getenv("PATH")).With(more...)
	g, err := gotool.Find(t.Context(), run.Runner{}, env, home)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	return Fetcher{Go: g, Events: func(e event.Event) {
		if e.Kind == event.Note {
			list = append(list, e.Detail)
		}
	}}, func() []string { return list }
}

// layout is that of testfork's profile.
func layout() []Sibling {
	return []Sibling{{"staging/src/example.org/*", "example.org/*",
		"v0.{{.Minor}}.{{.Patch}}{{with .Prerelease}}-{{.}}{{end}}"}}
}

func ship(version string) Input {
	return Input{Upstream: Upstream{Module: "example.org/ship@" + version}, Siblings: layout()}
}

func fetch(t *testing.T, f Fetcher, in Input) (Tree, error) {
	t.Helper()
	return f.Fetch(t.Context(), in, filepath.Join(t.TempDir(), "tree"))
}

func places(modules []lock.Module) []string {
	var list []string
	for _, m := range modules {
		list = append(list, m.Place+" "+m.Path+" "+m.Version)
	}
	return list
}

const staging = "staging/src/example.org/"

func TestFetch(t *testing.T) {
	f, notes := fetcher(t)
	tree, err := fetch(t, f, ship("v1.4.0"))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		". example.org/ship v1.4.0",
		staging + "hull example.org/hull v0.4.0",
		staging + "rigging example.org/rigging v0.4.0",
		staging + "sample-lantern example.org/sample-lantern v0.4.0",
	}
	if got := places(tree.Modules); !slices.Equal(got, want) || tree.Dropped != nil {
		t.Errorf("the tree is put together from %q, less %v; want %q", got, tree.Dropped, want)
	}
	if want := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC); tree.Time != want {
		t.Errorf("its time is %v, want %v", tree.Time, want)
	}
	if err := tree.Verify(t.Context(), nil); err != nil {
		t.Errorf("the folder is not what Fetch says: %v", err)
	}
	for _, path := range []string{"go.mod", "cmd/captain/captain.go", staging + "hull/version/base.go",
		staging + "sample-lantern/lantern.go", "vendor/OWNERS"} {
		if _, ok := tree.Tree.Lookup(path); !ok {
			t.Errorf("%s is not in the tree", path)
		}
	}
	if len(notes()) != 0 {
		t.Errorf("noted: %q", notes())
	}
	checkSums(t, f, tree)
}

// checkSums checks that the modules' sums are the go command's, and that all of each module lies in its place.
func checkSums(t *testing.T, f Fetcher, tree Tree) {
	t.Helper()
	for _, m := range tree.Modules {
		if err := f.Go.CheckModule(t.Context(), m.Path, m.Version, m.Sum, nil); err != nil {
			t.Error(err)
		}
		dir, err := f.Go.ModuleDir(m.Path, m.Version)
		if err != nil {
			t.Fatal(err)
		}
		cached, err := filetree.Scan(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range cached.Tree {
			there := filepath.ToSlash(filepath.Join(m.Place, e.Path))
			if got, ok := tree.Tree.Lookup(there); !ok || got.Sum != e.Sum {
				t.Errorf("%s of %s is not at %s", e.Path, m.Path, there)
			}
		}
	}
}

func TestFetchIsTheSameEverywhere(t *testing.T) {
	f, _ := fetcher(t)
	g, _ := fetcher(t)
	var first Tree
	for i, from := range []Fetcher{f, f, g} {
		tree, err := fetch(t, from, ship("v1.4.1"))
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			first = tree
		}
		if tree.Tree.Digest() != first.Tree.Digest() || !reflect.DeepEqual(tree.Modules, first.Modules) ||
			!reflect.DeepEqual(tree.Dropped, first.Dropped) {
			t.Errorf("fetched again, the tree is %s of %v, not %s of %v", tree.Tree.Digest(), tree.Modules, first.Tree.Digest(),
				first.Modules)
		}
	}
}

// TestFetchDrops has a sibling that was not published with this release, and that nothing imports.
func TestFetchDrops(t *testing.T) {
	f, notes := fetcher(t)
	tree, err := fetch(t, f, ship("v1.4.1"))
	if err != nil {
		t.Fatal(err)
	}
	want := []lock.Module{{Place: staging + "sample-lantern", Path: "example.org/sample-lantern", Version: "v0.4.1"}}
	if !slices.Equal(tree.Dropped, want) || len(tree.Modules) != 3 {
		t.Errorf("the tree is of %q, less %q, want it less %q", places(tree.Modules), tree.Dropped, want)
	}
	if got := notes(); len(got) != 1 || !strings.HasPrefix(got[0],
		"example.org/sample-lantern@v0.4.1 is left out of the tree: ") {
		t.Errorf("the notes are %q", got)
	}
	for _, name := range []string{"go.mod", "go.work"} {
		data, err := tree.ReadFile(name)
		if err != nil || strings.Contains(string(data), "lantern") || !strings.Contains(string(data), staging+"hull") {
			t.Errorf("%s is %s (%v)", name, data, err)
		}
	}
	if err := tree.Verify(t.Context(), nil); err != nil {
		t.Error(err)
	}
	if below := tree.Tree.Below(staging + "sample-lantern"); len(below) != 0 {
		t.Errorf("what is left out lies there: %v", below)
	}
}

func TestFetchAnswersInOrder(t *testing.T) {
	f, _ := fetcher(t)
	in := ship("v1.4.1")
	in.Siblings = []Sibling{{"z", "example.org/hull", "v0.4.1"}, {"a", "example.org/rigging", "v0.4.1"}}
	tree, err := fetch(t, f, in)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{". example.org/ship v1.4.1", "a example.org/rigging v0.4.1", "z example.org/hull v0.4.1"}
	if got := places(tree.Modules); !slices.Equal(got, want) {
		t.Errorf("the modules are %q, want %q", got, want)
	}
	for _, path := range []string{"a/knot/knot.go", "z/version/base.go"} {
		if _, ok := tree.Tree.Lookup(path); !ok {
			t.Errorf("%s is not in the tree", path)
		}
	}
}

func TestFetchWithoutSiblings(t *testing.T) {
	f, _ := fetcher(t)
	for name, in := range map[string]Input{
		"none known":   {Upstream: Upstream{Module: "example.org/ship@v1.4.1"}},
		"none matches": {Upstream: Upstream{Module: "example.com/rope@v1.2.3"}, Siblings: layout()},
	} {
		tree, err := fetch(t, f, in)
		if err != nil || len(tree.Modules) != 1 || tree.Modules[0].Place != "." || tree.Dropped != nil {
			t.Errorf("%s: Fetch() = %v, %v", name, tree.Modules, err)
		}
	}
}

func TestFetchRefuses(t *testing.T) {
	with := func(place, module, version string) Input {
		in := ship("v1.4.1")
		in.Siblings = append(in.Siblings[:0:0], Sibling{place, module, version})
		return in
	}
	for _, c := range []struct {
		name string
		in   Input
		env  []string
		want []string
	}{
		{"an absent upstream", ship("v1.4.9"), nil, []string{"example.org/ship@v1.4.9 cannot be fetched: ",
			"GOPROXY=file://"}},
		{"an absent sibling that is needed", with(staging+"hull", "example.org/hull", "v0.9.9"), nil,
			[]string{"example.org/hull@v0.9.9", "cmd/anchor/anchor.go imports", "cannot be fetched: "}},
		{"no network", ship("v1.4.1"), []string{"GOPROXY=off"},
			[]string{"example.org/ship@v1.4.1 cannot be fetched: ", "GOPROXY=off"}},
		{"a secret in GOPROXY", ship("v1.4.1"), []string{"GOPROXY=http://ann:secret@127.0.0.1:1"},
			[]string{"example.org/ship@v1.4.1 cannot be fetched: ", "[redacted]@127.0.0.1:1"}},
	} {
		f, _ := fetcher(t, c.env...)
		tree, err := fetch(t, f, c.in)
		if err == nil {
			t.Errorf("%s: Fetch() = %v", c.name, tree.Modules)
			continue
		}
		for _, part := range c.want {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s: Fetch() says %q, and not %q", c.name, err, part)
			}
		}
		if strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: Fetch() tells the secret: %v", c.name, err)
		}
	}
}

// TestFetchRefusesWhatWasChanged changes a file in the module cache, of the upstream and of a sibling.
func TestFetchRefusesWhatWasChanged(t *testing.T) {
	f, _ := fetcher(t)
	if _, err := fetch(t, f, ship("v1.4.1")); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(file string) error{
		"ship@v1.4.1/cmd/captain/captain.go": func(file string) error {
			return os.WriteFile(file, []byte("package main\n"),
				0o644)
		},
		"hull@v0.4.1/version/extra.go": func(file string) error {
			return os.WriteFile(file, []byte("package version\n"),
				0o644)
		},
		"rigging@v0.4.1/LICENSE": os.Remove,
	} {
		file := filepath.Join(f.Go.GOMODCACHE, "example.org", filepath.FromSlash(name))
		before, readErr := os.ReadFile(file)
		if err := change(file); err != nil {
			t.Fatal(err)
		}
		module, _, _ := strings.Cut(name, "/")
		_, err := fetch(t, f, ship("v1.4.1"))
		var changed *gotool.ChangedError
		if !errors.As(err, &changed) || changed.Module != "example.org/"+module {
			t.Errorf("with %s changed, Fetch() = %v", name, err)
		}
		if readErr != nil {
			err = os.Remove(file)
		} else {
			err = os.WriteFile(file, before, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := fetch(t, f, ship("v1.4.1")); err != nil {
		t.Errorf("with everything as it was, Fetch() = %v", err)
	}
}

// TestFetchTakesCopies writes to a fetched tree: the module cache must not see it.
func TestFetchTakesCopies(t *testing.T) {
	f, _ := fetcher(t)
	tree, err := fetch(t, f, ship("v1.4.1"))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range tree.Tree {
		if err := os.WriteFile(filepath.Join(tree.Path, filepath.FromSlash(e.Path)), []byte("overwritten"),
			0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.CheckCached(t.Context(), tree.Modules); err != nil {
		t.Error(err)
	}
}

func TestFetchEnds(t *testing.T) {
	f, _ := fetcher(t)
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := f.Fetch(ctx, ship("v1.4.1"), filepath.Join(t.TempDir(), "tree")); !errors.Is(err, run.ErrInterrupted) {
		t.Errorf("Fetch() in a context that has ended = %v", err)
	}
}

func TestFetchLeavesNothingBeside(t *testing.T) {
	f, _ := fetcher(t)
	for _, version := range []string{"v1.4.1", "v1.4.9"} {
		dir := t.TempDir()
		_, _ = f.Fetch(t.Context(), ship(version), filepath.Join(dir, "tree"))
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if e.Name() != "tree" {
				t.Errorf("fetching %s leaves %s", version, e.Name())
			}
		}
	}
}

func TestCheckCached(t *testing.T) {
	f, _ := fetcher(t)
	tree, err := fetch(t, f, ship("v1.4.1"))
	if err != nil {
		t.Fatal(err)
	}
	absent := lock.Module{Place: "x", Path: "example.org/absent", Version: "v1.0.0", Sum: "h1:x"}
	if err := f.CheckCached(t.Context(), append(slices.Clone(tree.Modules), absent)); err != nil {
		t.Errorf("CheckCached() of what was just fetched = %v", err)
	}
	files := map[string]string{"example.org/hull@v0.4.1": "LICENSE", "example.org/ship@v1.4.1": "go.mod"}
	for module, name := range files {
		if err := os.WriteFile(filepath.Join(f.Go.GOMODCACHE, filepath.FromSlash(module), name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	err = f.CheckCached(t.Context(), tree.Modules)
	for _, module := range slices.Sorted(maps.Keys(files)) {
		if err == nil || !strings.Contains(err.Error(), module+" was changed in the module cache") {
			t.Errorf("CheckCached() = %v, and does not name %s", err, module)
		}
	}
}
