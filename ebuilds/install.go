package ebuilds

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"unicode"

	"github.com/slipway-build/slipway/packaging"
)

// Folders of a package whose files Gentoo does not install as they are.
const (
	unitDir     = "/usr/lib/systemd/system"
	sysusersDir = "/usr/lib/sysusers.d"
	tmpfilesDir = "/usr/lib/tmpfiles.d"
	manDir      = "/usr/share/man/"
)

// Check returns what keeps a package from being installed by an ebuild, as far as
// its files show before they are built: their names, and units that cannot become
// init scripts.
func Check(p packaging.Package) error {
	var errs []error
	for _, f := range p.Files {
		switch {
		case strings.ContainsFunc(f.Path+f.Target, unicode.IsControl):
			errs = append(errs, fmt.Errorf("%q: an ebuild cannot install a name with control characters", f.Path))
		case f.Source != "" && strings.ContainsFunc(f.Path, unicode.IsSpace):
			errs = append(errs, fmt.Errorf("%q: an ebuild cannot list a program with white space in its name", f.Path))
		case strings.HasPrefix(path.Base(f.Path), "-"):
			errs = append(errs, fmt.Errorf("%q: an ebuild would take a name that starts with a dash for an option", f.Path))
		}
	}
	_, err := services(p)
	return errors.Join(append(errs, err)...)
}

// An installation is how an ebuild installs one package.
type installation struct {
	pkg      string
	files    []packaging.File // below files/PACKAGE of the distfile named files
	commands []command        // of src_install
	tmp      []string         // names of files for tmpfiles.d
	units    bool             // has units of systemd
	shell    bool             // has completions
}

// install returns a package's installation. A link or script that calls a
// component of many programs is replaced by the program itself where that
// component is not wanted. Users are left out: in Gentoo they are packages. Manual
// pages are unpacked: Portage compresses them.
func (f Fork) install(p packaging.Package) (installation, error) {
	in := installation{pkg: p.Name}
	if err := Check(p); err != nil {
		return in, err
	}
	scripts, err := services(p)
	if err != nil {
		return in, err
	}
	all := append(slices.Clone(p.Files), scripts...)
	slices.SortFunc(all, func(a, b packaging.File) int { return strings.Compare(a.Path, b.Path) })
	for _, file := range all {
		if path.Dir(file.Path) == sysusersDir {
			continue
		}
		if strings.HasPrefix(file.Path, manDir) && path.Ext(file.Path) == ".gz" {
			data, err := gunzip(file.Data)
			if err != nil {
				return in, fmt.Errorf("%s: %w", file.Path, err)
			}
			file.Path, file.Data = strings.TrimSuffix(file.Path, ".gz"), data
		}
		if file.Kind != packaging.Folder && file.Kind != packaging.Link && file.Source == "" {
			in.files = append(in.files, file)
		}
		command := in.command(file)
		if c, ok := f.part(p, file); ok {
			command = f.eitherCommand(file, c, command)
		}
		in.commands = append(in.commands, command)
	}
	return in, nil
}

func gunzip(data []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

// note records what a file needs besides its line in src_install.
func (in *installation) note(dir, base string) {
	switch dir {
	case unitDir:
		in.units = true
	case tmpfilesDir:
		in.tmp = append(in.tmp, base)
	default:
		in.shell = in.shell || strings.HasPrefix(dir, "/usr/share/")
	}
}
