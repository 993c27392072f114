package check

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/internal/lineerr"
	"github.com/slipway-build/slipway/internal/text"
	"github.com/slipway-build/slipway/patches"
)

// A Report is what was found. Its JSON is for programs: keys are added, but none changes.
type Report struct {
	Checks []Check `json:"checks"`
}

// A Check is one thing that was looked at. It is right if it has no faults.
type Check struct {
	// Fork is whose it is; none of the whole project.
	Fork string `json:"fork,omitempty"`
	// Name is what was looked at: a file, or a form that the fork is released in.
	Name string `json:"name"`
	// Found is what is there, of what is right.
	Found string `json:"found,omitempty"`
	// Faults are what is wrong.
	Faults []Fault `json:"faults,omitempty"`
	// Skipped is why it was not looked at.
	Skipped string `json:"skipped,omitempty"`
}

// A Fault is one thing that is wrong.
type Fault struct {
	// File is where it is, relative to the project, if it is in a file.
	File string `json:"file,omitempty"`
	// Line is the line in the file, from 1 on, if it is on one.
	Line int `json:"line,omitempty"`
	// Message is what is wrong, without the file and the line.
	Message string `json:"message"`
	// Remedy is what to do, if the message does not say it.
	Remedy string `json:"remedy,omitempty"`
}

// Faults returns how many faults there are.
func (r Report) Faults() int {
	n := 0
	for _, c := range r.Checks {
		n += len(c.Faults)
	}
	return n
}

// Lines returns the report for a terminal: a line a check, and below it a line or more a
// fault.
func (r Report) Lines() []string {
	var out []string
	last := "\x00"
	for _, c := range r.Checks {
		if c.Fork != last {
			out, last = append(out, cmp.Or(c.Fork, "the project")), c.Fork
		}
		state, found := "ok", c.Found
		switch {
		case len(c.Faults) > 0:
			state, found = "FAULT", text.Count(len(c.Faults), "fault")
		case c.Skipped != "":
			state, found = "-", c.Skipped
		}
		out = append(out, strings.TrimRight(fmt.Sprintf("  %-6s %-14s %s", state, c.Name, found), " "))
		for _, f := range c.Faults {
			out = append(out, f.lines()...)
		}
	}
	return out
}

func (f Fault) lines() []string {
	const indent = "         "
	message := f.Message
	if f.File != "" {
		message = (&lineerr.Error{File: f.File, Line: f.Line, Err: errors.New(f.Message)}).Error()
	}
	var out []string
	for line := range strings.Lines(message) {
		out = append(out, indent+text.Printable(strings.TrimRight(line, "\n")))
	}
	for line := range strings.Lines(f.Remedy) {
		out = append(out, indent+"  "+text.Printable(strings.TrimRight(line, "\n")))
	}
	return out
}

// faults returns an error as faults: one for each that it joins.
func faults(p fork.Project, err error) []Fault {
	if err == nil {
		return nil
	}
	err = p.Relative(err)
	var joined interface{ Unwrap() []error }
	if errors.As(err, &joined) && says(p, joined.(error), err) {
		var out []Fault
		for _, one := range joined.Unwrap() {
			out = append(out, faults(p, one)...)
		}
		return out
	}
	if stale, ok := errors.AsType[*fork.StaleError](err); ok {
		var out []Fault
		for _, one := range stale.Faults {
			for _, f := range faults(p, one) {
				f.Remedy = stale.Remedy()
				out = append(out, f)
			}
		}
		return out
	}
	return []Fault{fault(p, err)}
}

// says reports whether two errors have one text.
func says(p fork.Project, a, b error) bool { return p.Relative(a).Error() == b.Error() }

// fault returns an error as one fault. Lines of it that are indented as a hint are its
// remedy.
func fault(p fork.Project, err error) Fault {
	var f Fault
	message := err.Error()
	if at, ok := errors.AsType[*lineerr.Error](err); ok && says(p, at, err) {
		f.File, f.Line, message = relative(p, at.File), at.Line, p.Relative(at.Err).Error()
	} else if in, ok := errors.AsType[*patches.ParseError](err); ok && says(p, in, err) {
		f.File, f.Line, message = filepath.Join(in.Dir, in.Patch), in.Line, in.Err.Error()
	}
	var remedy []string
	for line := range strings.Lines(message) {
		hint, ok := strings.CutPrefix(line, "  ")
		switch {
		case ok && !strings.HasPrefix(hint, " ") || len(remedy) > 0:
			remedy = append(remedy, hint)
		default:
			f.Message += line
		}
	}
	f.Message, f.Remedy = strings.TrimRight(f.Message, "\n"), strings.TrimRight(strings.Join(remedy, ""), "\n")
	return f
}

// relative returns a path of a project relative to it.
func relative(p fork.Project, file string) string {
	if rel, ok := strings.CutPrefix(file, p.Dir+string(filepath.Separator)); ok {
		return rel
	}
	return file
}
