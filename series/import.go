package series

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/internal/config"
	"github.com/slipway-build/slipway/patches"
	"github.com/slipway-build/slipway/source"
	"github.com/slipway-build/slipway/spec"
)

// An ImportRequest says which commits a fork is to carry.
type ImportRequest struct {
	From string // a git repository: URL, or path relative to the project
	// Commits are BASE..TIP, each a branch, a tag or an id of 40 hex digits. A TIP by
	// itself is for what it has and the fork's upstream commit has not.
	Commits string
	Files   bool   // as patch files behind the series, not as a reference in fork.yaml
	Tree    string // the folder that conflicts are left in; empty: dist/FORK/src
	Merges  string // how merges in the range are taken, see source.Carry
}

// Check returns what is wrong with the request by itself.
func (r ImportRequest) Check() error {
	return flagFault(source.Carry{Git: r.From, Commits: r.Commits, Merges: r.Merges}.ValidateNames())
}

// checkBase returns an error if a request names one end, and the fork not the other.
func (r ImportRequest) checkBase(f fork.Fork) error {
	if !strings.Contains(r.Commits, "..") && f.Upstream.Commit == "" {
		return fmt.Errorf("-commits=%s: fork.yaml names no upstream commit that it starts from: write BASE..TIP",
			r.Commits)
	}
	return nil
}

// Carry returns the commits that a request names by their ids, for a fork that does
// not carry them yet.
func (r ImportRequest) Carry(f fork.Fork) (source.Carry, error) {
	carry := source.Carry{Git: r.From, Commits: r.Commits, Merges: r.Merges}
	if err := flagFault(carry.Validate()); err != nil {
		return carry, err
	}
	if slices.Contains(f.Carried, spec.Carried{Carry: carry}) {
		return carry, fmt.Errorf("%s already carries %s of %s", f.File("fork.yaml"), r.Commits, r.From)
	}
	return carry, nil
}

// flagFault returns the first fault as one of the flag that it is of.
func flagFault(faults []config.Fault) error {
	for _, fault := range faults {
		flag := map[string]string{"git": "from", "commits": "commits", "merges": "merges"}[fault.Field]
		return fmt.Errorf("-%s: %s", flag, fault.Message)
	}
	return nil
}

// resolved returns the request with the ids that names of branches and tags have now.
func (r ImportRequest) resolved(ctx context.Context, s *build.Session) (ImportRequest, error) {
	named := source.Carry{Git: r.From, Commits: r.Commits, Merges: r.Merges}
	if err := flagFault(named.ValidateNames()); err != nil || named.Validate() == nil {
		return r, err
	}
	carry, err := s.Fetcher().Resolve(ctx, named, s.Fork().Upstream.Commit)
	if err != nil {
		return r, fmt.Errorf("-commits=%s: %w", r.Commits, err)
	}
	if carry.Commits != r.Commits {
		s.Note(fmt.Sprintf("%s of %s is %s", r.Commits, r.From, carry.Commits))
	}
	r.Commits = carry.Commits
	return r, nil
}

// Import adds commits to a fork and pins it. It returns the patches that they
// became. Where they do not apply, they are merged; then they are patch files,
// whatever the request says. Conflicts are left in the work tree, for Refresh to
// take from there, and the fork stays as it is.
func Import(ctx context.Context, s *build.Session, r ImportRequest) (artifact.Set, error) {
	at, err := workDirOf(s.Fork(), s.CacheDir("src"), r.Tree)
	if err == nil {
		err = r.checkBase(s.Fork())
	}
	if err != nil || s.PlanOnly() {
		return nil, err
	}
	s.Announce()
	r, err = r.resolved(ctx, s)
	if err != nil {
		return nil, err
	}
	carry, err := r.Carry(s.Fork())
	if err != nil {
		return nil, err
	}
	commits, err := s.Carried(ctx, carry)
	if err != nil {
		return nil, err
	}
	rev, made, err := r.revise(s.Fork().Series, carry, commits)
	if err != nil {
		return nil, err
	}
	err = adopt(ctx, s, rev, "")
	if _, ok := errors.AsType[*patches.ApplyError](err); ok {
		return merge(ctx, s, addition{at: at, carry: carry, commits: commits, last: r.Files, refused: err})
	}
	if err != nil {
		return nil, err
	}
	return patchSet(s.Fork(), made), sayLock(s, "written")
}

// revise returns what a fork becomes with the commits, and the patches that these
// become.
func (r ImportRequest) revise(
	before []patches.Patch, carry source.Carry, commits []patches.Patch,
) (rev revision, made []patches.Patch, err error) {
	if r.Files {
		made, err = asFiles(before, commits)
		return revision{files: append(slices.Clone(before), made...)}, made, err
	}
	fields := []string{"git", r.From, "commits", carry.Commits}
	if carry.Merges != "" {
		fields = append(fields, "merges", carry.Merges)
	}
	edit := func(data []byte) ([]byte, error) { return config.Append(data, "patches", fields...) }
	return revision{files: before, edits: []func([]byte) ([]byte, error){edit}}, commits, nil
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
	return patches.Patch{Name: freeName(position, mail.Subject, others), Strip: 1, Data: data}, err
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
