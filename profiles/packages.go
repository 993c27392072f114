package profiles

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/slipway-build/slipway/ebuilds"
	"github.com/slipway-build/slipway/images"
	"github.com/slipway-build/slipway/internal/config"
	"github.com/slipway-build/slipway/kubespray"
	"github.com/slipway-build/slipway/packaging"
)

// A NoPackagesError says that a profile lists no packages.
type NoPackagesError struct{ Profile string }

func (e *NoPackagesError) Error() string {
	return fmt.Sprintf("profile %s does not list packages: write %s", e.Profile,
		path.Join("profiles", e.Profile, "packages.yaml"))
}

// Recipes loads the recipes of a profile's packages, and the files that they are
// made with: from the profile's folder in the project or, where there is none,
// from Slipway's.
func Recipes(project, name string) (packaging.Recipes, fs.FS, error) {
	var r packaging.Recipes
	dir, file, err := read(project, name, "packages.yaml", &r)
	if errors.Is(err, fs.ErrNotExist) {
		err = &NoPackagesError{name}
	}
	if err != nil {
		return r, nil, err
	}
	files, err := fs.Sub(dir, "files")
	if err != nil {
		return r, nil, err
	}
	return r, files, file.Check(r.Validate())
}

// Gentoo loads the names that a project has in Gentoo.
func Gentoo(project, name string) (ebuilds.Project, error) {
	var p ebuilds.Project
	_, file, err := read(project, name, "gentoo.yaml", &p)
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("profile %s does not name its Gentoo packages: write %s", name,
			path.Join("profiles", name, "gentoo.yaml"))
	}
	if err != nil {
		return p, err
	}
	return p, file.Check(p.Validate())
}

// Images loads the recipes of a profile's images.
func Images(project, name string) (images.Recipes, error) {
	var r images.Recipes
	_, file, err := read(project, name, "images.yaml", &r)
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("profile %s does not list images: write %s", name,
			path.Join("profiles", name, "images.yaml"))
	}
	if err != nil {
		return r, err
	}
	return r, file.Check(r.Validate())
}

// Kubespray loads the recipes of the Kubespray variables that deploy a project.
func Kubespray(project, name string) (kubespray.Recipes, error) {
	var r kubespray.Recipes
	_, file, err := read(project, name, "kubespray.yaml", &r)
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("profile %s does not list variables of Kubespray: write %s", name,
			path.Join("profiles", name, "kubespray.yaml"))
	}
	if err != nil {
		return r, err
	}
	return r, file.Check(r.Validate())
}

// read reads a file of a profile's folder, and returns the folder.
func read(project, name, base string, into any) (fs.FS, *config.File, error) {
	var dir fs.FS = os.DirFS(filepath.Join(project, "profiles", name))
	data, err := fs.ReadFile(dir, base)
	if errors.Is(err, fs.ErrNotExist) {
		if dir, err = fs.Sub(builtin, name); err != nil {
			return nil, nil, err
		}
		data, err = fs.ReadFile(dir, base)
	}
	if err != nil {
		return nil, nil, err
	}
	file, err := config.Read(path.Join("profiles", name, base), data, into)
	return dir, file, err
}
