package overlay

import (
	"maps"
	"reflect"
	"slices"
	"testing"

	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/cross"
	"github.com/slipway-build/slipway/ebuilds"
	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/packaging"
	"github.com/slipway-build/slipway/patches"
	"github.com/slipway-build/slipway/spec"
)

func TestGoRelease(t *testing.T) {
	for _, c := range []struct{ locked, goVersion, want string }{
		{"", "go1.26.8", "1.26.8"},
		{"1.24.0", "go1.26.8", "1.24.0"},
	} {
		if got := goRelease(c.locked, c.goVersion); got != c.want {
			t.Errorf("lock %q, %s: %s, want %s", c.locked, c.goVersion, got, c.want)
		}
	}
}

// captain is a program with the names bosun and mate, of which mate is one in the
// fork's tree, too.
var (
	captain = cross.Component{Name: "captain", Main: "cmd/captain", CGO: true}
	bosun   = cross.Component{Name: "bosun", Main: "cmd/bosun"}
	mate    = cross.Component{Name: "mate", Main: "cmd/mate"}
)

func TestParts(t *testing.T) {
	f := fork.Fork{Loaded: spec.Loaded{Components: []cross.Component{captain, bosun, mate}}}
	multicall := packaging.Recipes{Multicall: []packaging.Multicall{
		{Component: "captain", Programs: map[string]string{"bosun": "bosun", "mate": "mate", "cook": "cook"}},
	}}
	recipe := func(programs ...string) packaging.Recipe {
		r := packaging.Recipe{Programs: map[string]string{}}
		for _, p := range programs {
			r.Programs[p] = "/usr/bin/" + p
		}
		return r
	}
	tree := filetree.Tree{{Path: "cmd/bosun/main.go"}, {Path: "cmd/captain/main.go"}, {Path: "cmd/mate/main.go"}}
	for name, c := range map[string]struct {
		programs []string // that the fork builds by themselves
		recipes  []packaging.Recipe
		tree     filetree.Tree
		want     []cross.Component
	}{
		"each once, sorted": {
			programs: []string{"captain"}, tree: tree,
			recipes: []packaging.Recipe{recipe("mate", "bosun"), recipe("captain", "bosun")},
			want:    []cross.Component{bosun, mate},
		},
		"not what is built by itself": {
			programs: []string{"captain", "bosun"}, tree: tree, recipes: []packaging.Recipe{recipe("mate", "bosun")},
			want: []cross.Component{mate},
		},
		"not what the tree does not have": {
			programs: []string{"captain"}, tree: tree[:2], recipes: []packaging.Recipe{recipe("mate", "bosun")},
			want: []cross.Component{bosun},
		},
		"not what is no component": {programs: []string{"captain"}, tree: tree, recipes: []packaging.Recipe{recipe("cook")}},
	} {
		t.Run(name, func(t *testing.T) {
			p := plan{recipes: c.recipes, input: packaging.Input{Recipes: multicall, Programs: c.programs}}
			if got := parts(f, p, c.tree); !reflect.DeepEqual(got, c.want) {
				t.Errorf("%v, want %v", got, c.want)
			}
		})
	}
}

func TestComponents(t *testing.T) {
	partOf := func(string) string { return "captain" }
	targetOf := func(c cross.Component) (cross.Target, error) {
		if c.Name == "mate" {
			return cross.Target{Dir: "cmd", Mod: "vendor", Main: "./mate"}, nil
		}
		return cross.Target{Dir: ".", Main: "./" + c.Main}, nil
	}
	got, err := components([]cross.Component{captain}, []cross.Component{bosun, mate}, partOf, targetOf)
	want := []ebuilds.Component{
		{Name: "captain", Main: "./cmd/captain", CGO: true},
		{Name: "bosun", Main: "./cmd/bosun", Part: "captain"},
		{Name: "mate", Main: "./mate", Dir: "cmd", Mod: "vendor", Part: "captain"},
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%+v, %v, want %+v", got, err, want)
	}
}

const (
	diff = "--- a/crew.go\n+++ b/crew.go\n@@ -1 +1 @@\n-crew\n+Crew\n"
	mail = "From: Mate <mate@example.org>\nDate: Mon, 1 Dec 2025 02:03:04 +0000\n" +
		"Subject: [PATCH] Greet the crew\n\n---\n"
	renaming = "diff --git a/crew.go b/hands.go\nsimilarity index 100%\nrename from crew.go\nrename to hands.go\n"
	commit   = "0123456789abcdef0123456789abcdef01234567"
)

func TestPatchFiles(t *testing.T) {
	for name, c := range map[string]struct {
		patch patches.Patch
		want  ebuilds.Patch
	}{
		"a file": {
			patch: patches.Patch{Name: "0001-crew.patch", Strip: 1, Data: []byte(diff)},
			want:  ebuilds.Patch{Name: "0001-crew.patch", Strip: 1},
		},
		"in a folder, with a head": {
			patch: patches.Patch{Name: "deck/crew.patch", Strip: 1, Data: []byte(mail + diff)},
			want:  ebuilds.Patch{Name: "crew.patch", Strip: 1},
		},
		"a commit": {
			patch: patches.Patch{Name: commit, Strip: 1, Data: []byte(mail + diff)},
			want:  ebuilds.Patch{Name: "0002-Greet-the-crew.patch", Strip: 1},
		},
		"only git knows": {
			patch: patches.Patch{Name: "hands.patch", Strip: 1, Data: []byte(renaming)},
			want:  ebuilds.Patch{Name: "hands.patch", Strip: 1, Git: true},
		},
	} {
		t.Run(name, func(t *testing.T) {
			first := patches.Patch{Name: "first.patch", Strip: 1, Data: []byte(diff)}
			c.want.Data = c.patch.Data
			got, err := patchFiles([]patches.Patch{first, c.patch})
			if err != nil {
				t.Fatal(err)
			}
			if len(got) != 2 || !reflect.DeepEqual(got[1], c.want) {
				t.Errorf("%+v, want %+v", got, c.want)
			}
		})
	}
	bad := patches.Patch{Name: "bad.patch", Strip: 1, Data: []byte("--- a/x\n+++ b/x\n@@ nonsense\n")}
	if got, err := patchFiles([]patches.Patch{bad}); err == nil {
		t.Errorf("%+v of a patch that cannot be read", got)
	}
}

func TestChanged(t *testing.T) {
	write := func(path, content string) filetree.Change {
		return filetree.Change{Path: path, Mode: filetree.Regular, Content: []byte(content)}
	}
	gone := func(path string) filetree.Change { return filetree.Change{Path: path, Deleted: true} }
	const sumOfCrew = "9cae07a2e9ceea5b88602d99f1bb35f228663649628b7a3281ac9c8203e6043a"
	for name, c := range map[string]struct {
		changes build.Changes
		edits   []string // paths
		touched []string // paths
	}{
		"nothing": {},
		"only the series": {
			changes: build.Changes{
				Series: []filetree.Change{write("crew.go", "crew")}, All: []filetree.Change{write("crew.go", "crew")},
			},
			touched: []string{"crew.go"},
		},
		"and other dependencies": {
			changes: build.Changes{
				Series: []filetree.Change{write("crew.go", "crew"), write("go.mod", "rope v1.2")},
				All:    []filetree.Change{write("crew.go", "crew"), write("go.mod", "rope v1.3"), write("go.sum", "rope")},
			},
			edits: []string{"go.mod", "go.sum"}, touched: []string{"crew.go", "go.mod", "go.sum"},
		},
		"without what is gone": {
			changes: build.Changes{
				Series: []filetree.Change{gone("boat.go")}, All: []filetree.Change{gone("boat.go"), gone("vendor/x")},
			},
		},
		"a link is no file to sum": {
			changes: build.Changes{All: []filetree.Change{{Path: "hull", Mode: filetree.Link, Content: []byte("deck")}}},
			edits:   []string{"hull"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			edited, sums := edits(c.changes), touched(c.changes)
			if got := slices.Sorted(maps.Keys(edited)); !slices.Equal(got, c.edits) {
				t.Errorf("edits %v, want %v", got, c.edits)
			}
			if got := slices.Sorted(maps.Keys(sums)); !slices.Equal(got, c.touched) {
				t.Errorf("touched %v, want %v", got, c.touched)
			}
			if sum, ok := sums["crew.go"]; ok && sum != sumOfCrew {
				t.Errorf("crew.go is %s, want %s", sum, sumOfCrew)
			}
			for _, change := range c.changes.All {
				if data, ok := edited[change.Path]; ok && string(data) != string(change.Content) {
					t.Errorf("%s is edited to %q, want %q", change.Path, data, change.Content)
				}
			}
		})
	}
}

// TestCompose checks that a fork in an overlay has all that was gathered, and what
// was known before.
func TestCompose(t *testing.T) {
	crew := filetree.Change{Path: "crew.go", Content: []byte("crew")}
	in := inputs{
		packages: []packaging.Package{{Name: "bosun"}},
		series:   []ebuilds.Patch{{Name: "0001-crew.patch"}},
		changes:  build.Changes{All: []filetree.Change{crew}},
		build:    ebuilds.Build{Go: "1.26.0"},
		modules:  modules{licenses: []string{"ISC"}},
	}
	p := plan{fork: ebuilds.Fork{Version: "1.4.1_p1", Revision: 2, Arches: []string{"amd64"}, License: []string{"MIT"}}}
	want := ebuilds.Fork{
		Version: "1.4.1_p1", Revision: 2, Arches: []string{"amd64"}, License: []string{"MIT"},
		Packages: in.packages, Series: in.series, Build: in.build, Linked: []string{"ISC"},
		Edits: map[string][]byte{"crew.go": []byte("crew")}, Touched: touched(in.changes),
	}
	if got := compose(p, in); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// TestNamePatches has the names that patches of a series have in one folder.
func TestNamePatches(t *testing.T) {
	for _, c := range []struct{ series, want []string }{
		{[]string{"0001-crew.patch", "deck/0002-bosun.patch"}, []string{"0001-crew.patch", "0002-bosun.patch"}},
		{[]string{"upstream/0001-fix.patch", "acme/0001-fix.patch"},
			[]string{"upstream-0001-fix.patch", "acme-0001-fix.patch"}},
		{[]string{"0001-fix.patch", "acme/0001-fix.patch", "other.patch"},
			[]string{"0001-fix.patch", "acme-0001-fix.patch", "other.patch"}},
		{[]string{"Fix.patch", "fix.patch"}, []string{"1-Fix.patch", "2-fix.patch"}},
		{[]string{"a/b-c.patch", "a-b/c.patch", "c.patch", "b-c.patch"},
			[]string{"1-a-b-c.patch", "2-a-b-c.patch", "c.patch", "b-c.patch"}},
		{[]string{"the crew.patch", "the-crew.patch", "Käpt'n $1.diff"},
			[]string{"1-the-crew.patch", "2-the-crew.patch", "K-pt-n-1.diff"}},
	} {
		list := make([]ebuilds.Patch, len(c.series))
		for i, name := range c.series {
			list[i].Name = name
		}
		namePatches(list)
		var got []string
		for _, p := range list {
			got = append(got, p.Name)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%q become %q, want %q", c.series, got, c.want)
		}
	}
}
