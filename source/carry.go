package source

import (
	"strings"

	"github.com/slipway-build/slipway/internal/config"
)

// A Carry is a range of commits that somebody keeps elsewhere, and that a fork
// takes before the patches of its series: an entry of the section patches of
// fork.yaml.
type Carry struct {
	// Git is the repository: a URL, or a path relative to the project.
	Git string `yaml:"git" json:"git"`
	// Commits are BASE..TIP, two commits of 40 hex digits each: what TIP has and
	// BASE has not.
	Commits string `yaml:"commits" json:"commits"`
}

// Range returns the two ends of the range.
func (c Carry) Range() (base, tip string) {
	base, tip, _ = strings.Cut(c.Commits, "..")
	return base, tip
}

// Validate returns what is wrong with the entry.
func (c Carry) Validate() []config.Fault {
	var faults []config.Fault
	if c.Git == "" {
		faults = append(faults, config.Faultf("git", "is missing: write the repository that has the commits"))
	} else {
		faults = append(faults, validRepository("git", c.Git)...)
	}
	if base, tip := c.Range(); !commitID.MatchString(base) || !commitID.MatchString(tip) {
		faults = append(faults, config.Faultf("commits",
			"%q is not a range: want BASE..TIP, each a commit of 40 hex digits in lower case", c.Commits))
	} else if base == tip {
		faults = append(faults, config.Faultf("commits", "the range is empty: both ends are %s", base))
	}
	return faults
}
