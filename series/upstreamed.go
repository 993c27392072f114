package series

import (
	"context"
	"os"
	"path/filepath"

	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/internal/gitrepo"
	"github.com/slipway-build/slipway/patches"
	"github.com/slipway-build/slipway/source"
)

// between returns what the upstream did on the way to another one. Where its
// history cannot be had, that is said, and files have to tell all.
func between(ctx context.Context, s *build.Session, to source.Upstream) (*source.Between, error) {
	b, err := s.Fetcher().Between(ctx, s.Fork().Upstream, to)
	if err != nil && ctx.Err() == nil {
		s.Note("no commits are named; what upstream has of the series is judged only by its files: " + err.Error())
		return nil, nil
	}
	return b, err
}

// copies returns what the upstream has of each patch of a series, found among its
// commits, and the files that each changes.
func copies(
	ctx context.Context, s *build.Session, up source.Tree, series []patches.Patch, b *source.Between,
) ([]source.Copy, [][]string, error) {
	out, changed := make([]source.Copy, len(series)), make([][]string, len(series))
	if b == nil || len(series) == 0 {
		return out, changed, nil
	}
	steps, err := patches.Steps(up.Dir, series)
	if err != nil {
		return nil, nil, s.ApplyError(err)
	}
	scratch, err := s.Scratch()
	if err != nil {
		return nil, nil, err
	}
	defer os.RemoveAll(scratch)
	// Git compares what it writes of the upstream's commits with what it writes of
	// these: however a patch was written, the same change is the same there.
	dir := filepath.Join(scratch, "series")
	ids, err := s.Git().Build(ctx, dir, gitrepo.Series{
		Base: onlyTouched(up.Dir, steps), Upstream: s.Fork().Upstream.Pin(), Date: up.Time,
		Steps: commits(s.Fork(), steps, up.Time),
	})
	if err != nil {
		return nil, nil, err
	}
	sought := make([]source.Patch, len(steps))
	for i, step := range steps {
		changed[i] = files(step)
		sought[i] = source.Patch{ID: ids[i+1], Files: changed[i]}
		if build.IsCommit(step.Patch) {
			sought[i].Named = step.Patch.Name
		}
	}
	found, err := b.Copies(ctx, s.Git(), dir, sought)
	for i := range out {
		out[i] = found[sought[i].ID]
	}
	return out, changed, err
}

// files returns the files that a step changes, sorted.
func files(step patches.Step) []string {
	names := make([]string, len(step.Changes))
	for i, c := range step.Changes {
		names[i] = c.Path
	}
	return names
}

// onlyTouched returns a tree with only the files that the steps change.
func onlyTouched(tree filetree.Dir, steps []patches.Step) filetree.Dir {
	names := map[string]bool{}
	for _, step := range steps {
		for _, name := range files(step) {
			names[name] = true
		}
	}
	out := filetree.Dir{Path: tree.Path}
	for _, e := range tree.Tree {
		if names[e.Path] {
			out.Tree = append(out.Tree, e)
		}
	}
	return out
}

// takenBy returns which patches the upstream still has. One that it took and took
// back is not there, unless the series goes on to take it back in the same way.
func takenBy(copies []source.Copy) []bool {
	out := make([]bool, len(copies))
	has := map[string]bool{}
	for _, c := range copies {
		has[c.Commit] = c.Commit != ""
	}
	for i, c := range copies {
		out[i] = c.Commit != "" && (c.Undone == "" || has[c.Undone])
	}
	return out
}
