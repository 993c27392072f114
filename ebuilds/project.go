package ebuilds

import (
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/internal/config"
	"github.com/slipway-build/slipway/version"
)

// Settings is the section ebuilds of fork.yaml.
type Settings struct {
	// Distfiles is the URL of the folder that ebuilds fetch their distfiles from,
	// as https://example.org/distfiles.
	Distfiles string `yaml:"distfiles"`
	// Repository is the overlay's name.
	Repository string `yaml:"repository"`
}

// Defaulted returns the settings with defaults for what is not set.
func (s Settings) Defaulted() Settings {
	if s.Repository == "" {
		s.Repository = "slipway"
	}
	return s
}

// Validate returns what is wrong with the settings.
func (s Settings) Validate() []config.Fault {
	var faults []config.Fault
	if s.Distfiles != "" && (!isWebURL(s.Distfiles) || !plainURL.MatchString(s.Distfiles)) {
		faults = append(faults, config.Faultf("distfiles",
			"%q is not the URL of a folder: write it like https://example.org/distfiles", s.Distfiles))
	}
	if !packageName.MatchString(s.Repository) {
		faults = append(faults, config.Faultf("repository",
			"%q is not a repository name: want letters, digits, _ and -", s.Repository))
	}
	return faults
}

// plainURL matches URLs that have none of the characters that end a word of SRC_URI
// or mean something to a shell.
var plainURL = regexp.MustCompile("^[^\\s\"'`$\\\\<>(){}|]+$")

func isWebURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http")
}

// A Project says how Gentoo names a project's packages and their parts.
type Project struct {
	Category string `yaml:"category" json:"category"`
	Name     string `yaml:"name" json:"name"`
	Summary  string `yaml:"summary" json:"summary"` // one line, at most 80 characters
	Remote   string `yaml:"remote" json:"remote"`   // github:kubernetes/kubernetes
	// Flags maps a package to the USE flag that installs it, with a + in front
	// where it is on by default. A package without one is always installed.
	Flags map[string]string `yaml:"flags" json:"flags"`
	// Accounts maps users that ::gentoo does not have to their ids.
	Accounts map[string]int `yaml:"accounts" json:"accounts"`
	// Rivals are packages of ::gentoo that install the same files.
	Rivals []string `yaml:"rivals" json:"rivals"`
}

// Package Manager Specification, chapter 3.1.
var (
	categoryName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9+_.-]*$`)
	packageName  = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9+_-]*$`)
	flagName     = regexp.MustCompile(`^\+?[A-Za-z0-9][A-Za-z0-9+_@-]*$`)
	accountName  = regexp.MustCompile(`^[a-z_][a-z0-9_-]*$`)
	atomName     = regexp.MustCompile(`^[a-z0-9-]+/[A-Za-z0-9+_-]+$`)
)

// longestSummary is how many characters Gentoo allows in a DESCRIPTION.
const longestSummary = 80

// Validate returns what is wrong with the project.
func (p Project) Validate() []config.Fault {
	var faults []config.Fault
	if !categoryName.MatchString(p.Category) || !strings.Contains(p.Category, "-") {
		faults = append(faults, config.Faultf("category", "%q is not a category: write it like sys-cluster", p.Category))
	}
	if !packageName.MatchString(p.Name) {
		faults = append(faults, config.Faultf("name", "%q is not a package name: want letters, digits, _, + and -", p.Name))
	}
	end := p.Name[strings.LastIndex(p.Name, "-")+1:]
	if _, err := version.CompareGentoo(end, end); err == nil && end != p.Name {
		faults = append(faults, config.Faultf("name", "%q ends like a version: write it without -%s", p.Name, end))
	}
	if p.Summary == "" || len(p.Summary) > longestSummary || strings.ContainsAny(p.Summary, "\n\"$`\\") {
		faults = append(faults, config.Faultf("summary",
			"want one line of at most %d characters, without \" $ ` and \\", longestSummary))
	}
	for _, pkg := range slices.Sorted(maps.Keys(p.Flags)) {
		if !flagName.MatchString(p.Flags[pkg]) {
			faults = append(faults, config.Faultf("flags."+pkg, "%q is not a USE flag", p.Flags[pkg]))
		}
	}
	faults = append(faults, p.accountFaults()...)
	for i, atom := range p.Rivals {
		if !atomName.MatchString(atom) {
			faults = append(faults, config.At("rivals", i, "%q is not a package: write it like sys-cluster/kubelet", atom))
		}
	}
	return faults
}

// accountFaults returns what is wrong with the accounts.
func (p Project) accountFaults() []config.Fault {
	var faults []config.Fault
	users := map[int]string{}
	for _, name := range slices.Sorted(maps.Keys(p.Accounts)) {
		if !accountName.MatchString(name) {
			faults = append(faults, config.Faultf("accounts."+name,
				"%q is not the name of a user: want a-z, 0-9, _ and -", name))
		}
		if other := users[p.Accounts[name]]; other != "" {
			faults = append(faults, config.Faultf("accounts."+name, "%s has the id %d, too", other, p.Accounts[name]))
		}
		users[p.Accounts[name]] = name
		if id := p.Accounts[name]; id < 1 || id > 999 {
			faults = append(faults, config.Faultf("accounts."+name, "%d is not the id of a system user: want 1 to 999", id))
		}
	}
	return faults
}
