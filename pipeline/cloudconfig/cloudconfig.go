// Package cloudconfig writes the configuration of Kubernetes' cloud provider for OpenStack,
// openstack.conf, from fork.yaml and the environment.
package cloudconfig

import (
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/openstack"
	"github.com/slipway-build/slipway/profiles"
)

// A Request says what to write where.
type Request struct {
	Set string // settings beside those of fork.yaml: SECTION.KEY=VALUE with commas between them
	Out string // file outside of dist; empty: none
}

// Run returns the cloud-config of a fork; or writes it to the file that r names, for its owner
// alone, and returns nothing. Secrets are taken from env, KEY=VALUE pairs.
func Run(f fork.Fork, env []string, r Request) ([]byte, error) {
	recipes, err := profiles.OpenStack(f.Project.Dir, f.Profile)
	if err != nil {
		return nil, err
	}
	settings, err := f.OpenStack.Set(r.Set)
	if err != nil {
		return nil, err
	}
	data, err := recipes.Render(settings, f.Parsed, env)
	if err != nil || r.Out == "" {
		return data, err
	}
	return nil, openstack.Write(f.Project.Path("dist"), f.Project.At(r.Out), data)
}
