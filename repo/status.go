package repo

import (
	"context"

	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/repo/state"
)

// A Status is what a repository has.
type Status struct {
	Channels  map[string][]state.Member
	Snapshots []state.Snapshot // that can be gone back to, the newest first
}

// Status returns what dist/repo has.
func (k Keeper) Status(ctx context.Context) (s Status, err error) {
	if _, err := k.settings(); err != nil || k.Options.PlanOnly {
		return s, err
	}
	err = k.locked(ctx, func(ctx context.Context, held *build.Held) error {
		store, err := k.openStore(ctx, held)
		if err != nil {
			return err
		}
		if store.shown == nil {
			return store.close(errNothing)
		}
		s = Status{Channels: store.before.Channels, Snapshots: store.kept}
		return store.close(nil)
	})
	return s, err
}
