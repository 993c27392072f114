// Package report tells what came of a run of Kubernetes' end-to-end tests: which tests passed, which failed as was
// expected, and which failed otherwise; and how two runs differ. It reads the report that Ginkgo writes with
// --json-report, and the list of conformance tests that is in Kubernetes' sources.
package report

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// State is what came of a test.
type State string

// The states of a test. One of an expected failure failed, or did not run to its end, for a reason that is known.
const (
	Passed   State = "passed"
	Failed   State = "failed"
	Expected State = "failed as expected"
	Skipped  State = "skipped"
)

// A Test is one that was chosen to run.
type Test struct {
	Name   string // the texts of its containers and its own, as -focus matches them
	State  State
	Took   time.Duration
	Reason string // why it did not pass: the first line of what it said, or the reason that is known
}

// A Run is the tests of a suite that were chosen, sorted by name. Faults are what failed outside of tests: the setup
// of the suite, or its end.
type Run struct {
	Tests  []Test
	Faults []string
}

// ginkgoSuite is the part of https://pkg.go.dev/github.com/onsi/ginkgo/v2/types#Report that counts here.
type ginkgoSuite struct {
	SuiteSucceeded             bool
	SpecialSuiteFailureReasons []string
	SpecReports                []struct {
		ContainerHierarchyTexts []string
		LeafNodeType            string
		LeafNodeText            string
		State                   string
		RunTime                 time.Duration
		Failure                 struct{ Message string }
	}
}

// Read reads a report of Ginkgo.
func Read(from io.Reader) (Run, error) {
	var suites []ginkgoSuite
	if err := json.NewDecoder(from).Decode(&suites); err != nil {
		return Run{}, fmt.Errorf("not a report of Ginkgo: %w", err)
	}
	var r Run
	for _, suite := range suites {
		r.add(suite)
	}
	slices.SortFunc(r.Tests, func(a, b Test) int { return strings.Compare(a.Name, b.Name) })
	if len(r.Tests)+len(r.Faults) == 0 {
		return r, errors.New("no test ran: does -focus match any?")
	}
	return r, nil
}

func (r *Run) add(suite ginkgoSuite) {
	for _, s := range suite.SpecReports {
		said := firstLine(s.Failure.Message)
		name := strings.Join(append(slices.Clone(s.ContainerHierarchyTexts), s.LeafNodeText), " ")
		state := stateOf(s.State)
		switch {
		case s.LeafNodeType != "It" && state == Failed:
			r.Faults = append(r.Faults, strings.TrimSpace(s.LeafNodeType+" "+name)+": "+said)
		case s.LeafNodeType == "It" && (state != Skipped || said != ""): // the rest was not chosen
			r.Tests = append(r.Tests, Test{Name: name, State: state, Took: s.RunTime, Reason: said})
		}
	}
	for _, reason := range suite.SpecialSuiteFailureReasons {
		if reason != "Detected Programmatic Focus" {
			r.Faults = append(r.Faults, reason)
		}
	}
}

// stateOf reads a state of Ginkgo. Whatever is not known here is a failure.
func stateOf(state string) State {
	switch state {
	case "passed":
		return Passed
	case "skipped", "pending":
		return Skipped
	}
	return Failed
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), "\n")
	const most = 300
	if r := []rune(s); len(r) > most {
		s = string(r[:most]) + "…"
	}
	return s
}

// Of returns the tests in a state.
func (r Run) Of(state State) []Test {
	return slices.DeleteFunc(slices.Clone(r.Tests), func(t Test) bool { return t.State != state })
}

// OK reports whether nothing failed that was not expected to.
func (r Run) OK() bool { return len(r.Faults) == 0 && len(r.Of(Failed)) == 0 }

// Missing returns the names that no test of the run has that passed, failed or was expected to fail.
func (r Run) Missing(names []string) []string {
	ran := map[string]bool{}
	for _, t := range r.Tests {
		ran[t.Name] = ran[t.Name] || t.State != Skipped
	}
	return slices.DeleteFunc(slices.Clone(names), func(n string) bool { return ran[n] })
}

// Wanted reads the names of conformance tests, as conformance.yaml of Kubernetes' sources lists them.
func Wanted(data []byte) ([]string, error) {
	var tests []struct{ Codename string }
	if err := yaml.Unmarshal(data, &tests); err != nil {
		return nil, err
	}
	names := make([]string, len(tests))
	for i, t := range tests {
		names[i] = t.Codename
	}
	return names, nil
}

// A Difference is a test that two runs have in two states. A state is empty where the run does not have the test.
type Difference struct {
	Name        string
	Here, There State
}

// Compare returns how a run differs from another, sorted by name.
func (r Run) Compare(other Run) []Difference {
	there := map[string]Test{}
	for _, t := range other.Tests {
		there[t.Name] = t
	}
	var out []Difference
	for _, t := range r.Tests {
		o := there[t.Name]
		delete(there, t.Name)
		if o.State != t.State {
			out = append(out, Difference{t.Name, t.State, o.State})
		}
	}
	for _, o := range there {
		out = append(out, Difference{Name: o.Name, There: o.State})
	}
	slices.SortFunc(out, func(a, b Difference) int { return cmp.Compare(a.Name, b.Name) })
	return out
}
