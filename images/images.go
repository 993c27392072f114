// Package images puts together container images, by the image specification of
// the Open Container Initiative (https://github.com/opencontainers/image-spec).
package images

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/slipway-build/slipway/internal/config"
	"github.com/slipway-build/slipway/packaging"
	"github.com/slipway-build/slipway/version"
)

// Revision counts the changes of this package that change what it writes.
const Revision = 3

// Settings is the section images of fork.yaml.
type Settings struct {
	// Base is what images stand on: scratch, which is nothing; the folder of an OCI
	// layout, relative to the project, as ./base; or an image of a registry by its
	// digest, as registry.example.org/base@sha256:….
	Base string `yaml:"base" json:"base"`
	// Debian is what the base is put together from, instead of Base.
	Debian Debian `yaml:"debian" json:"debian"`
	// Compression of layers is zstd, or gzip for what does not read that: Docker
	// before 23, containerd before 1.5.
	Compression string `yaml:"compression" json:"compression"`
	// Source is where the fork's source can be had, a URL.
	Source string `yaml:"source" json:"source"`
	// Registry is where the images are pulled from, and pushed to unless told: the
	// prefix of their repositories, as registry.example.org/team.
	Registry string `yaml:"registry" json:"registry"`
	// With names forks of the project whose images pods of this one's run: etcd's.
	With []string `yaml:"with" json:"with"`
}

// Debian is packages of Debian's, which a base is put together from.
type Debian struct {
	// Suites are where the packages come from: URL SUITE, as
	// https://deb.example.org/debian bookworm.
	Suites []string `yaml:"suites" json:"suites"`
	// Keyring is a file of the project with the keys that sign the suites.
	Keyring string `yaml:"keyring" json:"keyring"`
	// Packages are those to install, with what they depend on.
	Packages []string `yaml:"packages" json:"packages"`
}

// validate returns what is wrong with the packages, where base is set.
func (d Debian) validate(base string) []config.Fault {
	if len(d.Packages) == 0 && len(d.Suites) == 0 && d.Keyring == "" {
		return nil
	}
	var faults []config.Fault
	for i, suite := range d.Suites {
		if w := strings.Fields(suite); len(w) != 2 || !strings.Contains(w[0], "://") {
			faults = append(faults, config.At("suites", i, "%q is no suite: write its archive's URL and its name, as https://deb.example.org/debian bookworm", suite))
		}
	}
	if len(d.Packages) == 0 || len(d.Suites) == 0 || d.Keyring == "" {
		faults = append(faults, config.Faultf("packages", "a base of Debian's needs all three: suites, keyring and packages"))
	}
	if base != "" {
		faults = append(faults, config.Faultf("packages", "a base of Debian's stands instead of images.base: take one of the two out"))
	}
	return faults
}

// Defaulted returns the section with what was left out filled in.
func (s Settings) Defaulted() Settings {
	if s.Base == "" && len(s.Debian.Packages) == 0 {
		s.Base = "scratch"
	}
	if s.Compression == "" {
		s.Compression = "zstd"
	}
	return s
}

var byDigest = regexp.MustCompile(`^[a-z0-9.:/_-]+@sha256:[0-9a-f]{64}$`)

// Validate returns what is wrong with the section.
func (s Settings) Validate() []config.Fault {
	var faults []config.Fault
	faults = append(faults, config.Below("debian", s.Debian.validate(s.Base))...)
	if len(s.Debian.Packages) == 0 && s.Base != "scratch" && !strings.HasPrefix(s.Base, "./") && !byDigest.MatchString(s.Base) {
		faults = append(faults, config.Faultf("base", "%q is no base: want scratch, a folder as ./base, or an image by its digest, as registry.example.org/base@sha256:…", s.Base))
	}
	if s.Compression != "gzip" && s.Compression != "zstd" {
		faults = append(faults, config.Faultf("compression", "%q is none: want gzip or zstd", s.Compression))
	}
	if u, err := url.Parse(s.Source); s.Source != "" && (err != nil || u.Host == "") {
		faults = append(faults, config.Faultf("source", "%q is no URL: write it as https://example.org/acme/kubernetes", s.Source))
	}
	if _, err := name.NewRepository(s.Registry + "/image"); s.Registry != "" && err != nil {
		faults = append(faults, config.Faultf("registry", "%q is no registry's: write it as registry.example.org/team", s.Registry))
	}
	return faults
}

// Recipes say which images a project comes to.
type Recipes struct {
	// Users are those that every image knows beside root and nobody, and the id of
	// each, which is its group's too.
	Users  map[string]int `yaml:"users" json:"users"`
	Images []Recipe       `yaml:"images" json:"images"`
	Pods   []Pod          `yaml:"pods" json:"pods"`
}

// A Recipe is one image. It is made where the fork has all of its programs.
type Recipe struct {
	Name     string        `yaml:"name" json:"name"` // of the repository
	Versions version.Range `yaml:"versions" json:"versions"`
	Summary  string        `yaml:"summary" json:"summary"`
	// Programs maps a component to the path that it lies at. Where the fork builds
	// it as a part of one of many programs, that one's layer stands for it.
	Programs map[string]string `yaml:"programs" json:"programs"`
	// Own maps a program of Slipway's, as pause, to the path that it lies at.
	Own     map[string]string `yaml:"own" json:"own"`
	Links   map[string]string `yaml:"links" json:"links"`     // path to target
	Folders []string          `yaml:"folders" json:"folders"` // that are there, and empty
	Start   string            `yaml:"start" json:"start"`     // the program that the image runs
	Args    []string          `yaml:"args" json:"args"`       // that it runs with, where none are given
	User    string            `yaml:"user" json:"user"`       // it runs as; root if empty
	Ports   []string          `yaml:"ports" json:"ports"`     // 2379/tcp
	Bind    []string          `yaml:"bind" json:"bind"`       // programs that may listen on ports below 1024
	Pods    string            `yaml:"pods" json:"pods"`       // the folder that all pods lie in
	// Installs maps a role to what a host of that gets.
	Installs map[string]Role `yaml:"installs" json:"installs"`
}

// A Role is what a host without packages is: what it gets of packages, and the
// units that it enables and starts.
type Role struct {
	Packages []string `yaml:"packages" json:"packages"`
	Units    []string `yaml:"units" json:"units"`
}

// Packages returns the packages that an image installs, sorted, each once.
func (r Recipe) Packages() []string {
	var out []string
	for _, role := range r.Installs {
		out = append(out, role.Packages...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

var repository = regexp.MustCompile(`^[a-z0-9]+([._-][a-z0-9]+)*$`)

// Validate returns what is wrong with the recipes.
func (r Recipes) Validate() []config.Fault {
	var faults []config.Fault
	for i, image := range r.Images {
		if !repository.MatchString(image.Name) {
			faults = append(faults, config.At("images", i, "%q is no repository's name: want small letters, digits, and . _ - between", image.Name))
		}
		if image.Start != "" && image.Programs[image.Start]+image.Own[image.Start] == "" {
			faults = append(faults, config.At("images", i, "it starts %s, which is none of its programs", image.Start))
		}
		for _, program := range image.Bind {
			if _, ok := image.Programs[program]; !ok {
				faults = append(faults, config.At("images", i, "bind names %s, which is none of its programs", program))
			}
		}
	}
	for i, pod := range r.Pods {
		if !slices.ContainsFunc(r.Images, func(o Recipe) bool { return o.Name == pod.Name }) {
			faults = append(faults, config.At("pods", i, "%q is called as none of images", pod.Name))
		}
	}
	return faults
}

// Select returns the recipes of the images that a fork comes to: of each name
// the first that holds its version, if has says that it has all programs.
func (r Recipes) Select(v version.Version, has func(program string) bool) []Recipe {
	var out []Recipe
	var seen []string
	for _, image := range r.Images {
		if !image.Versions.Contains(v) || slices.Contains(seen, image.Name) {
			continue
		}
		seen = append(seen, image.Name)
		whole := true
		for program := range image.Programs {
			whole = whole && has(program)
		}
		if whole {
			out = append(out, image)
		}
	}
	return out
}

// Command returns how an image starts a program: by its path, or, where it is
// part of one of many programs that does not know it by that name, through that.
func (r Recipe) Command(program string, many *packaging.Multicall, path string) []string {
	if many == nil || many.Programs[program] == program {
		return []string{r.Programs[program] + r.Own[program]}
	}
	return []string{path, many.Programs[program]}
}
