package build

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/slipway-build/slipway/deps"
	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/internal/gotool"
	"github.com/slipway-build/slipway/internal/text"
	"github.com/slipway-build/slipway/lock"
	"github.com/slipway-build/slipway/patches"
	"github.com/slipway-build/slipway/source"
	"github.com/slipway-build/slipway/spec"
)

// A Series is a fork's patches in the order they are applied: the commits that it
// carries and those of the patch library, then the files of its series.
type Series struct {
	Patches []patches.Patch
	Ranges  []int // how many each entry of patches in fork.yaml has
}

// Effective returns the patches that change something: not those of which
// upstream.exclude leaves nothing.
func (s Series) Effective() []patches.Patch {
	return slices.DeleteFunc(slices.Clone(s.Patches), LeftOut)
}

// LeftOut reports whether a patch changes only files that upstream.exclude leaves
// out.
func LeftOut(p patches.Patch) bool {
	if len(p.Exclude) == 0 {
		return false
	}
	diffs, err := patches.Parse(p)
	return err == nil && len(diffs) == 0
}

// Series returns the fork's series.
func (s *Session) Series(ctx context.Context) (Series, error) {
	return s.series.get(func() (Series, error) {
		var out Series
		for _, c := range s.fork.Carried {
			list, err := s.entry(ctx, c)
			if err != nil {
				return out, err
			}
			out.Patches, out.Ranges = append(out.Patches, list...), append(out.Ranges, len(list))
		}
		out.Patches = append(out.Patches, s.excluding(s.fork.Series)...)
		return out, nil
	})
}

// entry returns the patches of an entry of patches in fork.yaml.
func (s *Session) entry(ctx context.Context, c spec.Carried) ([]patches.Patch, error) {
	if c.Library == "" {
		return s.Carried(ctx, c.Carry)
	}
	list, err := s.fork.SharedOf(c)
	return s.excluding(list), err
}

// excluding returns patches that leave alone what upstream.exclude leaves out.
func (s *Session) excluding(list []patches.Patch) []patches.Patch {
	out := slices.Clone(list)
	for i := range out {
		out[i].Exclude = s.fork.Upstream.Exclude
		if LeftOut(out[i]) {
			s.Note(fmt.Sprintf("%s changes only files that are excluded", out[i].Name))
		}
	}
	return out
}

// carriedStage turns ranges of commits into patches.
var carriedStage = Stage[carriedInput, []patches.Patch]{
	Name: "carried", Revision: 2, Keep: 16, Run: fetchCarried, Read: readCarried,
}

type carriedInput struct {
	source.Carry
	Exclude []string
}

// Carried returns a range of commits as patches, each named by its commit.
func (s *Session) Carried(ctx context.Context, c source.Carry) ([]patches.Patch, error) {
	out, _, err := Do(ctx, s, carriedStage, carriedInput{c, s.fork.Upstream.Exclude})
	return out, err
}

func fetchCarried(ctx context.Context, s *Session, in carriedInput, dst string) error {
	commits, err := s.Fetcher().Carried(ctx, in.Carry, in.Exclude)
	if err != nil {
		return err
	}
	if in.Merges != "" {
		if err := s.checkMerges(ctx, in, commits); err != nil {
			return err
		}
	}
	for i, c := range commits {
		name := fmt.Sprintf("%06d-%s-%d", i, c.ID, c.Diff)
		if err := os.WriteFile(filepath.Join(dst, name), c.Data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func readCarried(dir string) ([]patches.Patch, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	out := make([]patches.Patch, len(entries))
	for i, e := range entries {
		f := strings.Split(e.Name(), "-")
		if len(f) != 3 {
			return nil, fmt.Errorf("%s is not a carried commit", e.Name())
		}
		out[i] = patches.Patch{Name: f[1], Strip: 1}
		if out[i].Diff, err = strconv.Atoi(f[2]); err != nil {
			return nil, err
		}
		if out[i].Data, err = os.ReadFile(filepath.Join(dir, e.Name())); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// IsCommit reports whether a patch is a carried commit.
func IsCommit(p patches.Patch) bool { return lock.Patch{Name: p.Name}.Carried() }

// IsShared reports whether a patch is one of the patch library.
func IsShared(p patches.Patch) bool { return lock.Patch{Name: p.Name}.Library() }

// Changes is what a fork makes of its upstream.
type Changes struct {
	Series []filetree.Change // what the series does
	All    []filetree.Change // that, and what the fork's deps change on top of it
}

// Changes applies a series to an upstream tree, in memory, and then the fork's
// deps.
func (s *Session) Changes(ctx context.Context, up source.Tree, series []patches.Patch) (Changes, error) {
	if err := s.CheckReach(up.Tree, series); err != nil {
		return Changes{}, err
	}
	result, err := patches.Apply(up.Dir, series)
	if err != nil {
		return Changes{}, s.ApplyErrorOn(err, up.Tree)
	}
	for _, note := range notes(result) {
		s.Note(note)
	}
	out := Changes{Series: result.Changes, All: result.Changes}
	if len(s.fork.Deps) == 0 {
		return out, nil
	}
	// The tree may need a newer Go than the lock that it is about to get.
	needs, err := source.GoVersion(up.Dir, result.Changes)
	if err != nil {
		return out, err
	}
	goCmd, err := s.goFork.At(ctx, s.fork.Build.Toolchain, needs, s.fork.Project.Dir)
	if err != nil {
		return out, err
	}
	in := depsInput{
		Tree: up.Tree.Changed(result.Changes).Digest(), Deps: s.fork.Deps, Go: goCmd.GOVERSION,
		goCmd: goCmd, up: up, changes: result.Changes,
	}
	more, _, err := Do(ctx, s, depsStage, in)
	out.All = filetree.Compose(result.Changes, more)
	return out, err
}

// moved tells of the hunks that moved, in a line for each patch.
func moved(moves []patches.Move) []string {
	var out []string
	for len(moves) > 0 {
		m, n := moves[0], 1
		for n < len(moves) && moves[n].Patch == m.Patch {
			n++
		}
		line := fmt.Sprintf("%s: %s, hunk %d applied at line %d, %+d from where it says",
			m.Patch, m.File, m.Hunk, m.Line, m.By)
		if n > 1 {
			line += ", and " + text.Count(n-1, "more hunk") + " elsewhere"
		}
		out, moves = append(out, line), moves[n:]
	}
	return out
}

// notes says what is odd about a series that applies, in a line for each patch and
// kind.
func notes(r patches.Result) []string {
	out := moved(r.Moved)
	for i := 0; i < len(r.Odd); {
		first, n := r.Odd[i], i
		var files []string
		for ; n < len(r.Odd) && r.Odd[n].Patch == first.Patch; n++ {
			files = append(files, r.Odd[n].File)
		}
		out = append(out, fmt.Sprintf("%s: %s becomes git's object %s instead of %s, which its index line says: "+
			"the patch was edited, or damaged on its way", first.Patch, some(files), first.Got, first.Want))
		i = n
	}
	return out
}

// some names the first of a list.
func some(names []string) string {
	const most = 3
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}

// depsStage finds out what other versions of dependencies change in a tree.
var depsStage = Stage[depsInput, []filetree.Change]{
	Name: "deps", Revision: 2, Keep: keptTrees, Run: applyDeps, Read: ReadJSON[[]filetree.Change]("changes"),
}

type depsInput struct {
	Tree    string // digest of the tree that the series makes
	Deps    deps.Deps
	Go      string // go1.26.8
	goCmd   *gotool.Go
	up      source.Tree
	changes []filetree.Change // what the series does
}

func applyDeps(ctx context.Context, s *Session, in depsInput, dst string) error {
	return s.Stage("deps", "", "", func() (Done, error) {
		scratch, err := s.Scratch()
		if err != nil {
			return Done{}, err
		}
		defer os.RemoveAll(scratch)
		tree, err := in.up.Copy(ctx, filepath.Join(scratch, "tree"))
		if err != nil {
			return Done{}, err
		}
		if tree, err = tree.Update(ctx, tree, in.changes); err != nil {
			return Done{}, err
		}
		more, err := in.Deps.Apply(ctx, in.goCmd, tree)
		if err != nil {
			return Done{}, err
		}
		return Done{Detail: text.Count(len(more), "file") + " changed"}, WriteJSON(dst, "changes", more)
	})
}
