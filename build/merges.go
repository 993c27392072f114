package build

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/slipway-build/slipway/internal/gitrepo"
	"github.com/slipway-build/slipway/patches"
	"github.com/slipway-build/slipway/source"
)

// checkMerges applies the commits of a range with merges to its base, one after the
// other, and returns an error unless that makes the tree of its tip.
func (s *Session) checkMerges(ctx context.Context, in carriedInput, commits []source.Commit) error {
	series := make([]patches.Patch, len(commits))
	var names []string
	for i, c := range commits {
		series[i] = patches.Patch{Name: c.ID, Strip: 1, Data: c.Data, Diff: c.Diff}
		diffs, err := patches.Parse(series[i])
		if err != nil {
			return err
		}
		for _, d := range diffs {
			names = append(names, d.Old, d.New)
		}
	}
	scratch, err := s.Scratch()
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	base, err := s.Fetcher().Before(ctx, in.Carry, in.Exclude, names, filepath.Join(scratch, "base"))
	if err != nil {
		return err
	}
	want, err := s.Fetcher().Made(ctx, in.Carry, in.Exclude)
	if err != nil {
		return err
	}
	const hint = "a merge settled what its sides do to each other\n" +
		"  To take each merge as one change: merges: first-parent"
	made, err := patches.Apply(base, series)
	if err != nil {
		return fmt.Errorf("the commits of %s, flattened, do not apply one after the other: %s\n%w", in.Commits, hint, err)
	}
	got := map[string]gitrepo.File{}
	for _, c := range made.Changes {
		if got[c.Path] = (gitrepo.File{}); !c.Deleted {
			got[c.Path] = gitrepo.File{Mode: c.Mode, Blob: gitrepo.BlobID(c.Content)}
		}
	}
	if maps.Equal(got, want) {
		return nil
	}
	return fmt.Errorf("the commits of %s, %s, do not make the tree of its tip: %s is another: %s",
		in.Commits, in.Merges, firstOther(got, want), hint)
}

// firstOther returns the first file that is not the same in both.
func firstOther(a, b map[string]gitrepo.File) string {
	all := maps.Clone(a)
	maps.Copy(all, b)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		x, inA := a[name]
		if y, inB := b[name]; x != y || inA != inB {
			return name
		}
	}
	return ""
}
