package spec

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/slipway-build/slipway/internal/config"
	"github.com/slipway-build/slipway/source"
)

// A Carried is what a fork applies before its own patches: a range of commits or,
// written as a word, the name of a series of the patch library.
type Carried struct {
	source.Carry `yaml:",inline"`
	// Library is the name of the series, slipway:NAME, and empty for a range.
	Library string `yaml:"-"`
}

// UnmarshalText reads the form that is a word.
func (c *Carried) UnmarshalText(word []byte) error {
	c.Library = string(word)
	return nil
}

var nameOfSeries = regexp.MustCompile(`^slipway:[a-z0-9]+(-[a-z0-9]+)*$`)

// Validate returns what is wrong with the entry.
func (c Carried) Validate() []config.Fault {
	switch {
	case c.Library == "":
		return c.Carry.Validate()
	case !nameOfSeries.MatchString(c.Library):
		return []config.Fault{config.Faultf("", "%q: want the keys git and commits, or the name of a series that Slipway "+
			"has, as slipway:NAME", c.Library)}
	}
	return nil
}

// validateCarried returns what is wrong with the section patches.
func (f Fork) validateCarried() []config.Fault {
	var faults []config.Fault
	for i, c := range f.Carried {
		faults = append(faults, config.Below(fmt.Sprintf("patches[%d]", i), c.Validate())...)
		same := func(o Carried) bool { return c.Library != "" && o.Library == c.Library }
		if slices.ContainsFunc(f.Carried[:i], same) {
			faults = append(faults, config.At("patches", i, "%s is in the list already", c.Library))
		}
	}
	return faults
}
