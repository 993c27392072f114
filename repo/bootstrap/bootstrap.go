// Package bootstrap makes what a client fetches once to use a repository: a keyring package for
// apt, a release package for dnf and zypper, and ready files for those who want neither. It
// knows how keys are replaced so that no client is left behind.
//
// An unsigned repository has none of this. A client that takes packages without a signature
// does so because its administrator wrote that, and not because of a file from the repository.
package bootstrap

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/slipway-build/slipway/internal/text"
	"github.com/slipway-build/slipway/release/sign/openpgp"
)

// Revision counts the changes of this package that change what it writes. The digest of an
// Input has it.
const Revision = 1

// An Input is what the packages and files say. Its digest decides whether there has to be a
// new version of them.
type Input struct {
	Name       string   // acme: the first part of all names
	Origin     string   // of the apt suites, which the pin compares
	Label      string   // a line for people: Acme's Kubernetes
	URL        string   // of the repository's root, without a slash at its end
	Maintainer string   // Name <mail>
	Suites     []Suite  // in any order
	Packages   []string // names of the debs in all suites, which the pin is for
	// Keys are the public keys that clients are to trust, armored or binary: those that sign,
	// those that will, and those of rpms that are still there.
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

// Keep returns suites with Enabled as it was when they were first shipped.
func Keep(shipped, suites []Suite) []Suite {
	out := slices.Clone(suites)
	for i, s := range out {
		if at := slices.IndexFunc(shipped, func(had Suite) bool { return had.Name == s.Name }); at >= 0 {
			out[i].Enabled = shipped[at].Enabled
		}
	}
	return out
}

// Digest returns that of what the packages say, without their version and time. Where it is
// another one than that of the last version, the version has to be raised.
func (in Input) Digest() string {
	in = in.sorted()
	if ring, err := in.keyring(); err == nil { // the same keys, however they were given
		in.Keys = ring.binary
	}
	in.Version, in.Time = 0, time.Time{}
	data, err := json.Marshal(struct {
		Revision int
		Input    Input
	}{Revision, in})
	if err != nil {
		panic(err) // strings and bytes can be marshalled
	}
	digest := sha256.Sum256(data)
	return hex.EncodeToString(digest[:])
}

// sorted returns the input with its lists in one order.
func (in Input) sorted() Input {
	in.Suites, in.Packages = slices.Clone(in.Suites), slices.Clone(in.Packages)
	slices.SortFunc(in.Suites, func(a, b Suite) int { return strings.Compare(a.Name, b.Name) })
	slices.Sort(in.Packages)
	in.Packages = slices.Compact(in.Packages)
	return in
}

var (
	// names are what is a package's name, a file's in sources.list.d and an id of yum's at once.
	names = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]+$`)
	debs  = regexp.MustCompile(`^[a-z0-9][a-z0-9+.-]+$`)
)

// Check returns all that is wrong with an input.
func (in Input) Check() error {
	var faults []error
	refuse := func(bad bool, format string, args ...any) {
		if bad {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	refuse(!names.MatchString(in.Name), "name %q: want lower-case letters, digits, dots and hyphens: acme", in.Name)
	for field, value := range map[string]string{"origin": in.Origin, "label": in.Label} {
		refuse(!line(value), "%s %q: want one line of text, without blanks around it", field, value)
	}
	refuse(!root(in.URL), "url %q: want the root of the repository, without a slash at its end: "+
		"https://packages.example.org", in.URL)
	_, err := mail.ParseAddress(in.Maintainer)
	refuse(err != nil, "maintainer %q: want NAME <MAIL>", in.Maintainer)
	refuse(len(in.Suites) == 0, "suites: there is none that a client could subscribe to")
	for i, s := range in.Suites {
		refuse(!names.MatchString(s.Name), "suite %q: want lower-case letters, digits, dots and hyphens", s.Name)
		twice := slices.ContainsFunc(in.Suites[:i], func(had Suite) bool { return had.Name == s.Name })
		refuse(twice, "suite %s is there twice", s.Name)
	}
	for _, name := range in.Packages {
		refuse(!debs.MatchString(name), "package %q: want the name of a deb", name)
	}
	refuse(in.Version < 1, "version %d: want 1 or more", in.Version)
	slices.SortFunc(faults, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(faults...)
}

// line reports whether a text is one that control files and .repo files can hold as it is.
func line(s string) bool {
	return s != "" && s == strings.TrimSpace(s) && s == text.Printable(s)
}

// root reports whether a URL can be in .sources and .repo files: blanks end it there, and dnf
// would replace what follows a dollar sign.
func root(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Scheme != "" && (u.Host != "" || u.Scheme == "file") && u.RawQuery == "" && u.Fragment == "" &&
		line(s) && !strings.ContainsAny(s, " $") && !strings.HasSuffix(s, "/")
}

// A keyring is the keys in both forms.
type keyring struct {
	certs   []openpgp.Certificate // by fingerprint
	binary  []byte
	armored []byte // a block for each key
}

// keyring reads the keys. There are none in that of an unsigned repository.
func (in Input) keyring() (keyring, error) {
	if len(bytes.TrimSpace(in.Keys)) == 0 {
		return keyring{}, nil
	}
	certs, err := openpgp.Certificates(in.Name+".asc", in.Keys)
	if err != nil {
		return keyring{}, err
	}
	slices.SortFunc(certs, func(a, b openpgp.Certificate) int { return strings.Compare(a.Fingerprint, b.Fingerprint) })
	ring := keyring{certs: certs}
	for _, c := range certs {
		block, err := c.Armored()
		if err != nil {
			return keyring{}, err
		}
		ring.binary, ring.armored = append(ring.binary, c.Packets...), append(ring.armored, block...)
	}
	return ring, nil
}
