package vex

import "github.com/slipway-build/slipway/artifact"

// Input is what a document is made of.
type Input struct {
	Release    artifact.Release
	Statements []Statement
	Author     string // packages.maintainer: Name <mail>
}

// Document returns a release's OpenVEX document, or nil where there is nothing to say.
// Its id is made of its content, and its time is the release's.
func Document(in Input) ([]byte, error) { return nil, nil }
