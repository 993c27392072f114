// Package yum writes yum repositories: metadata of rpms, from what they say of themselves.
package yum

import (
	"fmt"
	"path"
	"strings"

	"github.com/slipway-build/slipway/repo/tree"
)

// A Package is an rpm as metadata describe it.
type Package struct {
	Name         string `json:"name"`
	Epoch        string `json:"epoch"`
	Version      string `json:"version"`
	Release      string `json:"release"`
	Architecture string `json:"architecture"` // rpm's: x86_64, noarch
	Path         string `json:"path"`         // in the repository's root: rpm/packages/…
	Size         int64  `json:"size"`         // bytes
	SHA256       string `json:"sha256"`       // hex
	// Signer is the key that the header's signature names: its fingerprint, or its ID of 16
	// digits where the signature has no more; both in upper-case hex. It is empty where the
	// header is not signed. Read does not verify the signature.
	Signer string `json:"signer,omitempty"`
	// Primary, Filelists and Other are its elements in the three files of metadata.
	Primary   string `json:"primary"`
	Filelists string `json:"filelists"`
	Other     string `json:"other"`
}

// NEVRA returns what a client knows the package by: captain-0:1.36.1-1.x86_64.
func (p Package) NEVRA() string {
	return fmt.Sprintf("%s-%s:%s-%s.%s", p.Name, p.Epoch, p.Version, p.Release, p.Architecture)
}

// FileName returns what rpm calls the package's file: captain-1.36.1-1.x86_64.rpm.
func (p Package) FileName() string {
	return fmt.Sprintf("%s-%s-%s.%s.rpm", p.Name, p.Version, p.Release, p.Architecture)
}

// File returns the package as a file of the repository. from is the absolute path of the
// rpm; "" if it is there already.
func (p Package) File(from string) tree.File {
	entry := tree.Entry{Path: p.Path, Size: p.Size, SHA256: p.SHA256, Class: tree.Content}
	return tree.File{Entry: entry, From: from}
}

// poolDir is the folder of all packages, and toPool the way there from metadata.
const (
	poolDir = "rpm/packages"
	toPool  = "../../packages"
)

// PoolPath returns the path of an rpm in the repository's root. Packages of one name with
// other content have other paths. S3 reads a plus as a blank, so paths have none.
func PoolPath(sha256, file string) string { return path.Join(poolDir, inPool(sha256, file)) }

func inPool(sha256, file string) string {
	return path.Join(sha256[:2], sha256, strings.ReplaceAll(path.Base(file), "+", "_"))
}
