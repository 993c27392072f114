package packaging

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"strings"
)

// Revision is part of the cache key of a package. It counts up with each change of this Go
// package that changes what it assembles.
const Revision = 2

// Inputs returns everything that a package is made from, except for its binaries,
// their documents, images and the patched tree, as a value that marshals to JSON.
func (in Input) Inputs(r Recipe) (any, error) {
	sums := map[string]string{}
	for _, from := range r.Files {
		if from == "" || strings.HasPrefix(from, treeFile) {
			continue
		}
		if strings.HasPrefix(from, imageFile) {
			continue // it has a digest
		}
		if err := sum(in.Sources, from, sums); err != nil {
			return nil, err
		}
	}
	names, err := UserFiles(in.User, in.UserDir, r.Name)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if err := sum(in.User, name, sums); err != nil {
			return nil, fmt.Errorf("%s: %w", in.UserDir, err)
		}
	}
	project := in.Recipes
	project.Packages = nil
	return struct {
		Revision   int
		Family     string
		Project    Recipes
		Recipe     Recipe
		Maintainer string
		Packaging  int
		Options    map[string]string
		Replace    []string
		Version    string
		Platform   string
		Date       string
		Programs   []string
		Files      map[string]string
	}{Revision, in.Family.Name, project, r, in.Settings.Maintainer + " " + in.Settings.Compression,
		in.Settings.Revision, in.Settings.Options[r.Name], in.Settings.Replace[r.Name],
		in.Version.String(), in.Platform.String(), in.Date.UTC().String(), in.Programs, sums}, nil
}

// sum notes the digest and the mode of a file.
func sum(in fs.FS, name string, sums map[string]string) error {
	data, err := fs.ReadFile(in, name)
	if err != nil {
		return err
	}
	info, err := fs.Stat(in, name)
	if err != nil {
		return err
	}
	sums[name] = fmt.Sprintf("%x %v", sha256.Sum256(data), info.Mode()&0o111 != 0)
	return nil
}
