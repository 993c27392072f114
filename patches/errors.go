package patches

import (
	"fmt"
	"strings"
)

// An ApplyError is the error of a patch that does not apply to a tree.
type ApplyError struct {
	Patch   string  // its name
	Applied string  // the patch before it in the series, "" if it is the first
	Faults  []error // at least one; a *Conflict where lines are not the expected ones

	// Onto names the tree in the message. Apply knows no name and leaves it empty;
	// a caller that knows one may set it.
	Onto string
}

// Error says of each fault that the patch does not apply, and why.
func (e *ApplyError) Error() string {
	head := e.Patch + " does not apply"
	if e.Onto != "" {
		head += " to " + e.Onto
	}
	faults := make([]string, len(e.Faults))
	for i, f := range e.Faults {
		faults[i] = head + "\n  " + f.Error()
	}
	return strings.Join(faults, "\n")
}

// Unwrap returns the faults, so that errors.As finds a *Conflict.
func (e *ApplyError) Unwrap() []error { return e.Faults }

// An AbsentError is the fault of a patch to a file that is not there.
type AbsentError struct {
	File string
	Why  string // does not exist, or what is there instead
}

func (e *AbsentError) Error() string { return e.File + " " + e.Why }

// A ParseError is the error of a patch that cannot be read.
type ParseError struct {
	Patch string // its name
	Line  int    // from 1
	Err   error

	// Dir is the folder of the patch in the message. Parse knows none and leaves it
	// empty; a caller that knows it may set it.
	Dir string
}

// Error begins with DIR/PATCH:LINE.
func (e *ParseError) Error() string {
	file := e.Patch
	if e.Dir != "" {
		file = e.Dir + "/" + file
	}
	return fmt.Sprintf("%s:%d: %v", file, e.Line, e.Err)
}

// Unwrap returns the fault itself.
func (e *ParseError) Unwrap() error { return e.Err }

// A refusal is a fault of a file that is not about the lines of a hunk.
type refusal struct{ error }

func (r refusal) Unwrap() error { return r.error }
