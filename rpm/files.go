package rpm

import (
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/google/rpmpack"

	"github.com/slipway-build/slipway/packaging"
)

// The types of files in cpio archives, beside their permissions.
const (
	cpioFolder = 0o040000
	cpioLink   = 0o120000
)

// addFiles adds the package's files and its license. As rpmbuild writes it, a name in
// the payload begins with ./, so that cpio unpacks it below the current folder, and the
// header has the path from the root.
func addFiles(r *rpmpack.RPM, p packaging.Package) error {
	license := packaging.File{
		Path: "/usr/share/licenses/" + p.Name + "/LICENSE", Mode: 0o644, Data: p.LicenseText,
	}
	dirs := map[string]string{} // by the path of a file in it
	for _, f := range append(p.Files, license) {
		file, err := payload(f)
		if err != nil {
			return err
		}
		if dirs[file.Name] != "" {
			return fmt.Errorf("%s is in it twice", f.Path)
		}
		file.MTime = uint32(p.Date.Unix())
		if f.Path == license.Path {
			file.Type = rpmpack.LicenceFile
		}
		r.AddFile(file)
		dirs[file.Name], _ = path.Split(f.Path)
	}
	// rpmpack has the header name the payload's folders, in the order of the files.
	var names []string
	for _, file := range slices.Sorted(maps.Keys(dirs)) {
		if !slices.Contains(names, dirs[file]) {
			names = append(names, dirs[file])
		}
	}
	r.AddCustomTag(tagDirnames, rpmpack.EntryStringSlice(names))
	return nil
}

// payload returns a file as rpmpack is told of it.
func payload(f packaging.File) (rpmpack.RPMFile, error) {
	out := rpmpack.RPMFile{Name: "." + f.Path, Mode: uint(f.Mode), Owner: "root", Group: "root"}
	switch f.Kind {
	case packaging.Folder:
		out.Mode |= cpioFolder
		return out, nil
	case packaging.Link:
		out.Mode |= cpioLink
		out.Body = []byte(f.Target)
		return out, nil
	case packaging.Config:
		out.Type = rpmpack.ConfigFile | rpmpack.NoReplaceFile
	}
	if f.Kind == packaging.Regular && strings.HasPrefix(f.Path, "/usr/share/man/") {
		out.Type = rpmpack.DocFile
	}
	r, err := f.Open()
	if err != nil {
		return out, err
	}
	defer r.Close()
	out.Body, err = io.ReadAll(r)
	return out, err
}

// shared are the folders that belong to the system, or to the programs that read
// them.
var shared = []string{
	"/", "/etc", "/etc/sysconfig", "/opt", "/usr", "/usr/bin", "/usr/lib", "/usr/lib/systemd",
	"/usr/lib/systemd/system", "/usr/lib/systemd/system-generators", "/usr/lib/sysusers.d", "/usr/lib/tmpfiles.d",
	"/usr/libexec", "/usr/sbin", "/usr/share",
	"/usr/share/bash-completion", "/usr/share/bash-completion/completions", "/usr/share/fish",
	"/usr/share/fish/vendor_completions.d", "/usr/share/man", "/usr/share/man/man1", "/usr/share/man/man5",
	"/usr/share/man/man7", "/usr/share/man/man8", "/usr/share/zsh", "/usr/share/zsh/site-functions", "/var", "/var/lib",

	// Those of Fedora's packages that others than root cannot read or write. rpm installs
	// no package that lists such a folder with another mode.
	"/boot", "/etc/audit", "/etc/audit/rules.d", "/etc/firewalld", "/etc/firewalld/services", "/etc/firewalld/zones",
	"/etc/grub.d", "/etc/nftables", "/etc/polkit-1", "/etc/polkit-1/rules.d", "/etc/ssh", "/etc/ssh/sshd_config.d",
	"/etc/sudoers.d", "/etc/wireguard", "/usr/lib64", "/usr/share/polkit-1", "/usr/share/polkit-1/rules.d",
}

// folders returns the folders of the package's files that are not shared. rpm
// removes only folders that a package lists; several packages may list the same.
func folders(p packaging.Package) []packaging.File {
	var out []packaging.File
	seen := map[string]bool{}
	for _, f := range p.Files {
		seen[f.Path] = true
	}
	for _, f := range p.Files {
		for dir := path.Dir(f.Path); !slices.Contains(shared, dir) && !seen[dir]; dir = path.Dir(dir) {
			seen[dir] = true
			out = append(out, packaging.File{Path: dir, Kind: packaging.Folder, Mode: 0o755})
		}
	}
	return out
}
