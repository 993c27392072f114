package build

import (
	"context"
	"errors"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/lock"
)

// OnAll calls f with sessions on several forks of a project, in one run. Each has its lock,
// which pins the fork as it is. Errors are explained.
func OnAll(
	ctx context.Context, p fork.Project, ids []string, o Options, f func([]*Session) (artifact.Set, error),
) (artifact.Set, error) {
	forks, locks := make([]fork.Fork, len(ids)), make([]lock.Lock, len(ids))
	for i, id := range ids {
		var err error
		if forks[i], err = p.Fork(id); err != nil {
			return nil, err
		}
		if locks[i], err = forks[i].ReadLock(); err != nil && !o.Unlocked {
			return nil, err
		}
	}
	first, err := Open(ctx, forks[0], locks[0], o)
	if err != nil {
		return nil, p.Explain(err)
	}
	set, err := func() (artifact.Set, error) {
		sessions := []*Session{first}
		for i := range forks[1:] {
			s, err := first.On(ctx, forks[i+1], locks[i+1])
			if err != nil {
				return nil, err
			}
			sessions = append(sessions, s)
		}
		return f(sessions)
	}()
	return set, p.Explain(errors.Join(err, first.Close()))
}
