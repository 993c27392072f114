package keys

import (
	"fmt"
	"strings"
	"time"
)

// A Use is what signatures are for. It decides which clients read them.
type Use string

// The uses of keys.
const (
	Sums     Use = "sums"     // SHA256SUMS.asc: gpg --verify, sqv
	RPM      Use = "rpm"      // the header of an rpm: rpm, dnf, zypper
	Apt      Use = "apt"      // InRelease and Release.gpg: apt, with gpgv or sqv
	Yum      Use = "yum"      // repomd.xml.asc: dnf, zypper
	Manifest Use = "manifest" // Manifest: Portage
	Bundles  Use = "bundles"  // sigstore bundles: cosign
)

// When is what a key is checked at.
type When struct {
	Now     time.Time
	Horizon time.Duration // a key has to be valid this much longer
	Soon    time.Duration // and one that is not valid this much longer is a warning
	Release time.Time     // the date that signatures carry
}

// A Fault is one reason not to sign with a key.
type Fault struct {
	Key     string // as it was given
	What    string // as "its self-signature is made with SHA-1"
	Breaks  string // who refuses its signatures
	Remedy  string // a command, or what to do
	Warning bool   // only some old or strict clients refuse them
}

func (f Fault) String() string {
	return fmt.Sprintf("key %s: %s\n  Refused by: %s\n  To fix it: %s", f.Key, f.What, f.Breaks, f.Remedy)
}

// An Error is all reasons not to sign with the keys at hand.
type Error struct{ Faults []Fault }

func (e *Error) Error() string {
	texts := make([]string, len(e.Faults))
	for i, f := range e.Faults {
		texts[i] = f.String()
	}
	return strings.Join(texts, "\n")
}

// An UnknownError is a signature by none of the public keys that were given.
type UnknownError struct {
	File  string   // that is signed
	By    string   // the key that its signature names; "" if it names none
	Given []string // the keys
}

func (e *UnknownError) Error() string {
	given := "no public key of its kind was given"
	if len(e.Given) > 0 {
		given = "the keys given are " + strings.Join(e.Given, ", ")
	}
	by := "another key"
	if e.By != "" {
		by = "key " + e.By
	}
	return fmt.Sprintf("%s: it is signed by %s; %s", e.File, by, given)
}

// A BadSignatureError is a signature that does not fit what it is for, though its key is
// known.
type BadSignatureError struct {
	File string
	By   string // the key
	Err  error
}

func (e *BadSignatureError) Error() string {
	return fmt.Sprintf("%s: the signature by key %s is not valid: %v", e.File, e.By, e.Err)
}

func (e *BadSignatureError) Unwrap() error { return e.Err }
