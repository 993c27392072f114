// Package notes writes the notes of a release.
package notes

import "github.com/slipway-build/slipway/artifact"

// Input is what the notes of a release are made of.
type Input struct {
	Release artifact.Release
	Last    *artifact.Release // the release before it; nil if it is the first
	Keys    []Key             // that it is signed with; none if it is unsigned
}

// A Key is a public key that a signature of the release is verified with.
type Key struct {
	Kind string // openpgp or sigstore
	ID   string // its fingerprint
	File string // its path in the release, "" if it is not in it
}

// Markdown returns the notes of a release: its upstream, its patches and what has
// become of those of the last release, the vulnerabilities that it fixes, its artifacts
// with their sizes beside the last ones, and how to verify it. The same input makes
// the same bytes.
func Markdown(in Input) []byte { return nil }
