package targets

import (
	"cmp"
	"context"
	"os"

	"github.com/magefile/mage/mg"

	"github.com/slipway-build/slipway"
	"github.com/slipway-build/slipway/artifact"
)

// Deploy holds the targets that write what deploys a fork.
type Deploy mg.Namespace

// Kubespray writes the variables that make Kubespray deploy a fork's images and binaries.
//
// Writes dist/FORK/deploy/kubespray.yml. -registry is where the images are
// pulled from; the default is where they were made for: -registry of image, or
// images.registry of fork.yaml. -url is where
// dist/FORK/bin is published: https://downloads.example.org/kubernetes means
// https://downloads.example.org/kubernetes/VERSION/OS_ARCH/NAME. Builds the
// binaries whose sums it needs.
func (Deploy) Kubespray(ctx context.Context, fork, registry, url *string, v, json *bool) error {
	return run(ctx, v, json, func(ctx context.Context, p *slipway.Project) (artifact.Set, error) {
		from := setting("REGISTRY", registry)
		if images := imagesBefore("deploy:kubespray"); p.PlanOnly && images != nil {
			from = cmp.Or(from, images.Registry) // which images.json will name
		}
		return p.Kubespray(ctx, setting("FORK", fork), slipway.KubesprayRequest{Registry: from, URL: setting("URL", url)})
	})
}

// OpenStack writes the configuration of Kubernetes' cloud provider for OpenStack, openstack.conf.
//
// Writes it to the file -out, which only its owner can read, outside of dist; or to
// standard output. The values are those of the section openstack of fork.yaml;
// -set changes some, as Global.region=east,LoadBalancer.subnet-id=ID. Secrets are
// taken from the variables of OpenStack's clients alone, such as OS_PASSWORD.
func (Deploy) OpenStack(ctx context.Context, fork, set, out *string) error {
	if plans, err := begin(); err != nil || plans {
		return err
	}
	p, err := project(nil)
	if err != nil {
		return err
	}
	data, err := p.OpenStack(setting("FORK", fork), slipway.OpenStackRequest{
		Set: setting("SET", set), Out: setting("OUT", out),
	})
	if err == nil {
		_, err = os.Stdout.Write(data)
	}
	return err
}
