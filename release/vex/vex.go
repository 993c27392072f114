// Package vex says which vulnerabilities a release fixes, and which it is not affected
// by, as OpenVEX (https://github.com/openvex/spec) and for other documents.
//
// What it says comes from the lines CVE: of the patches that are applied, and from the
// section vex of fork.yaml.
package vex

import (
	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/internal/config"
)

// Settings are section vex of fork.yaml: statements beside those that patches make.
type Settings []Setting

// A Setting is one statement of fork.yaml.
type Setting struct {
	// Vulnerability is its id: CVE-2025-13281, GHSA-… or GO-….
	Vulnerability string `yaml:"vulnerability"`
	// Status is not_affected, affected, fixed or under_investigation.
	Status Status `yaml:"status"`
	// Justification is why the fork is not affected, in one of OpenVEX's words, such
	// as vulnerable_code_not_in_execute_path.
	Justification string `yaml:"justification"`
	// Impact says in words why the status is what it is.
	Impact string `yaml:"impact"`
	// Action says what users of an affected fork are to do.
	Action string `yaml:"action"`
	// Components are those that the statement is about. All if left out.
	Components []string `yaml:"components"`
}

// A Status is what a vulnerability means for a product.
type Status string

// The statuses of OpenVEX.
const (
	NotAffected        Status = "not_affected"
	Affected           Status = "affected"
	Fixed              Status = "fixed"
	UnderInvestigation Status = "under_investigation"
)

// A Statement says what one vulnerability means for a release.
type Statement struct {
	Vulnerability string // its id
	Status        Status
	Justification string   // one of OpenVEX's, of NotAffected
	Impact        string   // why, in words
	Action        string   // what to do, of Affected
	Patches       []string // the names of those that fix it, in the order they are applied
	Components    []string // that it is about, sorted; empty: all
}

// Validate returns what is wrong with the section by itself.
func (s Settings) Validate() []config.Fault { return nil }

// Contradictions returns the faults of statements that say something else than the
// patches of a release do.
func (s Settings) Contradictions(patches []artifact.ReleasedPatch) []config.Fault { return nil }

// Statements returns what there is to say of a release with these patches: nothing is
// claimed of a patch that is not among them. They are sorted by vulnerability. The
// settings are valid and contradict no patch.
func (s Settings) Statements(patches []artifact.ReleasedPatch) []Statement { return nil }

// Concerns reports whether the statement is about an artifact: about the files that
// hold one of its components.
func (s Statement) Concerns(a artifact.Released) bool { return false }

// Analysis returns the statement as CycloneDX has it
// (https://cyclonedx.org/docs/1.6/json/#vulnerabilities_items_analysis): its state, its
// justification, "" if it has none, and its detail in words.
func (s Statement) Analysis() (state, justification, detail string) { return "", "", "" }
