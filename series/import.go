package series

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/internal/config"
	"github.com/slipway-build/slipway/patches"
	"github.com/slipway-build/slipway/source"
)

// An ImportRequest says which commits a fork is to carry.
type ImportRequest struct {
	From string // a git repository: URL, or path relative to the project
	// Commits are BASE..TIP, each a branch, a tag or an id of 40 hex digits. A TIP by
	// itself is for what it has and the fork's upstream commit has not.
	Commits string
	Files   bool   // as patch files behind the series, not as a reference in fork.yaml
	Merges  string // how merges in the range are taken, see source.Carry
}

// Carry returns the commits that a request names, for a fork that does not carry
// them yet. Names of branches and tags become the ids that they have now.
func (r ImportRequest) Carry(ctx context.Context, s *build.Session) (source.Carry, error) {
	carry := source.Carry{Git: r.From, Commits: r.Commits, Merges: r.Merges}
	faults := carry.ValidateNames()
	if faults == nil && carry.Validate() != nil {
		base := s.Fork().Upstream.Commit
		if _, tip := carry.Range(); tip == "" && base == "" {
			return carry, fmt.Errorf("-commits=%s: fork.yaml names no upstream commit that it starts from: "+
				"write BASE..TIP", r.Commits)
		}
		var err error
		if carry, err = s.Fetcher().Resolve(ctx, carry, base); err != nil {
			return carry, fmt.Errorf("-commits=%s: %w", r.Commits, err)
		}
		s.Note(fmt.Sprintf("%s of %s is %s", r.Commits, r.From, carry.Commits))
		faults = carry.Validate()
	}
	for _, fault := range faults {
		flag := map[string]string{"git": "from", "commits": "commits", "merges": "merges"}[fault.Field]
		return carry, fmt.Errorf("-%s: %s", flag, fault.Message)
	}
	if slices.Contains(s.Fork().Carried, carry) {
		return carry, fmt.Errorf("%s carries %s of %s already", s.Fork().File("fork.yaml"), carry.Commits, r.From)
	}
	return carry, nil
}

// Import adds commits to a fork and pins it. It returns the patches that they
// became. Where they do not apply, they are merged; then they are patch files,
// whatever the request says. Conflicts are left in dist/FORK/src, for Refresh to take
// from there, and the fork stays as it is.
func Import(ctx context.Context, s *build.Session, r ImportRequest) (artifact.Set, error) {
	s.Announce()
	carry, err := r.Carry(ctx, s)
	if err != nil {
		return nil, err
	}
	commits, err := s.Carried(ctx, carry)
	if err != nil {
		return nil, err
	}
	before := s.Fork().Series
	rev, made := revision{files: before}, commits
	if r.Files {
		if made, err = asFiles(before, commits); err != nil {
			return nil, err
		}
		rev.files = append(slices.Clone(before), made...)
	} else {
		fields := []string{"git", r.From, "commits", carry.Commits}
		if carry.Merges != "" {
			fields = append(fields, "merges", carry.Merges)
		}
		rev.edits = append(rev.edits, func(data []byte) ([]byte, error) {
			return config.Append(data, "patches", fields...)
		})
	}
	err = adopt(ctx, s, rev, "")
	if _, ok := errors.AsType[*patches.ApplyError](err); ok {
		return merge(ctx, s, addition{carry: carry, commits: commits, last: r.Files, refused: err})
	}
	if err != nil {
		return nil, err
	}
	return patchSet(s.Fork(), made), sayLock(s, "written")
}

// asFiles names commits as patch files that come behind a series.
func asFiles(series, commits []patches.Patch) ([]patches.Patch, error) {
	out := slices.Clone(commits)
	for i, p := range commits {
		var err error
		if out[i], err = asFile(p, len(series)+i+1, slices.Concat(series, out[:i])); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// asFile returns a commit as the patch file at a position of a series, from 1, with
// a name that no other of its patches has.
func asFile(p patches.Patch, position int, others []patches.Patch) (patches.Patch, error) {
	mail, _ := p.Mail()
	data, err := p.File()
	out := patches.Patch{Strip: 1, Data: data}
	for ; out.Name == "" || named(others, out.Name); position++ {
		out.Name = patches.FileName(position, mail.Subject)
	}
	return out, err
}
