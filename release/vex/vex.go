// Package vex says which vulnerabilities a release fixes, and which it is not affected
// by: as OpenVEX (https://github.com/openvex/spec), and for other documents.
//
// What it says comes from the lines CVE: of the patches that are applied, and from the
// section vex of fork.yaml.
package vex

import (
	"slices"
	"strings"

	"github.com/openvex/go-vex/pkg/vex"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/internal/vulnid"
)

// A Status is what a vulnerability means for a product.
type Status string

// The statuses of OpenVEX.
const (
	NotAffected        = Status(vex.StatusNotAffected)
	Affected           = Status(vex.StatusAffected)
	Fixed              = Status(vex.StatusFixed)
	UnderInvestigation = Status(vex.StatusUnderInvestigation)
)

// A Statement says what one vulnerability means for a release.
type Statement struct {
	Vulnerability string // its id
	Status        Status
	Justification string   // one of OpenVEX's, of NotAffected
	Impact        string   // why, in words
	Action        string   // what to do, of Affected
	Patches       []string // the names of those that fix it, in the order they are applied
	Components    []string // that it is about; empty: all
}

// Statements returns what there is to say of a release with these patches: nothing is
// claimed for a patch that is not among them. They are sorted by vulnerability. The
// settings are valid and contradict no patch.
func (s Settings) Statements(patches []artifact.ReleasedPatch) []Statement {
	fixes := artifact.FixedBy(patches)
	var out []Statement
	for _, e := range s {
		id, _ := vulnid.Parse(e.Vulnerability) // the section is valid
		out = append(out, Statement{
			Vulnerability: id, Status: e.Status, Justification: e.Justification, Impact: strings.TrimSpace(e.Impact),
			Action: strings.TrimSpace(e.Action), Patches: fixes[id], Components: e.Components,
		})
	}
	for id, names := range fixes {
		if !slices.ContainsFunc(out, func(o Statement) bool { return o.Vulnerability == id }) {
			out = append(out, Statement{Vulnerability: id, Status: Fixed, Patches: names})
		}
	}
	slices.SortStableFunc(out, func(a, b Statement) int { return strings.Compare(a.Vulnerability, b.Vulnerability) })
	return out
}

// concerns reports whether the statement is about an artifact: whether that holds one
// of its components.
func (s Statement) concerns(a artifact.Released) bool {
	return len(s.Components) == 0 ||
		slices.ContainsFunc(a.Holds, func(name string) bool { return slices.Contains(s.Components, name) })
}

// analyses are the justifications of OpenVEX as CycloneDX has them, or the nearest.
var analyses = map[vex.Justification]string{
	vex.ComponentNotPresent:                         "code_not_present",
	vex.VulnerableCodeNotPresent:                    "code_not_present",
	vex.VulnerableCodeNotInExecutePath:              "code_not_reachable",
	vex.VulnerableCodeCannotBeControlledByAdversary: "requires_environment",
	vex.InlineMitigationsAlreadyExist:               "protected_by_mitigating_control",
}

// Analysis returns the statement as CycloneDX has it
// (https://cyclonedx.org/docs/1.6/json/#vulnerabilities_items_analysis): its state, its
// justification, "" where it has none, and its detail in words. What a patch fixes is
// resolved with a pedigree, for the patch is in that of the component.
func (s Statement) Analysis() (state, justification, detail string) {
	detail = s.detail()
	switch s.Status {
	case Fixed:
		if len(s.Patches) > 0 {
			return "resolved_with_pedigree", "", detail
		}
		return "resolved", "", detail
	case NotAffected:
		return "not_affected", analyses[vex.Justification(s.Justification)], detail
	case Affected:
		return "exploitable", "", detail
	}
	return "in_triage", "", detail
}

// detail says why the status is what it is, and what to do.
func (s Statement) detail() string {
	var out []string
	if len(s.Patches) > 0 {
		out = append(out, "Fixed by "+strings.Join(s.Patches, ", ")+".")
	}
	for _, text := range []string{s.Impact, s.Action} {
		if text != "" {
			out = append(out, text)
		}
	}
	return strings.Join(out, " ")
}
