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
// Writes dist/FORK/deploy/kubespray.yml. Builds the binaries whose sums it needs.
// -url=https://downloads.example.org/kubernetes means
// https://downloads.example.org/kubernetes/VERSION/OS_ARCH/NAME.
//
// Examples:
//
//	mage deploy:kubespray -registry=registry.example.org/team
//	mage deploy:kubespray -url=https://downloads.example.org/kubernetes  # binaries from there, too
func (Deploy) Kubespray(
	ctx context.Context,
	fork *string, // NAME the fork (default: the only one, or that with default: true)
	registry *string, // REGISTRY where the images are pulled from (default: where they were made for)
	url *string, // URL where dist/FORK/bin is published
	v *bool, // list more of what is done, such as the packages that are compiled
	json *bool, // print events as JSON, one on each line
) error {
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
// The file of -out is one that only its owner can read. The values are those of the
// section openstack of fork.yaml; -set changes some. Secrets are taken from the
// variables of OpenStack's clients alone, such as OS_PASSWORD.
//
// Examples:
//
//	mage deploy:openstack -out=/etc/kubernetes/openstack.conf
//	mage deploy:openstack -set=Global.region=west  # on standard output, with another region
func (Deploy) OpenStack(
	ctx context.Context,
	fork *string, // NAME the fork (default: the only one, or that with default: true)
	set *string, // LIST values that differ, such as Global.region=east,LoadBalancer.subnet-id=ID
	out *string, // FILE where to write it, outside of dist (default: standard output)
) error {
	return ask(func(p *slipway.Project) error {
		data, err := p.OpenStack(setting("FORK", fork), slipway.OpenStackRequest{
			Set: setting("SET", set), Out: setting("OUT", out),
		})
		if err == nil {
			_, err = os.Stdout.Write(data)
		}
		return err
	})
}
