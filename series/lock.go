// Package series works on a fork's patch series: pins it, lays it out
// as a work tree and reads it back from there, moves it to another upstream, imports
// commits and exports them for other tools.
//
// Each verb is a function of a session. Those that need no lock are given a session
// that was opened with an empty one.
package series

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/lock"
	"github.com/slipway-build/slipway/source"
)

// Lock pins the fork as it is now in its fork.lock, and returns that file. It alone
// asks again for what the lock says was not published.
func Lock(ctx context.Context, s *build.Session) (artifact.Set, error) {
	if _, err := build.Closes(s.Fork()); err != nil || s.PlanOnly() {
		return nil, err
	}
	s.Announce()
	s, err := s.On(ctx, s.Fork().Unpinned(), lock.Lock{})
	if err != nil {
		return nil, err
	}
	if err := s.ForgetDropped(); err != nil {
		return nil, err
	}
	l, err := Pin(ctx, s)
	if err != nil {
		return nil, err
	}
	path, data := s.Fork().File("fork.lock"), l.Encode()
	made := artifact.Artifact{
		Kind: artifact.Lock, Path: path, Size: int64(len(data)), Digest: fmt.Sprintf("sha256:%x", sha256.Sum256(data)),
		Kept: s.Dist().Holds(path, data),
	}
	if made.Kept {
		return artifact.Set{made}, sayLock(s, "unchanged")
	}
	s.Step("about to write " + path)
	if err := l.Write(s.Dist().Abs(path)); err != nil {
		return nil, err
	}
	s.Step("wrote " + path)
	return artifact.Set{made}, sayLock(s, "written")
}

// sayLock says what was found or done about fork.lock.
func sayLock(s *build.Session, what string) error {
	return s.Stage("lock", s.Fork().File("fork.lock"), what, func() (build.Done, error) { return build.Done{}, nil })
}

// Pin returns the lock for the fork as it is now. Changed dependencies can depend
// on the release of Go, so where the lock decides on another one than the session
// has, it is made again with that one.
func Pin(ctx context.Context, s *build.Session) (lock.Lock, error) {
	p, err := pin(ctx, s)
	return p.lock, err
}

// A pinned is a lock, and what it does not say of the tree: the digest of what the
// series alone makes, before the fork's deps.
type pinned struct {
	lock   lock.Lock
	series string
}

func pin(ctx context.Context, s *build.Session) (pinned, error) {
	for {
		p, err := pinWith(ctx, s)
		if err != nil || len(s.Fork().Deps) == 0 {
			return p, err
		}
		then, err := s.On(ctx, s.Fork(), p.lock)
		if err != nil || then.Go().GOVERSION == s.Go().GOVERSION {
			return p, err
		}
		s = then
	}
}

// pinWith is pin with the toolchain that the session has.
func pinWith(ctx context.Context, s *build.Session) (pinned, error) {
	up, err := s.Upstream(ctx)
	if err != nil {
		return pinned{}, err
	}
	f := s.Fork()
	p := pinned{lock: lock.Lock{
		Upstream: f.Upstream.Pin(), Time: up.Time, Modules: up.Modules, Dropped: up.Dropped, Source: up.Tree.Digest(),
		Carried: f.Ranges(), Deps: f.LockedDeps(),
	}}
	err = s.Stage("patches", "", "", func() (build.Done, error) {
		series, err := s.Series(ctx)
		if err != nil {
			return build.Done{}, err
		}
		changes, err := s.Changes(ctx, up, series.Patches)
		if err != nil {
			return build.Done{}, err
		}
		p.series = up.Tree.Changed(changes.Series).Digest()
		p.lock.Patches, p.lock.Tree = fork.Pins(series.Patches), up.Tree.Changed(changes.All).Digest()
		p.lock.Go, err = source.GoVersion(up.Dir, changes.All)
		return build.Done{Detail: build.Applied(len(series.Patches))}, err
	})
	return p, err
}

// Verify checks the fork's upstream, each of its patches and the tree that they
// make against fork.lock, and the module cache against the upstream's sums. It
// returns fork.lock.
func Verify(ctx context.Context, s *build.Session) (artifact.Set, error) {
	if _, err := build.Closes(s.Fork()); err != nil {
		return nil, err
	}
	s.Announce()
	now, err := pinWith(ctx, s)
	if err != nil {
		return nil, err
	}
	if err := s.Fork().CheckLock(s.Lock(), now.lock); err != nil {
		series, err2 := s.Series(ctx)
		return nil, errors.Join(build.ExplainStale(err, series.Patches), err2)
	}
	if err := s.Fetcher().CheckCached(ctx, s.Lock().Modules); err != nil {
		return nil, err
	}
	return artifact.Set{{Kind: artifact.Lock, Path: s.Fork().File("fork.lock"), Kept: true}}, sayLock(s, "holds")
}
