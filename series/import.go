package series

import (
	"context"
	"fmt"
	"slices"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/internal/config"
	"github.com/slipway-build/slipway/patches"
	"github.com/slipway-build/slipway/source"
)

// An ImportRequest says which commits a fork is to carry.
type ImportRequest struct {
	From    string // a git repository: URL, or path relative to the project
	Commits string // BASE..TIP, 40 hex digits each
	Files   bool   // as patch files behind the series, not as a reference in fork.yaml
}

// Carry returns the commits that a request names, for a fork that does not carry
// them yet.
func (r ImportRequest) Carry(f fork.Fork) (source.Carry, error) {
	carry := source.Carry{Git: r.From, Commits: r.Commits}
	for _, fault := range carry.Validate() {
		flag := map[string]string{"git": "from", "commits": "commits"}[fault.Field]
		return carry, fmt.Errorf("-%s: %s", flag, fault.Message)
	}
	if slices.Contains(f.Carried, carry) {
		return carry, fmt.Errorf("%s already carries %s of %s", f.File("fork.yaml"), r.Commits, r.From)
	}
	return carry, nil
}

// Import adds commits to a fork and pins it. It returns the patches that they
// became.
func Import(ctx context.Context, s *build.Session, r ImportRequest) (artifact.Set, error) {
	carry, err := r.Carry(s.Fork())
	if err != nil {
		return nil, err
	}
	s.Announce()
	commits, err := s.Carried(ctx, carry)
	if err != nil {
		return nil, err
	}
	before := s.Fork().Series
	rev := revision{files: before}
	if r.Files {
		commits = asFiles(before, commits)
		rev.files = append(slices.Clone(before), commits...)
	} else {
		rev.edits = append(rev.edits, func(data []byte) ([]byte, error) {
			return config.Append(data, "patches", "git", r.From, "commits", r.Commits)
		})
	}
	if err := adopt(ctx, s, rev, ""); err != nil {
		return nil, err
	}
	return patchSet(s.Fork(), commits), sayLock(s, "written")
}

// asFiles names commits as patch files that come behind a series.
func asFiles(series, commits []patches.Patch) []patches.Patch {
	out := slices.Clone(commits)
	for i := range out {
		mail, _ := out[i].Mail()
		out[i].Name = freeName(len(series)+i+1, mail.Subject, slices.Concat(series, out[:i]))
	}
	return out
}

// freeName returns the name of a new patch file, of the patch at position n or, as
// long as a patch of taken has that name, at the next.
func freeName(n int, subject string, taken []patches.Patch) string {
	name := patches.FileName(n, subject)
	for ; named(taken, name); n++ {
		name = patches.FileName(n+1, subject)
	}
	return name
}
