package pipeline

import (
	"context"
	"slices"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/pipeline/image"
)

// Imaging is a fork whose images are made, and the forks that it takes for that.
type Imaging struct {
	fork    fork.Fork
	request image.Request
	others  []fork.Fork // that it runs with: their images are made first
	from    []fork.Fork // whose programs images.add takes
}

// NewImaging returns the imaging of a fork. The sources of Slipway's own programs are those
// of the request.
func NewImaging(f fork.Fork, r image.Request) (Imaging, error) {
	i := Imaging{fork: f, request: r}
	var err error
	if i.others, err = image.With(f, r); err != nil {
		return i, err
	}
	i.from, err = image.From(i.others, f, r)
	return i, err
}

// IDs returns the forks that sessions are needed on, in their order.
func (i Imaging) IDs() []string {
	var out []string
	for _, f := range slices.Concat(i.others, []fork.Fork{i.fork}, i.from) {
		out = append(out, f.ID)
	}
	return out
}

// requests returns what each fork whose images are made is asked.
func (i Imaging) requests(sessions []*build.Session) []image.Request {
	r := i.request
	r.From = sessions
	return append(r.Others(len(i.others)), r)
}

// Check returns what is known to keep Run from doing its work.
func (i Imaging) Check(sessions []*build.Session) error {
	requests := i.requests(sessions)
	return image.Check(sessions[:len(requests)], requests)
}

// Run makes the images.
func (i Imaging) Run(ctx context.Context, sessions []*build.Session) (artifact.Set, error) {
	var sets []artifact.Set
	var late build.Late // in a dry run
	for n, r := range i.requests(sessions) {
		r.Late = late
		set, err := image.Run(ctx, sessions[n], r)
		if err != nil {
			return nil, err
		}
		if sets = append(sets, set); i.request.DryRun && slices.ContainsFunc(set, missing) {
			late = late.Add("image of " + sessions[n].Fork().ID)
		}
	}
	return artifact.Of(sets...), nil
}

func missing(a artifact.Artifact) bool { return !a.Kept }

// Plan returns the images of the fork itself, as far as they are known before they are made.
func (i Imaging) Plan(sessions []*build.Session) (artifact.Set, error) {
	n := len(i.others)
	return image.Plan(sessions[n], i.requests(sessions)[n])
}
