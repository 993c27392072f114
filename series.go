package slipway

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/event"
	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/internal/action"
	"github.com/slipway-build/slipway/internal/text"
	"github.com/slipway-build/slipway/lock"
	"github.com/slipway-build/slipway/patches"
	"github.com/slipway-build/slipway/source"
)

// carriedRevision counts the changes that make another patch of a commit.
const carriedRevision = 1

// carriedRanges is how many ranges of commits a project keeps.
const carriedRanges = 16

// series returns the fork's patches in the order they are applied: the commits
// it carries, then the files of its series.
func (w *workshop) series(ctx context.Context) ([]patches.Patch, error) {
	if w.all != nil {
		return w.all, nil
	}
	var all []patches.Patch
	for _, c := range w.fork.Carried {
		commits, err := w.carried(ctx, c)
		if err != nil {
			return nil, w.relative(err)
		}
		all, w.sizes = append(all, commits...), append(w.sizes, len(commits))
	}
	w.all = append(all, w.fork.Series...)
	return w.all, w.cache.Prune("carried", carriedRanges)
}

// carried returns a range of commits as patches, each named by its commit.
func (w *workshop) carried(ctx context.Context, c source.Carry) ([]patches.Patch, error) {
	exclude := w.fork.Upstream.Exclude
	input := struct {
		source.Carry
		Exclude []string
	}{c, exclude}
	dir, _, err := w.cache.Do("carried", action.NewKey("carried", carriedRevision, input), func(dst string) error {
		w.Events.Emit(event.Event{Kind: event.Started, Stage: "patches", Subject: c.Git})
		commits, err := w.fetcher().Carried(ctx, c, exclude)
		if err != nil {
			return err
		}
		for i, c := range commits {
			if err := os.WriteFile(filepath.Join(dst, fmt.Sprintf("%06d-%s", i, c.ID)), c.Patch, 0o644); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	out := make([]patches.Patch, len(entries))
	for i, e := range entries {
		_, id, _ := strings.Cut(e.Name(), "-")
		out[i] = patches.Patch{Name: id, Strip: 1}
		if out[i].Data, err = os.ReadFile(filepath.Join(dir, e.Name())); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// isCommit reports whether a patch is a carried commit.
func isCommit(p patches.Patch) bool { return lock.Patch{Name: p.Name}.Carried() }

// checkCarried compares the commits at the head of the series with their pins.
func (f *Fork) checkCarried(l lock.Lock, series []patches.Patch) []string {
	now := pins(series[:len(series)-len(f.Series)])
	pinned := l.Patches[:len(l.Patches)-len(l.Files())]
	if slices.Equal(now, pinned) {
		return nil
	}
	for i, p := range now {
		if i < len(pinned) && pinned[i] != p {
			return []string{fmt.Sprintf("%s:%d: commit %s with sha256:%s is pinned, but the range has %s with sha256:%s",
				f.file("fork.lock"), l.Line("patch", pinned[i].Name), pinned[i].Name, pinned[i].SHA256, p.Name, p.SHA256)}
		}
	}
	return []string{fmt.Sprintf("%s: pins %d carried commits, but the ranges in fork.yaml have %d", f.file("fork.lock"), len(pinned), len(now))}
}

// depsRevision counts the changes that make other files of the same
// dependencies.
const depsRevision = 1

// changes returns what the fork makes of its upstream: what the series does, and
// on top of that its deps.
func (w *workshop) changes(ctx context.Context, up source.Tree, series []patches.Patch) ([]filetree.Change, error) {
	changes, err := w.apply(up, series)
	if err != nil || len(w.fork.Deps) == 0 {
		return changes, err
	}
	input := struct {
		Tree string
		Deps map[string]string
		Go   string
	}{up.Tree.Changed(changes).Digest(), w.fork.Deps, w.goCmd.GOVERSION}
	dir, _, err := w.cache.Do("deps", action.NewKey("deps", depsRevision, input), func(dst string) error {
		w.Events.Emit(event.Event{Kind: event.Started, Stage: "deps"})
		scratch, err := w.cache.Scratch()
		if err != nil {
			return err
		}
		defer os.RemoveAll(scratch)
		tree, err := up.Copy(ctx, filepath.Join(scratch, "tree"))
		if err != nil {
			return err
		}
		if tree, err = tree.Update(ctx, tree, changes); err != nil {
			return err
		}
		more, err := w.fork.Deps.Apply(ctx, w.goCmd, tree)
		if err != nil {
			return err
		}
		data, err := json.Marshal(more)
		if err != nil {
			return err
		}
		w.Events.Emit(event.Event{Kind: event.Finished, Stage: "deps", Detail: text.Count(len(more), "file") + " changed"})
		return os.WriteFile(filepath.Join(dst, "changes"), data, 0o644)
	})
	if err != nil {
		return nil, err
	}
	data, err := os.ReadFile(filepath.Join(dir, "changes"))
	if err != nil {
		return nil, err
	}
	var more []filetree.Change
	if err := json.Unmarshal(data, &more); err != nil {
		return nil, err
	}
	return filetree.Compose(changes, more), w.cache.Prune("deps", sourceTrees)
}

// apply lays a series on the upstream tree, in memory.
func (w *workshop) apply(up source.Tree, series []patches.Patch) ([]filetree.Change, error) {
	w.Events.Emit(event.Event{Kind: event.Started, Stage: "patches"})
	result, err := patches.Apply(up.Dir, series)
	if err != nil {
		return nil, w.applyError(err)
	}
	for _, m := range result.Moved {
		w.Events.Note(movedNote(m))
	}
	return result.Changes, nil
}

// movedNote says of a hunk that it lies at another line.
func movedNote(m patches.Move) string {
	return fmt.Sprintf("%s: %s, hunk %d applied at line %d, %+d from where it says", m.Patch, m.File, m.Hunk, m.Line, m.By)
}

// applyError says of a patch that does not apply to what, and how to look at
// that; and of one that cannot be read, where it lies.
func (w *workshop) applyError(err error) error {
	if e, ok := errors.AsType[*patches.ApplyError](err); ok {
		named := *e
		named.Onto = w.fork.Upstream.String()
		return fmt.Errorf("%w\n  To see the tree it met: mage patches:apply -fork=%s -until=%s",
			&named, w.fork.ID, cmp.Or(e.Applied, "none"))
	}
	if e, ok := errors.AsType[*patches.ParseError](err); ok {
		named := *e
		named.Dir = w.fork.file("patches")
		return &named
	}
	return err
}
