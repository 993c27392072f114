// Package source gets exactly one pinned upstream and lays it out as its own
// repository looks.
package source

import (
	"fmt"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"golang.org/x/mod/module"

	"github.com/slipway-build/slipway/internal/config"
	"github.com/slipway-build/slipway/version"
)

// Upstream says where a fork's sources come from: the section upstream of
// fork.yaml.
type Upstream struct {
	// Module is a Go module and its version, path@version.
	Module string `yaml:"module" json:"module,omitempty"`
	// Commit is the upstream commit behind the version, 40 hex digits, for the
	// binaries to name. A module does not tell it.
	Commit string `yaml:"commit" json:"commit,omitempty"`
}

var commitID = regexp.MustCompile(`^[0-9a-f]{40}$`)

// Validate returns what is wrong with the section.
func (u Upstream) Validate() []config.Fault {
	var faults []config.Fault
	switch path, vers, _ := strings.Cut(u.Module, "@"); {
	case u.Module == "":
		faults = append(faults, config.Faultf("", "no upstream: add \"module\", as k8s.io/kubernetes@v1.36.1"))
	case vers == "":
		faults = append(faults, config.Faultf("module", "%q names no version: write %s@v1.2.3", u.Module, path))
	default:
		if err := module.Check(path, vers); err != nil {
			faults = append(faults, config.Faultf("module", "%v", err))
		} else if module.CanonicalVersion(vers) != vers {
			faults = append(faults, config.Faultf("module", "%s is only part of a version, and so no pin: write it whole, as v1.36.1", vers))
		}
	}
	if u.Commit != "" && !commitID.MatchString(u.Commit) {
		faults = append(faults, config.Faultf("commit", "%q is no commit: want 40 hex digits in lower case", u.Commit))
	}
	return faults
}

// Version returns the upstream's version, if it is a release or pre-release
// and not just a commit.
func (u Upstream) Version() (version.Version, bool) {
	_, vers, _ := strings.Cut(u.Module, "@")
	if module.IsPseudoVersion(vers) {
		return version.Version{}, false
	}
	v, err := version.Parse(strings.TrimSuffix(strings.TrimPrefix(vers, "v"), "+incompatible"))
	return v, err == nil
}

// String names the upstream as people do.
func (u Upstream) String() string { return u.Module }

// A Layout says, for a range of upstream versions, which other modules are
// part of the upstream's repository.
type Layout struct {
	Versions version.Range `yaml:"versions"`
	Siblings []Sibling     `yaml:"siblings"`
}

// A Sibling is a module of the upstream's repository that is published by
// itself. A * in both Place and Module makes it one for each folder that the
// upstream's go.work uses, or its go.mod replaces a module by.
type Sibling struct {
	Place   string `yaml:"place" json:"place"`     // staging/src/k8s.io/*
	Module  string `yaml:"module" json:"module"`   // k8s.io/*
	Version string `yaml:"version" json:"version"` // a template of version.Fields: v0.{{.Minor}}.{{.Patch}}
}

// Validate returns what is wrong with the layout.
func (l Layout) Validate() []config.Fault {
	var faults []config.Fault
	if err := l.Versions.Validate(); err != nil {
		faults = append(faults, config.Faultf("versions", "%v", err))
	}
	for i, s := range l.Siblings {
		if s.Place == "" || s.Module == "" || s.Version == "" {
			faults = append(faults, config.At("siblings", i, "want place, module and version"))
		}
		if strings.Count(s.Place, "*") > 1 || strings.Count(s.Place, "*") != strings.Count(s.Module, "*") {
			faults = append(faults, config.At("siblings", i, "want one * in both place and module, or none"))
		}
		if s.Place == "." || s.Place != "" && (path.Clean(s.Place) != s.Place || !filepath.IsLocal(s.Place)) {
			faults = append(faults, config.Faultf(fmt.Sprintf("siblings[%d].place", i), "%q is no folder below the root: write it as staging/src/k8s.io/*", s.Place))
		}
		if _, err := version.Expand(s.Version, version.Fields{}); err != nil {
			faults = append(faults, config.Faultf(fmt.Sprintf("siblings[%d].version", i), "%v", err))
		}
	}
	return faults
}
