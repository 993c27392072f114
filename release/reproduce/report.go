// Package reproduce builds a release again in another environment, compares what both
// builds made, and explains what differs.
package reproduce

import (
	"context"
	"errors"

	"github.com/slipway-build/slipway/artifact"
)

// An Exception is an artifact that may differ.
type Exception struct {
	Path   string `yaml:"path" json:"path"` // pattern of names of artifacts, as upstream.exclude has them
	Reason string `yaml:"reason" json:"reason"`
}

// A Side is one of two builds.
type Side struct {
	Dir     string // with the files of the release
	Release artifact.Release
}

// A Comparison is what Compare is asked.
type Comparison struct {
	Want, Got  Side // the release, and what was built again
	Exceptions []Exception
	Changes    []Change // of the environment, for the report
}

// A Change is how the second build's environment differs from the first's.
type Change struct {
	What   string `json:"what"`  // folder, user, umask …
	Here   string `json:"here"`  // as it is for this process
	There  string `json:"there"` // as it was for the rebuild
	Differ bool   `json:"differ"`
}

// A Verdict is what was found of one artifact.
type Verdict string

// The verdicts.
const (
	Same     Verdict = "same"     // byte for byte, without signatures
	Excepted Verdict = "excepted" // it differs, and may
	Differs  Verdict = "differs"
	Missing  Verdict = "missing" // the rebuild did not make it
	Extra    Verdict = "extra"   // the release does not have it
)

// A Report is what a comparison found.
type Report struct {
	Schema   int         `json:"schema"`
	Fork     string      `json:"fork"`
	Name     string      `json:"name"`
	Version  string      `json:"version"`
	Record   string      `json:"record"` // digest of the release's artifacts.json
	Same     bool        `json:"same"`   // all that is not excepted
	Changes  []Change    `json:"environment"`
	Results  []Result    `json:"artifacts"`         // sorted by name
	Unused   []Exception `json:"unused_exceptions"` // that nothing needed
	Problems []string    `json:"problems"`          // of the release as a whole: another version, toolchain …
}

// A Result is what was found of one artifact.
type Result struct {
	Name    string        `json:"name"` // as provenance.SubjectName has it
	Kind    artifact.Kind `json:"kind"`
	Verdict Verdict       `json:"verdict"`
	Want    string        `json:"want,omitempty"` // the digest without signatures: sha256:HEX
	Got     string        `json:"got,omitempty"`
	Reason  string        `json:"reason,omitempty"` // of the exception
	// Found explains the difference; More is how many findings there are beyond these.
	Found []Finding `json:"found,omitempty"`
	More  int       `json:"more,omitempty"`
}

// A Finding is one difference inside of an artifact.
type Finding struct {
	Where []string `json:"where"` // from the outside in: data.tar.zst, usr/bin/captain, .text
	What  string   `json:"what"`
	Want  string   `json:"want,omitempty"`
	Got   string   `json:"got,omitempty"`
}

// Compare compares the files of a rebuild with those of a release, signatures left out,
// and explains each difference. A difference is no error.
func Compare(ctx context.Context, c Comparison) (Report, error) {
	return Report{}, errors.New("not yet")
}

// JSON returns the report for programs.
func (r Report) JSON() ([]byte, error) { return nil, errors.New("not yet") }

// Lines returns the report for a terminal.
func (r Report) Lines() []string { return nil }

// HTML returns the report as one static page.
func (r Report) HTML() ([]byte, error) { return nil, errors.New("not yet") }
