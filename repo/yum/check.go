package yum

// A ClashError is two packages of one suite that clients take for the same.
type ClashError struct {
	Suite string
	A, B  Package
}

func (e *ClashError) Error() string { return "" }

// An UnsignedError is a package without a signature in a signed repository.
type UnsignedError struct {
	Suite   string
	Package Package
}

func (e *UnsignedError) Error() string { return "" }

// Check returns all that is wrong with the packages of a suite, as one error: the same name,
// version and architecture with other content, and, if the repository is signed, packages that
// are not.
func Check(suite string, packages []Package, signed bool) error { return nil }
