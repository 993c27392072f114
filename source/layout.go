package source

import (
	"fmt"
	"path"
	"path/filepath"
	"strings"

	"github.com/slipway-build/slipway/internal/config"
	"github.com/slipway-build/slipway/version"
)

// A Layout says, for a range of upstream versions, where in its repository the
// upstream's module lies, and which other modules are part of it.
type Layout struct {
	Versions version.Range `yaml:"versions"`
	Place    string        `yaml:"place"` // of the upstream's module in the tree; the root if empty
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
	if l.Place != "" && !below(l.Place) {
		faults = append(faults, config.Faultf("place", "%q is not a folder below the root: write it like server", l.Place))
	}
	for i, s := range l.Siblings {
		if s.Place == "" || s.Module == "" || s.Version == "" {
			faults = append(faults, config.At("siblings", i, "want place, module and version"))
		}
		if strings.Count(s.Place, "*") > 1 || strings.Count(s.Place, "*") != strings.Count(s.Module, "*") {
			faults = append(faults, config.At("siblings", i, "want one * in both place and module, or none"))
		}
		if s.Place != "" && !below(s.Place) {
			faults = append(faults, config.Faultf(fmt.Sprintf("siblings[%d].place", i),
				"%q is not a folder below the root: write it like staging/src/k8s.io/*", s.Place))
		}
		if _, err := version.Expand(s.Version, version.Fields{}); err != nil {
			faults = append(faults, config.Faultf(fmt.Sprintf("siblings[%d].version", i), "%v", err))
		}
	}
	return faults
}

// below reports whether a path is one of a folder below the root.
func below(place string) bool {
	return place != "." && path.Clean(place) == place && filepath.IsLocal(place)
}
