package profiles

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"

	"github.com/slipway-build/slipway/e2e"
	"github.com/slipway-build/slipway/ebuilds"
	"github.com/slipway-build/slipway/images"
	"github.com/slipway-build/slipway/kubespray"
	"github.com/slipway-build/slipway/openstack"
	"github.com/slipway-build/slipway/packaging"
	"github.com/slipway-build/slipway/tarballs"
	"github.com/slipway-build/slipway/version"
)

// A MissingError says that a profile has no file of recipes.
type MissingError struct {
	Profile string
	Says    string // what the file would say, as "list packages"
	File    string // packages.yaml
}

func (e *MissingError) Error() string {
	return fmt.Sprintf("profile %s does not %s: write %s", e.Profile, e.Says, path.Join("profiles", e.Profile, e.File))
}

// Recipes loads the recipes of a profile's packages for version v, and the files that
// they are made with. A file of the project's folder hides Slipway's of the same name;
// where the project lists all packages itself, only its own files count.
func Recipes(project, name string, v version.Version) (packaging.Recipes, fs.FS, error) {
	r, from, err := read[packaging.Recipes](project, path.Join(name, "packages.yaml"))
	if errors.Is(err, fs.ErrNotExist) {
		err = &MissingError{name, "list packages", "packages.yaml"}
	}
	if err != nil {
		return r, nil, err
	}
	shown := path.Join("profiles", name, "files")
	files := layers{shown, []fs.FS{os.DirFS(filepath.Join(project, filepath.FromSlash(shown)))}}
	if from.builtin != nil {
		slipways, err := fs.Sub(builtin, path.Join(name, "files"))
		if err != nil {
			return r, nil, err
		}
		files.folders = append(files.folders, slipways)
	}
	faults := r.Validate()
	r.Packages = replaced(r.Packages, from.rows["packages"], v)
	return r, files, from.check(faults)
}

// replaced returns rows, of which the first few are the project's, without those of
// Slipway that one of these replaces: one of the same name that has the version, too.
func replaced(rows []packaging.Recipe, few int, v version.Version) []packaging.Recipe {
	own := rows[:few:few]
	return append(own, slices.DeleteFunc(slices.Clone(rows[few:]), func(r packaging.Recipe) bool {
		return slices.ContainsFunc(own, func(o packaging.Recipe) bool { return o.Name == r.Name && o.Versions.Contains(v) })
	})...)
}

// Gentoo loads the names that a project has in Gentoo.
func Gentoo(project, name string) (ebuilds.Project, error) {
	p, from, err := read[ebuilds.Project](project, path.Join(name, "gentoo.yaml"))
	if errors.Is(err, fs.ErrNotExist) {
		err = &MissingError{name, "name its Gentoo packages", "gentoo.yaml"}
	}
	if err != nil {
		return p, err
	}
	return p, from.check(p.Validate())
}

// Images loads the recipes of a profile's images.
func Images(project, name string) (images.Recipes, error) {
	r, from, err := read[images.Recipes](project, path.Join(name, "images.yaml"))
	if errors.Is(err, fs.ErrNotExist) {
		err = &MissingError{name, "list images", "images.yaml"}
	}
	if err != nil {
		return r, err
	}
	return r, from.check(r.Validate())
}

// Kubespray loads the recipes of the Kubespray variables that deploy a project.
func Kubespray(project, name string) (kubespray.Recipes, error) {
	r, from, err := read[kubespray.Recipes](project, path.Join(name, "kubespray.yaml"))
	if errors.Is(err, fs.ErrNotExist) {
		err = &MissingError{name, "list variables of Kubespray", "kubespray.yaml"}
	}
	if err != nil {
		return r, err
	}
	return r, from.check(r.Validate())
}

// Tarballs loads the recipes of a project's release tarballs. A profile need not have any:
// then they are empty.
func Tarballs(project, name string) (tarballs.Recipes, error) {
	r, from, err := read[tarballs.Recipes](project, path.Join(name, "tarballs.yaml"))
	if errors.Is(err, fs.ErrNotExist) {
		return tarballs.Recipes{}, nil
	}
	if err != nil {
		return r, err
	}
	return r, from.check(r.Validate())
}

// OpenStack loads the settings of OpenStack's cloud-config that a project knows.
func OpenStack(project, name string) (openstack.Recipes, error) {
	r, from, err := read[openstack.Recipes](project, path.Join(name, "openstack.yaml"))
	if errors.Is(err, fs.ErrNotExist) {
		err = &MissingError{name, "list settings of OpenStack's cloud-config", "openstack.yaml"}
	}
	if err != nil {
		return r, err
	}
	return r, from.check(r.Validate())
}

// Conformance loads what the end-to-end tests of a project's versions consist of.
func Conformance(project, name string) (e2e.Recipes, error) {
	r, from, err := read[e2e.Recipes](project, path.Join(name, "conformance.yaml"))
	if errors.Is(err, fs.ErrNotExist) {
		err = &MissingError{name, "say what its tests consist of", "conformance.yaml"}
	}
	if err != nil {
		return r, err
	}
	return r, from.check(r.Validate())
}
