// Package lineerr says where in a file an error is, for those who show it by itself.
package lineerr

import "strconv"

// An Error is what is wrong with a file, or with a line of it.
type Error struct {
	File string // "" where whoever returns it knows only the line
	Line int    // from 1 on; 0 for the file as a whole
	Err  error  // what is wrong there
}

// Error returns FILE:LINE: what is wrong.
func (e *Error) Error() string {
	at := e.File
	if e.Line > 0 {
		if at != "" {
			at += ":"
		}
		at += strconv.Itoa(e.Line)
	}
	return at + ": " + e.Err.Error()
}

// Unwrap returns what is wrong.
func (e *Error) Unwrap() error { return e.Err }
