// Package publishtest has what tests of targets need: states of a small repository, what readers
// of it check, and what every target has to do.
package publishtest

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/slipway-build/slipway/repo/publish"
	"github.com/slipway-build/slipway/repo/state"
	"github.com/slipway-build/slipway/repo/tree"
)

// A Fleet is what suites have: the versions of ship's package in each, by suite.
type Fleet map[string][]string

// At is the time of the nth snapshot.
func At(n int) time.Time {
	return time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC).Add(time.Duration(n) * 24 * time.Hour)
}

func id(n int) string { return At(n).Format(state.IDLayout) }

// Snapshot makes the nth snapshot after those before it, the nearest first, with suites as apt and yum have them.
// In the made-up form, a file that names others has their paths, one a line.
func Snapshot(t testing.TB, n int, suites Fleet, before ...publish.Next) publish.Next {
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
		ancestors = append(ancestors, b.Snapshot.ID)
		for _, f := range b.Files {
			if f.Path == publish.SnapshotFile(b.Snapshot.ID) {
				files = append(files, f)
			}
		}
	}
	if len(before) > 0 {
		s.Parent = before[0].Snapshot.ID
	}
	merged, err := tree.Merge(files)
	if err != nil {
		t.Fatal(err)
	}
	next, err := publish.Seal(s, ancestors, merged)
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

// Voyage are four snapshots: the second adds a version and a suite, the third has neither what
// the first had nor the suite. Who publishes the fourth finds files past their time.
func Voyage(t testing.TB) (one, two, three, four publish.Next) {
	one = Snapshot(t, 1, Fleet{"ship-1.4": {"1.4.1"}, "ship-1.5": {"1.5.0"}})
	two = Snapshot(t, 2, Fleet{"ship-1.4": {"1.4.1", "1.4.2"}, "ship-1.5": {"1.5.0"}, "ship-1.6": {"1.6.0"}}, one)
	three = Snapshot(t, 3, Fleet{"ship-1.4": {"1.4.2"}, "ship-1.5": {"1.5.0"}}, two, one)
	four = Snapshot(t, 9, Fleet{"ship-1.4": {"1.4.2"}, "ship-1.5": {"1.5.0", "1.5.1"}}, three, two, one)
	return one, two, three, four
}

// Keep is how long files stay that the second snapshot needed: past the third, not until the fourth.
const Keep = 36 * time.Hour

// Publish publishes next as on the nth day.
func Publish(t testing.TB, target publish.Target, next publish.Next, n int) (publish.Report, error) {
	return publish.Publish(t.Context(), target, next, publish.Request{Now: At(n), Keep: Keep})
}
