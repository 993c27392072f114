package slipway

import (
	"context"
	"fmt"
	"slices"

	"github.com/slipway-build/slipway/internal/config"
	"github.com/slipway-build/slipway/patches"
	"github.com/slipway-build/slipway/source"
)

// An ImportRequest says which commits a fork is to carry.
type ImportRequest struct {
	Fork    string
	From    string // a git repository: URL, or path relative to the project
	Commits string // BASE..TIP, 40 hex digits each
	Files   bool   // as patch files behind the series, not as a reference in fork.yaml
}

// Import adds commits to a fork and pins it. It returns the names of the
// patches that they became.
func (p *Project) Import(ctx context.Context, r ImportRequest) ([]string, error) {
	carry := source.Carry{Git: r.From, Commits: r.Commits}
	for _, fault := range carry.Validate() {
		return nil, fmt.Errorf("-%s: %s", map[string]string{"git": "from", "commits": "commits"}[fault.Field], fault.Message)
	}
	f, err := p.Fork(r.Fork)
	if err != nil {
		return nil, err
	}
	if slices.Contains(f.Carried, carry) {
		return nil, fmt.Errorf("%s carries %s of %s already", f.file("fork.yaml"), r.Commits, r.From)
	}
	w, leave, err := p.enter(ctx, f)
	if err != nil {
		return nil, err
	}
	defer leave()
	w.announce()
	commits, err := w.carried(ctx, carry)
	if err != nil {
		return nil, p.advise(err)
	}
	rev := revision{files: f.Series}
	if r.Files {
		rev.files = append(slices.Clone(f.Series), asFiles(f.Series, commits)...)
		commits = rev.files[len(f.Series):]
	} else {
		rev.edits = append(rev.edits, func(data []byte) ([]byte, error) {
			return config.Append(data, "patches", "git", r.From, "commits", r.Commits)
		})
	}
	if err := w.adopt(ctx, rev, ""); err != nil {
		return nil, p.advise(err)
	}
	w.sayLock("written")
	names := make([]string, len(commits))
	for i, c := range commits {
		names[i] = c.Name
	}
	return names, nil
}

// asFiles names commits as patch files that come behind a series.
func asFiles(series, commits []patches.Patch) []patches.Patch {
	out := slices.Clone(commits)
	for i := range out {
		mail, _ := out[i].Mail()
		for n := len(series) + i + 1; ; n++ {
			out[i].Name = patches.FileName(n, mail.Subject)
			if !slices.ContainsFunc(slices.Concat(series, out[:i]), func(p patches.Patch) bool { return p.Name == out[i].Name }) {
				break
			}
		}
	}
	return out
}
