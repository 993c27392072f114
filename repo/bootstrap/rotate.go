package bootstrap

import (
	"fmt"
	"slices"
	"strings"
)

// Keys are those of a snapshot, by fingerprint.
type Keys struct {
	Signing []string // that its indexes are signed with; the first signs rpms
	Shipped []string // that its keyring package, its release package and NAME.asc have
}

// A RotationError is a change of keys that would leave clients behind.
type RotationError struct {
	Key    string // its fingerprint
	What   string // as "signs, and no client has it"
	Breaks string // which clients
	Remedy string
}

func (e *RotationError) Error() string {
	return fmt.Sprintf("key %s %s\n  Refused by: %s\n  To fix it: %s", e.Key, e.What, e.Breaks, e.Remedy)
}

// Rotate compares the keys of a snapshot with those of the one before it, which are zero for the
// first. The error is a *RotationError. Warnings say which clients have something to do.
//
// A client knows the keys of the package that it installed last. apt and dnf take indexes of
// whose signatures they know one; zypper looks at the last signature of an index alone,
// which is by the key that signs rpms, and an rpm has one signature.
func Rotate(before, now Keys) (warnings []string, err error) {
	for _, k := range now.Signing {
		if !slices.Contains(now.Shipped, k) {
			return nil, &RotationError{Key: k, What: "signs, but is in no keyring", Breaks: "every client",
				Remedy: "add its public key to those that are shipped"}
		}
	}
	switch {
	case len(before.Signing) == 0:
		return nil, nil
	case len(now.Signing) == 0:
		return nil, &RotationError{Key: before.Signing[0], What: "no longer signs, and no other key does",
			Breaks: "every client", Remedy: "sign with " + option(before.Signing)}
	}
	if err := strange(before, now); err != nil {
		return nil, err
	}
	return warn(before, now), nil
}

// strange is the error of keys that no client can know yet.
func strange(before, now Keys) error {
	known := func(k string) bool { return slices.Contains(before.Shipped, k) }
	first := now.Signing[0]
	switch {
	case !slices.ContainsFunc(now.Signing, known):
		return &RotationError{Key: first, What: "signs alone, and no keyring that was published has it",
			Breaks: "apt, dnf and zypper of everybody who has installed the keyring",
			Remedy: "publish first with " + option(append(slices.Clone(before.Signing), first)) +
				"; once clients have updated, with " + option(now.Signing)}
	case !known(first):
		old := now.Signing[slices.IndexFunc(now.Signing, known)]
		return &RotationError{Key: first,
			What:   "is given first, so it signs rpms, and no release package that was published has it",
			Breaks: "dnf and zypper of everybody who has installed the release package",
			Remedy: "give the older key first, as rpms have one signature: " + option([]string{old, first})}
	}
	return nil
}

// warn says what a change of keys asks of clients.
func warn(before, now Keys) []string {
	var all []string
	if now.Signing[0] != before.Signing[0] {
		all = append(all, fmt.Sprintf("rpms are signed by %s from now on, and no longer by %s: on a host whose release "+
			"package has not that key yet, upgrade that package by itself first with dnf, or fetch it again for zypper",
			now.Signing[0], before.Signing[0]))
	}
	for _, k := range before.Signing {
		if !slices.Contains(now.Signing, k) {
			all = append(all, fmt.Sprintf("key %s no longer signs: apt, dnf and zypper of a host whose keyring package has "+
				"none of %s find no valid signature; there, fetch that package again", k, strings.Join(now.Signing, ", ")))
		}
	}
	for _, k := range before.Shipped {
		if !slices.Contains(now.Shipped, k) {
			all = append(all, fmt.Sprintf("key %s is no longer shipped: dnf and zypper of a new host refuse the rpms that "+
				"it signed, as long as the repository has them", k))
		}
	}
	return all
}

func option(fingerprints []string) string {
	return "-key=gpg:" + strings.Join(fingerprints, ",gpg:")
}
