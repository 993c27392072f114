package inventory

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/slipway-build/slipway/cross"
	"github.com/slipway-build/slipway/licenses"
)

// vendorDirs are the folders of a GOPATH's tree that have the code of others.
var vendorDirs = []string{"Godeps/_workspace/src/", "vendor/"}

// vendored names the modules of packages in a GOPATH, whose tree is in the folder root:
// the tree itself is one, and so is each repository that it vendors.
func vendored(packages []cross.Package, root, importPath string) ([]cross.Package, error) {
	revisions, err := godeps(root)
	if err != nil {
		return nil, err
	}
	var out []cross.Package
	for _, p := range packages {
		real, err := filepath.EvalSymlinks(p.Dir) // a link leads from vendor to staging
		if err != nil {
			return nil, err
		}
		rel, err := filepath.Rel(root, real)
		if err != nil {
			return nil, err
		}
		p.Module, p.Root = importPath, root
		for _, dir := range vendorDirs {
			pkg, ok := strings.CutPrefix(filepath.ToSlash(rel), dir)
			if !ok {
				continue
			}
			below := filepath.Join(root, filepath.FromSlash(dir))
			repository, err := repositoryOf(below, pkg)
			if err != nil {
				return nil, err
			}
			p.Dir, p.Root = real, filepath.Join(below, filepath.FromSlash(repository))
			p.Module = repository + "@" + revisions.of(repository)
		}
		out = append(out, p)
	}
	return out, nil
}

// repositoryOf returns the first folder on the way to a vendored package that has the
// text of a license, as a repository's root has; the package itself if there is none.
func repositoryOf(below, pkg string) (string, error) {
	for i, c := range pkg + "/" {
		if c != '/' {
			continue
		}
		entries, err := os.ReadDir(filepath.Join(below, filepath.FromSlash(pkg[:i])))
		if err != nil {
			return "", err
		}
		for _, e := range entries {
			if e.Type().IsRegular() && licenses.IsText(e.Name()) {
				return pkg[:i], nil
			}
		}
	}
	return pkg, nil
}

// revisions are those that Godeps.json records, by the import paths of packages.
type revisions map[string]string

// of returns the revision of a repository, "" if none is recorded.
func (r revisions) of(repository string) string {
	if rev := r[repository]; rev != "" {
		return rev
	}
	for pkg, rev := range r {
		if strings.HasPrefix(pkg, repository+"/") {
			return rev // of one repository, there is one revision
		}
	}
	return ""
}

// godeps reads Godeps/Godeps.json of a tree. One without it records nothing.
func godeps(root string) (revisions, error) {
	const name = "Godeps/Godeps.json"
	data, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var file struct {
		Deps []struct{ ImportPath, Rev string }
	}
	if err := json.Unmarshal(data, &file); err != nil {
		return nil, fmt.Errorf("%s of the patched tree: %w", name, err)
	}
	out := revisions{}
	for _, d := range file.Deps {
		out[d.ImportPath] = d.Rev
	}
	return out, nil
}
