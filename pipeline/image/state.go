package image

import (
	"cmp"
	"strings"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/fork"
)

// Plan returns the images that Run would return. Which of them are there already is known
// when their layers are made.
func Plan(s *build.Session, r Request) (artifact.Set, error) {
	p, err := newPlan(s, r)
	var out artifact.Set
	for _, title := range names(p.chosen) {
		out = append(out, artifact.Artifact{
			Kind: artifact.Image, Format: p.fork.Images.Format, Name: title, Path: p.fork.Dist("images"),
		})
	}
	return artifact.Of(out), err
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
