package build

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/cross"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/internal/action"
)

// A WouldRunError says that something is not up to date, in a dry run, which makes nothing.
type WouldRunError = action.WouldRunError

// WouldRun reports whether an error is a *WouldRunError: a dry run goes on after one.
func WouldRun(err error) bool {
	var would *WouldRunError
	return errors.As(err, &would)
}

// Late are the stages that would run, in a dry run, before another one can tell whether it
// has to: because they make something that it reads.
type Late []string

// Add adds a stage, once.
func (l Late) Add(stage string) Late {
	if slices.Contains(l, stage) {
		return l
	}
	return append(l, stage)
}

// For returns the error of what would run after those stages.
func (l Late) For(what string) error {
	return &WouldRunError{What: what, After: strings.Join(l, ", ")}
}

// Foresee tells what Binaries would do for jobs, in a dry run, and returns which stages
// would run.
func (s *Session) Foresee(ctx context.Context, jobs ...fork.Job) (Late, error) {
	late, _, err := s.foresee(ctx, jobs)
	return late, err
}

// foresee is Foresee, and returns what Cross would return. What would be compiled has no
// size and no digest.
func (s *Session) foresee(ctx context.Context, jobs []fork.Job) (late Late, set artifact.Set, err error) {
	stale := make([][]cross.Component, len(jobs))
	for i, j := range jobs {
		b, err := s.Current(ctx, j)
		if err != nil && !WouldRun(err) { // as of a sysroot that is not laid out
			return nil, nil, err
		}
		if stale[i] = b.missing(j); len(stale[i]) > 0 {
			late = late.Add("cross " + j.Platform.String())
		}
		set = append(set, s.planned(j, b)...)
	}
	if err := s.foreseeTrees(ctx, len(late) > 0); err != nil {
		return nil, nil, err
	}
	for i, j := range jobs {
		kept := len(stale[i]) == 0
		if !kept {
			j.Components = stale[i]
		}
		s.tell("cross", j.Platform.String(), j.Names(), kept)
	}
	return late, set, nil
}

// tell says of a stage that it would run, or that what it makes is up to date.
func (s *Session) tell(stage, subject, detail string, kept bool) {
	_ = s.Stage(stage, subject, detail, func() (Done, error) {
		if kept {
			return Done{Kept: true}, nil
		}
		return Done{}, &WouldRunError{What: stage}
	})
}

// foreseeTrees tells, once, whether the trees would be made that a compiler reads, if there
// is something to compile.
func (s *Session) foreseeTrees(ctx context.Context, compile bool) error {
	_, err := s.told.get(func() (bool, error) {
		if !compile {
			s.tellKept()
			return true, nil
		}
		_, err := s.Trees(ctx)
		var would *WouldRunError
		if !errors.As(err, &would) {
			return err == nil, err
		}
		if would.What == upstreamStage.Name { // and what reads that was not looked at
			s.tell("patches", "", Applied(len(s.lock.Patches)), false)
		}
		return false, nil
	})
	return err
}

// foreseeCross tells what Cross would do for jobs.
func (s *Session) foreseeCross(ctx context.Context, jobs []fork.Job) (artifact.Set, error) {
	_, set, err := s.foresee(ctx, jobs)
	if err != nil {
		return nil, err
	}
	return s.Report(set...), nil
}
