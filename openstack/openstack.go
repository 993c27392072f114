// Package openstack writes the configuration of Kubernetes' cloud provider for
// OpenStack, which its documents call cloud-config or openstack.conf.
//
// Which settings a version of a project knows is data: [Recipes], a file of its
// profile. Their values are a section of fork.yaml, [Settings]; passwords are only ever
// taken from the environment.
package openstack

import (
	"github.com/slipway-build/slipway/internal/config"
	"github.com/slipway-build/slipway/version"
)

// Settings is the section openstack of fork.yaml: the values of a cloud-config, by
// section and key, as Global and auth-url.
type Settings map[string]map[string]string

// Set returns the settings with others in their place, which are written as
// SECTION.KEY=VALUE with commas between them.
func (s Settings) Set(list string) (Settings, error) { return nil, nil }

// Recipes is openstack.yaml of a profile: the settings that a project knows.
type Recipes struct {
	Settings []Setting `yaml:"settings"`
}

// A Setting is one key of cloud-config, or some that take values of one kind.
type Setting struct {
	Versions version.Range `yaml:"versions"`
}

// Validate returns what is wrong with the recipes.
func (r Recipes) Validate() []config.Fault { return nil }

// Check returns what is wrong with settings for a version, all at once. Fields are
// relative to the section openstack.
func (r Recipes) Check(s Settings, v version.Version) []config.Fault { return nil }

// Render returns the cloud-config of settings for a version. env is where secrets are
// looked up, KEY=VALUE pairs as the clients of OpenStack name them: OS_PASSWORD.
func (r Recipes) Render(s Settings, v version.Version, env []string) ([]byte, error) { return nil, nil }

// Write writes a cloud-config to a file that only its owner can read, in one step. A
// file in dist, a folder, is refused: what is there is published.
func Write(dist, file string, data []byte) error { return nil }
