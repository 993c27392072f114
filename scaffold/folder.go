package scaffold

import (
	"cmp"
	"errors"
	"fmt"
	"go/version"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
)

const (
	slipway = "github.com/slipway-build/slipway"
	// goVersion is the one of Slipway's own go.mod.
	goVersion = "1.26.0"
)

// A folder is what there is already where the project is to be.
type folder struct {
	declared []byte // go.mod; nil if there is none
	module   []byte // go.mod with what the project needs
	revision string // the name of the forks' revisions, as acme in 1.36.1+acme.1
	ignored  []byte // .gitignore; nil if there is none
	targets  bool   // there is a magefile that has Slipway's targets
	forks    bool   // there are forks
}

// look returns what is in a request's folder.
func look(r Request) (folder, error) {
	var at folder
	var err error
	if at.declared, err = optional(filepath.Join(r.Dir, "go.mod")); err != nil {
		return at, err
	}
	mod, err := declare(r, at.declared)
	if err != nil {
		return at, err
	}
	at.revision = revisionOf(mod.Module.Mod.Path)
	if err := require(mod, r); err != nil {
		return at, err
	}
	at.module = modfile.Format(mod.Syntax)
	if at.ignored, err = optional(filepath.Join(r.Dir, ".gitignore")); err != nil {
		return at, err
	}
	forks, err := entries(filepath.Join(r.Dir, "forks"))
	if err != nil {
		return at, err
	}
	at.forks = len(forks) > 0
	at.targets, err = hasTargets(r.Dir)
	return at, err
}

// hasTargets reports whether a magefile of a project has Slipway's targets. It is an error if none has, and Mage would
// not read one of the project's folder.
func hasTargets(dir string) (bool, error) {
	const folder = "magefiles" // which Mage reads instead, if there is one
	inFolder, err := entries(filepath.Join(dir, folder))
	if err != nil {
		return false, err
	}
	if inFolder != nil {
		dir = filepath.Join(dir, folder)
	}
	files, err := entries(dir)
	for _, f := range files {
		if filepath.Ext(f.Name()) != ".go" {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil || strings.Contains(string(text), `"`+slipway+`/targets"`) {
			return true, err
		}
	}
	if inFolder != nil {
		return false, fmt.Errorf("%s is there already, without Slipway's targets\n  %s", folder, importTargets)
	}
	return false, err
}

const importTargets = `To have the targets there, too: write to one of its files //mage:import and, in the ` +
	`next line, import _ "` + slipway + `/targets"`

// entries lists a folder that need not exist.
func entries(dir string) ([]fs.DirEntry, error) {
	list, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return append([]fs.DirEntry{}, list...), err
}

// optional reads a file that need not exist; without it the text is nil.
func optional(name string) ([]byte, error) {
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return append([]byte{}, text...), err
}

// declare returns the go.mod that is there, or that of a new module.
func declare(r Request, text []byte) (*modfile.File, error) {
	if text != nil {
		mod, err := modfile.Parse("go.mod", text, nil)
		if err != nil {
			return nil, err
		}
		if mod.Module == nil {
			return nil, errors.New("go.mod names no module: write \"module PATH\" into it")
		}
		if path := mod.Module.Mod.Path; r.Module != "" && r.Module != path {
			return nil, &RequestError{fmt.Errorf("go.mod is of module %s, not %s: leave out -module", path, r.Module)}
		}
		return mod, nil
	}
	path := cmp.Or(r.Module, filepath.Base(r.Dir))
	if err := module.CheckImportPath(path); err != nil {
		return nil, &RequestError{fmt.Errorf("%q cannot be the path of the project's Go module: "+
			"give one, such as -module=example.org/acme/builds", path)}
	}
	mod := new(modfile.File)
	return mod, mod.AddModuleStmt(path)
}

// require adds to a go.mod the Go release that Slipway needs, its commands and, if a request has one, the clone
// that they are compiled from.
func require(mod *modfile.File, r Request) error {
	if mod.Go == nil || version.Compare("go"+mod.Go.Version, "go"+goVersion) < 0 {
		if err := mod.AddGoStmt(goVersion); err != nil {
			return err
		}
	}
	if r.Slipway != "" {
		if err := replace(mod, r); err != nil {
			return err
		}
	}
	for _, tool := range []string{"/cmd/mage", "/cmd/slipway"} {
		if err := mod.AddTool(slipway + tool); err != nil {
			return err
		}
	}
	mod.Cleanup()
	return nil
}

// replace has a go.mod take Slipway from a clone.
func replace(mod *modfile.File, r Request) error {
	clone := r.Slipway
	if !filepath.IsAbs(clone) {
		if clone = filepath.ToSlash(filepath.Clean(clone)); !strings.HasPrefix(clone, "..") {
			clone = "./" + clone
		}
	}
	text, err := os.ReadFile(filepath.Join(absolute(r.Dir, clone), "go.mod"))
	if err != nil || modfile.ModulePath(text) != slipway {
		return &RequestError{fmt.Errorf("%s is not a clone of Slipway: its go.mod should be of module %s", r.Slipway,
			slipway)}
	}
	if !slices.ContainsFunc(mod.Require, func(r *modfile.Require) bool { return r.Mod.Path == slipway }) {
		if err := mod.AddRequire(slipway, "v0.0.0"); err != nil {
			return err
		}
	}
	if err := mod.AddReplace(slipway, "", clone, ""); err != nil {
		return err
	}
	const why = "// Slipway as it is in this clone; without this line, as it is published."
	for _, one := range mod.Replace {
		if one.Old.Path == slipway && len(one.Syntax.Before) == 0 {
			one.Syntax.Before = []modfile.Comment{{Token: why}}
		}
	}
	return nil
}

// elsewhere returns the clone that the project's go.mod takes Slipway from, if it is not in the repository that
// the project is in; "" otherwise.
func (f folder) elsewhere(dir string) string {
	mod, err := modfile.Parse("go.mod", f.module, nil)
	if err != nil {
		return ""
	}
	root := repository(dir)
	for _, one := range mod.Replace {
		if one.Old.Path != slipway || one.New.Version != "" {
			continue
		}
		if rel, err := filepath.Rel(root, absolute(dir, one.New.Path)); err != nil || !filepath.IsLocal(rel) {
			return one.New.Path
		}
	}
	return ""
}

// repository returns the folder of the git repository that a folder is in, or that folder itself.
func repository(dir string) string {
	for above := dir; ; above = filepath.Dir(above) {
		if _, err := os.Stat(filepath.Join(above, ".git")); err == nil {
			return above
		}
		if above == filepath.Dir(above) {
			return dir
		}
	}
}

// absolute returns a path that is absolute, or relative to dir.
func absolute(dir, name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(dir, name)
}
