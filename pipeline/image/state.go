package image

import (
	"cmp"
	"context"
	"strings"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/fork"
)

// Plan returns the images that Run would return. Which of them are there already is known
// when their layers are made.
func Plan(s *build.Session, r Request) (artifact.Set, error) {
	p, err := newPlan(s, r)
	return artifact.Of(p.planned()), err
}

// planned returns the images of a plan, before they are made.
func (p plan) planned() []artifact.Artifact {
	var out []artifact.Artifact
	for _, title := range names(p.chosen) {
		out = append(out, artifact.Artifact{
			Kind: artifact.Image, Format: p.fork.Images.Format, Name: title, Path: p.fork.Dist("images"),
		})
	}
	return out
}

// foresee tells, in a dry run, what Run would do, and returns what it would return. Whether
// images are up to date is known if all that they are made of is.
func foresee(ctx context.Context, s *build.Session, p plan) (artifact.Set, error) {
	late, err := p.foreseeBinaries(ctx, s)
	if err != nil {
		return nil, err
	}
	made := p.planned()
	err = s.Stage("image", p.tag(), "", func() (build.Done, error) {
		if len(late) > 0 {
			return build.Done{}, late.For("image")
		}
		w := newLayerCache(s, p)
		in, err := gather(ctx, s, w, p)
		if err != nil {
			return build.Done{}, err
		}
		record, kept, err := assembleAll(ctx, s, w, p, in)
		if err == nil {
			made = p.artifacts(record, kept)
		}
		return build.Done{Kept: kept}, err
	})
	if err != nil && !build.WouldRun(err) {
		return nil, err
	}
	return s.Report(made...), nil
}

// foreseeBinaries tells which binaries would be compiled for images, and returns what would
// run before them.
func (p plan) foreseeBinaries(ctx context.Context, s *build.Session) (build.Late, error) {
	late := p.request.Late
	for _, on := range p.platforms {
		taken, order := p.takenOn(on)
		for _, from := range order {
			from.Announce()
			of, err := from.Foresee(ctx, taken[from])
			if err != nil {
				return nil, err
			}
			for _, stage := range of {
				late = late.Add(stage + " of " + from.Fork().ID)
			}
		}
		if len(order) > 0 {
			s.Announce()
		}
		of, err := s.Foresee(ctx, fork.Job{Platform: on, Components: p.components})
		if err != nil {
			return nil, err
		}
		for _, stage := range of {
			late = late.Add(stage)
		}
	}
	return late, nil
}

// Pulls returns what hosts will pull by the pods and units of a fork, once its images are made
// as r asks; what is not known yet is left out. Without r it is nil.
func Pulls(f fork.Fork, r *Request) []artifact.Pull {
	if r == nil {
		return nil
	}
	f.Images.Registry = cmp.Or(strings.TrimSuffix(r.Registry, "/"), f.Images.Registry)
	p, err := forkPlan(f)
	if err == nil {
		p.request = *r
		p, err = p.choose()
	}
	if err != nil {
		return []artifact.Pull{} // Run will say why
	}
	return p.pulls()
}
