package ebuilds

import (
	"maps"
	"path"
	"slices"
	"strings"
	"testing"
)

// laid returns the overlay of ship alone, at a version, changed by change.
func laid(t *testing.T, v string, change func(o *Overlay)) Layer {
	t.Helper()
	o := ship()
	o.Forks[0].atVersion(v, 0)
	if change != nil {
		change(&o)
	}
	files, _, err := o.Merge(nil)
	if err != nil {
		t.Fatal(err)
	}
	return Layer{Name: "ship " + v, Tree: files}
}

// with returns a layer with a file replaced.
func (l Layer) with(name, data string) Layer {
	l.Tree = maps.Clone(l.Tree)
	l.Tree[name] = []byte(data)
	return l
}

func TestUnion(t *testing.T) {
	renamed := func(o *Overlay) { o.Forks[0].Project.Flags = map[string]string{"bosun": "boatswain", "mate": "+mate"} }
	nextYear := func(o *Overlay) { o.Forks[0].Year = 2027 }
	first := laid(t, "1.4.1_p1", nil)
	all, err := Union(first, laid(t, "1.4.1_p2", renamed), laid(t, "1.5.0_p1", nextYear))
	if err != nil {
		t.Fatal(err)
	}
	if err := all.Check(); err != nil {
		t.Errorf("it does not pass the checks: %v", err)
	}
	if got, want := all.Versions("app-misc/ship"), []string{"1.4.1_p1", "1.4.1_p2", "1.5.0_p1"}; !slices.Equal(got, want) {
		t.Errorf("the versions are %q, want %q", got, want)
	}
	for name, parts := range map[string][]string{
		"app-misc/ship/metadata.xml": {`<flag name="bosun">`, `<flag name="boatswain">`},
		"app-misc/ship/Manifest": {"DIST ship-1.4.1.tar.xz ", "DIST ship-1.4.1_p1-deps.tar.xz ", "DIST ship-1.5.0.tar.xz ",
			"AUX ship-1.4.1_p2-0001-crew.patch ", "EBUILD ship-1.4.1_p2.ebuild "},
		user:        {"# Copyright 2027 "},
		"README.md": {"| `app-misc/ship` | 1.5.0_p1 |"},
		recordName:  {`"app-misc/ship/ship-1.4.1_p2.ebuild"`, `"app-misc/ship/metadata.xml"`},
	} {
		for _, part := range parts {
			if !strings.Contains(string(all[name]), part) {
				t.Errorf("%s has no %s:\n%s", name, part, all[name])
			}
		}
	}
	written, err := all.record()
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range all {
		if written.edited(name, data) && name != recordName && path.Base(name) != "Manifest" {
			t.Errorf("%s is recorded as changed by hand", name)
		}
	}
}

func TestUnionOfOneIsItself(t *testing.T) {
	one := laid(t, "1.4.1_p1", nil)
	all, err := Union(one)
	if err != nil {
		t.Fatal(err)
	}
	for name := range maps.Keys(all) {
		if string(all[name]) != string(one.Tree[name]) {
			t.Errorf("%s is\n%s\nwant\n%s", name, all[name], one.Tree[name])
		}
	}
	if len(all) != len(one.Tree) {
		t.Errorf("it has %d files, want %d", len(all), len(one.Tree))
	}
}

func TestUnionRefuses(t *testing.T) {
	first := laid(t, "1.4.1_p1", nil)
	for _, c := range []struct {
		name  string
		layer Layer
		want  []string // parts of the error; none where the newest counts
	}{
		{"an ebuild", first.with(source, "EAPI=8\n"), []string{"ship 1.4.1_p1 and ", source, "under a new version"}},
		{"a patch", first.with("app-misc/ship/files/ship-1.4.1_p1-0001-crew.patch", "x"), []string{"0001-crew.patch"}},
		{"a user's id", first.with(user, strings.ReplaceAll(string(first.Tree[user]), "491", "492")), []string{user}},
		{"the name", first.with("profiles/repo_name", "other\n"), []string{"profiles/repo_name"}},
		{"a distfile", first.with("app-misc/ship/Manifest",
			strings.Replace(string(first.Tree["app-misc/ship/Manifest"]), "DIST ship-1.4.1.tar.xz 1 ",
				"DIST ship-1.4.1.tar.xz 2 ", 1)), []string{"fetch other files as ship-1.4.1.tar.xz"}},
		{"a blank", first.with("licenses/My Own", "x"), []string{`"licenses/My Own"`, "white space"}},
		{"a record", first.with(recordName, "{"), []string{recordName}},
		{"the layout", first.with("metadata/layout.conf", layout+"# new\n"), nil},
		{"a license", first.with("licenses/MIT", "As it is.\n"), nil},
		{"the copyright", first.with(user, strings.ReplaceAll(string(first.Tree[user]), "2026", "2027")), nil},
	} {
		_, err := Union(first, c.layer)
		for _, part := range c.want {
			if err == nil || !strings.Contains(err.Error(), part) {
				t.Errorf("%s: the error is %v, want one with %q", c.name, err, part)
			}
		}
		if len(c.want) == 0 && err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if _, err := Union(first.with("eclass/ship.eclass", "1"), first.with("eclass/ship.eclass", "2")); err == nil {
		t.Error("two eclasses of one name are taken")
	}
}

func TestUnionKeepsMetadataThatFits(t *testing.T) {
	const entry = cacheDir + "acct-user/bosun-0"
	first := laid(t, "1.4.1_p1", nil)
	next := laid(t, "1.4.1_p2", func(o *Overlay) { o.Forks[0].Year = 2027 })
	for _, c := range []struct {
		layers []Layer
		want   string
	}{
		{[]Layer{first.with(entry, "old"), next.with(entry, "new")}, "new"},
		{[]Layer{first.with(entry, "old"), next}, ""}, // of another text
		{[]Layer{first, first.with(entry, "old")}, "old"},
	} {
		all, err := Union(c.layers...)
		if got := string(all[entry]); err != nil || got != c.want {
			t.Errorf("the metadata is %q, %v, want %q", got, err, c.want)
		}
	}
}

func TestManifestOfTheRoot(t *testing.T) {
	thick := laid(t, "1.4.1_p1", nil)
	thin := thick.with("metadata/layout.conf",
		strings.ReplaceAll(string(thick.Tree["metadata/layout.conf"]), "thin-manifests = false", "thin-manifests = true"))
	for _, c := range []struct {
		layer      Layer
		has, hasNo []string
	}{
		{thick, []string{"IGNORE .git\n", "DATA profiles/repo_name 5 BLAKE2B ", "MANIFEST app-misc/ship/Manifest ",
			"DATA app-misc/metadata.xml "}, []string{"DATA app-misc/ship/", ".github"}},
		{thin, []string{"MANIFEST app-misc/ship/Manifest ", "DATA app-misc/ship/files/ship-1.4.1_p1-0001-crew.patch ",
			"DATA app-misc/ship/metadata.xml "}, []string{"DATA app-misc/ship/Manifest"}},
	} {
		all, err := Union(c.layer)
		if err != nil {
			t.Fatal(err)
		}
		if err := all.Check(); err != nil {
			t.Error(err)
		}
		text := string(all.Manifest())
		for _, part := range c.has {
			if !strings.Contains("\n"+text, "\n"+part) {
				t.Errorf("there is no line %s in\n%s", part, text)
			}
		}
		for _, part := range c.hasNo {
			if strings.Contains(text, part) {
				t.Errorf("there is a line with %s in\n%s", part, text)
			}
		}
	}
}

func TestSources(t *testing.T) {
	got := laid(t, "1.4.1_p1", nil).Tree.Sources(binary)
	want := []string{"https://example.org/distfiles/ship-1.4.1_p1-files.tar.xz",
		"https://example.org/distfiles/ship-1.4.1_p1-amd64.tar.xz",
		"https://example.org/distfiles/ship-1.4.1_p1-arm64.tar.xz"}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("Sources(%s) = %q, want %q", binary, got, want)
	}
}
