package artifact

// A Module is a Go module that is linked into binaries.
type Module struct {
	Path string
	// Version is what the module proxy calls it. Of a module of the fork's tree, it is the
	// fork's version, or that of the lock where the module is published at another one. Of
	// what a GOPATH vendors, it is the revision that is recorded.
	Version  string
	Sum      string   // h1:…; "" where it comes from the fork's tree
	Licenses []string // as SPDX names them, sorted
	// Local says that it is part of the fork's tree, patched or not: what has this version
	// elsewhere need not be the same.
	Local bool
}
