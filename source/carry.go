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
	// Merges says how a range with merges in it is taken: "first-parent", each merge as
	// one change of the branch, without the commits of the other side; or "flatten", all
	// commits of both sides in order, without the merges. Without it, a merge is refused.
	Merges string `yaml:"merges" json:"merges,omitempty"`
}

// What Merges can be.
const (
	FirstParent = "first-parent"
	Flatten     = "flatten"
)

// Range returns the two ends of the range.
func (c Carry) Range() (base, tip string) {
	base, tip, _ = strings.Cut(c.Commits, "..")
	return base, tip
}

// Validate returns what is wrong with the entry.
func (c Carry) Validate() []config.Fault {
	var faults []config.Fault
	faults = append(faults, c.ValidateNames()...)
	if len(faults) > 0 && faults[len(faults)-1].Field == "commits" {
		return faults
	}
	if base, tip := c.Range(); sha256ID.MatchString(base) || sha256ID.MatchString(tip) {
		faults = append(faults, config.Faultf("commits", "%s", noSHA256))
	} else if !commitID.MatchString(base) || !commitID.MatchString(tip) {
		faults = append(faults, config.Faultf("commits",
			"%q is not a range: want BASE..TIP, each a commit of 40 hex digits in lower case", c.Commits))
	} else if base == tip {
		faults = append(faults, config.Faultf("commits", "the range is empty: both ends are %s", base))
	}
	return faults
}

// ValidateNames returns what is wrong with an entry whose commits may be named by
// branches and tags, too.
func (c Carry) ValidateNames() []config.Fault {
	var faults []config.Fault
	if c.Git == "" {
		faults = append(faults, config.Faultf("git", "is missing: write the repository that has the commits"))
	} else {
		faults = append(faults, validRepository("git", c.Git)...)
	}
	if c.Merges != "" && c.Merges != FirstParent && c.Merges != Flatten {
		faults = append(faults, config.Faultf("merges", "%q: want %s or %s", c.Merges, FirstParent, Flatten))
	}
	base, tip := c.Range()
	switch {
	case c.Commits == "":
		faults = append(faults, config.Faultf("commits", "is missing: write the range of commits as BASE..TIP"))
	case strings.Contains(c.Commits, "..."):
		faults = append(faults, config.Faultf("commits", "%q has three dots: write BASE..TIP", c.Commits))
	case strings.Contains(c.Commits, "..") && (base == "" || tip == "") || strings.Contains(tip, "..") ||
		strings.ContainsAny(c.Commits, " \t\n:?*[\\") || strings.HasPrefix(base, "-") || strings.HasPrefix(tip, "-"):
		faults = append(faults, config.Faultf("commits", "%q is not a range: want BASE..TIP", c.Commits))
	}
	return faults
}
