package slipway

import (
	"cmp"
	"context"
	"runtime"
	"slices"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/pipeline"
	"github.com/slipway-build/slipway/platform"
	"github.com/slipway-build/slipway/release"
	"github.com/slipway-build/slipway/release/settings"
	"github.com/slipway-build/slipway/release/shards"
	"github.com/slipway-build/slipway/release/sign"
	"github.com/slipway-build/slipway/release/verify"
)

// Release makes all that a fork is released as, and dist/FORK/release of it: the files,
// what describes them, and what signs them.
func (p *Project) Release(ctx context.Context, id string, r ReleaseRequest) (artifact.Set, error) {
	return p.releasing(ctx, id, r, func(
		ctx context.Context, making pipeline.Releasing, _ *timeline,
	) (artifact.Set, error) {
		return making.Run(ctx)
	})
}

// releasing calls prepare, which returns the artifacts to release, and releases them.
func (p *Project) releasing(
	ctx context.Context, id string, r ReleaseRequest,
	prepare func(context.Context, pipeline.Releasing, *timeline) (artifact.Set, error),
) (artifact.Set, error) {
	f, on, err := p.releaseOf(id, r)
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
		signer, err := p.readyToRelease(ctx, making, r)
		if err != nil || p.PlanOnly {
			return nil, err
		}
		if _, err := making.Session().Released(ctx); err != nil { // what its patches say of themselves
			return nil, err
		}
		made, err := prepare(ctx, making, times)
		if err != nil {
			return nil, err
		}
		s := making.Session()
		if err := times.write(s); err != nil {
			return nil, err
		}
		in, err := making.Input(ctx, made)
		if err != nil {
			return nil, err
		}
		return release.Releaser{Dist: s.Dist(), Events: p.Events, Signer: signer}.Make(ctx, in, r)
	})
}

// releaseOf returns the fork that a request is for, and the platforms.
func (p *Project) releaseOf(id string, r ReleaseRequest) (fork.Fork, []platform.Platform, error) {
	f, err := p.Fork(id)
	if err != nil {
		return f, nil, err
	}
	on, err := r.On(f)
	return f, on, err
}

// readyToRelease returns what signs a release, or what is known to keep it from being made.
func (p *Project) readyToRelease(
	ctx context.Context, making pipeline.Releasing, r ReleaseRequest,
) (*sign.Signer, error) {
	if err := making.Check(); err != nil {
		return nil, err
	}
	s := making.Session()
	date, err := s.Date(s.Lock().Time)
	if err != nil {
		return nil, err
	}
	return release.OpenSigner(ctx, s.Fork(), r, date, p.Env, p.Events)
}

// Quick makes the release tarballs of a fork for one platform, and nothing else of a release;
// also in dist/FORK/_output/release-tars, where scripts of Kubernetes look for them. An empty
// platform is Linux on this machine's architecture.
func (p *Project) Quick(ctx context.Context, id, on string) (artifact.Set, error) {
	f, err := p.Fork(id)
	if err != nil {
		return nil, err
	}
	one, err := platform.Parse(cmp.Or(on, "linux/"+runtime.GOARCH))
	if err != nil {
		return nil, err
	}
	making, err := pipeline.NewReleasing(f, []platform.Platform{one}, programs, settings.Image, settings.Tarball)
	if err != nil {
		return nil, err
	}
	return p.lockedAll(ctx, making.IDs(), func(sessions []*build.Session) (artifact.Set, error) {
		making = making.With(sessions)
		if err := making.Check(); err != nil || p.PlanOnly {
			return nil, err
		}
		made, err := making.Run(ctx)
		if err != nil {
			return nil, err
		}
		made = made.Kind(artifact.Tarball)
		return made, release.Quick(making.Session().Dist(), f, made)
	})
}

// PlanRelease returns what a release would be made of. What is known to be up to date is
// kept. It makes nothing.
func (p *Project) PlanRelease(ctx context.Context, id string, r ReleaseRequest) (set artifact.Set, err error) {
	f, on, err := p.releaseOf(id, r)
	if err != nil {
		return nil, err
	}
	making, err := pipeline.NewReleasing(f, on, programs)
	if err != nil {
		return nil, err
	}
	only := *p
	only.PlanOnly = true
	return only.lockedAll(ctx, making.IDs(), func(sessions []*build.Session) (artifact.Set, error) {
		making = making.With(sessions)
		if _, err := p.readyToRelease(ctx, making, r); err != nil || p.PlanOnly {
			return nil, err
		}
		return making.Plan(ctx)
	})
}

// Matrix divides what is compiled for a release among jobs of a CI system, at most limit if
// that is not zero.
func (p *Project) Matrix(id string, r ReleaseRequest, limit int) ([]ShardJob, error) {
	f, on, err := p.releaseOf(id, r)
	if err != nil {
		return nil, err
	}
	making, err := pipeline.NewReleasing(f, on, programs)
	if err != nil {
		return nil, err
	}
	var forks []shards.Fork
	for _, id := range making.IDs() {
		one, err := p.Fork(id)
		if err != nil {
			return nil, err
		}
		times, err := release.ReadTimeline(p.project().Path(one.Dist(artifact.TimelineFile)))
		if err != nil {
			return nil, err
		}
		forks = append(forks, shards.Fork{ID: id, Platforms: both(on, one.Platforms), Timeline: times})
	}
	return shards.Plan(forks, limit)
}

// both returns the platforms that are in two lists.
func both(a, b []platform.Platform) []platform.Platform {
	return slices.DeleteFunc(slices.Clone(a), func(p platform.Platform) bool { return !slices.Contains(b, p) })
}

// allShards returns the shards of all forks of the project.
func (p *Project) allShards() ([]shards.Shard, error) {
	ids, err := p.Forks()
	if err != nil {
		return nil, err
	}
	var out []shards.Shard
	for _, id := range ids {
		f, err := p.Fork(id)
		if err != nil {
			return nil, err
		}
		some, err := shards.All(id, f.Platforms)
		if err != nil {
			return nil, err
		}
		out = append(out, some...)
	}
	return out, nil
}

// Shard makes the shards that a list of names, with commas between them, names: what is
// compiled of a fork for one platform, and, if that is this machine's, packed; in
// dist/shards/NAME.
func (p *Project) Shard(ctx context.Context, list string) (artifact.Set, error) {
	all, err := p.allShards()
	if err != nil {
		return nil, err
	}
	asked, err := shards.Parse(list, all)
	if err != nil {
		return nil, err
	}
	var sets []artifact.Set
	for _, one := range asked {
		set, err := p.shard(ctx, one)
		if err != nil {
			return nil, err
		}
		sets = append(sets, set)
	}
	return artifact.Of(sets...), nil
}

func (p *Project) shard(ctx context.Context, one shards.Shard) (artifact.Set, error) {
	f, err := p.Fork(one.Fork)
	if err != nil {
		return nil, err
	}
	on := []platform.Platform{one.Platform}
	with, times := p.timed()
	return with.lockedAll(ctx, []string{f.ID}, func(sessions []*build.Session) (artifact.Set, error) {
		s := sessions[0]
		forms := []string{settings.Binaries}
		if one.Platform == s.Host() { // packages ask their programs for manual pages, so those have to run here
			forms = append(forms, settings.Deb, settings.RPM)
		}
		making, err := pipeline.NewReleasing(f, on, programs, forms...)
		if err != nil {
			return nil, err
		}
		making = making.With(sessions)
		if err := making.Check(); err != nil || p.PlanOnly {
			return nil, err
		}
		if _, err := making.Run(ctx); err != nil {
			return nil, err
		}
		origin, err := pipeline.Origin(ctx, s)
		if err != nil {
			return nil, err
		}
		if _, err := shards.Write(ctx, s.Dist(), one, origin, times.Timeline()); err != nil {
			return nil, err
		}
		made := artifact.Artifact{Kind: artifact.Shard, Name: one.Name(), Path: one.Dir(), Platform: one.Platform}
		p.Events.Emit(made.Event())
		return artifact.Set{made}, nil
	})
}

// Merge puts shards that other machines made into dist, and makes the release of a fork of
// them. A folder is a shard, or has shards below it.
func (p *Project) Merge(ctx context.Context, id string, folders []string, r ReleaseRequest) (artifact.Set, error) {
	return p.releasing(ctx, id, r, func(
		ctx context.Context, making pipeline.Releasing, times *timeline,
	) (artifact.Set, error) {
		want, err := making.Shards(ctx)
		if err != nil {
			return nil, err
		}
		records, err := shards.Merge(ctx, making.Session().Dist(), folders, want)
		if err != nil {
			return nil, err
		}
		times.before(shards.Built(records))
		return making.Run(ctx)
	})
}

// A VerifyRequest says what a release is verified with.
type VerifyRequest struct {
	Keys       []string // files with public keys of the publisher; none: signatures are not checked
	Rebuilders int      // how many others must have built the release again
	Others     []string // files with their public keys
	Rebuilds   []string // files with their statements, beside those in the release
}

// VerifyRelease checks the release in a folder, as anybody can who has nothing but that and
// public keys.
func VerifyRelease(ctx context.Context, dir string, r VerifyRequest) (verify.Report, error) {
	q := verify.Request{Rebuilders: r.Rebuilders, Rebuilds: r.Rebuilds}
	var err error
	if q.Keys, err = sign.OpenVerifier(r.Keys); err != nil {
		return verify.Report{}, err
	}
	if q.Others, err = sign.OpenVerifier(r.Others); err != nil {
		return verify.Report{}, err
	}
	return verify.Release(ctx, dir, q)
}

// Notes returns the notes of the release in dist/FORK/release, as Markdown. last is the
// release that they compare it with; empty: the one before it in dist.
func (p *Project) Notes(id, last string) ([]byte, error) {
	f, err := p.Fork(id)
	if err != nil {
		return nil, err
	}
	return release.Notes(f, last)
}
