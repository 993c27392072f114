package build

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/fork"
)

// TestPatched damages what is kept of the trees, between one run and the next.
func TestPatched(t *testing.T) {
	y := newYard(t)
	s := y.open()
	patched := func(name string) string { return filepath.Join(s.patchedSlot(), name) }
	upstream := func(name string) string { return filepath.Join(s.upstreamDir(), name) }
	const source, again = "source 3 modules, 0 MB", ": making it again"
	for _, c := range []struct {
		about        string
		damage       func()
		source, tree string // what is kept
		note         string // part of it
	}{
		{about: "the first run", damage: func() {}},
		{about: "nothing", damage: func() {}, source: " kept", tree: " kept"},
		{about: "no listing", damage: func() { must(t, os.Remove(patched("listing"))) }, source: " kept"},
		{about: "a listing that is none", damage: func() { put(t, patched("listing"), "ahoy\n") }, source: " kept",
			note: "dist/.cache/patched/ship-1.4/listing: listing, line 1: want mode, sum, size and path" + again},
		{about: "an empty listing", damage: func() { put(t, patched("listing"), "") }, source: " kept"},
		{about: "a listing of less", damage: func() {
			_, rest, _ := strings.Cut(read(t, patched("listing")), "\n")
			put(t, patched("listing"), rest)
		}, source: " kept"},
		{about: "no tree", damage: func() { must(t, os.RemoveAll(patched("tree"))) }, source: " kept"},
		{about: "nothing is left", damage: func() { must(t, os.RemoveAll(s.CacheDir("patched"))) }, source: " kept"},
		{about: "a record of the upstream that is none", damage: func() { put(t, upstream("record"), "ahoy") },
			tree: " kept", note: "record was changed by something else" + again},
		{about: "a listing of the upstream that is none", damage: func() { put(t, upstream("listing"), "ahoy") },
			tree: " kept", note: "listing: listing, line 1: want mode"},
		{about: "an upstream without a file that a patch changes", damage: func() {
			must(t, errors.Join(os.RemoveAll(s.patchedSlot()), os.Remove(upstream("tree/pkg/crew/crew.go"))))
		}, note: "tree was changed by something else: pkg/crew/crew.go (1 file)" + again},
		{about: "no upstream", damage: func() { must(t, os.RemoveAll(s.upstreamDir())) }, tree: " kept"},
	} {
		c.damage()
		s = y.again(s)
		tree, err := s.Patched(t.Context())
		must(t, err)
		must(t, tree.Verify(t.Context(), nil))
		if tree.Tree.Digest() != y.lock.Tree {
			t.Errorf("%s: the digest is %s", c.about, tree.Tree.Digest())
		}
		ended := y.ended()
		equal(t, c.about+": stages", ended[len(ended)-2:], []string{source + c.source, "patches 2 applied" + c.tree})
		if notes := strings.Join(y.notes(), "\n"); c.note == "" && notes != "" || !strings.Contains(notes, c.note) {
			t.Errorf("%s: the notes are %q, want …%s…", c.about, notes, c.note)
		}
	}
}

// TestPatchedTurns holds that an earlier patched tree is turned into the next one
// file by file, and that it is made once in a session.
func TestPatchedTurns(t *testing.T) {
	y := newYard(t)
	s := y.open()
	up, err := s.Upstream(t.Context())
	must(t, err)
	must(t, os.MkdirAll(s.patchedSlot(), 0o755))
	earlier, err := up.Copy(t.Context(), filepath.Join(s.patchedSlot(), "tree"))
	must(t, err)
	must(t, s.placeListing(s.patchedListing(), earlier.Tree))
	marked := filepath.Join(earlier.Path, "README.md")
	before, err := os.Stat(marked)
	must(t, err)
	first, err := s.Trees(t.Context())
	must(t, err)
	after, err := os.Stat(marked)
	if err != nil || !os.SameFile(before, after) {
		t.Errorf("a file that no patch changes was written again: %v", err)
	}
	if first.Patched.Path != earlier.Path || first.Upstream.Tree.Digest() != y.lock.Source {
		t.Errorf("got the trees %s and %s", first.Patched.Path, first.Upstream.Tree.Digest())
	}
	y.events = nil
	if _, err := s.Trees(t.Context()); err != nil || len(y.events) > 0 {
		t.Errorf("the second time in a session, got %v and %v", err, y.events)
	}
}

// TestPatchedIsPinned holds that no tree is made that fork.lock does not pin.
func TestPatchedIsPinned(t *testing.T) {
	for _, c := range []struct {
		about, err string
		change     func(y *yard)
	}{
		{"another tree", "the patched tree", func(y *yard) { y.lock.Tree = "sha256:" + strings.Repeat("0", 64) }},
		{"another source", "the upstream tree is pinned as", func(y *yard) { y.lock.Source = "sha256:00" }},
		{"a carried commit", "forks/ship-1.4/fork.lock", func(y *yard) {
			y.lock.Patches[0].Name = strings.Repeat("c", 40)
		}},
	} {
		y := newYard(t)
		c.change(y)
		_, err := y.open().Patched(t.Context())
		says(t, err, c.err)
		if stale := new(fork.StaleError); !errors.As(err, &stale) {
			t.Errorf("%s: %v is no StaleError", c.about, err)
		}
	}
}
