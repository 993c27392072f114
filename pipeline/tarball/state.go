package tarball

import (
	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/build"
)

// PlanRelease returns the tarballs that Release would return, those too for which the tree
// may not have what they hold. Which of them are up to date is known when their binaries are.
func PlanRelease(s *build.Session, r ReleaseRequest) (artifact.Set, error) {
	p, err := newPlan(s, r)
	if err != nil {
		return nil, err
	}
	out := p.artifacts(nil, nil)
	for i := range out {
		out[i].Digest = ""
	}
	return artifact.Of(out), nil
}
