// Package conformance makes what the end-to-end tests of a fork consist of: the programs
// that run the tests, and the images that the tests run. Both are made of the fork's patched
// tree; what upstream's images have of other systems is of Debian's packages here.
package conformance

import (
	"context"
	"errors"
	"time"

	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/registry"
)

// A Request says what to make.
type Request struct {
	// Platform is that of the cluster's nodes, as linux/arm64. Empty: Linux on this machine's
	// architecture.
	Platform string
	// Now is when the signatures of Debian's archive have to be valid.
	Now time.Time
}

// A Suite is what the tests of a fork consist of.
type Suite struct {
	Dir     string          // folder with the programs that run the tests here; absolute, in the cache
	Images  []registry.Item // what to push: repositories below a registry, as e2e-test-images/agnhost
	Missing []MissingImage  // images that the tests name and that are not made, sorted by name
}

// A MissingImage is one that the tests name and that is not made.
type MissingImage struct {
	Name   string // as the tests name it: registry.k8s.io/sd-dummy-exporter:v0.2.0
	Reason string
}

// Run makes the programs and images of the tests of a fork.
func Run(ctx context.Context, s *build.Session, r Request) (Suite, error) {
	return Suite{}, errors.New("the tests of a fork are not made yet")
}

// Check returns what is known to keep Run from doing its work.
func Check(s *build.Session, r Request) error { return nil }

// Repositories returns the file that KUBE_TEST_REPO_LIST names: it has the tests pull their
// images from a registry, such as registry.example.org/team, that Images were pushed to.
func (s Suite) Repositories(registry string) []byte { return nil }
