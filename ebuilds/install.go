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

// install returns a package's installation. What only calls a component of many
// programs becomes the program by itself where that component is not wanted. Users are packages of their own in
// Gentoo, and pages of the manual are compressed by Portage.
func (f Fork) install(p packaging.Package) (installation, error) {
	in := installation{pkg: p.Name}
	all := append(slices.Clone(p.Files), services(p)...)
	slices.SortFunc(all, func(a, b packaging.File) int { return strings.Compare(a.Path, b.Path) })
	for _, file := range all {
		if path.Dir(file.Path) == "/usr/lib/sysusers.d" {
			continue
		}
		if strings.HasPrefix(file.Path, "/usr/share/man/") && path.Ext(file.Path) == ".gz" {
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
			lines = append(when(f.whole(c.Part), lines), when("!"+f.whole(c.Part), in.line(packaging.File{Path: file.Path, Source: c.Name}))...)
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
