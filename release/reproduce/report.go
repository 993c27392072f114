// Package reproduce builds a release again in another environment, compares what both
// builds made, and explains what differs.
package reproduce

import (
	"bytes"
	_ "embed" // the page
	"encoding/json"
	"fmt"
	"html/template"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/internal/text"
)

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

// ReportSchema is the version of the format of a report's JSON.
const ReportSchema = 1

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
	Record   string      `json:"record"` // digest of the release's artifacts.json: sha256:HEX
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
	Reason  string        `json:"reason,omitempty"` // of the exception; or what was left out to be the same
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

	derived bool // it follows from another finding
	header  bool // it is of a member's header
	bytes   bool // it is of what is around members: nobody knows what that is
}

// JSON returns the report for programs.
func (r Report) JSON() ([]byte, error) {
	data, err := json.MarshalIndent(r, "", "  ")
	return append(data, '\n'), err
}

// Count returns how many artifacts have a verdict.
func (r Report) Count(v Verdict) int {
	n := 0
	for _, a := range r.Results {
		if a.Verdict == v {
			n++
		}
	}
	return n
}

// Lines returns the report for a terminal.
func (r Report) Lines() []string {
	var out []string
	for _, c := range r.Changes {
		out = append(out, c.String())
	}
	for _, p := range r.Problems {
		out = append(out, "differs   "+p)
	}
	for _, a := range r.Results {
		if a.Verdict == Same {
			continue
		}
		line := fmt.Sprintf("%-9s %s", a.Verdict, a.Name)
		if a.Reason != "" {
			line += " (" + a.Reason + ")"
		}
		out = append(out, line)
		for _, f := range a.Found {
			out = append(out, "            "+f.String())
		}
		if a.More > 0 {
			out = append(out, fmt.Sprintf("            and %s", text.Count(a.More, "more difference")))
		}
	}
	for _, e := range r.Unused {
		out = append(out, fmt.Sprintf("unused    exception %s (%s): nothing that it names differs", e.Path, e.Reason))
	}
	return append(out, r.Summary())
}

// Summary returns what was found, in one line.
func (r Report) Summary() string {
	same := text.Count(r.Count(Same), "artifact")
	excepted := ""
	if n := r.Count(Excepted); n > 0 {
		excepted = fmt.Sprintf("; %s allowed to differ", text.Count(n, "artifact"))
	}
	if r.Same {
		return fmt.Sprintf("%s %s was rebuilt: %s, byte for byte%s", r.Fork, r.Version, same, excepted)
	}
	return fmt.Sprintf("%s %s was not rebuilt: %s the same, %d different, %d missing, %d added%s", r.Fork, r.Version,
		same, r.Count(Differs), r.Count(Missing), r.Count(Extra), excepted)
}

// String returns the change in one line.
func (c Change) String() string {
	if !c.Differ {
		return fmt.Sprintf("as it is  %s: %s", c.What, c.There)
	}
	return fmt.Sprintf("other     %s: %s, not %s", c.What, c.There, c.Here)
}

//go:embed report.html
var page string

// HTML returns the report as one static page.
func (r Report) HTML() ([]byte, error) {
	t, err := template.New("report").Parse(page)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = t.Execute(&b, r)
	return b.Bytes(), err
}
