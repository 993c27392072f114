package slipway

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/slipway-build/slipway/cross"
	"github.com/slipway-build/slipway/event"
	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/internal/action"
	"github.com/slipway-build/slipway/internal/gitrepo"
	"github.com/slipway-build/slipway/internal/run"
	"github.com/slipway-build/slipway/internal/text"
	"github.com/slipway-build/slipway/lock"
	"github.com/slipway-build/slipway/source"
)

// sourceRevision counts the changes that make Fetch lay out another tree.
const sourceRevision = 1

// sourceTrees is how many upstream trees a project keeps: enough for the forks
// of a few upstreams.
const sourceTrees = 4

// upstreamKey stands for the fork's upstream tree, as far as fork.yaml and the
// profile decide it.
func (f *Fork) upstreamKey() action.Key {
	return action.NewKey("source", sourceRevision, f.sourceInput())
}

// upstreamDir returns where the fork's upstream tree is kept.
func (w *workshop) upstreamDir() string { return w.cache.Path("source", w.fork.upstreamKey()) }

// patchedSlot returns the folder that the fork's patched tree is kept in, with
// what is known of it.
func (w *workshop) patchedSlot() string { return filepath.Join(w.cache.Dir, "patched", w.fork.ID) }

// place returns where in that folder the tree lies.
func (f *Fork) place() string {
	if f.Settings.Mode == cross.GOPATH {
		return filepath.Join("gopath", "src", filepath.FromSlash(f.Settings.ImportPath))
	}
	return "tree"
}

func (f *Fork) sourceInput() source.Input {
	in := source.Input{Upstream: f.Upstream}
	in.Upstream.Tag = "" // only checked
	if in.Upstream.Git == "" {
		in.Upstream.Commit = "" // only told
	}
	if v, ok := f.Upstream.Version(); ok && f.Upstream.Module != "" {
		layout := f.Facts.LayoutAt(v)
		in.Place, in.Siblings = layout.Place, layout.Siblings
	}
	return in
}

// upstream returns the fork's upstream tree. It has passed check, which is
// asked before a new tree is kept, too. A kept tree that does not pass may be
// damaged: it is fetched again before that is an error.
func (w *workshop) upstream(ctx context.Context, check func(source.Tree) error) (source.Tree, error) {
	w.Events.Emit(event.Event{Kind: event.Started, Stage: "source"})
	for {
		tree, kept, err := w.fetched(ctx, check)
		if err != nil && kept && ctx.Err() == nil {
			if stale := new(staleError); !errors.As(err, &stale) {
				w.noteAgain(err)
			}
			if err := os.RemoveAll(w.upstreamDir()); err != nil {
				return source.Tree{}, err
			}
			continue
		}
		if err != nil {
			return source.Tree{}, err
		}
		w.Events.Emit(event.Event{Kind: event.Finished, Stage: "source", Kept: kept, Detail: fmt.Sprintf("%s, %d MB", extent(tree), tree.Tree.Size()/1e6)})
		return tree, w.cache.Prune("source", sourceTrees)
	}
}

// extent says how much an upstream tree is.
func extent(t source.Tree) string {
	if len(t.Modules) > 0 {
		return text.Count(len(t.Modules), "module")
	}
	return text.Count(len(t.Tree), "file")
}

func (w *workshop) fetcher() source.Fetcher {
	return source.Fetcher{
		Go: w.goCmd, Git: gitrepo.Git{Run: run.Runner{Events: w.Events}, Env: w.Env, Events: w.Events},
		Dir: w.Dir, Cache: w.cache.Dir, Events: w.Events,
	}
}

// fetched returns the upstream tree that is kept, or fetches one to keep.
func (w *workshop) fetched(ctx context.Context, check func(source.Tree) error) (tree source.Tree, kept bool, err error) {
	dir, kept, err := w.cache.Do("source", w.fork.upstreamKey(), func(dst string) error {
		in := w.fork.sourceInput()
		in.Upstream.Tag = w.fork.Upstream.Tag
		tree, err := w.fetcher().Fetch(ctx, in, filepath.Join(dst, "tree"))
		if err != nil {
			return err
		}
		if err := check(tree); err != nil {
			return err
		}
		return writeTree(dst, tree)
	})
	if err != nil {
		return source.Tree{}, false, err
	}
	if tree, err = readTree(dir); err == nil && kept {
		err = check(tree)
	}
	return tree, kept, err
}

// intact is the check of an upstream tree that is about to be pinned, or
// compared file by file.
func intact(ctx context.Context) func(source.Tree) error {
	return func(t source.Tree) error { return t.Verify(ctx, nil) }
}

// writeTree writes beside the folder tree in dst what readTree needs: what the
// tree was put together from, behind a sum of just that, and its listing.
func writeTree(dst string, t source.Tree) error {
	data, err := json.Marshal(keptTree{t, t.Tree.Digest()})
	if err != nil {
		return err
	}
	data = fmt.Appendf(nil, "%x %s", sha256.Sum256(data), data)
	if err := os.WriteFile(filepath.Join(dst, "record"), data, 0o644); err != nil {
		return err
	}
	return writeListing(filepath.Join(dst, "listing"), t.Tree)
}

// keptTree is what the record beside a kept tree says.
type keptTree struct {
	source.Tree
	Digest string
}

func readTree(dir string) (source.Tree, error) {
	var t keptTree
	name := filepath.Join(dir, "record")
	data, err := os.ReadFile(name)
	if err != nil {
		return t.Tree, err
	}
	sum, record, _ := bytes.Cut(data, []byte(" "))
	if string(sum) != fmt.Sprintf("%x", sha256.Sum256(record)) {
		return t.Tree, fmt.Errorf("%s was changed by something else", name)
	}
	if err := json.Unmarshal(record, &t); err != nil {
		return t.Tree, err
	}
	t.Path = filepath.Join(dir, "tree")
	t.Dir.Tree, err = readListing(filepath.Join(dir, "listing"))
	if err == nil && t.Dir.Tree.Digest() != t.Digest {
		err = fmt.Errorf("%s was changed by something else", filepath.Join(dir, "listing"))
	}
	return t.Tree, err
}

func writeListing(name string, t filetree.Tree) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(t.WriteListing(f), f.Close())
}

func readListing(name string) (filetree.Tree, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return filetree.ReadListing(f)
}

// patched returns the fork's patched tree, laid where the compiler reads it. An
// earlier tree of the fork is turned into it file by file.
func (w *workshop) patched(ctx context.Context, l lock.Lock) (filetree.Dir, error) {
	if w.tree.Path != "" {
		return w.tree, nil
	}
	tree, err := w.layPatched(ctx, l)
	if err != nil && w.damaged(ctx) {
		if err := w.forget(); err != nil {
			return filetree.Dir{}, err
		}
		tree, err = w.layPatched(ctx, l)
	}
	if err == nil {
		w.tree = tree
	}
	return tree, err
}

// damaged reports whether the kept upstream tree was changed, and says so.
func (w *workshop) damaged(ctx context.Context) bool {
	t, err := readTree(w.upstreamDir())
	if err != nil {
		return false
	}
	err = t.Verify(ctx, nil)
	if err != nil && ctx.Err() == nil {
		w.noteAgain(err)
		return true
	}
	return false
}

// noteAgain says that a kept tree was found damaged.
func (w *workshop) noteAgain(err error) {
	w.Events.Note(fmt.Sprintf("%v: laying it out again", w.relative(err)))
}

func (w *workshop) layPatched(ctx context.Context, l lock.Lock) (filetree.Dir, error) {
	up, err := w.upstream(ctx, func(t source.Tree) error { return w.fork.checkUpstream(l, t) })
	if err != nil {
		return filetree.Dir{}, err
	}
	slot := w.patchedSlot()
	listing := filepath.Join(slot, "listing")
	now := filetree.Dir{Path: filepath.Join(slot, w.fork.place())}
	now.Tree, err = readListing(listing)
	if err == nil && !exists(now.Path) { // it was laid for another mode
		err = fs.ErrNotExist
	}
	switch {
	case err == nil && now.Tree.Digest() == l.Tree:
		w.Events.Emit(event.Event{Kind: event.Finished, Stage: "patches", Detail: applied(len(l.Patches)), Kept: true})
		return now, nil
	case errors.Is(err, fs.ErrNotExist):
		err = os.RemoveAll(slot)
	}
	if err != nil {
		return filetree.Dir{}, err
	}
	series, err := w.series(ctx)
	if err != nil {
		return filetree.Dir{}, err
	}
	if faults := w.fork.checkCarried(l, series); faults != nil {
		return filetree.Dir{}, w.fork.stale(faults...)
	}
	changes, err := w.changes(ctx, up, series)
	if err != nil {
		return filetree.Dir{}, err
	}
	if got := up.Tree.Changed(changes).Digest(); got != l.Tree {
		return filetree.Dir{}, w.fork.stale(fmt.Sprintf("%s:%d: the patched tree is pinned as %s, but comes to %s", w.fork.file("fork.lock"), l.Line("tree", ""), l.Tree, got))
	}
	// Without its listing, a tree that is half turned is nobody's.
	if err := os.Remove(listing); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return filetree.Dir{}, err
	}
	tree, err := now.Update(ctx, up.Dir, changes)
	if err != nil && ctx.Err() == nil { // what lay there was not what its listing said
		if err := os.RemoveAll(slot); err != nil {
			return filetree.Dir{}, err
		}
		tree, err = filetree.Dir{Path: now.Path}.Update(ctx, up.Dir, changes)
	}
	if err != nil {
		return filetree.Dir{}, err
	}
	if err := w.placeListing(listing, tree.Tree); err != nil {
		return filetree.Dir{}, err
	}
	w.Events.Emit(event.Event{Kind: event.Finished, Stage: "patches", Detail: applied(len(series))})
	return tree, nil
}

// placeListing writes a listing in one step.
func (w *workshop) placeListing(name string, t filetree.Tree) error {
	scratch, err := w.cache.Scratch()
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	if err := writeListing(filepath.Join(scratch, "listing"), t); err != nil {
		return err
	}
	return os.Rename(filepath.Join(scratch, "listing"), name)
}

// forgetDropped drops a kept upstream tree that something was left out of: it
// may have been published since.
func (w *workshop) forgetDropped() error {
	if t, err := readTree(w.upstreamDir()); err != nil || len(t.Dropped) == 0 {
		return nil
	}
	return os.RemoveAll(w.upstreamDir())
}

// forget drops the trees that the fork is built from, so that they are laid
// anew.
func (w *workshop) forget() error {
	w.tree = filetree.Dir{}
	return errors.Join(
		os.RemoveAll(w.patchedSlot()),
		os.RemoveAll(w.upstreamDir()))
}

func applied(n int) string { return fmt.Sprintf("%d applied", n) }
