// Package e2e makes what the end-to-end tests of a fork consist of: the programs
// that run the tests, and the images that the tests run. Both are made of the fork's patched
// tree; what upstream's images have of other systems is of Debian's packages here.
//
// The packages are those that the suites of the profile's conformance.yaml have on the day of
// Request.Now. They are resolved once a day; nothing that is released has them.
package e2e

import (
	"context"
	"slices"
	"time"

	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/e2e"
	"github.com/slipway-build/slipway/platform"
	"github.com/slipway-build/slipway/registry"
)

// A Request says what to make.
type Request struct {
	// Platform is that of the cluster's nodes, as linux/arm64. Empty: Linux on this machine's
	// architecture.
	Platform string
	// Now is when the signatures of Debian's archive have to be valid.
	Now time.Time
	// With are sessions on the forks in images.with: the tests run images of theirs, too.
	With []*build.Session
}

// A Suite is what the tests of a fork consist of.
type Suite struct {
	Platform platform.Platform // of the images
	Dir      string            // folder with the programs that run the tests here; absolute, in the cache
	Images   []registry.Item   // what to push: repositories below a registry, as e2e-test-images/agnhost
	Missing  []MissingImage    // images that the tests run and that are not made, sorted by name

	suite      e2e.Suite
	registries []string // that the images are of, as the tests name them
}

// A MissingImage is one that the tests run and that is not made.
type MissingImage struct {
	Name   string // as the tests name it: registry.k8s.io/e2e-test-images/volume/nfs:1.6.0
	Reason string
}

// Repositories returns the file that KUBE_TEST_REPO_LIST names: it has the tests pull their
// images from a registry, such as registry.example.org/team, that Images were pushed to.
func (s Suite) Repositories(registry string) []byte {
	return s.suite.Repositories(registry, s.registries)
}

// Run makes the programs and images of the tests of a fork. Nothing of it is in dist. The
// images are read from the cache when they are pushed, so that has to be before s is closed.
func Run(ctx context.Context, s *build.Session, r Request) (Suite, error) {
	p, err := newPlan(s, r)
	if err != nil {
		return Suite{}, err
	}
	s.Announce()
	out := Suite{Platform: p.on, suite: p.suite}
	if out.Dir, err = p.programs(ctx, s); err != nil {
		return out, err
	}
	named, err := p.list(ctx, s, out.Dir)
	if err != nil {
		return out, err
	}
	in, err := p.gather(ctx, s, named)
	if err != nil {
		return out, err
	}
	err = s.Stage("image", "of the tests", "", func() (build.Done, error) {
		made, err := p.images(ctx, s, in)
		if err == nil {
			out.place(named, made)
		}
		return build.Done{Detail: p.on.String()}, err
	})
	return out, err
}

// Check returns what is known to keep Run from doing its work.
func Check(s *build.Session, r Request) error {
	_, err := newPlan(s, r)
	return err
}

// place adds the images that the tests name, made or not. Those that are of no registry of the
// suite are not to be had: the tests look at how that fails.
func (s *Suite) place(named []e2e.Named, made map[string]result) {
	for _, n := range named {
		one := made[n.Full]
		switch {
		case n.Registry == "":
		case one.image == nil:
			s.Missing = append(s.Missing, MissingImage{n.Full, one.missing})
		default:
			s.Images = append(s.Images, registry.Item{Repository: n.Repository, Tag: n.Tag, Image: one.image})
			if !slices.Contains(s.registries, n.Registry) {
				s.registries = append(s.registries, n.Registry)
			}
		}
	}
}
