package source

import (
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/lock"
	"github.com/slipway-build/slipway/version"
)

// lay writes the files of a txtar archive into a new folder.
func lay(t *testing.T, archive string) filetree.Dir {
	t.Helper()
	files, err := txtar.FS(txtar.Parse([]byte(archive)))
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "tree")
	if err := os.CopyFS(dir, files); err != nil {
		t.Fatal(err)
	}
	d, err := filetree.Scan(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestSiblings(t *testing.T) {
	star := Sibling{"staging/src/example.org/*", "example.org/*",
		"v0.{{.Minor}}.{{.Patch}}{{with .Prerelease}}-{{.}}{{end}}"}
	const work = "-- go.mod --\nmodule example.org/ship\n-- go.work --\ngo 1.24\nuse (\n.\n" +
		"./staging/src/example.org/rigging\n./staging/src/example.org/hull/\n./other/place\n)\n"
	const replaced = `-- go.mod --
module example.org/ship
replace (
	example.org/hull => ./staging/src/example.org/hull
	example.org/away => ../staging/src/example.org/away
	example.org/fork => example.com/fork v1.2.3
)
replace example.org/rigging v0.0.0 => ./staging/src/example.org/rigging
`
	hull, rigging := "staging/src/example.org/hull example.org/hull ",
		"staging/src/example.org/rigging example.org/rigging "
	for _, c := range []struct {
		name, tree, version string
		layout              []Sibling
		want                []string
	}{
		{"of go.work", work, "1.4.1", []Sibling{star}, []string{hull + "v0.4.1", rigging + "v0.4.1"}},
		{"of replacements", replaced, "1.4.1", []Sibling{star}, []string{hull + "v0.4.1", rigging + "v0.4.1"}},
		{"of both", replaced + "-- go.work --\ngo 1.24\nuse (\n\t.\n\t./staging/src/example.org/hull\n)\n", "1.5.0-rc.1",
			[]Sibling{star}, []string{hull + "v0.5.0-rc.1", rigging + "v0.5.0-rc.1"}},
		{"named", replaced, "3.6.5", []Sibling{{"server", "example.org/server/v3", "v{{.Version}}"},
			{"api", "example.org/api/v3", "v3.0.1"}},
			[]string{"api example.org/api/v3 v3.0.1", "server example.org/server/v3 v3.6.5"}},
		{"none there", "-- go.mod --\nmodule example.org/ship\n", "1.4.1", []Sibling{star}, nil},
		{"none known", work, "1.4.1", nil, nil},
	} {
		v, err := version.Parse(c.version)
		if err != nil {
			t.Fatal(err)
		}
		list, err := siblings(lay(t, c.tree).Path, c.layout, v.Fields())
		var got []string
		for _, m := range list {
			got = append(got, m.Place+" "+m.Path+" "+m.Version)
		}
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: siblings() = %q, %v, want %q", c.name, got, err, c.want)
		}
	}
}

func TestSiblingsRefuses(t *testing.T) {
	layout := []Sibling{{"staging/*", "example.org/*", "v1"}}
	for _, c := range []struct{ name, tree, want string }{
		{"no go.mod", "-- README --\n", "go.mod: no such file"},
		{"a bad go.mod", "-- go.mod --\nmodule (\n", "go.mod:"},
		{"a bad go.work", "-- go.mod --\nmodule example.org/ship\n-- go.work --\nuse (\n", "go.work:"},
	} {
		if got, err := siblings(lay(t, c.tree).Path, layout, version.Fields{}); err == nil ||
			!strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: siblings() = %v, %v, want an error that says %q", c.name, got, err, c.want)
		}
	}
}

func TestImporter(t *testing.T) {
	const lantern = "example.org/lantern"
	for _, c := range []struct{ name, tree, want string }{
		{"the module itself", "-- a/a.go --\npackage a\n-- b/b.go --\npackage b\nimport \"example.org/lantern\"\n", "b/b.go"},
		{"a package of it", "-- a.go --\npackage a\nimport (\n\t\"fmt\"\n\tl \"example.org/lantern/light\"\n)\n", "a.go"},
		{"behind a build tag", "-- a.go --\n//go:build never\n\npackage a\n\nimport _ \"example.org/lantern\"\n", "a.go"},
		{"in the other quotes", "-- a.go --\npackage a\nimport `example.org/lantern/light`\n", "a.go"},
		{"a module of a like name", "-- a.go --\npackage a\nimport _ \"example.org/lantern2\"\n", ""},
		{"a module below it in another tree", "-- a.go --\npackage a\nimport _ \"x/example.org/lantern\"\n", ""},
		{"a test", "-- a_test.go --\npackage a\nimport _ \"example.org/lantern\"\n", ""},
		{"something that is no Go", "-- a.txt --\nimport \"example.org/lantern\"\n", ""},
		{"a text", "-- a.go --\npackage a\n\nconst Name = \"example.org/lantern\"\n", ""},
		{"a comment", "-- a.go --\npackage a\n\n// import \"example.org/lantern\"\n", ""},
		{"test data", "-- testdata/a.go --\npackage a\nimport _ \"example.org/lantern\"\n-- _old/a.go --\npackage a\n" +
			"import _ \"example.org/lantern\"\n", ""},
		{"a file that is broken", "-- a.go --\npackage a\nimport \"example.org/lantern\"\nfunc {\n", "a.go"},
		{"nothing", "-- a.go --\n", ""},
	} {
		if got, err := importer(lay(t, c.tree), lantern); err != nil || got != c.want {
			t.Errorf("%s: importer() = %q, %v, want %q", c.name, got, err, c.want)
		}
	}
}

const withLantern = `-- go.work --
// This is a generated file.

go 1.24.0

use (
	.
	./staging/hull
	./staging/lantern
)

replace example.org/lantern => ./staging/lantern
-- go.mod --
module example.org/ship

go 1.24.0

require (
	example.com/rope v1.2.3
	example.org/hull v0.0.0
	example.org/lantern v0.0.0 // indirect
)

replace (
	example.org/hull => ./staging/hull
	example.org/lantern => ./staging/lantern
)
-- staging/hull/go.mod --
module example.org/hull

go 1.24.0

require example.org/lantern v0.4.1
-- staging/rigging/go.mod --
module example.org/rigging

go 1.24.0
-- stray/go.mod --
module example.org/stray

require example.org/lantern v0.4.1
`

const withoutLantern = `-- go.mod --
module example.org/ship

go 1.24.0

require (
	example.com/rope v1.2.3
	example.org/hull v0.0.0
)

replace example.org/hull => ./staging/hull
-- go.work --
// This is a generated file.

go 1.24.0

use (
	.
	./staging/hull
)
-- staging/hull/go.mod --
module example.org/hull

go 1.24.0
`

// TestWithout drops a module from the files of the modules that are part of the upstream, and from no other.
func TestWithout(t *testing.T) {
	dropped := []lock.Module{{Place: "staging/lantern", Path: "example.org/lantern", Version: "v0.4.1"}}
	changes, err := without(lay(t, withLantern), []string{".", "staging/hull", "staging/rigging", "staging/absent"},
		dropped)
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(changes, func(a, b filetree.Change) int { return strings.Compare(a.Path, b.Path) })
	var got txtar.Archive
	for _, c := range changes {
		if c.Mode != filetree.Regular || c.Deleted {
			t.Errorf("%s becomes %s, deleted %v", c.Path, c.Mode, c.Deleted)
		}
		got.Files = append(got.Files, txtar.File{Name: c.Path, Data: c.Content})
	}
	if text := strings.ReplaceAll(string(txtar.Format(&got)), "replace (\n\texample.org/hull => ./staging/hull\n)",
		"replace example.org/hull => ./staging/hull"); text != withoutLantern {
		t.Errorf("without the lantern, the files are\n%s\nwant\n%s", text, withoutLantern)
	}
}

func TestWithoutRefuses(t *testing.T) {
	dropped := []lock.Module{{Place: "x", Path: "example.org/x"}}
	for _, tree := range []string{"-- go.mod --\nmodule (\n", "-- go.mod --\nmodule a\n-- go.work --\nuse (\n"} {
		if changes, err := without(lay(t, tree), []string{"."}, dropped); err == nil ||
			!strings.Contains(err.Error(), "go.") {
			t.Errorf("of %q, without() = %v, %v, want an error that names the file", tree, changes, err)
		}
	}
}

func TestAligned(t *testing.T) {
	modules := []lock.Module{
		{Place: ".", Path: "example.org/ship", Version: "v1.4.1"},
		{Place: "staging/hull", Path: "example.org/hull", Version: "v0.4.1"},
		{Place: "staging/rigging", Path: "example.org/rigging", Version: "v0.4.1"},
	}
	const head, hull = "module example.org/ship\n\n", "\nreplace example.org/hull => ./staging/hull\n"
	for _, c := range []struct {
		name, place, mod string
		want             string // "" if the file stays as it is
	}{
		{"another version", ".", head + "require example.org/hull v0.0.0\n" + hull,
			head + "require example.org/hull v0.4.1\n" + hull},
		{"indirect, and in a block", ".",
			head + "require (\n\texample.com/rope v1.0.0\n\texample.org/hull v0.0.0 // indirect\n)\n" + hull,
			head + "require (\n\texample.com/rope v1.0.0\n\texample.org/hull v0.4.1 // indirect\n)\n" + hull},
		{"a newer version", ".", head + "require example.org/hull v0.5.0\n" + hull,
			head + "require example.org/hull v0.4.1\n" + hull},
		{"by a sibling", "staging/hull",
			"module example.org/hull\n\nrequire example.org/rigging v0.0.0\n\nreplace example.org/rigging => ../rigging\n",
			"module example.org/hull\n\nrequire example.org/rigging v0.4.1\n\nreplace example.org/rigging => ../rigging\n"},
		{"that version", ".", head + "require example.org/hull v0.4.1\n" + hull, ""},
		{"a file that is not formatted", ".", head + "require  example.org/hull v0.4.1\n" + hull, ""},
		{"not required", ".", head + hull, ""},
		{"not replaced", ".", head + "require example.org/hull v0.0.0\n", ""},
		{"replaced by another folder", ".",
			head + "require example.org/hull v0.0.0\n\nreplace example.org/hull => ./hull\n", ""},
		{"replaced by a module", ".",
			head + "require example.org/hull v0.0.0\n\nreplace example.org/hull => example.com/hull v0.0.1\n", ""},
		{"one version replaced", ".",
			head + "require example.org/hull v0.0.0\n\nreplace example.org/hull v0.0.0 => ./staging/hull\n", ""},
	} {
		changes, err := aligned(lay(t, "-- "+path.Join(c.place, "go.mod")+" --\n"+c.mod), modules)
		got := ""
		for _, change := range changes {
			got += string(change.Content)
		}
		if err != nil || got != c.want {
			t.Errorf("%s: go.mod becomes %q, %v, want %q", c.name, got, err, c.want)
		}
	}
}

func TestGoVersion(t *testing.T) {
	change := func(path, content string) filetree.Change {
		return filetree.Change{Path: path, Mode: filetree.Regular, Content: []byte(content)}
	}
	for _, c := range []struct {
		name, tree string
		changes    []filetree.Change
		want       string
	}{
		{"of go.work", "-- go.work --\ngo 1.26.0\n-- go.mod --\nmodule a\ngo 1.24\n", nil, "1.26.0"},
		{"of go.mod", "-- go.mod --\nmodule a\ngo 1.24\n", nil, "1.24"},
		{"of go.mod, where go.work says nothing", "-- go.work --\nuse .\n-- go.mod --\nmodule a\ngo 1.24\n", nil, "1.24"},
		{"nowhere", "-- go.mod --\nmodule a\n", nil, ""},
		{"no module", "-- README --\n", nil, ""},
		{"beside a toolchain", "-- go.mod --\nmodule a\ngo 1.24.0\ntoolchain go1.26.8\n", nil, "1.24.0"},
		{"patched in", "-- go.mod --\nmodule a\ngo 1.24\n", []filetree.Change{change("go.mod", "module a\ngo 1.25.1\n")},
			"1.25.1"},
		{"patched beside", "-- go.mod --\nmodule a\ngo 1.24\n",
			[]filetree.Change{change("x/go.mod", "module x\ngo 1.25.1\n")}, "1.24"},
		{"a new go.work", "-- go.mod --\nmodule a\ngo 1.24\n", []filetree.Change{change("go.work", "go 1.26.1\n")}, "1.26.1"},
		{"go.work deleted", "-- go.work --\ngo 1.26.0\n-- go.mod --\nmodule a\ngo 1.24\n",
			[]filetree.Change{{Path: "go.work", Deleted: true}}, "1.24"},
		{"a directive unknown", "-- go.mod --\nmodule a\ngo 1.24\nfuture x\n", nil, "1.24"},
	} {
		if got, err := GoVersion(lay(t, c.tree), c.changes); err != nil || got != c.want {
			t.Errorf("%s: GoVersion() = %q, %v, want %q", c.name, got, err, c.want)
		}
	}
	for _, tree := range []string{"-- go.mod --\nmodule (\n", "-- go.work --\nuse (\n"} {
		if got, err := GoVersion(lay(t, tree), nil); err == nil {
			t.Errorf("of %q, GoVersion() = %q", tree, got)
		}
	}
}
