package ebuilds

import (
	"net/url"
	"regexp"
	"strings"

	"github.com/slipway-build/slipway/internal/config"
)

// The comment that ebuilds begin with if fork.yaml says nothing else.
const (
	DefaultCopyright = "Slipway authors"
	DefaultNotice    = "Distributed under the terms of the GNU General Public License v2"
)

// Settings is the section ebuilds of fork.yaml.
type Settings struct {
	// Distfiles is the URL of the folder that ebuilds fetch their distfiles from,
	// as https://example.org/distfiles.
	Distfiles string `yaml:"distfiles"`
	// Repository is the overlay's name.
	Repository string `yaml:"repository"`
	// Copyright names who holds the rights to the ebuilds, for their first line.
	Copyright string `yaml:"copyright"`
	// Notice is the second line of the ebuilds, which says how they may be distributed.
	Notice string `yaml:"notice"`
	// PIE gives ebuilds that compile the USE flag pie, which is on by default, as Gentoo
	// compiles Go programs. With false, programs have always the bytes that cross makes.
	PIE *bool `yaml:"pie"`
	// ThinManifests has Manifests list only what is fetched, and leave the files of the
	// repository to git.
	ThinManifests bool `yaml:"thin_manifests"`
}

// Defaulted returns the settings with defaults for what is not set.
func (s Settings) Defaulted() Settings {
	if s.Repository == "" {
		s.Repository = "slipway"
	}
	if s.Copyright == "" {
		s.Copyright = DefaultCopyright
	}
	if s.Notice == "" {
		s.Notice = DefaultNotice
	}
	if s.PIE == nil {
		yes := true
		s.PIE = &yes
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
	for _, line := range []struct{ field, text string }{{"copyright", s.Copyright}, {"notice", s.Notice}} {
		if strings.TrimSpace(line.text) != line.text || !oneLine(line.text) {
			faults = append(faults, config.Faultf(line.field, "%q is not one line of text", line.text))
		}
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
