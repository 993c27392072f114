package ebuilds

import (
	"slices"
	"testing"
)

// TestMessages has the messages for what is in an overlay, whatever the last run
// changed. To add a case, add a row: the versions that were merged, oldest first.
func TestMessages(t *testing.T) {
	accounts := []string{"acct-group/bosun: new package, add 0", "acct-user/bosun: new package, add 0"}
	ships := func(end string) (out []string) {
		for _, dir := range []string{"app-misc/ship", "app-misc/ship-bin", "app-misc/ship-meta"} {
			out = append(out, dir+": "+end)
		}
		return out
	}
	for _, c := range []struct {
		name  string
		steps []step
		want  []string
	}{
		{"one version", []step{again, again}, slices.Concat(accounts, ships("new package, add 1.4.1_p1"))},
		{"a second version", []step{again, release("1.4.1_p2", 0)}, slices.Concat(accounts, ships("add 1.4.1_p2"))},
		{"a revision", []step{again, release("1.4.1_p1", 1)}, slices.Concat(accounts, ships("add 1.4.1_p1-r1"))},
	} {
		o, tree := ship(), Tree{}
		for _, step := range c.steps {
			step(t, &o, tree)
			tree, _ = merge(t, o, tree)
		}
		if got := o.Messages(tree); !slices.Equal(got, c.want) {
			t.Errorf("%s: Messages() = %q, want %q", c.name, got, c.want)
		}
	}
}

// TestThinManifests has Manifests of distfiles alone, as fork.yaml or the overlay's
// maintainer wants them.
func TestThinManifests(t *testing.T) {
	ours := ship()
	ours.Thin = true
	theirs, _ := merge(t, ship(), nil)
	theirs.replace(t, "metadata/layout.conf", "thin-manifests = false", "thin-manifests = True")
	for name, c := range map[string]struct {
		o   Overlay
		old Tree
	}{"fork.yaml": {ours, nil}, "the overlay": {ship(), theirs}} {
		tree, _ := merge(t, c.o, c.old)
		if !tree.thin() {
			t.Errorf("%s: the Manifests are not thin", name)
		}
		want := string(Manifest(nil, []Distfile{dist("ship-1.4.1.tar.xz"), dist("ship-1.4.1_p1-deps.tar.xz"),
			dist("ship-1.4.1_p1-files.tar.xz")}))
		if got := string(tree["app-misc/ship/Manifest"]); got != want {
			t.Errorf("%s: the Manifest is\n%s\nwant\n%s", name, got, want)
		}
		if _, ok := tree["app-misc/ship-meta/Manifest"]; ok {
			t.Errorf("%s: there is a Manifest of a package that fetches nothing", name)
		}
	}
}
