package verify

import (
	"fmt"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/internal/text"
	"github.com/slipway-build/slipway/release/sign"
)

// ReportSchema is the version of the format of a Report as JSON.
const ReportSchema = 1

// maxFaults is how many faults of one check are kept: a folder may be made to have millions.
const maxFaults = 1000

// A Report is what the checks of a release found.
type Report struct {
	Schema  int     `json:"schema"`
	Fork    string  `json:"fork"`
	Name    string  `json:"name"`
	Version string  `json:"version"`
	Record  string  `json:"record"` // digest of artifacts.json: sha256:HEX
	Files   int     `json:"files"`  // in the folder
	Bytes   int64   `json:"bytes"`  // that they have
	Checks  []Check `json:"checks"` // in the order they are made
}

// A Check is one check of a release.
type Check struct {
	Name   string    `json:"check"`           // sums, record …
	Count  int       `json:"count"`           // of what was checked
	Of     string    `json:"of"`              // what that is: "files as artifacts.json has them"
	Notes  []string  `json:"notes,omitempty"` // what was not checked, and why
	Faults []Fault   `json:"faults"`          // sorted by where
	More   int       `json:"more,omitempty"`  // faults that are not in the list
	Keys   []sign.By `json:"keys,omitempty"`  // whose signatures were verified
}

// A Fault is something that is wrong with a release.
type Fault struct {
	Where  string `json:"where"`  // path in the release, and the member of an artifact
	What   string `json:"what"`   // what is wrong
	Remedy string `json:"remedy"` // what to do
}

func (f Fault) String() string { return f.Where + ": " + f.What }

// OK reports whether all checks that were made passed.
func (r Report) OK() bool { return r.Faults() == 0 }

// Faults returns the number of faults.
func (r Report) Faults() int {
	n := 0
	for _, c := range r.Checks {
		n += len(c.Faults) + c.More
	}
	return n
}

// Lines returns the report for a terminal: a line a check, below it a line a fault, and what
// to do.
func (r Report) Lines() []string {
	var out []string
	for _, c := range r.Checks {
		out = append(out, c.lines()...)
	}
	return out
}

func (c Check) lines() []string {
	state, found := "ok", fmt.Sprintf("%s: %d", c.Of, c.Count)
	notes := c.Notes
	switch {
	case len(c.Faults) > 0:
		state = "FAILED"
	case c.Count == 0 && len(notes) > 0:
		state, found, notes = "-", notes[0], notes[1:]
	}
	out := []string{fmt.Sprintf("%-7s %-11s %s", state, c.Name, found)}
	add := func(format string, args ...any) {
		out = append(out, "        "+text.Printable(fmt.Sprintf(format, args...)))
	}
	for _, by := range c.Keys {
		add("by %s, %s", by.Fingerprint, by.Name)
	}
	for _, note := range notes {
		add("%s", note)
	}
	var remedies []string
	for _, f := range c.Faults {
		add("%s", f)
		if !slices.Contains(remedies, f.Remedy) {
			remedies = append(remedies, f.Remedy)
		}
	}
	if c.More > 0 {
		add("and %d more", c.More)
	}
	if len(remedies) > 0 {
		add("To do: %s", strings.Join(remedies, "; or: "))
	}
	return out
}

// fault adds a fault.
func (c *Check) fault(where, remedy, what string, args ...any) {
	if len(c.Faults) >= maxFaults {
		c.More++
		return
	}
	c.Faults = append(c.Faults, Fault{Where: where, What: fmt.Sprintf(what, args...), Remedy: remedy})
}

// done returns the check with its faults sorted.
func (c *Check) done() Check {
	slices.SortStableFunc(c.Faults, func(a, b Fault) int { return strings.Compare(a.Where, b.Where) })
	if c.Faults == nil {
		c.Faults = []Fault{}
	}
	return *c
}

// The remedies that several checks have.
const (
	again   = "download it again; if it stays so, do not use the release, and tell its publisher"
	publish = "do not use the release, and tell its publisher"
)
