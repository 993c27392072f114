package cut

import (
	"context"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/pipeline"
	"github.com/slipway-build/slipway/platform"
	"github.com/slipway-build/slipway/release"
	"github.com/slipway-build/slipway/release/settings"
	"github.com/slipway-build/slipway/release/shards"
)

// Matrix divides what is compiled for a release among jobs of a CI system, at most limit if
// that is not zero.
func (c Cutter) Matrix(id string, r release.Request, limit int) ([]shards.Job, error) {
	f, on, err := c.releaseOf(id, r)
	if err != nil {
		return nil, err
	}
	making, err := pipeline.NewReleasing(f, on, c.Programs)
	if err != nil {
		return nil, err
	}
	var forks []shards.Fork
	for _, id := range making.IDs() {
		one, err := c.Project.Fork(id)
		if err != nil {
			return nil, err
		}
		times, err := artifact.ReadTimeline(c.Project.Path(one.Dist(artifact.TimelineFile)))
		if err != nil {
			return nil, err
		}
		forks = append(forks, shards.Fork{ID: id, Platforms: platform.Common(on, one.Platforms), Timeline: times})
	}
	return shards.Plan(forks, limit)
}

// allShards returns the shards of all forks of the project.
func (c Cutter) allShards() ([]shards.Shard, error) {
	ids, err := c.Project.IDs()
	if err != nil {
		return nil, err
	}
	var out []shards.Shard
	for _, id := range ids {
		f, err := c.Project.Fork(id)
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

// Shard makes shards, which list names with commas between them, in dist/shards/NAME: the
// binaries of a fork for one platform and, if this machine has that platform, its packages.
func (c Cutter) Shard(ctx context.Context, list string) (artifact.Set, error) {
	all, err := c.allShards()
	if err != nil {
		return nil, err
	}
	asked, err := shards.Parse(list, all)
	if err != nil {
		return nil, err
	}
	var sets []artifact.Set
	for _, one := range asked {
		set, err := c.shard(ctx, one)
		if err != nil {
			return nil, err
		}
		sets = append(sets, set)
	}
	return artifact.Of(sets...), nil
}

func (c Cutter) shard(ctx context.Context, one shards.Shard) (artifact.Set, error) {
	f, err := c.Project.Fork(one.Fork)
	if err != nil {
		return nil, err
	}
	on := []platform.Platform{one.Platform}
	with, times := c.timed()
	return with.onAll(ctx, []string{f.ID}, func(sessions []*build.Session) (artifact.Set, error) {
		s := sessions[0]
		forms := []string{settings.Binaries}
		if one.Platform == s.Host() { // packages ask their programs for manual pages, so those have to run here
			forms = append(forms, settings.Deb, settings.RPM)
		}
		making, err := pipeline.NewReleasing(f, on, c.Programs, forms...)
		if err != nil {
			return nil, err
		}
		making = making.With(sessions)
		if err := making.Check(); err != nil || c.Options.PlanOnly {
			return nil, err
		}
		if _, err := making.Run(ctx); err != nil {
			return nil, err
		}
		origin, err := pipeline.Origin(ctx, s)
		if err != nil {
			return nil, err
		}
		if _, err := shards.Write(ctx, s.Dist(), one, origin, times.ended()); err != nil {
			return nil, err
		}
		made := artifact.Artifact{Kind: artifact.Shard, Name: one.Name(), Path: one.Dir(), Platform: one.Platform}
		c.Options.Events.Emit(made.Event())
		return artifact.Set{made}, nil
	})
}

// Merge puts shards that other machines made into dist, and makes the release of a fork of
// them. A folder is a shard, or has shards below it.
func (c Cutter) Merge(ctx context.Context, id string, folders []string, r release.Request) (artifact.Set, error) {
	return c.releasing(ctx, id, r, func(
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
