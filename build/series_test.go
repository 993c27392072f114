package build

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/deps"
	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/patches"
)

func TestReadCarried(t *testing.T) {
	dir := t.TempDir()
	first, second := strings.Repeat("f", 40), strings.Repeat("0", 40) // in this order, whatever their names
	put(t, filepath.Join(dir, "000000-"+first+"-3"), "one")
	put(t, filepath.Join(dir, "000001-"+second+"-0"), "two")
	got, err := readCarried(dir)
	must(t, err)
	if len(got) != 2 || got[0].Name != first || got[1].Name != second || string(got[1].Data) != "two" ||
		got[0].Strip != 1 || got[1].Strip != 1 || got[0].Diff != 3 || got[1].Diff != 0 {
		t.Errorf("got %+v", got)
	}
	for _, p := range got {
		if !IsCommit(p) {
			t.Errorf("%s is no commit", p.Name)
		}
	}
	if IsCommit(patches.Patch{Name: "0001-crew.patch"}) {
		t.Error("a file of the series is a commit")
	}
	must(t, os.Mkdir(filepath.Join(dir, "000002-x-1"), 0o755))
	_, err = readCarried(dir)
	says(t, err, "000002-x")
	_, err = readCarried(filepath.Join(dir, "absent"))
	says(t, err, "no such file")
}

// TestApplyError holds what is said of a patch that does not apply, or is none.
func TestApplyError(t *testing.T) {
	y := newYard(t)
	s := y.open()
	up, err := s.Upstream(t.Context())
	must(t, err)
	for _, c := range []struct {
		about  string
		change func(series []patches.Patch)
		want   []string
	}{
		{"the first one", func(series []patches.Patch) {
			series[0].Data = []byte(strings.Replace(string(series[0].Data), "an early start", "no start", 1))
		}, []string{"0001-crew.patch", "example.org/ship@v1.4.1",
			"\n  To see the tree that it was applied to: mage patches:apply -fork=ship-1.4 -until=none"}},
		{"the second one", func(series []patches.Patch) { series[1] = series[0] },
			[]string{"-fork=ship-1.4 -until=0001-crew.patch"}},
		{"one that cannot be read", func(series []patches.Patch) {
			series[1].Data = []byte("--- a/x\n+++ b/x\n@@ ahoy @@\n")
		}, []string{"forks/ship-1.4/patches/0002-bosun.patch"}},
	} {
		series := slices.Clone(y.fork.Series)
		c.change(series)
		_, err := s.Changes(t.Context(), up, series)
		for _, part := range c.want {
			says(t, err, part)
		}
	}
	fails := errors.New("no wind")
	if got := s.ApplyError(fails); !errors.Is(got, fails) || got.Error() != fails.Error() {
		t.Errorf("of another error, got %v", got)
	}
}

// TestMoved holds that a hunk that applies elsewhere than it says is told of.
func TestMoved(t *testing.T) {
	y := newYard(t)
	s := y.open()
	up, err := s.Upstream(t.Context())
	must(t, err)
	series := slices.Clone(y.fork.Series)
	series[0].Data = []byte(strings.Replace(string(series[0].Data), "@@ -6,7 +6,7 @@", "@@ -4,7 +4,7 @@", 1))
	changes, err := s.Changes(t.Context(), up, series)
	must(t, err)
	equal(t, "notes", y.notes(), []string{
		"0001-crew.patch: pkg/crew/crew.go, hunk 1 applied at line 6, +2 from where it says"})
	var paths []string
	for _, c := range changes.All {
		paths = append(paths, c.Path)
	}
	slices.Sort(paths)
	equal(t, "changed", paths, []string{"cmd/bosun/main.go", "pkg/crew/crew.go"})
}

// TestDepsChange holds that other versions of dependencies change the tree after
// the series, and are found out once.
func TestDepsChange(t *testing.T) {
	y := newYard(t)
	y.fork.Deps = deps.Deps{"example.com/rope": "v1.3.0"}
	s := y.open()
	up, err := s.Upstream(t.Context())
	must(t, err)
	for _, stages := range [][]string{{"deps 3 files changed"}, nil} {
		y.events = nil
		changes, err := s.Changes(t.Context(), up, y.fork.Series)
		must(t, err)
		if len(changes.Series) != 2 || len(changes.All) != 2+3 {
			t.Errorf("the series changes %d files, with the deps %d", len(changes.Series), len(changes.All))
		}
		i := slices.IndexFunc(changes.All, func(c filetree.Change) bool { return c.Path == "go.mod" })
		if i < 0 || !strings.Contains(string(changes.All[i].Content), "example.com/rope v1.3.0") {
			t.Errorf("go.mod does not ask for the other rope: %+v", changes.All)
		}
		equal(t, "stages", y.ended(), stages)
	}
}

// TestMovedNotes holds that hunks that moved are told once for each patch.
func TestMovedNotes(t *testing.T) {
	got := moved([]patches.Move{
		{Patch: "a.patch", File: "log", Hunk: 1, Line: 7, By: 2}, {Patch: "a.patch", File: "log", Hunk: 2, Line: 9, By: 2},
		{Patch: "a.patch", File: "rope", Hunk: 1, Line: 3, By: -1}, {Patch: "b.patch", File: "log", Hunk: 1, Line: 1, By: -3},
	})
	equal(t, "the notes", got, []string{
		"a.patch: log, hunk 1 applied at line 7, +2 from where it says, and 2 more hunks elsewhere",
		"b.patch: log, hunk 1 applied at line 1, -3 from where it says",
	})
}

// TestOutOfReach has series for a module, which has neither vendor nor modules of their
// own below it.
func TestOutOfReach(t *testing.T) {
	tree := filetree.Tree{{Path: "go.mod"}, {Path: "pkg/crew/crew.go"}, {Path: "vendored/vendor/modules.txt"}}
	edit := func(names ...string) patches.Patch {
		text := ""
		for _, name := range names {
			text += "--- a/" + name + "\n+++ b/" + name + "\n@@ -1 +1 @@\n-x\n+y\n"
		}
		return patches.Patch{Name: "edit", Strip: 1, Data: []byte(text)}
	}
	add := func(names ...string) patches.Patch {
		text := ""
		for _, name := range names {
			text += "--- /dev/null\n+++ b/" + name + "\n@@ -0,0 +1 @@\n+y\n"
		}
		return patches.Patch{Name: "add", Strip: 1, Data: []byte(text)}
	}
	except := func(p patches.Patch, globs ...string) patches.Patch {
		p.Exclude = globs
		return p
	}
	for name, c := range map[string]struct {
		series  []patches.Patch
		want    []string
		patches int
	}{
		"what is there":      {series: []patches.Patch{edit("pkg/crew/crew.go"), add("pkg/bosun/bosun.go", "new/x.go")}},
		"what is not there":  {series: []patches.Patch{edit("pkg/galley/galley.go", "README")}},
		"what a patch makes": {series: []patches.Patch{add("new/x.go"), edit("new/x.go", "new/y.go")}},
		"vendor, whole": {series: []patches.Patch{
			add("vendor/modules.txt", "vendor/rope/rope.go"), edit("vendor/rope/rope.go")}},
		"a vendor that is there": {series: []patches.Patch{add("vendored/vendor/rope/rope.go")}},
		"vendor, excluded":       {series: []patches.Patch{except(edit("vendor/rope/rope.go"), "vendor/**")}},
		"vendor": {
			[]patches.Patch{edit("vendor/modules.txt", "go.mod"), edit("pkg/crew/crew.go"), add("vendor/rope/rope.go")},
			[]string{"vendor/modules.txt (edit)", "vendor/rope/rope.go (add)"}, 2,
		},
		"vendor further down": {[]patches.Patch{edit("pkg/vendor/rope.go")}, []string{"pkg/vendor/rope.go (edit)"}, 1},
		"a module of its own": {[]patches.Patch{edit("pkg/api/types.go", "pkg/api/go.mod")},
			[]string{"pkg/api/types.go (edit)", "pkg/api/go.mod (edit)"}, 1},
		"a folder that is not there": {[]patches.Patch{edit("api/v1/types.go")}, []string{"api/v1/types.go (edit)"}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			got, n, err := outOfReach(tree, c.series)
			must(t, err)
			equal(t, "the files", got, c.want)
			if n != c.patches {
				t.Errorf("they are of %d patches, want %d", n, c.patches)
			}
		})
	}
}
