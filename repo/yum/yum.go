// Package yum writes yum repositories: metadata of rpms, from what they say of themselves.
package yum

import (
	"context"
	"time"

	"github.com/slipway-build/slipway/release/sign"
	"github.com/slipway-build/slipway/repo/tree"
)

// A Package is an rpm as metadata describe it.
type Package struct {
	Name         string `json:"name"`
	Epoch        string `json:"epoch"`
	Version      string `json:"version"`
	Release      string `json:"release"`
	Architecture string `json:"architecture"`
	Path         string `json:"path"` // in the repository's root: rpm/packages/…
	Size         int64  `json:"size"`
	SHA256       string `json:"sha256"`
	// Primary, Filelists and Other are its elements in the three files of metadata.
	Primary   string `json:"primary"`
	Filelists string `json:"filelists"`
	Other     string `json:"other"`
}

// An Advisory is an update of updateinfo.xml.
type Advisory struct {
	ID string `json:"id"`
}

// Read reads an rpm.
func Read(ctx context.Context, file string) (Package, error) { return Package{}, nil }

// A Repository is the metadata of one suite.
type Repository struct {
	Name       string // kubernetes-1.36: its folder below rpm
	URL        string // of the root of all repositories; mirrorlists name it
	Time       time.Time
	Zstd       bool
	Packages   []Package
	Advisories []Advisory
}

// Metadata returns the files of a repository below rpm/, and the revision that names its folder.
func Metadata(ctx context.Context, r Repository, by *sign.Signer) (files []tree.File, revision string, err error) {
	return nil, "", nil
}
