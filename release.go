package slipway

import (
	"context"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/pipeline"
	"github.com/slipway-build/slipway/release"
)

// Release makes all that a fork is released as, and dist/FORK/release of it: the files,
// what describes them, and what signs them.
func (p *Project) Release(ctx context.Context, id string, r ReleaseRequest) (artifact.Set, error) {
	f, err := p.Fork(id)
	if err != nil {
		return nil, err
	}
	on, err := r.On(f)
	if err != nil {
		return nil, err
	}
	making, err := pipeline.NewReleasing(f, on, programs)
	if err != nil {
		return nil, err
	}
	with, times := p.timed()
	return with.lockedAll(ctx, making.IDs(), func(sessions []*build.Session) (artifact.Set, error) {
		making = making.With(sessions)
		if err := making.Check(); err != nil || p.PlanOnly {
			return nil, err
		}
		date, err := making.Session().Date(making.Session().Lock().Time)
		if err != nil {
			return nil, err
		}
		signer, err := release.OpenSigner(ctx, f, r, date, p.Env, p.Events)
		if err != nil {
			return nil, err
		}
		made, err := making.Run(ctx)
		if err != nil {
			return nil, err
		}
		if err := times.write(making.Session()); err != nil {
			return nil, err
		}
		in, err := making.Input(ctx, made)
		if err != nil {
			return nil, err
		}
		return release.Releaser{Dist: making.Session().Dist(), Events: p.Events, Signer: signer}.Make(ctx, in, r)
	})
}
