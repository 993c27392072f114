package targets

import (
	"context"
	"time"

	"github.com/magefile/mage/mg"

	"github.com/slipway-build/slipway"
	"github.com/slipway-build/slipway/artifact"
)

// Fork holds the targets that are about a fork as a whole.
type Fork mg.Namespace

// Conformance runs Kubernetes' conformance tests, compiled from a fork's patched tree, on a cluster.
//
// Also builds the images that the tests start. Without -kubeconfig, it starts two
// machines on this host, which needs root, sets up a cluster on them from the debs of
// this project's forks, and removes them afterwards. Runs tests in parallel where it
// can. Writes dist/FORK/conformance: summary.md, junit_01.xml, e2e.log, and the folder
// that k8s-conformance takes. Fails if a test fails that is not expected to.
//
// Examples:
//
//	mage fork:conformance                      # all conformance tests, on a cluster of its own
//	mage fork:conformance -focus='DNS.*Conformance' -skip=Serial
//	mage fork:conformance -kubeconfig=admin.conf -registry=registry.example.org/team
func (Fork) Conformance(
	ctx context.Context,
	fork *string, // NAME the fork (default: the only one, or the one with default: true)
	kubeconfig *string, // FILE access to the cluster as an administrator (default: two machines on this host)
	registry *string, // REGISTRY where the images are pushed, and pulled by the cluster of -kubeconfig
	insecure *bool, // accept any certificate, and plain HTTP
	focus *string, // REGEXP the tests to run, by name (default: \[Conformance\])
	skip *string, // REGEXP the tests to leave out, by name
	processes *int, // NUMBER how many tests run at once (default: 4 for each processor)
	arch *string, // NAME the architecture of the cluster's nodes (default: this machine's)
	upstream *bool, // test the fork without its own patches, in dist/FORK-upstream, to compare with
	v *bool, // print more details, such as the packages that are compiled
	json *bool, // print events as JSON, one on each line
) error {
	n, err := number("PROCESSES", processes)
	if err != nil {
		return err
	}
	r := slipway.ConformanceRequest{
		Kubeconfig: setting("KUBECONFIG", kubeconfig), Registry: setting("REGISTRY", registry),
		Insecure: flag(toggleInsecure, insecure), Focus: setting("FOCUS", focus), Skip: setting("SKIP", skip),
		Processes: n, Upstream: flag(toggleUpstream, upstream), Now: time.Now,
	}
	if a := setting("ARCH", arch); a != "" {
		r.Platform = "linux/" + a
	}
	return run(ctx, v, json, func(ctx context.Context, p *slipway.Project) (artifact.Set, error) {
		return p.Conformance(ctx, setting("FORK", fork), r)
	})
}
