package slipway

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/event"
	"github.com/slipway-build/slipway/internal/gitrepo"
	"github.com/slipway-build/slipway/patches"
	"github.com/slipway-build/slipway/source"
	"github.com/slipway-build/slipway/version"
)

// A RebaseRequest says which fork to look at on which other upstream.
type RebaseRequest struct {
	Fork  string
	Onto  string // a version, 1.36.2, or a commit of 40 hex digits
	All   bool   // every newer patch release, instead of Onto
	Write bool   // make the fork so, if no patch conflicts
}

// A Rebase is what becomes of a fork's series on another upstream.
type Rebase struct {
	Fork    string         `json:"fork"`
	From    string         `json:"from"` // the upstreams
	Onto    string         `json:"onto"`
	Target  string         `json:"-"`       // as -onto takes it
	Version string         `json:"version"` // of the fork, then
	Patches []RebasedPatch `json:"patches"`
	Written bool           `json:"written"`        // the fork is so now
	Tree    string         `json:"tree,omitempty"` // where conflicts can be solved
}

// A RebasedPatch is what becomes of one patch.
type RebasedPatch struct {
	Name    string         `json:"name"`
	Subject string         `json:"subject,omitempty"`
	Status  patches.Status `json:"status"`
	Moved   []patches.Move `json:"moved,omitempty"`
	Files   []RebasedFile  `json:"files,omitempty"`
}

// A RebasedFile is a file that a patch does not fit as it is.
type RebasedFile struct {
	patches.FileOutcome
	Upstream []string `json:"upstream,omitempty"` // commits that changed it, where they can be had
}

// Conflicts returns the names of the patches that conflict.
func (r Rebase) Conflicts() []string {
	var names []string
	for _, p := range r.Patches {
		if p.Status == patches.Conflicts {
			names = append(names, p.Name)
		}
	}
	return names
}

// Rebase tries a fork's series on another upstream, and changes nothing unless
// it is told to write. Then the fork is moved there if no patch conflicts;
// otherwise the tree with conflict marks is left in dist/FORK/src, and Refresh
// takes it from there.
func (p *Project) Rebase(ctx context.Context, r RebaseRequest) ([]Rebase, error) {
	f, err := p.Fork(r.Fork)
	if err != nil {
		return nil, err
	}
	if r.All == (r.Onto != "") || r.All && r.Write {
		return nil, errors.New("say onto what: -onto=VERSION or -onto=COMMIT, or -all for a report on every newer patch release")
	}
	w, leave, err := p.enter(ctx, f)
	if err != nil {
		return nil, err
	}
	defer leave()
	w.announce()
	targets, err := w.targets(ctx, r)
	if err != nil {
		return nil, p.advise(err)
	}
	up, err := w.upstream(ctx, intact(ctx))
	if err != nil {
		return nil, p.advise(err)
	}
	var out []Rebase
	for _, t := range targets {
		report, err := w.rebase(ctx, up, t, r.Write)
		if err != nil {
			return out, p.advise(fmt.Errorf("onto %s: %w", t.Upstream, err))
		}
		out = append(out, report)
	}
	return out, nil
}

// targets returns the fork as it would stand on each upstream that is asked for.
func (w *workshop) targets(ctx context.Context, r RebaseRequest) ([]*Fork, error) {
	if !r.All {
		f, err := w.onto(ctx, r.Onto)
		return []*Fork{f}, err
	}
	names, err := w.fetcher().Versions(ctx, w.fork.Upstream)
	if err != nil {
		return nil, err
	}
	now := w.fork.Parsed.Fields()
	var newer []version.Version
	for _, n := range names {
		v, err := version.Parse(strings.TrimPrefix(n, "v"))
		if err != nil {
			continue
		}
		if f := v.Fields(); f.Major == now.Major && f.Minor == now.Minor && f.Patch > now.Patch && f.Prerelease == "" {
			newer = append(newer, v)
		}
	}
	slices.SortFunc(newer, version.Version.Compare)
	var out []*Fork
	for _, v := range newer {
		f, err := w.onto(ctx, v.String())
		if err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("no patch release newer than %s can be had", w.fork.Upstream)
	}
	return out, nil
}

// onto returns the fork as it would stand on another upstream of its kind.
func (w *workshop) onto(ctx context.Context, at string) (*Fork, error) {
	u, err := w.fetcher().At(ctx, w.fork.Upstream, at)
	if err != nil {
		return nil, err
	}
	f := *w.fork
	f.Upstream = u
	if v, ok := u.Version(); ok {
		f.Version = v.String()
		if m := w.fork.Parsed.Fields().Metadata; m != "" {
			f.Version += "+" + m
		}
		if f.Parsed, err = version.Parse(f.Version); err != nil {
			return nil, err
		}
	}
	return &f, nil
}

// rebase tries the series on the upstream of the fork then.
func (w *workshop) rebase(ctx context.Context, up source.Tree, then *Fork, write bool) (Rebase, error) {
	series, err := w.series(ctx)
	if err != nil {
		return Rebase{}, err
	}
	there := &workshop{Project: w.Project, fork: then, goCmd: w.goCmd, cache: w.cache}
	on, err := there.upstream(ctx, intact(ctx))
	if err != nil {
		return Rebase{}, err
	}
	scratch, err := w.cache.Scratch()
	if err != nil {
		return Rebase{}, err
	}
	defer os.RemoveAll(scratch)
	git := w.fetcher().Git
	w.Events.Emit(event.Event{Kind: event.Started, Stage: "patches", Subject: then.Upstream.String()})
	outcomes, err := patches.Rebase(up.Dir, on.Dir, series, func(base, ours, theirs []byte) ([]byte, int, error) {
		return git.MergeFile(ctx, scratch, gitrepo.Merge{
			Ours:   gitrepo.Version{Label: then.Upstream.String(), Content: ours},
			Base:   gitrepo.Version{Label: w.fork.Upstream.String(), Content: base},
			Theirs: gitrepo.Version{Label: "patch", Content: theirs},
		})
	})
	if err != nil {
		return Rebase{}, w.applyError(err)
	}
	report := Rebase{Fork: w.fork.ID, From: w.fork.Upstream.String(), Onto: then.Upstream.String(), Target: then.Upstream.At(), Version: then.Version}
	for _, o := range outcomes {
		report.Patches = append(report.Patches, w.rebased(ctx, o, then))
	}
	w.Events.Emit(event.Event{Kind: event.Finished, Stage: "patches", Subject: then.Upstream.String(), Detail: tally(report)})
	if !write {
		return report, nil
	}
	return report, w.acceptRebase(ctx, &report, there, on, outcomes)
}

// rebased tells what becomes of a patch, and which commits of the upstream are
// behind it.
func (w *workshop) rebased(ctx context.Context, o patches.Outcome, then *Fork) RebasedPatch {
	out := RebasedPatch{Name: o.Patch.Name, Status: o.Status, Moved: o.Moved}
	if mail, ok := o.Patch.Mail(); ok {
		out.Subject = mail.Subject
	}
	for _, f := range o.Files {
		out.Files = append(out.Files, RebasedFile{f, w.fetcher().Behind(ctx, w.fork.Upstream, then.Upstream, f.File)})
	}
	return out
}

// tally counts what becomes of the patches.
func tally(r Rebase) string {
	var parts []string
	for _, s := range []patches.Status{patches.Applies, patches.Moves, patches.Merges, patches.InUpstream, patches.Conflicts} {
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

// acceptRebase lays the rebased series out in dist/FORK/src, and where none of it
// conflicts makes the fork so.
func (w *workshop) acceptRebase(ctx context.Context, report *Rebase, there *workshop, on source.Tree, outcomes []patches.Outcome) error {
	var steps []patches.Step
	var stands []bool
	for _, o := range outcomes {
		if o.Status != patches.InUpstream {
			steps = append(steps, patches.Step{Patch: o.Patch, Changes: o.Changes})
			stands = append(stands, o.Status == patches.Applies)
		}
	}
	if err := w.replaceSource(ctx, on, there.fork, steps, stands); err != nil {
		return err
	}
	report.Tree = w.fork.dist("src")
	if len(report.Conflicts()) > 0 {
		return nil
	}
	if _, _, err := w.refresh(ctx); err != nil {
		return err
	}
	report.Written = true
	w.sayLock("written")
	return nil
}
