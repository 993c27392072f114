// Package series does what is done to a fork's patch series: pins it, lays it out
// as a work tree and takes it back from there, moves it to another upstream, takes
// commits in and gives them to other tools.
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

// Lock pins the fork as it is now in its fork.lock, and returns that file.
func Lock(ctx context.Context, s *build.Session) (artifact.Set, error) {
	s.Announce()
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
	if err := l.Write(s.Dist().Abs(path)); err != nil {
		return nil, err
	}
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
	for {
		l, err := pin(ctx, s)
		if err != nil || len(s.Fork().Deps) == 0 {
			return l, err
		}
		then, err := s.On(ctx, s.Fork(), l)
		if err != nil || then.Go().GOVERSION == s.Go().GOVERSION {
			return l, err
		}
		s = then
	}
}

func pin(ctx context.Context, s *build.Session) (lock.Lock, error) {
	up, err := s.Upstream(ctx)
	if err != nil {
		return lock.Lock{}, err
	}
	f := s.Fork()
	l := lock.Lock{
		Upstream: f.Upstream.Pin(), Time: up.Time, Modules: up.Modules, Dropped: up.Dropped, Source: up.Tree.Digest(),
		Carried: f.Ranges(), Deps: f.LockedDeps(),
	}
	err = s.Stage("patches", "", "", func() (build.Done, error) {
		series, err := s.Series(ctx)
		if err != nil {
			return build.Done{}, err
		}
		changes, err := s.Changes(ctx, up, series.Patches)
		if err != nil {
			return build.Done{}, err
		}
		l.Patches, l.Tree = fork.Pins(series.Patches), up.Tree.Changed(changes.All).Digest()
		l.Go, err = source.GoVersion(up.Dir, changes.All)
		return build.Done{Detail: build.Applied(len(series.Patches))}, err
	})
	return l, err
}

// Verify checks the fork's upstream, each of its patches and the tree that they
// make against fork.lock, and the module cache against the upstream's sums. It
// returns fork.lock.
func Verify(ctx context.Context, s *build.Session) (artifact.Set, error) {
	s.Announce()
	now, err := pin(ctx, s)
	if err != nil {
		return nil, err
	}
	if err := s.Fork().CheckLock(s.Lock(), now); err != nil {
		series, err2 := s.Series(ctx)
		return nil, errors.Join(build.ExplainStale(err, series.Patches), err2)
	}
	if err := s.Fetcher().CheckCached(ctx, s.Lock().Modules); err != nil {
		return nil, err
	}
	return artifact.Set{{Kind: artifact.Lock, Path: s.Fork().File("fork.lock"), Kept: true}}, sayLock(s, "holds")
}
