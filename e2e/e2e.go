// Package e2e describes a project's end-to-end tests as data: the programs that run
// them, and the images that they use.
package e2e

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	conformance "github.com/slipway-build/slipway/conformance/settings"
	"github.com/slipway-build/slipway/debbase"
	"github.com/slipway-build/slipway/internal/config"
	"github.com/slipway-build/slipway/version"
)

// Recipes is conformance.yaml of a profile: the tests of a project, across its versions.
type Recipes struct {
	Suites []Suite `yaml:"suites" json:"suites"`
	// Expected are tests that fail for a reason that is not a fork's.
	Expected []conformance.Known `yaml:"expected" json:"expected"`
}

// A Suite is the tests of a range of versions.
type Suite struct {
	Versions version.Range `yaml:"versions" json:"versions"`
	// Programs run the tests. They are compiled from the tree; the fork does not ship them.
	Programs []Program `yaml:"programs" json:"programs"`
	// Calls are programs of the fork that the tests call.
	Calls []string `yaml:"calls" json:"calls"`
	// List is the command, one of Programs and its arguments, that prints the names of the images
	// that the tests run: a line each, with registry and tag.
	List []string `yaml:"list" json:"list"`
	// Registries maps each key of the file that says where the tests pull images from to what it
	// is without such a file.
	Registries map[string]string `yaml:"registries" json:"registries"`
	// Debian is where the packages of images come from.
	Debian Debian `yaml:"debian" json:"debian"`
	// Images are those that can be made of what the tests run. One that no test runs can be what
	// others are made from.
	Images []Image `yaml:"images" json:"images"`
}

// Debian is the packages that images have, and where they come from.
type Debian struct {
	Suites   []string `yaml:"suites" json:"suites"`     // each URL SUITE: http://deb.example.org/debian trixie
	Packages []string `yaml:"packages" json:"packages"` // by name
	Keyring  string   `yaml:"keyring" json:"keyring"`   // the keys that sign the suites, armored
}

// A Program is one that is compiled from the tree.
type Program struct {
	Name   string `yaml:"name" json:"name"`
	Main   string `yaml:"main" json:"main"`     // folder of its main package, in the tree or in Module
	Module string `yaml:"module" json:"module"` // that the tree requires; empty: the program is the tree's own
	Test   bool   `yaml:"test" json:"test"`     // the program is the tests of the package in Main
}

// An Image describes one image. What it does not set is as in the image that it is made from.
type Image struct {
	Name string `yaml:"name" json:"name"` // its repository, without the host: e2e-test-images/agnhost
	From string `yaml:"from" json:"from"` // an earlier image of the list, whose files it has, too
	// Own names the image of the fork, or of a fork that it runs with, that this one is. Then there
	// is nothing else to say.
	Own string `yaml:"own" json:"own"`
	// Packages are of Debian.Packages, without what they depend on. The one word all is all of these,
	// with everything that they depend on.
	Packages []string            `yaml:"packages" json:"packages"`
	Programs map[string]string   `yaml:"programs" json:"programs"` // path to the folder of a main package in the tree
	Setuid   []string            `yaml:"setuid" json:"setuid"`     // programs that run as their owner, and its group
	Copies   map[string]string   `yaml:"copies" json:"copies"`     // path to a file of the tree
	Texts    map[string]string   `yaml:"texts" json:"texts"`       // path to content; with #! it is a program
	Links    map[string]string   `yaml:"links" json:"links"`       // path to target
	Applets  map[string][]string `yaml:"applets" json:"applets"`   // path of a program to names of links beside it
	Folders  []string            `yaml:"folders" json:"folders"`   // empty dirs
	Start    []string            `yaml:"start" json:"start"`       // the entrypoint; [] has the image none
	Args     []string            `yaml:"args" json:"args"`         // its arguments if none are given
	User     string              `yaml:"user" json:"user"`         // it runs as; empty is root
	Ports    []string            `yaml:"ports" json:"ports"`       // 8080/tcp
}

// Suite returns the tests of a version: the first row whose range contains it.
func (r Recipes) Suite(v version.Version) (Suite, error) {
	var ranges []string
	for _, s := range r.Suites {
		if s.Versions.Contains(v) {
			return s, nil
		}
		ranges = append(ranges, string(s.Versions))
	}
	return Suite{}, fmt.Errorf("the profile does not say what the tests of %s consist of; it has rows for %s",
		v, strings.Join(ranges, "; "))
}

// Validate returns the faults of the recipes, nil if there are none.
func (r Recipes) Validate() []config.Fault {
	var faults []config.Fault
	for i, s := range r.Suites {
		faults = append(faults, config.Below(fmt.Sprintf("suites[%d]", i), s.validate())...)
	}
	return append(faults, conformance.Validate(r.Expected)...)
}

func (s Suite) validate() []config.Fault {
	var faults []config.Fault
	if err := s.Versions.Validate(); err != nil {
		faults = append(faults, config.Faultf("versions", "%v", err))
	}
	for i, p := range s.Programs {
		if !isName(p.Name) || !isBelow(p.Main) {
			faults = append(faults, config.At("programs", i, "want a name, and the folder of its main package"))
		}
	}
	lists := func(p Program) bool { return len(s.List) > 0 && p.Name == s.List[0] }
	if !slices.ContainsFunc(s.Programs, lists) {
		faults = append(faults, config.Faultf("list", "want one of programs, and the arguments that have it list images"))
	}
	for i, text := range s.Debian.Suites {
		if _, err := debbase.ParseSuite(text); err != nil {
			faults = append(faults, config.At("debian.suites", i, "%v", err))
		}
	}
	for i, pkg := range s.Debian.Packages {
		if err := debbase.CheckPackage(pkg); err != nil {
			faults = append(faults, config.At("debian.packages", i, "%v", err))
		}
	}
	mains := map[string]string{} // of the programs of images, by name
	for i, image := range s.Images {
		below := fmt.Sprintf("images[%d]", i)
		faults = append(faults, config.Below(below, image.validate(s.Images[:i], s.Debian.Packages))...)
		faults = append(faults, config.Below(below, image.validatePrograms(mains))...)
	}
	return faults
}

// HasAll reports whether the image has all packages, and what they depend on.
func (i Image) HasAll() bool { return slices.Equal(i.Packages, []string{"all"}) }

// validate returns what is wrong with an image that comes after others.
func (i Image) validate(others []Image, packages []string) []config.Fault {
	var faults []config.Fault
	named := func(name string) bool {
		return slices.ContainsFunc(others, func(o Image) bool { return o.Name == name })
	}
	switch {
	case i.Name == "":
		faults = append(faults, config.Faultf("name", "is missing"))
	case named(i.Name):
		faults = append(faults, config.Faultf("name", "%s is named twice", i.Name))
	}
	if i.From != "" && !named(i.From) {
		faults = append(faults, config.Faultf("from", "%s is not an earlier image of the list", i.From))
	}
	for n, pkg := range i.Packages {
		if !i.HasAll() && !slices.Contains(packages, pkg) {
			faults = append(faults, config.At("packages", n, "%s is not one of debian.packages", pkg))
		}
	}
	return append(faults, i.validatePaths()...)
}

// validatePrograms returns what is wrong with the programs of an image. mains are those of the
// images before, by name.
func (i Image) validatePrograms(mains map[string]string) []config.Fault {
	var faults []config.Fault
	for n, at := range i.Setuid {
		if i.Programs[at] == "" {
			faults = append(faults, config.At("setuid", n, "%s is not one of the image's programs", at))
		}
	}
	for _, at := range slices.Sorted(maps.Keys(i.Programs)) {
		name, main := path.Base(at), i.Programs[at]
		if was := mains[name]; !isBelow(main) || was != "" && was != main {
			faults = append(faults, config.Faultf("programs."+at, "want the folder of a main package, one for each name"))
		}
		mains[name] = main
	}
	return faults
}

// validatePaths returns the paths at which nothing can be in an image.
func (i Image) validatePaths() []config.Fault {
	paths := slices.Concat(i.Folders, slices.Collect(maps.Keys(i.Programs)), slices.Collect(maps.Keys(i.Copies)),
		slices.Collect(maps.Keys(i.Texts)), slices.Collect(maps.Keys(i.Links)), slices.Collect(maps.Keys(i.Applets)))
	slices.Sort(paths)
	var faults []config.Fault
	for n, at := range paths {
		if !path.IsAbs(at) || path.Clean(at) != at || at == "/" {
			faults = append(faults, config.Faultf("name", "image %s: %q is not a clean absolute path", i.Name, at))
		} else if n > 0 && paths[n-1] == at && i.Applets[at] == nil {
			faults = append(faults, config.Faultf("name", "image %s has %s twice", i.Name, at))
		}
	}
	return faults
}

// isName reports whether a text can be the name of a program.
func isName(s string) bool { return s != "" && s != "." && s != ".." && !strings.ContainsAny(s, "/ ,") }

// isBelow reports whether a path is one of a folder in a tree.
func isBelow(dir string) bool {
	return dir != "" && !path.IsAbs(dir) && path.Clean(dir) == dir && !strings.HasPrefix(dir, "..")
}

// Chain returns an image of the suite after those that it is made from, the lowest first.
func (s Suite) Chain(i Image) []Image {
	chain := []Image{i}
	for i.From != "" {
		i = s.Images[slices.IndexFunc(s.Images, func(o Image) bool { return o.Name == i.From })]
		chain = append(chain, i)
	}
	slices.Reverse(chain)
	return chain
}

// Settled returns an image of the suite with the settings that it has from others.
func (s Suite) Settled(i Image) Image {
	for _, from := range slices.Backward(s.Chain(i)) {
		if i.Start == nil {
			i.Start = from.Start
		}
		if i.Args == nil {
			i.Args = from.Args
		}
		if i.User == "" {
			i.User = from.User
		}
		if i.Ports == nil {
			i.Ports = from.Ports
		}
	}
	return i
}

// A Named is an image as the tests name it.
type Named struct {
	Full       string // registry.k8s.io/e2e-test-images/agnhost:2.63.0
	Repository string // without the host and the tag: e2e-test-images/agnhost
	Tag        string
	Registry   string // the longest of Registries that it is of; empty: none
}

// Names reads a list of images, as List prints it. A line without a tag is an error.
func (s Suite) Names(list string) ([]Named, error) {
	var out []Named
	for _, full := range slices.Compact(slices.Sorted(strings.FieldsSeq(list))) {
		host, rest, _ := strings.Cut(full, "/")
		repository, tag, tagged := strings.Cut(rest, ":")
		if host == "" || repository == "" || !tagged {
			return nil, fmt.Errorf("%s: %q is not an image with its registry and tag", strings.Join(s.List, " "), full)
		}
		n := Named{Full: full, Repository: repository, Tag: tag}
		for _, registry := range s.Registries {
			if strings.HasPrefix(full, registry+"/") && len(registry) > len(n.Registry) {
				n.Registry = registry
			}
		}
		out = append(out, n)
	}
	return out, nil
}

// Repositories returns the file that has the tests pull images from another registry, such as
// registry.example.org/team: those of registries, without their hosts.
func (s Suite) Repositories(to string, registries []string) []byte {
	var b strings.Builder
	for _, key := range slices.Sorted(maps.Keys(s.Registries)) {
		if from := s.Registries[key]; slices.Contains(registries, from) {
			_, below, _ := strings.Cut(from, "/")
			fmt.Fprintf(&b, "%s: %s\n", key, path.Join(to, below))
		}
	}
	return []byte(b.String())
}
