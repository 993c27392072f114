package ebuilds

import (
	"slices"
	"testing"

	"github.com/slipway-build/slipway/packaging"
)

func TestNames(t *testing.T) {
	for _, c := range []struct {
		version  string
		revision int
		p, pf    string
	}{
		{"1.4.1", 0, "ship-1.4.1", "ship-1.4.1"},
		{"1.4.1_p1", 0, "ship-1.4.1_p1", "ship-1.4.1_p1"},
		{"1.4.1_p1", 12, "ship-1.4.1_p1", "ship-1.4.1_p1-r12"},
	} {
		f := Fork{Project: Project{Name: "ship"}, Version: c.version, Revision: c.revision}
		if f.P() != c.p || f.PF() != c.pf {
			t.Errorf("%s, revision %d: P() = %s, PF() = %s", c.version, c.revision, f.P(), f.PF())
		}
	}
}

func TestRevision(t *testing.T) {
	for _, c := range []struct {
		v, pv    string
		revision int
		stripped string
	}{
		{"1.4.1", "1.4.1", 0, "1.4.1"},
		{"1.4.1-r2", "1.4.1", 2, "1.4.1"},
		{"1.4.1_p3-r10", "1.4.1_p3", 10, "1.4.1"},
		{"1.4.1_rc1_p3", "1.4.1_rc1_p3", 0, "1.4.1_rc1"},
		{"1.4.1_pre1", "1.4.1_pre1", 0, "1.4.1"}, // as ${PV%_p*} does
	} {
		if pv, r := revision(c.v); pv != c.pv || r != c.revision || strippedVersion(pv) != c.stripped {
			t.Errorf("%s is %s, revision %d, of %s", c.v, pv, r, strippedVersion(pv))
		}
	}
}

func TestVersions(t *testing.T) {
	tree := Tree{}
	for _, name := range []string{
		"ship-1.10", "ship-1.9", "ship-1.9-r10", "ship-1.9-r2", "ship-1.9_rc1", "ship-1.9_p1", "ship-9999", "ship-bin-1.0",
		"ship-nonsense", "boat-1.0",
	} {
		tree["app-misc/ship/"+name+".ebuild"] = nil
	}
	tree["app-misc/ship/ship-2.0.txt"] = nil
	tree["app-misc/ship-bin/ship-bin-3.0.ebuild"] = nil
	want := []string{"1.9_rc1", "1.9", "1.9-r2", "1.9-r10", "1.9_p1", "1.10", "9999"}
	if got := tree.Versions("app-misc/ship"); !slices.Equal(got, want) {
		t.Errorf("Versions() = %q, want %q", got, want)
	}
}

func TestLatest(t *testing.T) {
	for _, c := range []struct {
		have []string
		want int
	}{
		{nil, 0},
		{[]string{"ship/ship-1.4.1_p1"}, 0},
		{[]string{"ship/ship-1.4.1_p1-r3"}, 3},
		{[]string{"ship/ship-1.4.1_p1-r9", "ship/ship-1.4.1_p1-r10"}, 10},
		{[]string{"ship/ship-1.4.1_p2-r5", "ship/ship-1.4.1-r6"}, 0},
		{[]string{"ship-bin/ship-bin-1.4.1_p1-r5", "boat/boat-1.4.1_p1-r5"}, 0},
	} {
		tree := Tree{}
		for _, name := range c.have {
			tree["app-misc/"+name+".ebuild"] = nil
		}
		if got := shipFork().Latest(tree); got != c.want {
			t.Errorf("Latest() of %q = %d, want %d", c.have, got, c.want)
		}
	}
}

// TestDiffers has which changes of a fork need a new revision. To add one, add a
// row: what is done to the fork, or to the overlay that has it.
func TestDiffers(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*Fork, Tree)
		want   bool
	}{
		{"nothing", func(*Fork, Tree) {}, false},
		{"another flag of the compiler", func(f *Fork, _ Tree) { f.Build.Flags = append(f.Build.Flags, "-race") }, true},
		{"newer processors", func(f *Fork, _ Tree) { f.Build.Env = []string{"GOAMD64=v3"} }, true},
		{"another dependency", func(f *Fork, _ Tree) {
			f.Packages[0].Relations.Depends = []packaging.Relation{"net-misc/drum"}
		}, true},
		{"another patch of the same name", func(f *Fork, _ Tree) { f.Series[0].Data = []byte("--- a/b\n") }, true},
		{"another version", func(f *Fork, _ Tree) { f.atVersion("1.4.1_p2", 0) }, false},
		{"a newer revision", func(f *Fork, _ Tree) { f.atVersion("1.4.1_p1", 1) }, false},
		{"other keywords", func(f *Fork, _ Tree) { f.Arches = f.Arches[:1]; delete(f.Distfiles, "arm64") }, true},
		{"only keywords, by hand", func(_ *Fork, t Tree) { t[source] = keywordsLine.ReplaceAll(t[source], nil) }, false},
		{"only metadata.xml", func(f *Fork, _ Tree) { f.Packages[0].Summary = "calls" }, false},
		{"an edit by hand", func(_ *Fork, t Tree) { t[source] = append(t[source], "# ours\n"...) }, false},
		{"another distfile of the same name", func(f *Fork, _ Tree) {
			d := f.Distfiles["files"]
			d.Size++
			f.Distfiles["files"] = d
		}, true},
		{"another distfile that only -bin fetches", func(f *Fork, _ Tree) {
			d := f.Distfiles["amd64"]
			d.BLAKE = "0" + d.BLAKE[1:]
			f.Distfiles["amd64"] = d
		}, true},
		{"an overlay without it", func(_ *Fork, t Tree) { clear(t) }, false},
		{"an overlay without a record", func(_ *Fork, t Tree) { delete(t, recordName) }, false},
	} {
		o := ship()
		old, _ := merge(t, o, nil)
		f := shipFork()
		c.change(&f, old)
		if got, err := f.Differs(old, Overlay{Name: o.Name, Maintainer: o.Maintainer}); err != nil || got != c.want {
			t.Errorf("%s: Differs() = %v, %v", c.name, got, err)
		}
	}
	_, err := shipFork().Differs(Tree{recordName: []byte("{")}, ship())
	if want := recordName + ": unexpected end of JSON input"; errorText(err) != want {
		t.Errorf("Differs() with a broken record = %v, want %s", err, want)
	}
	_, err = shipFork().Differs(Tree{}, Overlay{Maintainer: "Mate"})
	want := `ship-1.4.1_p1: "Mate" is not a maintainer: want a name and address, such as Mate <mate@example.org>`
	if errorText(err) != want {
		t.Errorf("Differs() without an address = %v, want %s", err, want)
	}
}

// TestFetched has how the name of a distfile is read out of an ebuild, which spells
// it with variables, and TestSourceURI how it is written.
func TestFetched(t *testing.T) {
	for _, c := range []struct{ file, url, want string }{
		{"ship-1.4.1_p1-r2.ebuild", "https://example.org/d/${PF}-files.tar.xz", "ship-1.4.1_p1-r2-files.tar.xz"},
		{"ship-1.4.1_p1-r2.ebuild", "https://example.org/d/${P}-deps.tar.xz", "ship-1.4.1_p1-deps.tar.xz"},
		{"ship-1.4.1_p1-r2.ebuild", "http://example.org/${PN}-${MY_PV}.tar.xz", "ship-1.4.1.tar.xz"},
		{"ship-1.4.1_p1-r2.ebuild", "https://example.org/${PN}-${PV}.tar.xz", "ship-1.4.1_p1.tar.xz"},
		{"ship-1.4.1_p1-r2.ebuild", "https://example.org/v1.tar.xz", "v1.tar.xz"},
		{"ship-1.4.1_p1-r2.ebuild", "https://example.org/v1.zip", ""},
		{"metadata.xml", "https://example.org/v1.tar.xz", ""},
	} {
		var got string
		for _, name := range fetched("app-misc/ship", File{c.file, []byte("SRC_URI=\"\n\t" + c.url + "\n\"\n")}) {
			got += name
		}
		if got != c.want {
			t.Errorf("%s with %s fetches %q, want %q", c.file, c.url, got, c.want)
		}
	}
}

func TestSourceURI(t *testing.T) {
	for _, c := range []struct{ what, name, want string }{
		{"source", "ship-1.4.1.tar.xz", "${PN}-${MY_PV}.tar.xz"},
		{"source", "ship-1.4.1_p1.tar.xz", "${P}.tar.xz"},
		{"source", "v1.4.1.tar.xz", "v1.4.1.tar.xz"},
		{"deps", "ship-1.4.1_p1-deps.tar.xz", "${P}-deps.tar.xz"},
		{"files", "ship-1.4.1_p1-r2-files.tar.xz", "${PF}-files.tar.xz"},
		{"files", "ship-1.4.1_p1-files.tar.xz", "ship-1.4.1_p1-files.tar.xz"}, // of another revision
	} {
		f := shipFork()
		f.Revision = 2
		f.Distfiles[c.what] = dist(c.name)
		if got := f.sourceURI(c.what); got != "https://example.org/distfiles/"+c.want {
			t.Errorf("%s, %s is spelled %s, want %s", c.what, c.name, got, c.want)
		}
	}
}
