package targets

import (
	"context"

	"github.com/magefile/mage/mg"

	"github.com/slipway-build/slipway"
	"github.com/slipway-build/slipway/artifact"
)

// Deploy holds the targets that write what deploys a fork.
type Deploy mg.Namespace

// Kubespray writes the variables that make Kubespray deploy a fork's images and binaries.
//
// Writes dist/FORK/deploy/kubespray.yml. -registry is where the images are
// pulled from; the default is images.registry of fork.yaml. -url is where
// dist/FORK/bin is published: https://downloads.example.org/kubernetes means
// https://downloads.example.org/kubernetes/VERSION/OS_ARCH/NAME. Builds the
// binaries whose sums it needs.
func (Deploy) Kubespray(ctx context.Context, fork, registry, url *string, v, json *bool) error {
	return run(ctx, v, json, func(ctx context.Context, p *slipway.Project) (artifact.Set, error) {
		return p.Kubespray(ctx, setting("FORK", fork), slipway.KubesprayRequest{
			Registry: setting("REGISTRY", registry), URL: setting("URL", url),
		})
	})
}
