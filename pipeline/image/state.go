package image

import (
	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/build"
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
