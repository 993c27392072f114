package profiles

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/slipway-build/slipway/internal/config"
	"github.com/slipway-build/slipway/packaging"
)

// Recipes loads what says which packages a project comes to, and the files that
// they are made with: from the folder of the profile's name, the project's own
// or, where it has none, Slipway's.
func Recipes(project, name string) (packaging.Recipes, fs.FS, error) {
	shown := path.Join("profiles", name, "packages.yaml")
	var dir fs.FS = os.DirFS(filepath.Join(project, "profiles", name))
	data, err := fs.ReadFile(dir, "packages.yaml")
	if errors.Is(err, fs.ErrNotExist) {
		if dir, err = fs.Sub(builtin, name); err != nil {
			return packaging.Recipes{}, nil, err
		}
		data, err = fs.ReadFile(dir, "packages.yaml")
	}
	if errors.Is(err, fs.ErrNotExist) {
		return packaging.Recipes{}, nil, fmt.Errorf("profile %s does not say which packages there are: write %s", name, shown)
	}
	if err != nil {
		return packaging.Recipes{}, nil, err
	}
	var r packaging.Recipes
	file, err := config.Read(shown, data, &r)
	if err != nil {
		return r, nil, err
	}
	files, err := fs.Sub(dir, "files")
	if err != nil {
		return r, nil, err
	}
	return r, files, file.Check(r.Validate())
}
