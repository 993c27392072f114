package series

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/internal/gitrepo"
	"github.com/slipway-build/slipway/lock"
	"github.com/slipway-build/slipway/patches"
	"github.com/slipway-build/slipway/source"
	"github.com/slipway-build/slipway/version"
)

// A RebaseRequest says which other upstream to look at.
type RebaseRequest struct {
	Onto  string // a version, 1.36.2, or a commit of 40 hex digits
	All   bool   // every newer patch release, instead of Onto
	Write bool   // move the fork there, if no patch conflicts
	Tree  string // the folder that conflicts are left in; empty: dist/FORK/src
}

// Check returns what is wrong with the request.
func (r RebaseRequest) Check() error {
	if r.All == (r.Onto != "") || r.All && r.Write {
		return errors.New("name the new upstream: -onto=VERSION or -onto=COMMIT, " +
			"or -all for a report on every newer patch release")
	}
	return nil
}

// A RebaseReport says how a fork's series fits another upstream.
type RebaseReport struct {
	Fork    string         `json:"fork"`
	From    string         `json:"from"` // the upstreams
	Onto    string         `json:"onto"`
	Target  string         `json:"-"`       // as -onto takes it
	Version string         `json:"version"` // of the fork, then
	Patches []RebasedPatch `json:"patches"`
	Written bool           `json:"written"`        // the fork was moved
	Tree    string         `json:"tree,omitempty"` // where conflicts can be solved
	Refresh string         `json:"-"`              // the flags of patches:refresh, once they are
}

// A RebasedPatch reports how one patch fits.
type RebasedPatch struct {
	Name    string         `json:"name"`
	Subject string         `json:"subject,omitempty"`
	Status  patches.Status `json:"status"`
	// Upstream is the commit with which upstream took the patch, and Reverted the one
	// with which it took it back: ID and subject, where they can be had.
	Upstream string         `json:"upstream,omitempty"`
	Reverted string         `json:"reverted,omitempty"`
	Moved    []patches.Move `json:"moved,omitempty"`
	Files    []RebasedFile  `json:"files,omitempty"`
}

// A RebasedFile is a file that a patch does not fit as it is.
type RebasedFile struct {
	patches.FileOutcome
	Upstream []string `json:"upstream,omitempty"` // commits that changed it, where they can be had
	Left     []string `json:"left,omitempty"`     // commits that changed it, and that the new upstream does not have
}

// Conflicts returns the names of the patches that conflict.
func (r RebaseReport) Conflicts() []string {
	var names []string
	for _, p := range r.Patches {
		if p.Status == patches.Conflicts {
			names = append(names, p.Name)
		}
	}
	return names
}

// Rebase tries a fork's series on another upstream, and changes nothing unless it
// is told to write. Then the fork is moved there if no patch conflicts; otherwise
// the tree with conflict markers is left in the work tree, and Refresh takes it from
// there.
func Rebase(ctx context.Context, s *build.Session, r RebaseRequest) ([]RebaseReport, error) {
	if err := r.Check(); err != nil {
		return nil, err
	}
	at, err := workDirOf(s.Fork(), s.CacheDir("src"), r.Tree)
	if err == nil && r.Write {
		err = at.checkReplaced(ctx, s.Git(), s.Fork())
	}
	if err == nil && !r.All {
		_, _, err = s.Fork().Upstream.Onto(r.Onto)
	}
	if err != nil || s.PlanOnly() {
		return nil, err
	}
	s.Announce()
	targets, err := targets(ctx, s, r)
	if err != nil {
		return nil, err
	}
	up, err := s.Upstream(ctx)
	if err != nil {
		return nil, err
	}
	var out []RebaseReport
	for _, then := range targets {
		report, err := rebaseOnto(ctx, s, layout{at: at, up: up, fork: then}, r.Write)
		if err != nil {
			return out, fmt.Errorf("onto %s: %w", then.Upstream, err)
		}
		out = append(out, report)
	}
	return out, nil
}

// targets returns the fork as it would be on each upstream that is asked for.
func targets(ctx context.Context, s *build.Session, r RebaseRequest) ([]fork.Fork, error) {
	if !r.All {
		f, err := onto(ctx, s, r.Onto)
		return []fork.Fork{f}, err
	}
	names, err := s.Fetcher().Versions(ctx, s.Fork().Upstream)
	if err != nil {
		return nil, err
	}
	var out []fork.Fork
	for _, name := range newer(s.Fork().Parsed, names) {
		f, err := onto(ctx, s, name)
		if err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("no patch release newer than %s was found", s.Fork().Upstream)
	}
	return out, nil
}

// newer returns the names of the patch releases that are newer than a version, in
// order. Those of one release that differ in their build metadata are all told.
func newer(than version.Version, names []string) []string {
	now := than.Fields()
	found := map[string]version.Version{} // by name
	for _, n := range names {
		v, err := version.Parse(strings.TrimPrefix(n, "v"))
		if err != nil || n == v.String() && slices.Contains(names, "v"+n) { // one release by two names
			continue
		}
		if f := v.Fields(); f.Major == now.Major && f.Minor == now.Minor && f.Patch > now.Patch && f.Prerelease == "" {
			found[n] = v
		}
	}
	return slices.SortedFunc(maps.Keys(found), func(a, b string) int {
		return cmp.Or(found[a].Compare(found[b]), strings.Compare(a, b))
	})
}

// onto returns the fork as it would be on another upstream of its kind.
func onto(ctx context.Context, s *build.Session, at string) (fork.Fork, error) {
	u, err := s.Fetcher().At(ctx, s.Fork().Upstream, at)
	if err != nil {
		return fork.Fork{}, err
	}
	return s.Fork().On(u)
}

// rebaseOnto tries the series, which is on the upstream l.up now, on that of the fork l.fork.
func rebaseOnto(ctx context.Context, s *build.Session, l layout, write bool) (RebaseReport, error) {
	up, then := l.up, l.fork
	there, err := s.On(ctx, then, lock.Lock{})
	if err != nil {
		return RebaseReport{}, err
	}
	on, err := there.Upstream(ctx)
	if err != nil {
		return RebaseReport{}, err
	}
	from, to := s.Fork().Upstream, then.Upstream
	report := RebaseReport{
		Fork: s.Fork().ID, From: from.String(), Onto: to.String(), Target: to.At(), Version: then.Version,
	}
	var t trial
	err = s.Stage("patches", to.String(), "", func() (build.Done, error) {
		if t, err = try(ctx, s, up, on, then); err != nil {
			return build.Done{}, err
		}
		report.Patches = t.report()
		return build.Done{Detail: tally(report)}, nil
	})
	if err != nil || !write {
		return report, err
	}
	return report, accept(ctx, s, &report, layout{at: l.at, up: on, fork: then}, t.outcomes)
}

// A trial is what was found out of a series on another upstream.
type trial struct {
	outcomes []patches.Outcome
	copies   []source.Copy // that upstream has, of each patch
	files    [][]string    // that each patch changes, where upstream has a history
	taken    []bool
	between  *source.Between
}

// try finds out what becomes of the session's series on another upstream tree, that
// of the fork then.
func try(ctx context.Context, s *build.Session, up, on source.Tree, then fork.Fork) (trial, error) {
	var t trial
	to := then.Upstream
	series, err := s.Series(ctx)
	if err != nil {
		return t, err
	}
	instead, err := insteadOf(s, then)
	if err != nil {
		return t, err
	}
	if t.between, err = between(ctx, s, to); err != nil {
		return t, err
	}
	mails := patches.Messages(series.Effective())
	t.copies, t.files, err = copies(ctx, s, up, mails, t.between)
	if err != nil {
		return t, err
	}
	t.taken = takenBy(t.copies)
	scratch, err := s.Scratch()
	if err != nil {
		return t, err
	}
	defer os.RemoveAll(scratch)
	t.outcomes, err = patches.Rebase(patches.Rebasing{
		Before: up.Dir, After: on.Dir, Series: mails, Taken: t.taken, Instead: instead,
		Merge: merger(ctx, s, scratch, [2]string{s.Fork().Upstream.String(), to.String()}),
	})
	if err != nil {
		return t, s.ApplyError(err)
	}
	return t, nil
}

// merger merges files with git in the folder scratch. names are those of the
// upstreams before and after, in the marks of conflicts.
func merger(ctx context.Context, s *build.Session, scratch string, names [2]string) patches.Merge {
	return func(base, ours, theirs []byte) (patches.Merged, error) {
		m, err := s.Git().MergeFile(ctx, scratch, gitrepo.Merge{
			Ours:   gitrepo.Version{Label: names[1], Content: ours},
			Base:   gitrepo.Version{Label: names[0], Content: base},
			Theirs: gitrepo.Version{Label: "patch", Content: theirs},
		})
		return patches.Merged(m), err
	}
}

// report tells what becomes of each patch, and which commits of the upstream are
// the reason.
func (t trial) report() []RebasedPatch {
	out := make([]RebasedPatch, len(t.outcomes))
	for i, o := range t.outcomes {
		p := RebasedPatch{Name: o.Patch.Name, Status: o.Status, Moved: o.Moved, Upstream: t.copies[i].Commit}
		if mail, ok := o.Patch.Mail(); ok {
			p.Subject = mail.Subject
		}
		switch {
		case !t.taken[i] && o.Status != patches.InUpstream:
			p.Reverted = t.copies[i].Undone
		case p.Upstream == "" && o.Status == patches.InUpstream:
			p.Upstream = t.between.Holding(commitOf(o.Patch), t.files[i])
		}
		for _, f := range o.Files {
			made, left := t.between.Behind(f.File, f.Renamed)
			p.Files = append(p.Files, RebasedFile{f, made, left})
		}
		out[i] = p
	}
	return out
}

// commitOf returns the id of the commit that a patch is, or "".
func commitOf(p patches.Patch) string {
	if !build.IsCommit(p) {
		return ""
	}
	return p.Name
}

// tally counts the patches by their result.
func tally(r RebaseReport) string {
	var parts []string
	for _, s := range []patches.Status{
		patches.Applies, patches.Moves, patches.Merges, patches.InUpstream, patches.Conflicts,
	} {
		n := 0
		for _, p := range r.Patches {
			if p.Status == s {
				n++
			}
		}
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, s))
		}
	}
	return strings.Join(parts, ", ")
}

// accept lays the rebased series out in the work tree, on the upstream and for the
// fork of l, and moves the fork there if no patch conflicts. It says so in report.
func accept(ctx context.Context, s *build.Session, report *RebaseReport, l layout, outcomes []patches.Outcome) error {
	for _, o := range outcomes {
		l.add(o)
	}
	if err := replaceSource(ctx, s, l); err != nil {
		return err
	}
	report.Tree, report.Refresh = l.at.path, l.at.flags()
	if len(report.Conflicts()) > 0 {
		return nil
	}
	if _, _, err := refresh(ctx, s, l.at); err != nil {
		return err
	}
	report.Written = true
	return sayLock(s, "written")
}
