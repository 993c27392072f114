// Package settings says how a project's releases are kept in repositories: repo.yaml, and the
// section repository of fork.yaml.
package settings

import (
	"cmp"
	"fmt"
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/slipway-build/slipway/internal/config"
	"github.com/slipway-build/slipway/version"
)

// File is the name of the settings of a project's repository, beside its folder forks.
const File = "repo.yaml"

// Settings is repo.yaml.
type Settings struct {
	// Name is what the repository's files on a client are called: NAME.sources, NAME-archive-keyring.
	Name string `yaml:"name"`
	// Origin and Label are those of its Release files. Clients that have accepted them
	// refuse others, so they stay as they were first published.
	Origin string `yaml:"origin"`
	Label  string `yaml:"label"`
	// Description is a line for people.
	Description string `yaml:"description"`
	// URL is where readers find the root: https://packages.example.org.
	URL string `yaml:"url"`
	// Maintainer is who answers for the packages that the repository makes itself, and for
	// commits of its overlay: Name <mail>.
	Maintainer string `yaml:"maintainer"`
	// Channels are what releases go through, the first first; the suites of the last have no suffix. The
	// default is stable alone.
	Channels []string `yaml:"channels"`
	// Enabled are the suites that its bootstrap packages enable; the others are there, switched off.
	Enabled []string `yaml:"enabled"`
	// ValidDays is for how many days clients take an index after it was signed: Valid-Until. 0: for ever.
	ValidDays int `yaml:"valid_days"`
	// Keep says what stays.
	Keep Keep `yaml:"keep"`
	// Metadata is how yum's metadata is compressed: gz, or zstd, which EL 7 cannot read.
	Metadata string `yaml:"metadata"`
	// Keys are files with public keys that clients are to have besides those that sign: the next one, before it
	// is used, and those of packages that are still there.
	Keys []string `yaml:"keys"`
	// Images is the prefix of the images' repositories, as registry.example.org/acme. With it,
	// repo:publish moves tags of channels.
	Images string `yaml:"images"`
}

// Keep says what stays in a repository.
type Keep struct {
	Versions  int  `yaml:"versions"`  // of a fork in a channel; 0: all
	Snapshots *int `yaml:"snapshots"` // that can be gone back to; 10 if left out
	Days      *int `yaml:"days"`      // for which a file stays after the last index that names it; 14 if left out
}

// Defaults returns the settings with what is left out filled in.
func (s Settings) Defaults() Settings {
	if len(s.Channels) == 0 {
		s.Channels = []string{"stable"}
	}
	if s.Keep.Snapshots == nil {
		s.Keep.Snapshots = new(10)
	}
	if s.Keep.Days == nil {
		s.Keep.Days = new(14)
	}
	if s.Metadata == "" {
		s.Metadata = "gz"
	}
	if s.Label == "" {
		s.Label = s.Origin
	}
	s.URL = strings.TrimRight(s.URL, "/")
	return s
}

// Retain is how long a file stays after the last index that names it.
func (s Settings) Retain() time.Duration { return time.Duration(*s.Keep.Days) * 24 * time.Hour }

// Suite returns the name of a suite in a channel.
func (s Settings) Suite(base, channel string) string {
	if channel == s.Channels[len(s.Channels)-1] {
		return base
	}
	return base + "-" + channel
}

var (
	namePattern   = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]*$`)
	suitePattern  = regexp.MustCompile(`^[a-z0-9][a-z0-9.+-]*$`)
	imagesPattern = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9.-]*(:[0-9]+)?(/[a-z0-9]+([._-]+[a-z0-9]+)*)*$`)
	plainPattern  = regexp.MustCompile(`^[^\pC]+$`)
)

// Validate returns what is wrong with the settings, whose defaults are filled in.
func (s Settings) Validate() []config.Fault {
	var faults []config.Fault
	refuse := func(wrong bool, field, format string, args ...any) {
		if wrong {
			faults = append(faults, config.Faultf(field, format, args...))
		}
	}
	refuse(!namePattern.MatchString(s.Name), "name", "%q: want small letters, digits, dots and hyphens, as acme", s.Name)
	refuse(!plainPattern.MatchString(s.Origin), "origin", "%q: want a line that names you, as Acme", s.Origin)
	refuse(s.Label != "" && !plainPattern.MatchString(s.Label), "label", "%q: want one line", s.Label)
	refuse(s.Description != "" && !plainPattern.MatchString(s.Description), "description", "%q: want one line",
		s.Description)
	faults = append(faults, checkURL(s.URL)...)
	_, err := mail.ParseAddress(s.Maintainer)
	refuse(err != nil || !strings.Contains(s.Maintainer, " <"), "maintainer",
		"%q: want a name and a mail address, as Ada <ada@example.org>",
		s.Maintainer)
	for i, c := range s.Channels {
		refuse(!namePattern.MatchString(c), fmt.Sprintf("channels[%d]", i), "%q: want small letters, digits and hyphens", c)
		refuse(slices.Index(s.Channels, c) != i, fmt.Sprintf("channels[%d]", i), "%s is there twice: remove one", c)
	}
	for i, name := range s.Enabled {
		refuse(!suitePattern.MatchString(name), fmt.Sprintf("enabled[%d]", i),
			"%q: want the name of a suite, as kubernetes-1.36", name)
	}
	refuse(s.ValidDays < 0, "valid_days", "%d: want a number of days, or 0", s.ValidDays)
	refuse(s.Keep.Versions < 0, "keep.versions", "%d: want a number of versions, or 0 for all", s.Keep.Versions)
	refuse(*s.Keep.Snapshots < 1, "keep.snapshots", "%d: want at least 1", *s.Keep.Snapshots)
	refuse(*s.Keep.Days < 0, "keep.days", "%d: want a number of days", *s.Keep.Days)
	refuse(s.Images != "" && !imagesPattern.MatchString(s.Images), "images",
		"%q: want a registry and the prefix of repositories in it, as registry.example.org/acme", s.Images)
	refuse(s.Metadata != "gz" && s.Metadata != "zstd", "metadata", "%q: want gz or zstd", s.Metadata)
	return faults
}

func checkURL(s string) []config.Fault {
	u, err := url.Parse(s)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.User != nil || u.RawQuery != "" ||
		u.Fragment != "" {
		return []config.Fault{config.Faultf("url",
			"%q: want where readers find the repository, as https://packages.example.org", s)}
	}
	return nil
}

// Read reads repo.yaml.
func Read(name string, data []byte) (Settings, error) {
	var s Settings
	f, err := config.Read(name, data, &s)
	if err != nil {
		return Settings{}, err
	}
	s = s.Defaults()
	return s, f.Check(s.Validate())
}

// Placement is the section repository of fork.yaml.
type Placement struct {
	// Suites are the suites that its packages are in, without the suffix of a channel. The project's
	// name and minor version if left out: kubernetes-1.36.
	Suites []string `yaml:"suites"`
	// Downloads is the folder of its binaries and tarballs: release, as upstream's download
	// server of Kubernetes has it. The profile says, else it is the project's name.
	Downloads string `yaml:"downloads"`
}

// Validate returns what is wrong with the section by itself.
func (p Placement) Validate() []config.Fault {
	var faults []config.Fault
	for i, name := range p.Suites {
		switch {
		case !suitePattern.MatchString(name):
			faults = append(faults, config.At("suites", i,
				"%q: want small letters, digits, dots and hyphens, as kubernetes-1.36", name))
		case slices.Index(p.Suites, name) != i:
			faults = append(faults, config.At("suites", i, "%s is there twice: remove one", name))
		}
	}
	if p.Downloads != "" && (!namePattern.MatchString(p.Downloads) || slices.Contains(taken, p.Downloads)) {
		faults = append(faults, config.Faultf("downloads", "%q: want the name of a folder that is none of %s", p.Downloads,
			strings.Join(taken, ", ")))
	}
	return faults
}

// Defaults returns the section of a project at a version with what is left out filled in; downloads
// is the folder that the profile names, if it does.
func (p Placement) Defaults(project, downloads string, v version.Version) Placement {
	if len(p.Suites) == 0 {
		parts := v.Fields()
		p.Suites = []string{fmt.Sprintf("%s-%d.%d", project, parts.Major, parts.Minor)}
	}
	p.Downloads = cmp.Or(p.Downloads, downloads, project)
	return p
}

// taken are folders of the root that are something else.
var taken = []string{"apt", "rpm", "overlay.git", "distfiles", "state"}
