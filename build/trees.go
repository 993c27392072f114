package build

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/slipway-build/slipway/cross"
	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/source"
)

// Trees are what a fork is compiled from.
type Trees struct {
	Upstream source.Tree
	Patched  filetree.Dir
}

// Patched returns the fork's patched tree, in the folder where the compiler reads
// it. Its digest is the pinned one.
func (s *Session) Patched(ctx context.Context) (filetree.Dir, error) {
	t, err := s.Trees(ctx)
	return t.Patched, err
}

// Trees returns the fork's upstream tree and its patched one. An earlier patched
// tree of the fork is turned into it file by file.
func (s *Session) Trees(ctx context.Context) (Trees, error) {
	return s.trees.get(func() (Trees, error) {
		t, err := s.layTrees(ctx)
		if err == nil || s.opts.DryRun || !s.damaged(ctx) {
			return t, err
		}
		if err := s.removeTrees(); err != nil {
			return t, err
		}
		return s.layTrees(ctx)
	})
}

// patchedSlot returns the folder of the fork's patched tree and what is known of it.
func (s *Session) patchedSlot() string { return s.CacheDir("patched", s.fork.ID) }

// patchedListing returns the file that lists the patched tree.
func (s *Session) patchedListing() string { return filepath.Join(s.patchedSlot(), "listing") }

// treePlace returns the path of the tree in that folder.
func (s *Session) treePlace() string {
	if s.fork.Settings.Mode == cross.GOPATH {
		return filepath.Join("gopath", "src", filepath.FromSlash(s.fork.Settings.ImportPath))
	}
	return "tree"
}

// damaged reports whether the kept upstream tree was changed, and says so.
func (s *Session) damaged(ctx context.Context) bool {
	t, err := readTree(s.upstreamDir())
	if err != nil {
		return false
	}
	if err = t.Verify(ctx, nil); err == nil || ctx.Err() != nil {
		return false
	}
	s.noteAgain(err)
	return true
}

func (s *Session) layTrees(ctx context.Context) (Trees, error) {
	up, err := s.upstream(ctx, func(t source.Tree) error { return s.fork.CheckUpstream(s.lock, t) })
	if err != nil {
		return Trees{}, err
	}
	t := Trees{Upstream: up}
	err = s.Stage("patches", "", Applied(len(s.lock.Patches)), func() (done Done, err error) {
		t.Patched, done.Kept, err = s.layPatched(ctx, up)
		return done, err
	})
	return t, err
}

// laidOut returns the tree that an earlier run left in the fork's slot. Where there
// is none, or none that can be used, its listing is empty and so is the slot.
func (s *Session) laidOut() (tree filetree.Dir, err error) {
	tree.Path = filepath.Join(s.patchedSlot(), s.treePlace())
	if tree.Tree, err = readListing(s.patchedListing()); err == nil {
		_, err = os.Lstat(tree.Path) // absent where it was laid for another mode
	}
	if err == nil {
		return tree, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		s.noteAgain(err)
	}
	if s.opts.DryRun {
		return filetree.Dir{Path: tree.Path}, nil
	}
	return filetree.Dir{Path: tree.Path}, os.RemoveAll(s.patchedSlot())
}

// layPatched turns the tree in the fork's slot into the patched tree.
func (s *Session) layPatched(ctx context.Context, up source.Tree) (tree filetree.Dir, kept bool, err error) {
	now, err := s.laidOut()
	if err != nil || now.Tree.Digest() == s.lock.Tree {
		return now, err == nil, err
	}
	if s.opts.DryRun {
		return now, false, &WouldRunError{What: "patches"}
	}
	changes, err := s.pinnedChanges(ctx, up)
	if err != nil {
		return now, false, err
	}
	// Without its listing, a tree that is half changed is used by nobody.
	if err := os.Remove(s.patchedListing()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return now, false, err
	}
	s.Step("about to change the patched tree")
	tree, err = now.Update(ctx, up.Dir, changes)
	if err != nil && ctx.Err() == nil { // what lay there was not what its listing said
		if err := os.RemoveAll(s.patchedSlot()); err != nil {
			return now, false, err
		}
		tree, err = filetree.Dir{Path: now.Path}.Update(ctx, up.Dir, changes)
	}
	if err != nil {
		return now, false, err
	}
	s.Step("changed the patched tree")
	return tree, false, s.placeListing(s.patchedListing(), tree.Tree)
}

// pinnedChanges returns what the fork makes of its upstream, as the lock pins it.
func (s *Session) pinnedChanges(ctx context.Context, up source.Tree) ([]filetree.Change, error) {
	series, err := s.Series(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.fork.CheckCarried(s.lock, series.Patches); err != nil {
		return nil, err
	}
	changes, err := s.Changes(ctx, up, series.Patches)
	if err != nil {
		return nil, err
	}
	err = s.fork.CheckTree(s.lock, up.Tree.Changed(changes.All).Digest())
	return changes.All, ExplainStale(err, series.Patches)
}

// placeListing writes a listing in one step.
func (s *Session) placeListing(name string, t filetree.Tree) error {
	scratch, err := s.Scratch()
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	if err := writeListing(filepath.Join(scratch, "listing"), t); err != nil {
		return err
	}
	defer s.Step("placed the listing of the patched tree")
	return os.Rename(filepath.Join(scratch, "listing"), name)
}

// removeTrees removes the trees that the fork is built from from the cache.
func (s *Session) removeTrees() error {
	return errors.Join(os.RemoveAll(s.patchedSlot()), Forget(s, upstreamStage, s.upstreamInput(nil)))
}

// Applied says how many patches a tree has.
func Applied(n int) string { return fmt.Sprintf("%d applied", n) }
