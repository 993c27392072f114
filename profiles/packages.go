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

// Recipes loads what says which packages a project comes to, and the files that
// they are made with: from the folder of the profile's name, the project's own
// or, where it has none, Slipway's.
func Recipes(project, name string) (packaging.Recipes, fs.FS, error) {
	var r packaging.Recipes
	dir, file, err := read(project, name, "packages.yaml", &r)
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("profile %s does not say which packages there are: write %s", name, path.Join("profiles", name, "packages.yaml"))
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

// Gentoo loads what a project is called in Gentoo.
func Gentoo(project, name string) (ebuilds.Project, error) {
	var p ebuilds.Project
	_, file, err := read(project, name, "gentoo.yaml", &p)
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("profile %s does not say what it is in Gentoo: write %s", name, path.Join("profiles", name, "gentoo.yaml"))
	}
	if err != nil {
		return p, err
	}
	return p, file.Check(p.Validate())
}

// Images loads what says which images a project comes to.
func Images(project, name string) (images.Recipes, error) {
	var r images.Recipes
	_, file, err := read(project, name, "images.yaml", &r)
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("profile %s does not say which images there are: write %s", name, path.Join("profiles", name, "images.yaml"))
	}
	if err != nil {
		return r, err
	}
	return r, file.Check(r.Validate())
}

// Kubespray loads what says which of Kubespray's variables a project comes to.
func Kubespray(project, name string) (kubespray.Recipes, error) {
	var r kubespray.Recipes
	_, file, err := read(project, name, "kubespray.yaml", &r)
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("profile %s does not say which variables Kubespray has for it: write %s", name, path.Join("profiles", name, "kubespray.yaml"))
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
