package filetree

import (
	"crypto/sha256"
	"math/rand/v2"
	"slices"
	"testing"
)

// entry describes a file with the given content.
func entry(path string, mode Mode, content string) Entry {
	return Entry{Path: path, Mode: mode, Size: int64(len(content)), Sum: sha256.Sum256([]byte(content))}
}

// ship is a small tree whose names sort otherwise as bytes than as paths.
func ship() Tree {
	return Tree{
		entry("bin-old", Regular, "old"),
		entry("bin.md", Regular, "about bin"),
		entry("bin/captain", Executable, "aye"),
		entry("bin/deck/hand", Executable, "aye aye"),
		entry("bin0", Regular, ""),
		entry("mate", Link, "bin/captain"),
	}
}

func TestDigest(t *testing.T) {
	for _, c := range []struct {
		name string
		tree Tree
		want string
	}{
		// The digests are literals because they are in people's fork.lock: they must never change.
		{"empty", nil, "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
		{"ship", ship(), "sha256:7f95422470682dc9e1c9530f632adae0e4f638c2009a16acab8982fd53dcc04d"},
	} {
		if got := c.tree.Digest(); got != c.want {
			t.Errorf("%s: Digest() = %s, want %s", c.name, got, c.want)
		}
	}
}

func TestDigestTellsTreesApart(t *testing.T) {
	one := Tree{entry("a", Regular, "x")}
	digests := map[string]string{one.Digest(): "the tree itself"}
	for name, tree := range map[string]Tree{
		"another name":     {entry("b", Regular, "x")},
		"another mode":     {entry("a", Executable, "x")},
		"a link":           {entry("a", Link, "x")},
		"another content":  {entry("a", Regular, "y")},
		"a file more":      {entry("a", Regular, "x"), entry("b", Regular, "")},
		"a file less":      {},
		"a deeper file":    {entry("a/a", Regular, "x")},
		"a name with room": {entry("a 0", Regular, "x")},
	} {
		if twin, ok := digests[tree.Digest()]; ok {
			t.Errorf("%s has the digest of %s", name, twin)
		}
		digests[tree.Digest()] = name
	}
}

func TestSize(t *testing.T) {
	for _, c := range []struct {
		tree Tree
		want int64
	}{{nil, 0}, {ship(), 3 + 9 + 3 + 7 + 0 + 11}} {
		if got := c.tree.Size(); got != c.want {
			t.Errorf("Size() = %d, want %d", got, c.want)
		}
	}
}

func TestLookup(t *testing.T) {
	for path, want := range map[string]bool{
		"bin-old": true, "bin/captain": true, "mate": true, "bin0": true,
		"bin": false, "bin/": false, "": false, ".": false, "bin/capt": false, "zzz": false, "BIN0": false,
	} {
		e, ok := ship().Lookup(path)
		if ok != want || ok && e.Path != path || !ok && e != (Entry{}) {
			t.Errorf("Lookup(%q) = %v, %v, want %v", path, e, ok, want)
		}
	}
}

func TestBelow(t *testing.T) {
	for _, c := range []struct {
		dir  string
		want []string
	}{
		{".", []string{"bin-old", "bin.md", "bin/captain", "bin/deck/hand", "bin0", "mate"}},
		{"bin", []string{"bin/captain", "bin/deck/hand"}},
		{"bin/deck", []string{"bin/deck/hand"}},
		{"bin/captain", nil},
		{"bi", nil},
		{"mate", nil},
		{"absent", nil},
	} {
		if got := paths(ship().Below(c.dir)); !slices.Equal(got, c.want) {
			t.Errorf("Below(%q) = %q, want %q", c.dir, got, c.want)
		}
	}
}

func TestChanged(t *testing.T) {
	for _, c := range []struct {
		name    string
		changes []Change
		want    Tree
	}{
		{"nothing", nil, ship()},
		{"one rewritten", []Change{{Path: "bin0", Mode: Regular, Content: []byte("new")}}, slices.Concat(
			ship()[:4], Tree{entry("bin0", Regular, "new")}, ship()[5:])},
		{"one more, another less", []Change{{Path: "mate", Deleted: true}, {Path: "a", Mode: Link, Content: []byte("b")}},
			slices.Concat(Tree{entry("a", Link, "b")}, ship()[:5])},
		{"a mode", []Change{{Path: "bin-old", Mode: Executable, Content: []byte("old")}},
			slices.Concat(Tree{entry("bin-old", Executable, "old")}, ship()[1:])},
		{"a folder becomes a file", []Change{{Path: "bin/deck/hand", Deleted: true}, {Path: "bin/deck", Mode: Regular}},
			slices.Concat(ship()[:3], Tree{entry("bin/deck", Regular, "")}, ship()[4:])},
		{"something absent deleted", []Change{{Path: "absent", Deleted: true}}, ship()},
	} {
		before := ship()
		if got := before.Changed(c.changes); !slices.Equal(got, c.want) {
			t.Errorf("%s: Changed() = %v, want %v", c.name, got, c.want)
		}
		if !slices.Equal(before, ship()) {
			t.Errorf("%s: Changed() changed the tree it was asked of", c.name)
		}
	}
}

func TestChangedInAnyOrder(t *testing.T) {
	changes := []Change{
		{Path: "z", Mode: Regular, Content: []byte("z")}, {Path: "bin/captain", Deleted: true},
		{Path: "bin/a", Mode: Executable}, {Path: "bin0", Mode: Link, Content: []byte("mate")}, {Path: "bin!", Mode: Regular},
	}
	want := ship().Changed(changes).Digest()
	random := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		random.Shuffle(len(changes), func(i, j int) { changes[i], changes[j] = changes[j], changes[i] })
		if got := ship().Changed(changes).Digest(); got != want {
			t.Fatalf("in the order %v, Changed() makes %s, not %s", changes, got, want)
		}
	}
}

func TestDiffer(t *testing.T) {
	for _, c := range []struct {
		name string
		a, b Tree
		want []string
	}{
		{"the same", ship(), ship(), nil},
		{"both empty", nil, nil, nil},
		{"content", Tree{entry("a", Regular, "1")}, Tree{entry("a", Regular, "2")}, []string{"a"}},
		{"mode", Tree{entry("a", Regular, "1")}, Tree{entry("a", Executable, "1")}, []string{"a"}},
		{"apart", Tree{entry("b", Regular, ""), entry("d", Regular, "")},
			Tree{entry("a", Regular, ""), entry("c", Regular, "")},
			[]string{"a", "b", "c", "d"}},
		{"a file and a folder", Tree{entry("a", Regular, "")}, Tree{entry("a/b", Regular, "")}, []string{"a", "a/b"}},
		{"against nothing", ship(), nil, paths(ship())},
	} {
		for _, got := range [][]string{c.a.Differ(c.b), c.b.Differ(c.a)} {
			if !slices.Equal(got, c.want) {
				t.Errorf("%s: Differ() = %q, want %q", c.name, got, c.want)
			}
		}
	}
}

func paths(t Tree) []string {
	var list []string
	for _, e := range t {
		list = append(list, e.Path)
	}
	return list
}
