package ebuilds

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// A voyage is a series of runs, each of which merges into what the last one left.
// To add one, add a row to TestMerge: its steps, and what there is in the end.
type voyage struct {
	name  string
	steps []step
	notes []string // of the last step
	have  []string // ebuilds of ship in the end
}

// A step changes the overlay that is there, or the fork that is merged next.
type step func(t *testing.T, o *Overlay, old Tree)

// release makes the fork's version v, at a revision.
func release(v string, revision int) step {
	return func(_ *testing.T, o *Overlay, _ Tree) { o.Forks[0].atVersion(v, revision) }
}

// others has another fork be at a version of the ship.
func others(v string) step {
	return func(_ *testing.T, o *Overlay, _ Tree) { o.Others = []string{"app-misc/ship-" + v} }
}

// atVersion changes a fork's version, and the names of its distfiles with it.
func (f *Fork) atVersion(v string, revision int) {
	f.Version, f.Revision = v, revision
	f.Distfiles = maps.Clone(f.Distfiles)
	f.Distfiles["source"] = dist("ship-" + strippedVersion(v) + ".tar.xz")
	f.Distfiles["files"] = dist(f.PF() + "-files.tar.xz")
	for _, what := range []string{"deps", "amd64", "arm64"} {
		f.Distfiles[what] = dist(f.P() + "-" + what + ".tar.xz")
	}
}

// edit changes a file of the overlay by hand.
func edit(name, was, is string) step {
	return func(t *testing.T, _ *Overlay, old Tree) { old.replace(t, name, was, is) }
}

// again runs once more with nothing changed.
func again(*testing.T, *Overlay, Tree) {}

func TestMerge(t *testing.T) {
	const patched = "app-misc/ship/files/ship-1.4.1_p1-0001-crew.patch"
	accounts := []string{
		`commit as "acct-group/bosun: new package, add 0"`, `commit as "acct-user/bosun: new package, add 0"`,
	}
	first := []string{
		`commit as "app-misc/ship: new package, add 1.4.1_p1"`,
		`commit as "app-misc/ship-bin: new package, add 1.4.1_p1"`,
		`commit as "app-misc/ship-meta: new package, add 1.4.1_p1"`,
	}
	next := func(v string) (out []string) {
		for _, s := range first {
			s = strings.Replace(s, "new package, ", "", 1)
			out = append(out, strings.Replace(s, "1.4.1_p1", v, 1))
		}
		return out
	}
	for _, v := range []voyage{
		{"a new overlay", []step{again}, slices.Concat(accounts, first), []string{"ship-1.4.1_p1"}},
		{"nothing has changed", []step{again, again}, nil, []string{"ship-1.4.1_p1"}},
		{"a new version is added", []step{again, release("1.4.1_p2", 0)}, next("1.4.1_p2"),
			[]string{"ship-1.4.1_p1", "ship-1.4.1_p2"}},
		{"a revision replaces the version", []step{again, release("1.4.1_p1", 1)}, next("1.4.1_p1-r1"),
			[]string{"ship-1.4.1_p1-r1"}},
		{"a revision replaces the one before", []step{release("1.4.1_p1", 1), release("1.4.1_p1", 2)},
			next("1.4.1_p1-r2"), []string{"ship-1.4.1_p1-r2"}},
		{"the newest three stay",
			[]step{again, release("1.4.1_p2", 0), release("1.4.10_p1", 0), release("1.4.9_p1", 0)},
			next("1.4.9_p1"), []string{"ship-1.4.10_p1", "ship-1.4.1_p2", "ship-1.4.9_p1"}},
		{"an older version than three others",
			[]step{release("2.1", 0), release("2.2", 0), release("2.3", 0), release("1.4.1_p1", 0)},
			next("1.4.1_p1"), []string{"ship-1.4.1_p1", "ship-2.1", "ship-2.2", "ship-2.3"}},
		{"versions of other forks",
			[]step{again, others("1.4.1_p1"), release("2.1", 0), release("2.2", 0), release("2.3", 0)},
			next("2.3"), []string{"ship-1.4.1_p1", "ship-2.1", "ship-2.2", "ship-2.3"}},
		{"keywords stay, without a word", []step{again, edit(source, "~amd64 ~arm64", "amd64 ~arm64"), again},
			nil, []string{"ship-1.4.1_p1"}},
		{"an ebuild that was changed stays", []step{again, edit(source, `SLOT="0"`, `SLOT="1"`)},
			[]string{source + " was changed by hand and is kept: delete it to have it written again"},
			[]string{"ship-1.4.1_p1"}},
		{"a patch that was changed stays", []step{again, edit(patched, "Crew", "CREW")},
			[]string{patched + " was changed by hand and is kept: delete it to have it written again"},
			[]string{"ship-1.4.1_p1"}},
		{"an ebuild that was changed stays though it is replaced",
			[]step{again, edit(source, `SLOT="0"`, `SLOT="1"`), release("1.4.1_p1", 1)},
			append([]string{source + " was changed by hand and is kept, although a newer one replaces it"},
				next("1.4.1_p1-r1")...),
			[]string{"ship-1.4.1_p1-r1", "ship-1.4.1_p1"}},
		{"a README of somebody else stays", []step{func(_ *testing.T, _ *Overlay, old Tree) {
			old["README.md"] = []byte("# Ours\n")
		}}, slices.Concat(accounts, first,
			[]string{"README.md was changed by hand and is kept: delete it to have it written again"}),
			[]string{"ship-1.4.1_p1"}},
	} {
		o, tree := ship(), Tree{}
		var notes []string
		for _, step := range v.steps {
			step(t, &o, tree)
			tree, notes = merge(t, o, tree)
		}
		if !slices.Equal(notes, v.notes) {
			t.Errorf("%s: the notes are\n%s\nwant\n%s", v.name, strings.Join(notes, "\n"), strings.Join(v.notes, "\n"))
		}
		have := slices.DeleteFunc(ebuildNames(tree), func(name string) bool {
			return !strings.HasPrefix(name, "ship-1") && !strings.HasPrefix(name, "ship-2")
		})
		if !slices.Equal(have, v.have) {
			t.Errorf("%s: there are %q, want %q", v.name, have, v.have)
		}
	}
}

// TestMergeKeeps has what becomes of single files when a fork is merged again.
func TestMergeKeeps(t *testing.T) {
	o := ship()
	old, _ := merge(t, o, nil)
	old["app-misc/raft/raft-1.ebuild"] = []byte("EAPI=8\n")
	old["app-misc/ship/files/notes.txt"] = []byte("ours\n")
	old.replace(t, source, "~amd64 ~arm64", "amd64 arm64")
	old.replace(t, "profiles/eapi", "8", "7")
	before := maps.Clone(old)
	o.Forks[0].Summary = "Sails any ocean"
	tree, _ := merge(t, o, old)
	for _, c := range []struct{ name, has, hasNot string }{
		{source, `KEYWORDS="amd64 arm64"`, "~amd64"},
		{source, `DESCRIPTION="Sails any ocean"`, "Sails any sea"},
		{binary, `KEYWORDS="-* ~amd64 ~arm64"`, "\"amd64"},
		{"profiles/eapi", "7\n", "8"},
		{"app-misc/raft/raft-1.ebuild", "EAPI=8\n", "DESCRIPTION"},
		{"app-misc/raft/Manifest", "EBUILD raft-1.ebuild 7 ", "DIST"},
		{"app-misc/ship/files/notes.txt", "ours\n", "theirs"},
		{"app-misc/ship/Manifest", "AUX notes.txt 5 ", "MISC files"},
	} {
		got := string(tree[c.name])
		if !strings.Contains(got, c.has) || strings.Contains(got, c.hasNot) {
			t.Errorf("%s has no %q, or has %q:\n%s", c.name, c.has, c.hasNot, got)
		}
	}
	if !maps.EqualFunc(old, before, func(a, b []byte) bool { return string(a) == string(b) }) {
		t.Error("Merge() changed the overlay that it was given")
	}
}

// TestMergeDrops shows that patches and sums go with the last version that has
// them, and the record with both.
func TestMergeDrops(t *testing.T) {
	o, tree := ship(), Tree{}
	for _, v := range []string{"1.4.1_p1", "1.4.1_p2", "1.4.1_p3", "1.4.1_p4"} {
		o.Forks[0].atVersion(v, 0)
		tree, _ = merge(t, o, tree)
	}
	var patches, dists []string
	for _, name := range sortedKeys(tree) {
		if patch, ok := strings.CutPrefix(name, "app-misc/ship/files/"); ok {
			patches = append(patches, patch)
		}
	}
	for line := range strings.Lines(string(tree["app-misc/ship/Manifest"])) {
		if w := strings.Fields(line); w[0] == "DIST" {
			dists = append(dists, w[1])
		}
	}
	var wantPatches, wantDists []string
	for _, v := range []string{"1.4.1_p2", "1.4.1_p3", "1.4.1_p4"} {
		wantPatches = append(wantPatches, "ship-"+v+"-0001-crew.patch")
		wantDists = append(wantDists, "ship-"+v+"-deps.tar.xz", "ship-"+v+"-files.tar.xz")
	}
	wantDists = append([]string{"ship-1.4.1.tar.xz"}, wantDists...)
	if !slices.Equal(patches, wantPatches) {
		t.Errorf("the patches are %q, want %q", patches, wantPatches)
	}
	if !slices.Equal(dists, wantDists) {
		t.Errorf("the distfiles are %q, want %q", dists, wantDists)
	}
	written, err := tree.record()
	if err != nil {
		t.Fatal(err)
	}
	for name := range written {
		if _, ok := tree[name]; !ok {
			t.Errorf("the record has %s, which the overlay does not", name)
		}
	}
}

// TestMergeRenames shows that a patch goes when the same version no longer has it,
// unless somebody changed it or the ebuild.
func TestMergeRenames(t *testing.T) {
	const files = "app-misc/ship/files/ship-1.4.1_p1-"
	const was, is = files + "0001-crew.patch", files + "0001-hands.patch"
	for _, c := range []struct {
		name   string
		change step
		stays  bool
	}{
		{"nobody changed it", again, false},
		{"the patch was changed", edit(was, "Crew", "CREW"), true},
		{"the ebuild was changed", edit(source, `SLOT="0"`, `SLOT="1"`), true},
	} {
		o := ship()
		old, _ := merge(t, o, nil)
		c.change(t, &o, old)
		o.Forks[0].Series[0].Name = "0001-hands.patch"
		o.Forks[0].Revision = 1
		o.Forks[0].Distfiles["files"] = dist(o.Forks[0].PF() + "-files.tar.xz")
		tree, _ := merge(t, o, old)
		_, stays := tree[was]
		if _, there := tree[is]; stays != c.stays || !there {
			t.Errorf("%s: %s stays: %v, want %v; there are %q", c.name, was, stays, c.stays, sortedKeys(tree))
		}
	}
}

// TestMergeDescribes shows that metadata.xml has the USE flags of all versions.
func TestMergeDescribes(t *testing.T) {
	const flag = `<flag name="mate">Install mate: helps the bosun</flag>`
	without := func(v string) Fork {
		f := shipFork()
		f.atVersion(v, 0)
		f.Packages = f.Packages[:1]
		delete(f.Project.Flags, "mate")
		return f
	}
	both := ship()
	both.Forks = append(both.Forks, without("1.5.0_p1"))
	tree, _ := merge(t, both, nil)
	if got := string(tree["app-misc/ship/metadata.xml"]); !strings.Contains(got, flag) {
		t.Errorf("of two forks, the flag of one is not described:\n%s", got)
	}
	tree, _ = merge(t, ship(), nil)
	later := ship()
	for i, v := range []string{"1.5.0_p1", "1.5.0_p2", "1.5.0_p3"} {
		later.Forks[0] = without(v)
		tree, _ = merge(t, later, tree)
		got := string(tree["app-misc/ship/metadata.xml"])
		if has := strings.Contains(got, flag); has != (i < 2) { // then the version that has it goes
			t.Errorf("after %s, the flag of an earlier version is described: %v\n%s", v, has, got)
		}
	}
}

// TestMergeFails has what Merge refuses to read or write.
func TestMergeFails(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*Fork)
		old    Tree
		want   string
	}{
		{"a broken record", func(*Fork) {}, Tree{recordName: []byte("[]")},
			recordName + ": json: cannot unmarshal array into Go value of type ebuilds.record"},
		{"a broken Manifest", func(*Fork) {}, Tree{"app-misc/ship/Manifest": []byte("DIST a many BLAKE2B b SHA512 c\n")},
			`app-misc/ship/Manifest: "DIST a many BLAKE2B b SHA512 c" is not a Manifest line`},
		{"a name with white space", func(*Fork) {}, Tree{"app-misc/ship/files/a b.patch": []byte("1")},
			`"app-misc/ship/files/a b.patch": a Manifest cannot list a name with white space: rename the file or remove it`},
		{"an unknown license", func(f *Fork) { f.License = []string{"Grog"} }, nil,
			binary + ": LICENSE: unknown word Grog\n" + source + ": LICENSE: unknown word Grog"},
		{"an unknown dependency", func(f *Fork) { f.Packages[0].Relations.Depends[0] = "whistle" }, nil,
			"ship-1.4.1_p1: package bosun depends on whistle, which has no known name in Gentoo"},
		{"a broken manual page", func(f *Fork) {
			f.Packages[0].Files = append(f.Packages[0].Files, text("/usr/share/man/man8/bosun.8.gz", "no gzip at all"))
		}, nil, "ship-1.4.1_p1: package bosun: /usr/share/man/man8/bosun.8.gz: gzip: invalid header"},
	} {
		o := ship()
		c.change(&o.Forks[0])
		if _, _, err := o.Merge(c.old); errorText(err) != c.want {
			t.Errorf("%s: Merge() = %v, want %s", c.name, err, c.want)
		}
	}
}

func TestPackageFile(t *testing.T) {
	for _, c := range []struct{ name, dir, rel string }{
		{"app-misc/ship/ship-1.ebuild", "app-misc/ship", "ship-1.ebuild"},
		{"app-misc/ship/files/deep/a", "app-misc/ship", "files/deep/a"},
		{"app-misc/metadata.xml", "", ""},
		{"metadata/md5-cache/app-misc/ship-1", "", ""},
		{".github/workflows/pkgcheck.yml", "", ""},
		{"README.md", "", ""},
	} {
		dir, rel, ok := packageFile(c.name)
		if got := fmt.Sprint(dir, " ", rel, " ", ok); got != fmt.Sprint(c.dir, " ", c.rel, " ", c.dir != "") {
			t.Errorf("packageFile(%s) = %s", c.name, got)
		}
	}
}
