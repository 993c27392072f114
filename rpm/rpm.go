// Package rpm writes packages in the format of Fedora and its relatives.
package rpm

import (
	"bytes"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/goreleaser/nfpm/v2"
	"github.com/goreleaser/nfpm/v2/files"
	"github.com/goreleaser/nfpm/v2/rpm"

	"github.com/slipway-build/slipway/internal/fpm"
	"github.com/slipway-build/slipway/packaging"
)

// Revision counts the changes of this package that change what it writes.
const Revision = 1

// buildHost is written instead of the name of the machine that makes the package.
const buildHost = "slipway"

// Write writes a package to w. scratch is an empty folder for intermediate files.
// It returns the name that the file should have.
func Write(p packaging.Package, w io.Writer, scratch string) (name string, err error) {
	p.Files = append(folders(p), p.Files...)
	info, err := fpm.Info(p, scratch)
	if err != nil {
		return "", err
	}
	info.License = p.License
	info.Description = p.Description
	info.RPM.Summary = strings.ToUpper(p.Summary[:1]) + p.Summary[1:]
	info.RPM.Packager = p.Maintainer
	info.RPM.Group = "System/Management"
	info.RPM.BuildHost = buildHost
	info.RPM.Compression = p.Compression
	info.Depends = append(relations(p.Relations.Depends), "/bin/sh")
	info.Recommends = relations(p.Relations.Recommends)
	info.Suggests = relations(p.Relations.Suggests)
	info.Conflicts = relations(p.Relations.Conflicts)
	info.Replaces = relations(p.Relations.Replaces)
	info.Provides = append(relations(p.Relations.Provides), p.Name+" = "+p.Release())
	if err := documents(p, info, scratch); err != nil {
		return "", err
	}
	if err := fpm.Scripts(p, scratch, "", scripts, map[string]*string{
		"post": &info.Scripts.PostInstall, "preun": &info.Scripts.PreRemove, "postun": &info.Scripts.PostRemove,
	}); err != nil {
		return "", err
	}
	if err := rpm.DefaultRPM.Package(info, w); err != nil {
		return "", fmt.Errorf("package %s: %w", p.Name, err)
	}
	return rpm.DefaultRPM.ConventionalFileName(info), nil
}

// documents marks manual pages, and adds the license and the changelog.
func documents(p packaging.Package, info *nfpm.Info, scratch string) error {
	for _, c := range info.Contents {
		if strings.HasPrefix(c.Destination, "/usr/share/man/") && c.Type == files.TypeFile {
			c.Type = files.TypeRPMDoc
		}
	}
	license, err := fpm.Put(scratch, "LICENSE", p.LicenseText)
	if err != nil {
		return err
	}
	info.Contents = append(info.Contents, &files.Content{
		Source: license, Destination: "/usr/share/licenses/" + p.Name + "/LICENSE", Type: files.TypeRPMLicense,
		FileInfo: &files.ContentFileInfo{Owner: "root", Group: "root", Mode: 0o644, MTime: p.Date},
	})
	info.Changelog, err = fpm.Put(scratch, "changelog", changelog(p))
	return err
}

// shared are the folders that belong to the system, or to the programs that read
// them.
var shared = []string{
	"/", "/etc", "/etc/sysconfig", "/opt", "/usr", "/usr/bin", "/usr/lib", "/usr/lib/systemd",
	"/usr/lib/systemd/system", "/usr/lib/systemd/system-generators", "/usr/lib/sysusers.d", "/usr/lib/tmpfiles.d",
	"/usr/libexec", "/usr/sbin", "/usr/share",
	"/usr/share/bash-completion", "/usr/share/bash-completion/completions", "/usr/share/fish",
	"/usr/share/fish/vendor_completions.d", "/usr/share/man", "/usr/share/man/man1", "/usr/share/man/man8",
	"/usr/share/zsh", "/usr/share/zsh/site-functions", "/var", "/var/lib",
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

// relations writes relations as in spec files.
func relations(list []packaging.Relation) []string {
	var out []string
	for _, r := range list {
		n := r.Names()[0]
		if n.Op != "" {
			out = append(out, n.Package+" "+n.Op+" "+n.Version)
			continue
		}
		out = append(out, n.Package)
	}
	return out
}

// changelog writes the changes in the form that nFPM reads.
func changelog(p packaging.Package) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "- semver: %q\n  date: %s\n  packager: %q\n  changes:\n",
		p.Release(), p.Date.UTC().Format("2006-01-02T15:04:05Z"), p.Maintainer)
	for _, line := range p.Changes {
		fmt.Fprintf(&b, "    - note: %q\n", line)
	}
	return b.Bytes()
}
