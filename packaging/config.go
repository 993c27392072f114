package packaging

import (
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/internal/config"
	"github.com/slipway-build/slipway/version"
)

// Settings is the section packages of fork.yaml.
type Settings struct {
	// Maintainer is who answers for the packages, as Acme <k8s@example.org>.
	Maintainer string `yaml:"maintainer" json:"maintainer"`
	// Revision counts the packagings of one version of the fork, from 1.
	Revision int `yaml:"revision" json:"revision"`
	// Compression is zstd, xz or gzip. Debian reads zstd from 12 on, Ubuntu from
	// 18.04 on.
	Compression string `yaml:"compression" json:"compression"`
	// Options change the files with a service's options: by package, the value of
	// each variable.
	Options map[string]map[string]string `yaml:"options" json:"options"`
	// Replace lists, by package, the paths at which a file of the fork's folder
	// files stands for the one that the package would have.
	Replace map[string][]string `yaml:"replace" json:"replace"`
}

// Defaulted returns the section with what was left out filled in.
func (s Settings) Defaulted() Settings {
	if s.Revision == 0 {
		s.Revision = 1
	}
	if s.Compression == "" {
		s.Compression = "zstd"
	}
	return s
}

// compressions are what nFPM calls them, at the levels that are worth their time.
var compressions = map[string]string{"zstd": "zstd:best", "xz": "xz", "gzip": "gzip:9"}

var maintainer = regexp.MustCompile(`^[^<>\n]+ <[^<>@\s]+@[^<>@\s]+>$`)

// Validate returns what is wrong with the section.
func (s Settings) Validate() []config.Fault {
	var faults []config.Fault
	if s.Maintainer != "" && !maintainer.MatchString(s.Maintainer) {
		faults = append(faults, config.Faultf("maintainer", "%q is no name and address: write it as Acme <k8s@example.org>", s.Maintainer))
	}
	if s.Revision < 0 {
		faults = append(faults, config.Faultf("revision", "%d is no revision: they count from 1", s.Revision))
	}
	if compressions[s.Compression] == "" {
		faults = append(faults, config.Faultf("compression", "%q is none: want zstd, xz or gzip", s.Compression))
	}
	for _, pkg := range slices.Sorted(maps.Keys(s.Replace)) {
		for i, p := range s.Replace[pkg] {
			if !clean(p) {
				faults = append(faults, config.At("replace."+pkg, i, "%q is no path: write it from the root, as /etc/default/kubelet", p))
			}
		}
	}
	return faults
}

// clean reports whether a path can be a file's in a package.
func clean(p string) bool { return path.IsAbs(p) && path.Clean(p) == p && p != "/" }

// Recipes say which packages a project comes to.
type Recipes struct {
	Homepage    string      `yaml:"homepage" json:"homepage"`
	License     string      `yaml:"license" json:"license"`           // SPDX expression
	LicenseFile string      `yaml:"license_file" json:"license_file"` // in the patched tree
	Copyright   string      `yaml:"copyright" json:"copyright"`       // holders
	Section     string      `yaml:"section" json:"section"`           // Debian's
	Multicall   []Multicall `yaml:"multicall" json:"multicall"`
	Packages    []Recipe    `yaml:"packages" json:"packages"`
}

// A Multicall is a component that is several programs, told apart by the name
// they are called by. Where a fork builds it, packages of those programs have a
// link to it, and depend on its package.
type Multicall struct {
	Versions  version.Range `yaml:"versions" json:"versions"`
	Component string        `yaml:"component" json:"component"`
	Package   string        `yaml:"package" json:"package"`
	Path      string        `yaml:"path" json:"path"`
	// Programs maps a component to the name that this one answers to as that.
	Programs map[string]string `yaml:"programs" json:"programs"`
}

// A Recipe is one package. It is made where the fork has all of its programs,
// and all that it requires.
type Recipe struct {
	Name     string        `yaml:"name" json:"name"`
	Versions version.Range `yaml:"versions" json:"versions"`
	Summary  string        `yaml:"summary" json:"summary"`
	// Description is paragraphs, an empty line between two.
	Description string `yaml:"description" json:"description"`
	// Programs maps a component to the path that it is installed at.
	Programs map[string]string `yaml:"programs" json:"programs"`
	Requires []string          `yaml:"requires" json:"requires"` // programs that other packages have
	// Files maps a path to a file of the profile's folder, a template, or, as
	// tree:PATH, to one of the patched tree. A path that ends in / is a folder, and
	// maps to nothing.
	Files map[string]string `yaml:"files" json:"files"`
	Man   map[string]string `yaml:"man" json:"man"` // program to section of the manual
	// Completions maps a program that writes them to shells.
	Completions map[string][]string `yaml:"completions" json:"completions"`
	Restart     []string            `yaml:"restart" json:"restart"`
	State       []string            `yaml:"state" json:"state"`
	Retired     []string            `yaml:"retired" json:"retired"`
	Relations   Relations           `yaml:"relations" json:"relations"`
	Overrides   []Override          `yaml:"overrides" json:"overrides"`
}

// Validate returns what is wrong with the recipes.
func (r Recipes) Validate() []config.Fault {
	var faults []config.Fault
	for i, m := range r.Multicall {
		at := fmt.Sprintf("multicall[%d]", i)
		if m.Component == "" || m.Package == "" || !clean(m.Path) || len(m.Programs) == 0 {
			faults = append(faults, config.Faultf(at, "want component, package, path and programs"))
		}
		if err := m.Versions.Validate(); err != nil {
			faults = append(faults, config.Faultf(at+".versions", "%v", err))
		}
	}
	if len(r.Packages) == 0 {
		faults = append(faults, config.Faultf("packages", "names none"))
	}
	for i, p := range r.Packages {
		faults = append(faults, config.Below(fmt.Sprintf("packages[%d]", i), p.validate())...)
	}
	return faults
}

var packageName = regexp.MustCompile(`^[a-z0-9][a-z0-9+.-]+$`)

func (r Recipe) validate() []config.Fault {
	var faults []config.Fault
	if !packageName.MatchString(r.Name) {
		faults = append(faults, config.Faultf("name", "%q is no package's name: want lower case letters, digits, and + - .", r.Name))
	}
	if err := r.Versions.Validate(); err != nil {
		faults = append(faults, config.Faultf("versions", "%v", err))
	}
	if r.Summary == "" || strings.Contains(r.Summary, "\n") {
		faults = append(faults, config.Faultf("summary", "want a line"))
	}
	if r.Description == "" {
		faults = append(faults, config.Faultf("description", "is missing"))
	}
	for _, program := range slices.Sorted(maps.Keys(r.Programs)) {
		if !clean(r.Programs[program]) {
			faults = append(faults, config.Faultf("programs."+program, "%q is no path from the root", r.Programs[program]))
		}
	}
	for _, program := range slices.Concat(slices.Sorted(maps.Keys(r.Man)), slices.Sorted(maps.Keys(r.Completions))) {
		if r.Programs[program] == "" {
			faults = append(faults, config.Faultf("programs", "%s has a manual page or completions, and is none of the programs", program))
		}
	}
	for _, o := range r.Overrides {
		if o.Tag == "" || o.Reason == "" {
			faults = append(faults, config.Faultf("overrides", "want a tag and the reason that it stays"))
		}
	}
	r.Relations.each(func(key string, list *[]Relation) {
		for i, rel := range *list {
			if _, err := rel.parse(); err != nil {
				faults = append(faults, config.At("relations."+key, i, "%v", err))
			}
		}
	})
	return faults
}
