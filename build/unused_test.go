package build

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/cross"
	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/patches"
	"github.com/slipway-build/slipway/platform"
)

// edits returns a patch that changes a line of each file. One that is OLD>NEW is
// renamed, one with a - before it is deleted.
func edits(name string, files ...string) patches.Patch {
	var b strings.Builder
	for _, f := range files {
		from, to, renamed := strings.Cut(f, ">")
		gone, deleted := strings.CutPrefix(f, "-")
		switch {
		case renamed:
			fmt.Fprintf(&b, "diff --git a/%s b/%s\nsimilarity index 100%%\nrename from %s\nrename to %s\n", from, to, from, to)
		case deleted:
			fmt.Fprintf(&b, "diff --git a/%s b/%s\ndeleted file mode 100644\n--- a/%s\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n",
				gone, gone, gone)
		default:
			fmt.Fprintf(&b, "diff --git a/%s b/%s\n--- a/%s\n+++ b/%s\n@@ -1 +1 @@\n-a\n+b\n", f, f, f, f)
		}
	}
	return patches.Patch{Name: name, Strip: 1, Data: []byte(b.String())}
}

// TestUsed says of files, one patch each, which outputs are made from.
func TestUsed(t *testing.T) {
	u := uses{
		folders: map[string]bool{".": true, "cmd/captain": true, "pkg/crew": true, "vendor/example.com/rope": true},
		embedded: func(dir string) []string {
			return map[string][]string{"pkg/crew": {"songs/*.txt", "all:charts"}, "cmd/captain": {`"a b"`}}[dir]
		},
		files: map[string]bool{"LICENSE": true, "docs/knots.txt": true},
		links: map[string][]string{"shared/crew.go": {"pkg/crew/shared.go"}, "shared/other.go": {"docs/other.go"}},
	}
	withC := u
	withC.cgo = true
	for _, c := range []struct {
		file string
		used bool
	}{
		{"Dockerfile", false},
		{"docs/x.md", false},
		{"main.go", true}, // of the root
		{"main_test.go", false},
		{"pkg/crew/crew.go", true},
		{"pkg/crew/crew_windows.go", true},
		{"pkg/crew/crew_test.go", false},
		{"pkg/crew/knot/knot.go", false},
		{"pkg/mate/mate.go", false},
		{"pkg/crew/README.md", false},
		{"pkg/crew/songs/shanty.txt", true},
		{"pkg/crew/songs/old/shanty.txt", false},
		{"pkg/crew/charts/north/sea.txt", true},
		{"pkg/crew/charts/chart_test.go", true},
		{"cmd/captain/README.md", true}, // what it embeds is not known
		{"pkg/crew/fast_amd64.s", true},
		{"pkg/mate/fast_amd64.s", false},
		{"pkg/mate/mate.h", true},
		{"pkg/crew/default.pgo", true},
		{"pkg/mate/default.pgo", false},
		{"go.mod", true},
		{"hull/go.sum", true},
		{"go.work", true},
		{"vendor/modules.txt", true},
		{"vendor/example.com/rope/rope.go", true},
		{"vendor/example.com/sail/sail.go", false},
		{"LICENSE", true},
		{"docs/knots.txt", true},
		{"shared/crew.go", true},
		{"shared/other.go", false},
		{"-pkg/crew/crew.go", true},
		{"-pkg/mate/mate.go", false},
		{"docs/x.go>pkg/crew/x.go", true},
		{"pkg/crew/x.go>docs/x.go", true},
		{"docs/x.go>docs/y.go", false},
	} {
		found, err := u.unused([]patches.Patch{edits("a.patch", c.file)})
		must(t, err)
		if (len(found) == 0) != c.used {
			t.Errorf("%s: unused() = %v", c.file, found)
		}
	}
	if !withC.has("pkg/mate/mate.c") || u.has("pkg/mate/mate.c") {
		t.Error("a C file of another folder counts where C is compiled, and only there")
	}
}

func TestUnused(t *testing.T) {
	u := uses{folders: map[string]bool{"pkg/crew": true}, embedded: func(string) []string { return nil }}
	for _, c := range []struct {
		about  string
		series []patches.Patch
		want   []unusedPatch
	}{
		{"nothing", nil, nil},
		{"all are used", []patches.Patch{edits("1", "pkg/crew/a.go"), edits("2", "x", "pkg/crew/b.go")}, nil},
		{"in the order of the series", []patches.Patch{edits("1", "x", "y"), edits("2", "pkg/crew/a.go"), edits("3", "-z")},
			[]unusedPatch{{"1", "x"}, {"3", "z"}}},
		{"renamed later", []patches.Patch{edits("1", "x"), edits("2", "x>y"), edits("3", "y>pkg/crew/a.go")}, nil},
		{"renamed before", []patches.Patch{edits("1", "x>pkg/crew/a.go"), edits("2", "x")}, []unusedPatch{{"2", "x"}}},
	} {
		got, err := u.unused(c.series)
		must(t, err)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: unused() = %v, want %v", c.about, got, c.want)
		}
	}
}

func TestUnusedNote(t *testing.T) {
	docs, ci := unusedPatch{"3.patch", "docs/x.md"}, unusedPatch{strings.Repeat("ab", 20), "Dockerfile"}
	for _, c := range []struct {
		found     []unusedPatch
		platforms string
		want      string
	}{
		{[]unusedPatch{docs}, "", "3.patch changes nothing that is built or packaged: docs/x.md"},
		{[]unusedPatch{ci}, "linux/amd64",
			"abababababab changes nothing that is built for linux/amd64 or packaged: Dockerfile"},
		{[]unusedPatch{docs, ci}, "",
			"2 patches change nothing that is built or packaged: 3.patch (docs/x.md), abababababab (Dockerfile)"},
	} {
		if got := unusedNote(c.found, c.platforms); got != c.want {
			t.Errorf("unusedNote() = %q, want %q", got, c.want)
		}
	}
}

// TestBuildsAll holds when a run tells of the whole fork, and for which platforms.
func TestBuildsAll(t *testing.T) {
	captain, mate := cross.Component{Name: "captain"}, cross.Component{Name: "mate", Platforms: []string{"linux"}}
	arm64, windows := platform.Platform{OS: "linux", Arch: "arm64"}, platform.Platform{OS: "windows", Arch: "amd64"}
	f := fork.Fork{}
	f.Defaults = []cross.Component{captain, mate}
	f.Build.Platforms = []string{"linux/amd64", "linux/arm64"}
	for _, c := range []struct {
		job  fork.Job
		want bool
	}{
		{fork.Job{Platform: amd64, Components: []cross.Component{captain}}, false},
		{fork.Job{Platform: amd64, Components: []cross.Component{mate, captain}}, true},
		{fork.Job{Platform: windows, Components: []cross.Component{captain}}, true},
	} {
		if got := buildsAll(f, c.job); got != c.want {
			t.Errorf("buildsAll(%s for %s) = %v", c.job.Names(), c.job.Platform, got)
		}
	}
	if got := builtFor(f, []fork.Job{{Platform: arm64}}); got != "linux/arm64" {
		t.Errorf("a run for one of two platforms is one for %q", got)
	}
	if got := builtFor(f, []fork.Job{{Platform: arm64}, {Platform: windows}, {Platform: amd64}}); got != "" {
		t.Errorf("a run for all platforms is one for %q", got)
	}
}

func TestPatternsIn(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "crew.go"),
		"package crew\n\n//go:embed a b/*.txt\nvar x string\n\nvar (\n\t//go:embed all:c\n\ty fs.FS\n)\n")
	put(t, filepath.Join(dir, "crew_test.go"), "package crew\n\n//go:embed d\nvar z string\n")
	put(t, filepath.Join(dir, "knot/knot.go"), "package knot\n\n//go:embed e\nvar z string\n")
	tree, err := filetree.Scan(t.Context(), dir)
	must(t, err)
	in := patternsIn(tree)
	for range 2 {
		equal(t, "the patterns of .", in("."), []string{"a", "b/*.txt", "all:c"})
		equal(t, "the patterns of knot", in("knot"), []string{"e"})
	}
}

// TestUsesOf finds the folders of linked packages in a tree, wherever the go command
// takes them from.
func TestUsesOf(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":                          "module example.org/ship\n\nreplace example.org/hull => ./hull\n",
		"main.go":                         "package main\n",
		"hull/go.mod":                     "module example.org/hull\n",
		"hull/keel/keel.go":               "package keel\n",
		"vendor/example.com/rope/rope.go": "package rope\n",
		"shared.go":                       "package main\n",
	} {
		put(t, filepath.Join(dir, name), text)
	}
	must(t, os.Symlink("../../hull", filepath.Join(dir, "vendor/example.com/hull")))
	must(t, os.Symlink("../shared.go", filepath.Join(dir, "hull/shared.go")))
	tree, err := filetree.Scan(t.Context(), dir)
	must(t, err)
	modules := &Session{}
	pinned := &Session{} // a patch replaces hull
	pinned.lock.Modules = newYard(t).lock.Modules[:1:1]
	pinned.lock.Modules[0].Path, pinned.lock.Modules[0].Place = "example.org/ship", "."
	gopath := &Session{}
	gopath.fork.Settings.Mode, gopath.fork.Settings.ImportPath = cross.GOPATH, "example.org/ship"
	for _, c := range []struct {
		about    string
		s        *Session
		packages string
		want     []string
	}{
		{"the standard library", modules, "fmt vendor/golang.org/x/net/idna", nil},
		{"the root", modules, "example.org/ship", []string{"."}},
		{"a module that is replaced", modules, "example.org/hull/keel", []string{"hull/keel"}},
		{"one that a patch replaces", pinned, "example.org/ship example.org/hull/keel", []string{".", "hull/keel"}},
		{"vendor", modules, "example.com/rope", []string{"vendor/example.com/rope"}},
		{"a link in vendor", modules, "example.com/hull/keel", []string{"hull/keel"}},
		{"vendor in a GOPATH", gopath, "example.org/ship/vendor/example.com/rope", []string{"vendor/example.com/rope"}},
	} {
		packages := map[string]bool{}
		for p := range strings.FieldsSeq(c.packages) {
			packages[p] = true
		}
		u := c.s.usesOf(tree, packages)
		equal(t, c.about, slices.Sorted(maps.Keys(u.folders)), c.want)
		equal(t, "links", u.links["shared.go"], []string{"hull/shared.go"})
	}
}
