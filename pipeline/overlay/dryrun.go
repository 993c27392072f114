package overlay

import (
	"bytes"
	"context"
	"maps"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/build"
)

// foresee tells, in a dry run, what Run would do, and returns what it would return, as far as
// that is known before something is made.
func foresee(ctx context.Context, sessions []*build.Session, b beginning) (artifact.Set, error) {
	var sets []artifact.Set
	var late build.Late
	for i, s := range sessions {
		s.Announce()
		of, err := s.Foresee(ctx, jobs(s, b.plans[i])...)
		if err != nil {
			return nil, err
		}
		for _, stage := range of {
			late = late.Add(stage + " of " + s.Fork().ID)
		}
		if len(of) > 0 { // they decide all that follows
			continue
		}
		f, fetched, err := addFork(ctx, s, b, b.plans[i])
		switch {
		case build.WouldRun(err):
			late = late.Add(distfileEvent + " of " + s.Fork().ID)
		case err != nil:
			return nil, err
		}
		b.overlay.Forks, sets = append(b.overlay.Forks, f), append(sets, fetched)
	}
	laid, err := foreseeOverlay(sessions[0], b, late)
	return union(append(sets, laid)...), err
}

// foreseeOverlay tells whether the overlay would be laid out again. It is not compared with
// the metadata in it, which is made of the rest.
func foreseeOverlay(s *build.Session, b beginning, late build.Late) (artifact.Set, error) {
	made := artifact.Set{{Kind: artifact.Overlay, Name: b.overlay.Name, Path: b.at.overlay}}
	err := s.Stage("overlay", b.overlay.Name, "", func() (build.Done, error) {
		if len(late) > 0 {
			return build.Done{}, late.For("overlay")
		}
		old, files, err := b.merged(s)
		if err != nil {
			return build.Done{}, err
		}
		before := maps.Clone(old)
		before.Uncache()
		if !maps.EqualFunc(before, files, bytes.Equal) {
			return build.Done{}, &build.WouldRunError{What: "overlay"}
		}
		made = ebuildArtifacts(b, old, files)
		return build.Done{Kept: true}, nil
	})
	if err != nil && !build.WouldRun(err) {
		return nil, err
	}
	return s.Report(made...), nil
}
