package images

import (
	"cmp"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/slipway-build/slipway/debbase"
	"github.com/slipway-build/slipway/internal/config"
)

// Settings is the section images of fork.yaml.
type Settings struct {
	// Base is the base image: scratch; the dir of an OCI layout, relative to the
	// project, as ./base; or an image of a registry by its digest, as
	// registry.example.org/base@sha256:….
	Base string `yaml:"base" json:"base"`
	// Debian makes a base layer of Debian packages, instead of Base.
	Debian Debian `yaml:"debian" json:"debian"`
	// Format is oci, or docker for tools that do not read OCI images, such as Docker before
	// 18.06 and its registry before 2.7: manifests of version 2, schema 2.
	Format string `yaml:"format" json:"format"`
	// Compression of layers: zstd, or gzip for tools that do not read zstd, such as Docker
	// before 23 and containerd before 1.5. Docker's format has gzip only.
	Compression string `yaml:"compression" json:"compression"`
	// Source is the URL where the fork's source is published.
	Source string `yaml:"source" json:"source"`
	// Registry is where the images are pulled from, and where they are pushed to by
	// default: the prefix of their repositories, as registry.example.org/team.
	Registry string `yaml:"registry" json:"registry"`
	// With names other forks of the project whose images the pods of this one run, such as a
	// fork of etcd.
	With []string `yaml:"with" json:"with"`
	// Add is what images have in addition to their recipes, by image. Files of
	// forks/NAME/files/images are added, too.
	Add map[string]Addition `yaml:"add" json:"add"`
}

// Debian describes a base layer of Debian packages.
type Debian struct {
	// Suites are where the packages come from, each URL SUITE:
	// https://deb.example.org/debian bookworm.
	Suites []string `yaml:"suites" json:"suites"`
	// Keyring is a file of the project with the keys that sign the suites.
	Keyring string `yaml:"keyring" json:"keyring"`
	// Set names a set of packages of the profile, which are installed in addition to Packages.
	Set string `yaml:"set" json:"set,omitempty"`
	// Packages are installed with everything that they depend on: names, or alternatives, such
	// as iproute2 | iproute.
	Packages []string `yaml:"packages" json:"packages"`
}

// IsSet reports whether the settings ask for a base of Debian packages.
func (d Debian) IsSet() bool { return len(d.Packages) > 0 || d.Set != "" }

// isEmpty reports whether the section has nothing.
func (d Debian) isEmpty() bool { return !d.IsSet() && len(d.Suites) == 0 && d.Keyring == "" }

// validate returns what is wrong with the section, beside images.base.
func (d Debian) validate(base string) []config.Fault {
	if d.isEmpty() {
		return nil
	}
	var faults []config.Fault
	for i, suite := range d.Suites {
		if _, err := debbase.ParseSuite(suite); err != nil {
			faults = append(faults, config.At("suites", i, "%v", err))
		}
	}
	if !d.IsSet() || len(d.Suites) == 0 || d.Keyring == "" {
		faults = append(faults, config.Faultf("packages",
			"a base of Debian packages needs suites, a keyring, and packages or a set"))
	}
	faults = append(faults, validatePackages(d.Packages)...)
	if base != "" {
		faults = append(faults, config.Faultf("packages",
			"a base of Debian packages replaces images.base: remove one of the two"))
	}
	return faults
}

// validatePackages returns what is wrong with the list packages of a section.
func validatePackages(list []string) []config.Fault {
	var faults []config.Fault
	for i, pkg := range list {
		if err := debbase.CheckPackage(pkg); err != nil {
			faults = append(faults, config.At("packages", i, "%v", err))
		}
	}
	return faults
}

// Defaulted returns the section with defaults for what it leaves out.
func (s Settings) Defaulted() Settings {
	if s.Base == "" && s.Debian.isEmpty() {
		s.Base = "scratch"
	}
	s.Format = cmp.Or(s.Format, OCI)
	if s.Compression == "" {
		s.Compression = "zstd"
		if s.Format == Docker {
			s.Compression = "gzip"
		}
	}
	return s
}

var byDigest = regexp.MustCompile(`^[a-z0-9.:/_-]+@sha256:[0-9a-f]{64}$`)

// isBase reports whether a text can be images.base.
func isBase(s string) bool {
	return s == "scratch" || strings.HasPrefix(s, "./") || byDigest.MatchString(s)
}

// Validate returns the faults of the section, nil if there are none.
func (s Settings) Validate() []config.Fault {
	var faults []config.Fault
	faults = append(faults, config.Below("debian", s.Debian.validate(s.Base))...)
	if s.Debian.isEmpty() && !isBase(s.Base) {
		faults = append(faults, config.Faultf("base", "%q is not a base: want scratch, a dir such as ./base, "+
			"or an image by its digest, such as registry.example.org/base@sha256:…", s.Base))
	}
	if s.Format != OCI && s.Format != Docker {
		faults = append(faults, config.Faultf("format", "unknown format %q: want oci or docker", s.Format))
	}
	if s.Format == Docker && s.Compression == "zstd" {
		faults = append(faults, config.Faultf("compression",
			"images.format: docker has no layers of zstd: want gzip, the default there, or images.format: oci"))
	}
	if s.Compression != "gzip" && s.Compression != "zstd" {
		faults = append(faults, config.Faultf("compression", "unknown compression %q: want gzip or zstd", s.Compression))
	}
	if u, err := url.Parse(s.Source); s.Source != "" && (err != nil || u.Host == "") {
		faults = append(faults, config.Faultf("source",
			"%q is not a URL: want one like https://example.org/acme/kubernetes", s.Source))
	}
	if err := s.CheckRegistry(); err != nil {
		faults = append(faults, config.Faultf("registry", "%v", err))
	}
	for _, image := range slices.Sorted(maps.Keys(s.Add)) {
		faults = append(faults, config.Below("add."+image, s.Add[image].validate())...)
	}
	return faults
}

// CheckRegistry returns an error if the registry is set and cannot be the prefix of a
// repository.
func (s Settings) CheckRegistry() error {
	if s.Registry == "" {
		return nil
	}
	// To name, https: is the registry of https://registry.example.org, and a list is one, too.
	_, err := name.NewRepository(s.Registry + "/image")
	if err != nil || strings.Contains(s.Registry, "://") || strings.Contains(s.Registry, ",") {
		return fmt.Errorf("%q is not a registry: want one like registry.example.org/team", s.Registry)
	}
	return nil
}
