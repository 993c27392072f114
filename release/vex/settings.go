package vex

import (
	"fmt"
	"slices"
	"strings"

	"github.com/openvex/go-vex/pkg/vex"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/internal/config"
	"github.com/slipway-build/slipway/internal/vulnid"
)

// Settings are section vex of fork.yaml: statements beside those that patches make.
type Settings []Setting

// A Setting is one statement of fork.yaml.
type Setting struct {
	// Vulnerability is its id: CVE-2025-13281, GHSA-r6j8-c6r2-37rr or GO-2025-4240.
	Vulnerability string `yaml:"vulnerability"`
	// Status is what it means for the fork: not_affected, affected, fixed or
	// under_investigation.
	Status Status `yaml:"status"`
	// Justification is why the fork is not affected, in one of OpenVEX's words:
	// component_not_present, vulnerable_code_not_present,
	// vulnerable_code_not_in_execute_path,
	// vulnerable_code_cannot_be_controlled_by_adversary or
	// inline_mitigations_already_exist.
	Justification string `yaml:"justification"`
	// Impact says in words why the status is what it is.
	Impact string `yaml:"impact"`
	// Action says what users of an affected fork are to do.
	Action string `yaml:"action"`
	// Components are those that the statement is about. All if left out.
	Components []string `yaml:"components"`
}

// Validate returns what is wrong with the section by itself.
func (s Settings) Validate() []config.Fault {
	var faults []config.Fault
	for i, e := range s {
		faults = append(faults, config.Below(fmt.Sprintf("[%d]", i), e.validate())...)
		if first := slices.IndexFunc(s[:i], e.overlaps); first >= 0 {
			faults = append(faults, config.At("", i, "says again what %s means: entry %d of the section is about "+
				"it, too; name other components in each, or remove one", e.Vulnerability, first+1))
		}
	}
	return faults
}

// overlaps reports whether another entry is about the same vulnerability in the same
// components.
func (e Setting) overlaps(o Setting) bool {
	if !strings.EqualFold(e.Vulnerability, o.Vulnerability) {
		return false
	}
	return len(e.Components) == 0 || len(o.Components) == 0 ||
		slices.ContainsFunc(e.Components, func(name string) bool { return slices.Contains(o.Components, name) })
}

// validate returns what is wrong with an entry.
func (e Setting) validate() []config.Fault {
	var faults []config.Fault
	if e.Vulnerability == "" {
		faults = append(faults, config.Faultf("vulnerability", "is missing: write an id, such as CVE-2025-13281"))
	} else if _, err := vulnid.Parse(e.Vulnerability); err != nil {
		faults = append(faults, config.Faultf("vulnerability", "%v", err))
	}
	if !slices.Contains(vex.Statuses(), string(e.Status)) {
		return append(faults, config.Faultf("status", "want one of %s", strings.Join(vex.Statuses(), ", ")))
	}
	if e.Justification != "" && !vex.Justification(e.Justification).Valid() {
		faults = append(faults, config.Faultf("justification", "want one of %s", strings.Join(vex.Justifications(), ", ")))
	}
	return append(faults, e.validateTexts()...)
}

// validateTexts returns the texts that the status of an entry needs and does not have,
// and those that it has no place for.
func (e Setting) validateTexts() []config.Fault {
	var faults []config.Fault
	blank := func(s string) bool { return strings.TrimSpace(s) == "" }
	switch {
	case e.Status == NotAffected && e.Justification == "" && blank(e.Impact):
		faults = append(faults, config.Faultf("status", "%s needs a justification, one of %s, or an impact in words",
			e.Status, strings.Join(vex.Justifications(), ", ")))
	case e.Status == Affected && blank(e.Action):
		faults = append(faults, config.Faultf("status", "%s needs an action: what users are to do", e.Status))
	case e.Status == Fixed && blank(e.Impact):
		faults = append(faults, config.Faultf("status", "%s needs an impact: what fixes it, such as the upstream's version; "+
			"what a patch fixes is said by a line CVE: in its head", e.Status))
	}
	if e.Status != NotAffected && e.Justification != "" {
		faults = append(faults, config.Faultf("justification", "is for the status %s, not for %s", NotAffected, e.Status))
	}
	if e.Status != Affected && e.Action != "" {
		faults = append(faults, config.Faultf("action", "is for the status %s, not for %s", Affected, e.Status))
	}
	return faults
}

// Contradictions returns the faults of entries that say something else than patches
// do.
func (s Settings) Contradictions(patches []artifact.ReleasedPatch) []config.Fault {
	fixes := artifact.FixedBy(patches)
	var faults []config.Fault
	for i, e := range s {
		id, _ := vulnid.Parse(e.Vulnerability) // the section is valid
		if names := fixes[id]; len(names) > 0 && e.Status != Fixed {
			faults = append(faults, config.Faultf(fmt.Sprintf("[%d].status", i), "%s is %s here, and fixed by a line CVE: "+
				"of %s: remove the entry, or that line", id, e.Status, strings.Join(names, ", ")))
		}
	}
	return faults
}
