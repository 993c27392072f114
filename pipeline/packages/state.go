package packages

import (
	"context"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/fork"
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
		for _, a := range p.artifacts(kept, kept) {
			if a.Kept {
				out = append(out, a)
			}
		}
		for _, name := range p.missing(kept) {
			out = append(out, artifact.Artifact{
				Kind: artifact.Package, Format: f.Name, Name: name, Platform: p.platform, Path: p.dir,
			})
		}
	}
	return artifact.Of(out), nil
}

// current returns the packages of a plan that are up to date: none that is made of a binary
// that is not.
func current(ctx context.Context, s *build.Session, p plan) (map[string]Made, error) {
	var in inputs
	if len(p.components) > 0 {
		var err error
		if in.built, err = s.Current(ctx, fork.Job{Platform: p.platform, Components: p.components}); err != nil {
			return nil, err
		}
		if in.host, err = s.Current(ctx, fork.Job{Platform: s.Host(), Components: p.components}); err != nil {
			return nil, err
		}
	}
	return upToDate(s, p, in), nil
}
