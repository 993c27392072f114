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
// With -url=https://downloads.example.org/kubernetes, binaries are downloaded from
// https://downloads.example.org/kubernetes/VERSION/OS_ARCH/NAME.
//
// Examples:
//
//	mage deploy:kubespray -registry=registry.example.org/team
//	mage deploy:kubespray -url=https://downloads.example.org/kubernetes  # binaries from this address
func (Deploy) Kubespray(
	ctx context.Context,
	fork *string, // NAME the fork (default: the only one, or the one with default: true)
	registry *string, // REGISTRY the registry that images are pulled from (default: the one they were made for)
	url *string, // URL where dist/FORK/bin is published
	v *bool, // print more details, such as the packages that are compiled
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
// Only the owner can read the file that -out names. The values are those of the section
// openstack of fork.yaml; -set replaces some. Secrets are taken only from the variables
// of OpenStack's clients, such as OS_PASSWORD.
//
// Examples:
//
//	mage deploy:openstack -out=/etc/kubernetes/openstack.conf
//	mage deploy:openstack -set=Global.region=west  # on standard output, with another region
func (Deploy) OpenStack(
	ctx context.Context,
	fork *string, // NAME the fork (default: the only one, or the one with default: true)
	set *string, // LIST values to replace, such as Global.region=east,LoadBalancer.subnet-id=ID
	out *string, // FILE the file to write, outside of dist (default: standard output)
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
