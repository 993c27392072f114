package packages

import (
	"context"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/internal/text"
)

// Plan returns what Run would return, with those kept that are up to date. The others are
// in the folder that they will be in, without the names of their files.
func Plan(ctx context.Context, s *build.Session, f Format, r Request) (artifact.Set, error) {
	plans, err := newPlans(s, f, r)
	if err != nil {
		return nil, err
	}
	var out artifact.Set
	for _, p := range plans {
		kept, err := current(ctx, s, p)
		if err != nil {
			return nil, err
		}
		out = append(out, p.planned(kept)...)
	}
	return artifact.Of(out), nil
}

// planned returns the packages of a plan, those of kept first.
func (p plan) planned(kept map[string]Made) []artifact.Artifact {
	var out []artifact.Artifact
	for _, a := range p.artifacts(kept, kept) {
		if a.Kept {
			out = append(out, a)
		}
	}
	for _, name := range p.missing(kept) {
		out = append(out, artifact.Artifact{
			Kind: artifact.Package, Format: p.format.Name, Name: name, Platform: p.platform, Path: p.dir,
		})
	}
	return out
}

// foresee tells, in a dry run, what run would do, and returns what it would return.
func foresee(ctx context.Context, s *build.Session, p plan) (artifact.Set, error) {
	var late build.Late
	if len(p.components) > 0 {
		jobs := []fork.Job{{Platform: p.platform, Components: p.components}}
		if p.platform != s.Host() {
			jobs = append(jobs, fork.Job{Platform: s.Host(), Components: p.components})
		}
		var err error
		if late, err = s.Foresee(ctx, jobs...); err != nil {
			return nil, err
		}
	}
	kept, err := current(ctx, s, p)
	if err != nil && !build.WouldRun(err) {
		return nil, err
	}
	missing := p.missing(kept)
	err = s.Stage(p.format.Name, p.platform.String(), "", func() (build.Done, error) {
		done := build.Done{Detail: text.Count(len(p.recipes), "package"), Kept: len(missing) == 0}
		if done.Kept {
			return done, nil
		}
		return done, late.For(p.format.Name)
	})
	if err != nil && !build.WouldRun(err) {
		return nil, err
	}
	return s.Report(p.planned(kept)...), nil
}

// current returns the packages of a plan that are up to date: none that is made of a binary
// that is not.
func current(ctx context.Context, s *build.Session, p plan) (map[string]Made, error) {
	var in inputs
	var err error
	if in.images, err = p.images(ctx, s); err != nil && !build.WouldRun(err) {
		return nil, err // one that would be made is not what a package has in it
	}
	if len(p.components) > 0 {
		if in.built, err = s.Current(ctx, fork.Job{Platform: p.platform, Components: p.components}); err != nil {
			return nil, err
		}
		if in.host, err = s.Current(ctx, fork.Job{Platform: s.Host(), Components: p.components}); err != nil {
			return nil, err
		}
	}
	return upToDate(s, p, in), nil
}
