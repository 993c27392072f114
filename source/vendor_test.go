package source

import (
	"testing"

	"github.com/slipway-build/slipway/internal/testfork"
)

// TestFetchLeavesOutVendor holds what the tree has of a vendor folder that a module's zip holds in part: the go
// command would refuse the tree, or look for all packages there.
func TestFetchLeavesOutVendor(t *testing.T) {
	const list, owners, work = "-- vendor/modules.txt --\n", "-- vendor/OWNERS --\n", "-- go.work --\ngo 1.24\nuse .\n"
	for _, c := range []struct {
		name, files string
		kept        bool
	}{
		{"a list", list + owners, false},
		{"a list, in a workspace", list + owners + work, false},
		{"no list", owners, false},
		{"no list, in a workspace", owners + work, true},
	} {
		proxy := t.TempDir()
		files := "-- go.mod --\nmodule example.org/raft\n-- raft.go --\npackage raft\n" + c.files
		if err := testfork.WriteModule(proxy, "example.org/raft", "v1.0.0", files); err != nil {
			t.Fatal(err)
		}
		f, notes := fetcher(t, "GOPROXY="+testfork.ProxyURL(proxy))
		tree, err := fetch(t, f, Input{Upstream: Upstream{Module: "example.org/raft@v1.0.0"}})
		if err != nil {
			t.Fatal(err)
		}
		_, kept := tree.Tree.Lookup("vendor/OWNERS")
		if said := len(notes()) == 1; kept != c.kept || said == c.kept {
			t.Errorf("%s: OWNERS is in the tree: %t, noted: %q", c.name, kept, notes())
		}
		if err := tree.Verify(t.Context(), nil); err != nil {
			t.Errorf("%s: the folder is not what Fetch says: %v", c.name, err)
		}
	}
}
