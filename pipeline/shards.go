package pipeline

import (
	"context"

	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/platform"
	"github.com/slipway-build/slipway/release/shards"
)

// Shards returns what a merge of shards needs for the release: those of the fork, and of the
// forks whose images it is made with, as they are here.
func (r Releasing) Shards(ctx context.Context) (shards.Want, error) {
	want := shards.Want{Origins: map[string]shards.Origin{}}
	for _, s := range r.sessions {
		f := s.Fork()
		all, err := shards.All(f.ID, platform.Common(r.on, f.Platforms))
		if err != nil {
			return want, err
		}
		want.Shards = append(want.Shards, all...)
		if want.Origins[f.ID], err = Origin(ctx, s); err != nil {
			return want, err
		}
	}
	return want, nil
}

// Origin returns what the shards of a session's fork are made of, and by.
func Origin(ctx context.Context, s *build.Session) (shards.Origin, error) {
	f := s.Fork()
	o := shards.Origin{Version: f.Version, Toolchain: s.Go().GOVERSION, Slipway: slipwayVersion()}
	var err error
	o.Inputs, err = shards.Inputs(ctx, f.Project.Dir, f.ID, f.Profile)
	return o, err
}
