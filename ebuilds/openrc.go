package ebuilds

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/internal/unitfile"
	"github.com/slipway-build/slipway/packaging"
)

// The folders of OpenRC's scripts and of their configuration.
const (
	scriptDir = "/etc/init.d"
	confDir   = "/etc/conf.d"
)

// Installed returns the paths that an ebuild installs of a package, but for folders.
func Installed(p packaging.Package) []string {
	var out []string
	for _, f := range p.Files {
		if f.Kind != packaging.Folder && path.Dir(f.Path) != sysusersDir {
			out = append(out, f.Path)
		}
	}
	for _, name := range scriptNames(p) {
		out = append(out, path.Join(scriptDir, name))
	}
	return out
}

// scriptNames returns the names of the init scripts that a package has because of
// its units.
func scriptNames(p packaging.Package) []string {
	var out []string
	for _, f := range p.Files {
		name, ok := strings.CutSuffix(path.Base(f.Path), ".service")
		if ok && path.Dir(f.Path) == unitDir && f.Kind != packaging.Link && !has(p, path.Join(scriptDir, name)) {
			out = append(out, name)
		}
	}
	return out
}

// services returns what OpenRC needs to run a package's services: of each unit a
// script that does the same, its configuration, and one for logrotate. A service
// for which the package has a script is left to that.
func services(p packaging.Package) ([]packaging.File, error) {
	var out []packaging.File
	var errs []error
	for _, name := range scriptNames(p) {
		files, err := scripts(p, name)
		if err != nil {
			err = fmt.Errorf("%w\nThe ebuilds need an init script for %s.service. "+
				"Change the unit, or add a script of your own to the package: %s/%[2]s", err, name, scriptDir)
		}
		out, errs = append(out, files...), append(errs, err)
	}
	return out, errors.Join(errs...)
}

// onlySystemd tells of the files of packages that change nothing on hosts with
// OpenRC: units that are no services, and drop-ins for a service of another package.
func (f Fork) onlySystemd() []string {
	theirs := func(p packaging.Package, service string) bool {
		return !has(p, service) && slices.ContainsFunc(f.Packages, func(o packaging.Package) bool { return has(o, service) })
	}
	var out []string
	for _, p := range f.Packages {
		for _, file := range p.Files {
			dir, base := path.Split(file.Path)
			dir = path.Clean(dir)
			service, dropIn := strings.CutSuffix(dir, ".d")
			unit := dir == unitDir && path.Ext(base) != ".service"
			if unit || dropIn && path.Dir(dir) == unitDir && theirs(p, service) {
				name := strings.TrimPrefix(file.Path, unitDir+"/")
				out = append(out, fmt.Sprintf("OpenRC has no counterpart of %s in package %s", name, p.Name))
			}
		}
	}
	return out
}

// has reports whether a package has a file at a path.
func has(p packaging.Package, at string) bool {
	return slices.ContainsFunc(p.Files, func(f packaging.File) bool { return f.Path == at })
}

// scriptName matches the services that can be the names of init scripts. OpenRC
// takes what ends in .sh for no script.
var scriptName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.@:+-]*$`)

// scripts returns the files that run one service of a package.
func scripts(p packaging.Package, name string) ([]packaging.File, error) {
	file := unitDir + "/" + name + ".service"
	switch {
	case strings.HasSuffix(name, "@"):
		return nil, fmt.Errorf("%s: a template has no name that an init script could have", file)
	case !scriptName.MatchString(name) || strings.HasSuffix(name, ".sh"):
		return nil, fmt.Errorf("%s: an init script cannot be named %s", file, name)
	}
	unit, err := readUnit(p, name+".service")
	if err != nil {
		return nil, err
	}
	s := newService(name, unit)
	script, conf := s.script(), s.conf(p)
	if err := errors.Join(s.errs...); err != nil {
		return nil, err
	}
	out := []packaging.File{
		{Path: confDir + "/" + name, Mode: 0o644, Data: []byte(conf)},
		{Path: scriptDir + "/" + name, Mode: 0o755, Data: []byte(script)},
	}
	if s.logs() {
		out = append(out, packaging.File{Path: "/etc/logrotate.d/" + name, Mode: 0o644, Data: logrotate(name)})
	}
	return out, nil
}

// readUnit reads a unit of a package with the drop-ins that the package has for it,
// by their names.
func readUnit(p packaging.Package, name string) (unitfile.Unit, error) {
	var files []packaging.File
	for _, f := range p.Files {
		dir, base := path.Split(f.Path)
		if path.Ext(base) == ".conf" && slices.Contains(dropInDirs(name), path.Clean(dir)) {
			files = append(files, f)
		}
	}
	slices.SortStableFunc(files, func(a, b packaging.File) int {
		return strings.Compare(path.Base(a.Path), path.Base(b.Path))
	})
	i := slices.IndexFunc(p.Files, func(f packaging.File) bool { return f.Path == unitDir+"/"+name })
	var unit unitfile.Unit
	for _, f := range append([]packaging.File{p.Files[i]}, files...) {
		settings, err := unitfile.Parse(f.Path, f.Data)
		if err != nil {
			return nil, err
		}
		unit = append(unit, settings...)
	}
	return unit, nil
}

// dropInDirs returns the folders whose files change a service: those of its name, of
// what its name begins with up to a dash, and of all services.
func dropInDirs(name string) []string {
	dirs := []string{unitDir + "/" + name + ".d", unitDir + "/service.d"}
	for i, c := range name {
		if c == '-' {
			dirs = append(dirs, unitDir+"/"+name[:i+1]+".service.d")
		}
	}
	return dirs
}

// logrotate writes how a script's log is rotated.
func logrotate(name string) []byte {
	const text = `/var/log/%s/%[1]s.log {
	size 5M
	rotate 3
	copytruncate
	missingok
	notifempty
}
`
	return fmt.Appendf(nil, text, name)
}
