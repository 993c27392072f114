package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/slipway-build/slipway/internal/text"
)

// A Summary is what is told of a run. Its Markdown is for people, and for the place where a fork is released.
type Summary struct {
	Fork, Version string
	At            time.Time     // when it began
	Took          time.Duration // in all
	Focus, Skip   string        // the expressions that chose the tests
	Upstream      bool          // the tests, and the cluster if it was booted for them, are those of the upstream
	Nodes         []Node
	Run           Run
	Wanted        []string     // the conformance tests of the version; nil where fewer were asked for
	Absent        []string     // images that could not be had, each with its reason
	Other         []Difference // how the same tests ended on the upstream, or on the fork; nil if that is not known
	Compared      bool         // it is known
}

// Counts says in a line how many tests ended how.
func (r Run) Counts() string {
	out := fmt.Sprintf("%d of %s passed", len(r.Of(Passed)), text.Count(len(r.Tests)-len(r.Of(Skipped)), "test"))
	for _, state := range []State{Expected, Failed, Skipped} {
		if n := len(r.Of(state)); n > 0 {
			out += fmt.Sprintf(", %d %s", n, state)
		}
	}
	return out
}

// Markdown returns the summary as a page.
func (s Summary) Markdown() string {
	var b strings.Builder
	of := "the fork"
	if s.Upstream {
		of = "the unpatched upstream of the fork"
	}
	fmt.Fprintf(&b, "# Conformance of %s %s\n\n%s, in %s, on %s, with the tests of %s.\n\n", s.Fork, s.Version,
		upper(s.Run.Counts()), s.Took.Round(time.Second), s.At.UTC().Format(time.DateOnly), of)
	fmt.Fprintf(&b, "Tests: `%s`", s.Focus)
	if s.Skip != "" {
		fmt.Fprintf(&b, ", without `%s`", s.Skip)
	}
	b.WriteString("\n\n| node | kubelet | runtime | system | kernel |\n| --- | --- | --- | --- | --- |\n")
	for _, n := range s.Nodes {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s, %s |\n", n.Name, n.Kubelet, n.Runtime, n.OS, n.Kernel, n.Arch)
	}
	list(&b, "Failed", append(faults(s.Run.Faults), lines(s.Run.Of(Failed))...))
	list(&b, "Failed as expected", lines(s.Run.Of(Expected)))
	list(&b, "Skipped", lines(s.Run.Of(Skipped)))
	list(&b, "Not run", code(s.Run.Missing(s.Wanted)))
	list(&b, "Images that were not available", s.Absent)
	if s.Compared {
		list(&b, "Different from "+cmp.Or(map[bool]string{true: "the fork"}[s.Upstream], "the upstream"), s.differences())
	}
	list(&b, "The slowest", slowest(s.Run.Tests))
	return b.String()
}

func (s Summary) differences() []string {
	if len(s.Other) == 0 {
		return []string{"nothing"}
	}
	var out []string
	for _, d := range s.Other {
		here, there := cmp.Or(d.Here, "not run"), cmp.Or(d.There, "not run")
		out = append(out, fmt.Sprintf("`%s`: %s here, %s there", d.Name, here, there))
	}
	return out
}

func list(b *strings.Builder, heading string, items []string) {
	if len(items) == 0 {
		return
	}
	fmt.Fprintf(b, "\n## %s\n\n", heading)
	for _, i := range items {
		fmt.Fprintf(b, "- %s\n", i)
	}
}

func faults(list []string) []string {
	var out []string
	for _, f := range list {
		out = append(out, "outside of tests: "+oneLine(f))
	}
	return out
}

func lines(tests []Test) []string {
	var out []string
	for _, t := range tests {
		line := "`" + t.Name + "`"
		if t.Reason != "" {
			line += ": " + oneLine(t.Reason)
		}
		out = append(out, line)
	}
	return out
}

func code(names []string) []string {
	var out []string
	for _, n := range names {
		out = append(out, "`"+n+"`")
	}
	return out
}

// slowest returns the five tests that took longest.
func slowest(tests []Test) []string {
	tests = slices.Clone(tests)
	slices.SortStableFunc(tests, func(a, b Test) int { return cmp.Compare(b.Took, a.Took) })
	var out []string
	for _, t := range tests[:min(5, len(tests))] {
		out = append(out, fmt.Sprintf("%s: `%s`", t.Took.Round(time.Second), t.Name))
	}
	return out
}

// oneLine returns what a test said as text of a list in Markdown.
func oneLine(s string) string {
	return strings.NewReplacer("\n", " ", "\r", "", "<", "&lt;", "|", "\\|", "`", "'").Replace(s)
}

func upper(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
