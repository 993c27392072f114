package ebuilds

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/packaging"
)

// Folders of a package whose files Gentoo does not install as they are.
const (
	unitDir     = "/usr/lib/systemd/system"
	sysusersDir = "/usr/lib/sysusers.d"
	tmpfilesDir = "/usr/lib/tmpfiles.d"
	manDir      = "/usr/share/man/"
)

// installers maps a folder to the function of EAPI 8 or an eclass that installs a
// file into it.
var installers = map[string]string{
	unitDir:                                  "systemd_dounit",
	tmpfilesDir:                              "dotmpfiles",
	"/etc/init.d":                            "doinitd",
	"/etc/conf.d":                            "doconfd",
	"/usr/share/bash-completion/completions": "dobashcomp",
	"/usr/share/fish/vendor_completions.d":   "dofishcomp",
	"/usr/share/zsh/site-functions":          "dozshcomp",
}

// An installation is how an ebuild installs one package.
type installation struct {
	pkg   string
	files []packaging.File // below files/PACKAGE of the distfile named files
	lines []string         // of src_install
	tmp   []string         // names of files for tmpfiles.d
	units bool             // has units of systemd
	shell bool             // has completions
}

// install returns a package's installation. A link or script that calls a
// component of many programs is replaced by the program itself where that
// component is not wanted. Users are left out: in Gentoo they are packages. Manual
// pages are unpacked: Portage compresses them.
func (f Fork) install(p packaging.Package) (installation, error) {
	in := installation{pkg: p.Name}
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
		lines := in.line(file)
		if c, ok := f.part(p, file); ok {
			whole := f.flagOf(c.Part)
			itself := in.line(packaging.File{Path: file.Path, Source: c.Name})
			lines = append(ifUse(whole, lines), ifUse("!"+whole, itself)...)
		}
		in.lines = append(in.lines, lines...)
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

// line returns the lines of src_install that install one file.
func (in *installation) line(f packaging.File) []string {
	dir, base := path.Split(f.Path)
	dir = path.Clean(dir)
	from := fmt.Sprintf(`"${WORKDIR}"/files/%s%s`, in.pkg, f.Path)
	switch installer := installers[dir]; {
	case f.Kind == packaging.Link:
		return []string{fmt.Sprintf("dosym %s %s", f.Target, f.Path)}
	case f.Kind == packaging.Folder:
		return []string{"keepdir " + f.Path}
	case f.Source != "":
		program := fmt.Sprintf(`newexe "${WORKDIR}"/bin/%s %s`, path.Base(f.Source), base)
		return []string{"exeinto " + dir, program}
	case installer != "":
		in.note(dir, base)
		return []string{installer + " " + from}
	case strings.HasPrefix(dir, manDir):
		return []string{"doman " + from}
	case f.Mode&0o111 != 0:
		return []string{"exeinto " + dir, "doexe " + from}
	}
	return []string{"insinto " + dir, "doins " + from}
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
