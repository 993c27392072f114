package yum

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/slipway-build/slipway/release/sign"
	"github.com/slipway-build/slipway/repo/tree"
)

// A Repository is the metadata of one suite.
type Repository struct {
	Name string // kubernetes-1.36: its folder below rpm
	// URL is that of the root of all repositories, which the mirrorlist names.
	URL string
	// Time is what all timestamps in the metadata are: the release's.
	Time time.Time
	// Zstd compresses metadata by zstd, which clients before EL 8 do not read; else it is gzip.
	Zstd       bool
	Packages   []Package
	Advisories []Advisory
}

// Metadata returns the files of a repository below rpm/, without its packages: the folder of
// a revision, which never changes; the mirrorlist that points at it; and the folder latest for
// clients that are given a baseurl. The same content, time and signature make the same revision.
func Metadata(ctx context.Context, r Repository, by *sign.Signer) (files []tree.File, revision string, err error) {
	signed := by != nil && by.OpenPGP()
	if err := r.check(signed); err != nil {
		return nil, "", err
	}
	parts, err := r.parts()
	if err != nil {
		return nil, "", fmt.Errorf("yum repository %s: %w", r.Name, err)
	}
	index, err := encode(r.index(parts))
	if err != nil {
		return nil, "", fmt.Errorf("yum repository %s: %w", r.Name, err)
	}
	var signature []byte
	if signed {
		if signature, err = by.Metadata(ctx, index); err != nil {
			return nil, "", fmt.Errorf("yum repository %s: signing repomd.xml: %w", r.Name, err)
		}
	}
	digest := sha256.Sum256(slices.Concat(index, signature))
	revision = hex.EncodeToString(digest[:8])
	return r.lay(revision, parts, index, signature), revision, nil
}

func (r Repository) check(signed bool) error {
	switch {
	case r.Name == "" || strings.Contains(r.Name, "/"):
		return fmt.Errorf("yum repository %q: want the name of a folder", r.Name)
	case r.Name == path.Base(poolDir):
		return fmt.Errorf("yum repository %s: the folder rpm/%[1]s has all packages: want another name", r.Name)
	case r.Time.IsZero():
		return fmt.Errorf("yum repository %s: it has no time, which its metadata have to carry", r.Name)
	case r.URL == "":
		return fmt.Errorf("yum repository %s: it has no URL, which its mirrorlist has to name", r.Name)
	}
	return Check(r.Name, r.Packages, signed)
}

// dir returns the path of a file of metadata: in a revision, or in latest.
func (r Repository) dir(revision string) string {
	return path.Join("rpm", r.Name, revision, "repodata")
}

// lay returns the files of a revision, and those that point at it. Who reads latest asks for
// repomd.xml and its signature one after the other, and may see them change in between.
func (r Repository) lay(revision string, parts []part, index, signature []byte) []tree.File {
	var files []tree.File
	add := func(class tree.Class, name string, data []byte) {
		content := tree.Of(tree.Content, path.Join(r.dir(revision), name), data)
		files = append(files, content, tree.AliasOf(class, path.Join(r.dir("latest"), name), content))
	}
	for _, p := range parts {
		add(tree.Content, p.file(), p.data)
	}
	add(tree.Index, "repomd.xml", index)
	if signature != nil {
		add(tree.Index, "repomd.xml.asc", signature)
	}
	url := strings.TrimSuffix(r.URL, "/") + "/rpm/" + r.Name + "/" + revision + "/\n"
	files = append(files, tree.Of(tree.Commit, path.Join("rpm", r.Name, "mirrorlist"), []byte(url)))
	tree.Sort(files)
	return files
}
