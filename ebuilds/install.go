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

// An installation is the files of one package as an ebuild installs them: what
// it unpacks, and the lines of src_install.
type installation struct {
	pkg   string
	files []packaging.File // below files/PACKAGE of the distfile of files
	lines []string
	tmp   []string // files for tmpfiles.d
	units bool
	shell bool // completions
}

// install returns a package's installation. Users are packages of their own in
// Gentoo, and pages of the manual are compressed by Portage.
func install(p packaging.Package) (installation, error) {
	in := installation{pkg: p.Name}
	all := append(slices.Clone(p.Files), services(p)...)
	slices.SortFunc(all, func(a, b packaging.File) int { return strings.Compare(a.Path, b.Path) })
	for _, f := range all {
		if path.Dir(f.Path) == "/usr/lib/sysusers.d" {
			continue
		}
		if strings.HasPrefix(f.Path, "/usr/share/man/") && path.Ext(f.Path) == ".gz" {
			data, err := gunzip(f.Data)
			if err != nil {
				return in, fmt.Errorf("%s: %w", f.Path, err)
			}
			f.Path, f.Data = strings.TrimSuffix(f.Path, ".gz"), data
		}
		if f.Kind != packaging.Folder && f.Kind != packaging.Link && f.Source == "" {
			in.files = append(in.files, f)
		}
		in.lines = append(in.lines, in.line(f)...)
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

// line returns what installs one file.
func (in *installation) line(f packaging.File) []string {
	dir, base := path.Split(f.Path)
	dir = path.Clean(dir)
	from := fmt.Sprintf(`"${WORKDIR}"/files/%s%s`, in.pkg, f.Path)
	switch {
	case f.Kind == packaging.Link:
		return []string{fmt.Sprintf("dosym %s %s", f.Target, f.Path)}
	case f.Kind == packaging.Folder:
		return []string{"keepdir " + f.Path}
	case f.Source != "":
		return []string{"exeinto " + dir, fmt.Sprintf(`newexe "${WORKDIR}"/bin/%s %s`, path.Base(f.Source), base)}
	case path.Clean(unitDir) == dir:
		in.units = true
		return []string{"systemd_dounit " + from}
	case dir == "/usr/lib/tmpfiles.d":
		in.tmp = append(in.tmp, base)
		return []string{"dotmpfiles " + from}
	case dir == "/etc/init.d":
		return []string{"doinitd " + from}
	case dir == "/etc/conf.d":
		return []string{"doconfd " + from}
	case strings.HasPrefix(dir, "/usr/share/man/"):
		return []string{"doman " + from}
	case dir == "/usr/share/bash-completion/completions":
		in.shell = true
		return []string{"dobashcomp " + from}
	case dir == "/usr/share/fish/vendor_completions.d":
		in.shell = true
		return []string{"dofishcomp " + from}
	case dir == "/usr/share/zsh/site-functions":
		in.shell = true
		return []string{"dozshcomp " + from}
	case f.Mode&0o111 != 0:
		return []string{"exeinto " + dir, "doexe " + from}
	}
	return []string{"insinto " + dir, "doins " + from}
}
