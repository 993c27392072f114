// Package settings is the section release of fork.yaml.
package settings

import (
	"fmt"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/internal/config"
	"github.com/slipway-build/slipway/internal/glob"
	"github.com/slipway-build/slipway/licenses"
)

// The forms that a fork is released in.
const (
	Binaries = "binaries"
	Deb      = "deb"
	RPM      = "rpm"
	Ebuild   = "ebuild"
	Image    = "image"
	Tarball  = "tarball"
)

// Artifacts are all forms, in the order they are made.
var Artifacts = []string{Binaries, Deb, RPM, Ebuild, Image, Tarball}

// Settings is the section release of fork.yaml.
type Settings struct {
	// Artifacts are the forms that the fork is released in: binaries, deb, rpm, ebuild,
	// image, tarball. All that it can be made in if left out.
	Artifacts []string `yaml:"artifacts"`
	// Licenses are those of modules whose files do not tell, as SPDX expressions by
	// module path.
	Licenses licenses.Declared `yaml:"licenses"`
	// Exceptions are artifacts that may differ when the release is built again.
	Exceptions []Exception `yaml:"exceptions"`
}

// An Exception is an artifact that may differ from build to build.
type Exception struct {
	// Path is a pattern of paths in the release, as upstream.exclude has them.
	Path string `yaml:"path" json:"path"`
	// Reason is why, in words. Reports have it.
	Reason string `yaml:"reason" json:"reason"`
}

// Has reports whether the fork is released in a form.
func (s Settings) Has(form string) bool {
	return len(s.Artifacts) == 0 || slices.Contains(s.Artifacts, form)
}

// Validate returns what is wrong with the section by itself.
func (s Settings) Validate() []config.Fault {
	var faults []config.Fault
	seen := map[string]bool{}
	for i, form := range s.Artifacts {
		switch {
		case !slices.Contains(Artifacts, form):
			faults = append(faults, config.At("artifacts", i, "%q: want %s", form, strings.Join(Artifacts, ", ")))
		case seen[form]:
			faults = append(faults, config.At("artifacts", i, "%s is there twice: remove one", form))
		}
		seen[form] = true
	}
	faults = append(faults, config.Below("licenses", s.Licenses.Validate())...)
	for i, e := range s.Exceptions {
		field := fmt.Sprintf("exceptions[%d]", i)
		if e.Path == "" {
			faults = append(faults, config.Faultf(field+".path", "is missing: want a pattern such as deb/*/captain_*.deb"))
		} else if err := glob.Check(e.Path); err != nil {
			faults = append(faults, config.Faultf(field+".path", "%v", err))
		}
		if strings.TrimSpace(e.Reason) == "" {
			faults = append(faults, config.Faultf(field+".reason", "is missing: say why this may differ"))
		}
	}
	return faults
}
