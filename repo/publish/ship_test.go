package publish

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slipway-build/slipway/repo/state"
	"github.com/slipway-build/slipway/repo/tree"
)

// A fleet is what suites have: the versions of ship's package in each, by suite.
type fleet map[string][]string

// at is the time of the nth snapshot.
func at(n int) time.Time {
	return time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC).Add(time.Duration(n) * 24 * time.Hour)
}

func id(n int) string { return at(n).Format(state.IDLayout) }

// snapshot makes the nth snapshot after those before it, with suites as apt and yum have them.
// In the made-up form, a file that names others has their paths, one a line.
func snapshot(t testing.TB, n int, suites fleet, before ...Next) Next {
	t.Helper()
	var files []tree.File
	index := fmt.Sprintf("snapshot %d\n", n)
	for _, suite := range slices.Sorted(maps.Keys(suites)) {
		files = append(files, suiteFiles(suite, suites[suite])...)
		index += "apt/dists/" + suite + "/InRelease\n"
	}
	files = append(files, tree.Of(tree.Commit, "index.json", []byte(index)))
	key := tree.Of(tree.Content, "apt/pool/key.deb", []byte("the key"))
	files = append(files, key, tree.AliasOf(tree.Commit, "key.deb", key))
	s := state.Snapshot{Schema: 1, ID: id(n)}
	var ancestors []string
	for _, b := range before {
		s.Parent = b.Snapshot.ID
		ancestors = append(ancestors, s.Parent)
		for _, f := range b.Files {
			if f.Path == SnapshotFile(s.Parent) {
				files = append(files, f)
			}
		}
	}
	merged, err := tree.Merge(files)
	if err != nil {
		t.Fatal(err)
	}
	next, err := Seal(s, ancestors, merged)
	if err != nil {
		t.Fatal(err)
	}
	return next
}

func suiteFiles(suite string, versions []string) []tree.File {
	var files []tree.File
	packages := ""
	for _, v := range versions {
		deb := tree.Of(tree.Content, "apt/pool/"+v+"/ship.deb", []byte("ship "+v))
		dated := tree.AliasOf(tree.Content, "apt/snapshots/"+v+"/ship.deb", deb)
		files = append(files, deb, dated)
		packages += deb.Path + "\n" + dated.Path + "\n"
	}
	content := tree.Of(tree.Content, "", []byte(packages))
	content.Path = "apt/dists/" + suite + "/by-hash/" + content.SHA256
	repomd := content
	repomd.Path = "rpm/" + suite + "/" + content.SHA256 + "/repomd.xml"
	return append(files, content, repomd, tree.AliasOf(tree.Index, "apt/dists/"+suite+"/Packages", content),
		tree.Of(tree.Commit, "apt/dists/"+suite+"/InRelease", []byte(content.Path+"\n")),
		tree.Of(tree.Commit, "rpm/"+suite+"/mirrorlist", []byte(repomd.Path+"\n")))
}

// content is the bytes of all files of snapshots, by path.
func content(t testing.TB, snapshots ...Next) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	for _, n := range snapshots {
		for _, f := range n.Files {
			data, err := f.Bytes()
			if err != nil {
				t.Fatal(err)
			}
			all[f.Path] = data
		}
	}
	return all
}

// read is what readers do: whatever is named has to be there, and what they start at is that of
// one of the snapshots.
func (o *objects) read(t *testing.T, name string, snapshots ...Next) {
	t.Helper()
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, n := range snapshots {
		for _, f := range n.Files {
			if f.Class == tree.Content {
				continue
			}
			now, ok := o.at[f.Path]
			known := !ok
			for _, of := range snapshots {
				known = known || slices.ContainsFunc(of.Files, func(g tree.File) bool {
					return g.Path == f.Path && string(g.Data) == string(now)
				})
			}
			if !known {
				t.Errorf("%s: %s is of no snapshot: %q", name, f.Path, now)
			}
			o.follow(t, name, f.Path)
		}
	}
}

func (o *objects) follow(t *testing.T, name, path string) {
	t.Helper()
	for line := range strings.Lines(string(o.at[path])) {
		line = strings.TrimSpace(line)
		if !strings.Contains(line, "/") {
			continue
		}
		if _, ok := o.at[line]; !ok {
			t.Errorf("%s: %s names %s, which is not there", name, path, line)
		}
		o.follow(t, name, line)
	}
}

// shows checks that the target shows just this snapshot, completely.
func (o *objects) shows(t *testing.T, name string, n Next) {
	t.Helper()
	o.read(t, name, n)
	shown, err := Read(t.Context(), &memory{objects: o})
	if err != nil || shown == nil || shown.Head.Snapshot != n.Snapshot.ID || shown.Head.Pending {
		t.Fatalf("%s: the target shows %+v, %v", name, shown, err)
	}
	for path, data := range content(t, n) {
		if string(o.at[path]) != string(data) {
			t.Errorf("%s: %s is %q, want %q", name, path, o.at[path], data)
		}
	}
}
