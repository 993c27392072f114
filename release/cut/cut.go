// Package cut makes releases of forks: it has the pipelines make what there is, and the
// release of that; on one machine, or on several whose shards it merges; and a second time,
// to compare.
package cut

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"runtime"
	"time"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/pipeline"
	"github.com/slipway-build/slipway/platform"
	"github.com/slipway-build/slipway/registry"
	"github.com/slipway-build/slipway/release"
	"github.com/slipway-build/slipway/release/settings"
	"github.com/slipway-build/slipway/release/sign"
)

// A Cutter makes the releases of a project's forks.
type Cutter struct {
	Project  fork.Project
	Options  build.Options
	Programs fs.FS            // the sources of Slipway's own programs, as image.Request has them
	Now      func() time.Time // the clock, for timelines; nil: there are none
}

// onAll calls f with sessions on several forks, in one run.
func (c Cutter) onAll(
	ctx context.Context, ids []string, f func([]*build.Session) (artifact.Set, error),
) (artifact.Set, error) {
	return build.OnAll(ctx, c.Project, ids, c.Options, f)
}

// Release makes all that a fork is released as, and dist/FORK/release of it: the files,
// what describes them, and what signs them.
func (c Cutter) Release(ctx context.Context, id string, r release.Request) (artifact.Set, error) {
	return c.releasing(ctx, id, r, func(
		ctx context.Context, making pipeline.Releasing, _ *timeline,
	) (artifact.Set, error) {
		return making.Run(ctx)
	})
}

// releasing calls prepare, which returns the artifacts to release, and releases them.
func (c Cutter) releasing(
	ctx context.Context, id string, r release.Request,
	prepare func(context.Context, pipeline.Releasing, *timeline) (artifact.Set, error),
) (artifact.Set, error) {
	f, on, err := c.releaseOf(id, r)
	if err != nil {
		return nil, err
	}
	making, err := pipeline.NewReleasing(f, on, c.Programs)
	if err != nil {
		return nil, err
	}
	with, times := c.timed()
	return with.onAll(ctx, making.IDs(), func(sessions []*build.Session) (artifact.Set, error) {
		making = making.With(sessions)
		releaser, err := c.readyToRelease(ctx, making, r)
		if err != nil || c.Options.PlanOnly {
			return nil, err
		}
		if _, err := making.Session().Released(ctx); err != nil { // what its patches say of themselves
			return nil, err
		}
		s := making.Session()
		releaser.Recall(s.Fork())
		made, err := prepare(ctx, making, times)
		if err != nil {
			return nil, err
		}
		if err := times.write(s); err != nil {
			return nil, err
		}
		in, err := making.Input(ctx, made)
		if err != nil {
			return nil, err
		}
		return releaser.Make(ctx, in, r)
	})
}

// otherRegistry returns what to say of images that were made for another registry than those of
// a release of the fork, which take its place; "" if there are none.
func otherRegistry(f fork.Fork) string {
	made, err := artifact.ReadImages(f.Project.Dir, f.Dist("images"), f.ID, f.Version)
	if err != nil || !f.Release.Has(settings.Image) || made.Registry == "" ||
		registry.Same(made.Registry, f.Images.Registry) {
		return ""
	}
	return fmt.Sprintf("%s: the images were made for %s, and those of a release are made for %s, as %s says: "+
		"to release for %[2]s, set images.registry to it there", f.Dist("images"), made.Registry,
		cmp.Or(f.Images.Registry, artifact.NoRegistry), f.File("fork.yaml"))
}

// releaseOf returns the fork that a request is for, and the platforms.
func (c Cutter) releaseOf(id string, r release.Request) (fork.Fork, []platform.Platform, error) {
	f, err := c.Project.Fork(id)
	if err != nil {
		return f, nil, err
	}
	on, err := r.On(f)
	return f, on, err
}

// readyToRelease returns what makes a release, or what is known to keep it from being made. It notes what a person
// should know before: an earlier release that it replaces, images for another registry, a missing signature.
func (c Cutter) readyToRelease(
	ctx context.Context, making pipeline.Releasing, r release.Request,
) (release.Releaser, error) {
	s := making.Session()
	releaser := release.Releaser{Dist: s.Dist(), Events: c.Options.Events}
	if err := making.Check(); err != nil {
		return releaser, err
	}
	if note := otherRegistry(s.Fork()); note != "" {
		s.Note(note)
	}
	date, err := s.Date(s.Lock().Time)
	if err != nil {
		return releaser, err
	}
	if releaser.Earlier, err = release.ReadEarlier(s.Fork(), r, c.Options.Events); err != nil {
		return releaser, err
	}
	releaser.Signer, err = c.signer(ctx, s.Fork(), r, date)
	return releaser, err
}

// signer returns what signs a release of date. That its keys can sign is tried first.
func (c Cutter) signer(ctx context.Context, f fork.Fork, r release.Request, date time.Time) (*sign.Signer, error) {
	s, err := release.OpenSigner(ctx, f, release.Signing{
		Keys: r.Keys, Now: r.Now, Date: date, Env: c.Options.Env, Events: c.Options.Events,
	})
	if err == nil && !c.Options.PlanOnly {
		err = s.Try(ctx)
	}
	return s, err
}

// Quick makes the release tarballs of a fork for one platform, and nothing else of a release;
// also in dist/FORK/_output/release-tars, where scripts of Kubernetes look for them. An empty
// platform is Linux on this machine's architecture.
func (c Cutter) Quick(ctx context.Context, id, on string) (artifact.Set, error) {
	f, err := c.Project.Fork(id)
	if err != nil {
		return nil, err
	}
	one, err := platform.Parse(cmp.Or(on, "linux/"+runtime.GOARCH))
	if err != nil {
		return nil, err
	}
	making, err := pipeline.NewReleasing(f, []platform.Platform{one}, c.Programs, settings.Image, settings.Tarball)
	if err != nil {
		return nil, err
	}
	return c.onAll(ctx, making.IDs(), func(sessions []*build.Session) (artifact.Set, error) {
		making = making.With(sessions)
		if err := making.Check(); err != nil || c.Options.PlanOnly {
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

// Plan returns what a release would be made of. What is known to be up to date is
// kept. It makes nothing.
func (c Cutter) Plan(ctx context.Context, id string, r release.Request) (artifact.Set, error) {
	f, on, err := c.releaseOf(id, r)
	if err != nil {
		return nil, err
	}
	making, err := pipeline.NewReleasing(f, on, c.Programs)
	if err != nil {
		return nil, err
	}
	only := c
	only.Options.PlanOnly = true
	return only.onAll(ctx, making.IDs(), func(sessions []*build.Session) (artifact.Set, error) {
		making = making.With(sessions)
		if _, err := c.readyToRelease(ctx, making, r); err != nil || c.Options.PlanOnly {
			return nil, err
		}
		return making.Plan(ctx)
	})
}
