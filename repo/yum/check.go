package yum

import (
	"errors"
	"fmt"
)

// A ClashError is two packages of one suite that clients take for the same.
type ClashError struct {
	Suite string
	A, B  Package
}

func (e *ClashError) Error() string {
	return fmt.Sprintf("yum repository %s: %s would be two rpms with other content, %s and %s: "+
		"raise packages.revision of fork.yaml and make the later release again", e.Suite, e.A.NEVRA(), e.A.Path, e.B.Path)
}

// An UnsignedError is a package without a signature in a signed repository.
type UnsignedError struct {
	Suite   string
	Package Package
}

func (e *UnsignedError) Error() string {
	return fmt.Sprintf("yum repository %s: %s has no signature, so clients with gpgcheck=1 would refuse it: "+
		"make the release again with -key", e.Suite, e.Package.FileName())
}

// Check returns all that is wrong with the packages of a suite, as one error: the same name,
// version and architecture with other content, and, if the repository is signed, packages that
// are not.
func Check(suite string, packages []Package, signed bool) error {
	var faults []error
	had := map[Package]Package{}
	for _, p := range packages {
		id := Package{Name: p.Name, Epoch: p.Epoch, Version: p.Version, Release: p.Release, Architecture: p.Architecture}
		before, ok := had[id]
		switch {
		case ok && before.SHA256 != p.SHA256:
			faults = append(faults, &ClashError{Suite: suite, A: before, B: p})
		case !ok && signed && p.Signer == "":
			faults = append(faults, &UnsignedError{Suite: suite, Package: p})
		}
		had[id] = p
	}
	return errors.Join(faults...)
}
