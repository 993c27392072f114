package targets

import (
	"context"

	"github.com/magefile/mage/mg"

	"github.com/slipway-build/slipway"
)

// Deploy are the targets for what deploys a fork.
type Deploy mg.Namespace

// Kubespray writes the variables that have Kubespray deploy a fork's images and binaries.
//
// They come to lie in dist/FORK/deploy/kubespray.yml. -registry is where the
// images are pulled from, that of fork.yaml unless told; -url is where
// dist/FORK/bin is published, as https://downloads.example.org/kubernetes for
// https://downloads.example.org/kubernetes/VERSION/OS_ARCH/NAME. It builds the
// binaries that it needs the sums of.
func (Deploy) Kubespray(ctx context.Context, fork, registry, url *string, v, json *bool) error {
	return run(ctx, v, json, func(ctx context.Context, p *slipway.Project) error {
		return p.Kubespray(ctx, slipway.KubesprayRequest{Fork: setting("FORK", fork), Registry: setting("REGISTRY", registry), URL: setting("URL", url)})
	})
}
