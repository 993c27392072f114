package licenses

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/internal/config"
)

// Declared are the licenses of modules that no text in them tells, by the path of the
// module, as SPDX names them: MIT, or MIT AND BSD-3-Clause.
type Declared map[string]string

var spdxID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.-]*\+?$`)

// Validate returns what is wrong with the section.
func (d Declared) Validate() []config.Fault {
	var faults []config.Fault
	for _, module := range slices.Sorted(maps.Keys(d)) {
		if !slices.ContainsFunc(d.Of(module), func(id string) bool { return !spdxID.MatchString(id) }) {
			continue
		}
		faults = append(faults, config.Faultf(module, "%q is not a license of https://spdx.org/licenses: "+
			"write it like MIT, or MIT AND BSD-3-Clause", d[module]))
	}
	return faults
}

// Of returns the identifiers of a module's licenses, sorted; none if it is not declared.
func (d Declared) Of(module string) []string {
	said, ok := d[module]
	if !ok {
		return nil
	}
	ids := strings.Split(said, " AND ")
	slices.Sort(ids)
	return slices.Compact(ids)
}
