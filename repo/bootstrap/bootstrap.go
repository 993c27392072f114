// Package bootstrap makes what a client fetches once to use a repository: a keyring package for
// apt, a release package for dnf and zypper, and ready files for those who want neither. It
// knows how keys may be replaced without a client that is left behind.
//
// An unsigned repository has none of this: a client that is to take packages without
// a signature is told so by whoever owns it, and never by a file from the repository.
package bootstrap

import (
	"context"
	"time"

	"github.com/slipway-build/slipway/release/sign"
	"github.com/slipway-build/slipway/repo/tree"
)

// An Input is what the packages and files say. Its digest decides whether there has to be a
// new version of them.
type Input struct {
	Name       string // acme: the first part of all names
	Origin     string // of the apt suites, which the pin compares
	Label      string // a line for people: Acme's Kubernetes
	URL        string // of the repository's root, without a slash at its end
	Maintainer string // Name <mail>
	Suites     []Suite
	Packages   []string // names of the debs of all suites, which the pin is for
	// Keys are the public keys, armored or binary, that clients are to trust: those that sign, those that will, and
	// those of rpms that are still there.
	Keys []byte
	// Version counts the packages, from 1. It and Time are no part of the digest.
	Version int
	Time    time.Time // of the packages' files; one for each version
}

// A Suite is what a client can subscribe to: an apt suite, and a yum repository of the same name.
type Suite struct {
	Name string // kubernetes-1.36
	// Enabled is whether the packages switch it on. It must stay as it was when the suite
	// was first shipped: an upgrade replaces files that nobody has edited, and would move
	// whoever has left them as they were. See Keep.
	Enabled bool
}

// Packages are the files of a version, below the scratch folder.
type Packages struct {
	Deb string // NAME-archive-keyring_N-1_all.deb
	RPM string // NAME-release-N-1.noarch.rpm, signed
}

// Make writes the packages of a version to an empty folder. The rpm has the signature of the
// first key. A version is made once: another time makes other bytes.
func Make(ctx context.Context, in Input, scratch string, by *sign.Signer) (Packages, error) {
	return Packages{}, nil
}

// Files returns what a client can fetch besides packages, all of the class Commit: NAME.asc,
// apt/SUITE.sources and rpm/SUITE.repo. There is none without keys.
func Files(in Input) ([]tree.File, error) { return nil, nil }

// Aliases returns the packages' names at the root, NAME-archive-keyring.deb and
// NAME-release.rpm: aliases of the content in pool and packages.
func Aliases(name string, deb, rpm tree.File) []tree.File { return nil }

// Check returns all that is wrong with an input.
func (in Input) Check() error { return nil }

// Digest returns that of what the packages say, without their version and time. Where it is
// another one than that of the last version, the version has to be raised.
func (in Input) Digest() string { return "" }

// Keep returns suites with Enabled as it was when they were first shipped.
func Keep(shipped, suites []Suite) []Suite { return nil }
