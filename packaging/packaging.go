// Package packaging assembles packages from the programs that a fork builds: their
// files, units, options, manual pages and relations, in no package format yet.
// Other packages write the formats.
//
// [Recipes] is data: the packages that a project can have. [Input.Select] returns those that
// the fork has the programs for, and [Input.Assemble] makes a [Package] of each:
//
//	in := packaging.Input{
//		Family:   packaging.Debian(),
//		Recipes:  recipes,  // from profiles/PROJECT/packages.yaml
//		Settings: settings, // from fork.yaml
//		Version:  v,
//		Platform: platform.Platform{OS: "linux", Arch: "amd64"},
//		Programs: []string{"kubelet"},
//		Binaries: map[string]string{"kubelet": "dist/bin/kubelet"},
//		...
//	}
//	selected, err := in.Select(nil) // or []string{"kubelet"}
//	packages, err := in.Assemble(selected, nil)
//
// Assemble reads files, and writes none. It returns packages only if all of them
// pass the rules in check.go. [Input.Check] finds mistakes in the settings before
// anything is built.
//
// A [Family] holds what differs between distributions, such as the folder of options and the
// names of other packages.
package packaging

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/slipway-build/slipway/platform"
	"github.com/slipway-build/slipway/version"
)

// A Package is one package: its files and its metadata.
type Package struct {
	Name        string
	Version     version.Version // the fork's
	Distro      string          // the same, as distributions write it: 1.37.0~rc.1+acme.2
	Revision    int             // of the packaging, from 1
	Platform    platform.Platform
	Summary     string // a line
	Description string // paragraphs
	Homepage    string
	Section     string // Debian's
	License     string // SPDX expression
	LicenseText []byte
	Copyright   string // holders: The Kubernetes Authors
	Maintainer  string // Name <mail>
	Date        time.Time
	Files       []File   // by path, each once
	Restart     []string // units that an upgrade restarts if they run
	State       []string // folders that hold what the programs made, for a purge
	Layers      []Layer  // files of options that earlier packages had as configuration files
	Retired     []string // files below /etc of earlier packages, which would shadow this one's
	Relations   Relations
	Changes     []string // what is new in the fork's version, a line each
	Closes      []string // ids of the vulnerabilities that the fork's version fixes, sorted
	Overrides   []Override
	Libraries   []Relation // packages with shared libraries that its programs are linked with; among Relations, too
	Compression string     // with its level, as nFPM and rpmpack read it: zstd:best, xz, gzip
	static      bool
}

// Static reports whether the package has a statically linked program.
func (p Package) Static() bool { return p.static }

// Release returns the version with the revision of the packaging: 1.36.1+acme.1-1.
func (p Package) Release() string { return fmt.Sprintf("%s-%d", p.Distro, p.Revision) }

// A Kind is what a File is.
type Kind int

// The kinds of files.
const (
	Regular Kind = iota
	Config       // the operator may change it
	Folder       // for files of other programs
	Link         // symbolic
)

// String returns the name of the kind in messages.
func (k Kind) String() string {
	switch k {
	case Regular:
		return "regular file"
	case Config:
		return "configuration file"
	case Folder:
		return "folder"
	case Link:
		return "link"
	}
	return fmt.Sprintf("Kind(%d)", int(k))
}

// A File is a file, folder or link of a package. Its owner is root.
type File struct {
	Path   string // absolute
	Kind   Kind
	Mode   fs.FileMode // permissions
	Target string      // of a link
	Data   []byte      // content, where Source names no file
	Source string      // a file on this machine with the content

	defaults bool // whether it is a service's defaults
}

// Open opens the file's content.
func (f File) Open() (io.ReadCloser, error) {
	if f.Source != "" {
		return os.Open(f.Source)
	}
	return io.NopCloser(bytes.NewReader(f.Data)), nil
}

// Relations are the relations of a package to others, by kind.
type Relations struct {
	Depends    []Relation `yaml:"depends"`
	Recommends []Relation `yaml:"recommends"`
	Suggests   []Relation `yaml:"suggests"`
	Conflicts  []Relation `yaml:"conflicts"`
	Replaces   []Relation `yaml:"replaces"`
	Provides   []Relation `yaml:"provides"`
}

// An Override accepts a finding of a distribution's linter, with a reason.
type Override struct {
	Tag    string `yaml:"tag"`
	Reason string `yaml:"reason"`
}

// The folders that systemd reads.
const (
	unitDir     = "/usr/lib/systemd/system/"
	sysusersDir = "/usr/lib/sysusers.d/"
	tmpfilesDir = "/usr/lib/tmpfiles.d/"
)

var install = regexp.MustCompile(`(?m)^\s*\[Install\]\s*$`)

// Units returns the names of the package's units that can be enabled.
func (p Package) Units() []string {
	var out []string
	for _, f := range p.Files {
		name, ok := strings.CutPrefix(f.Path, unitDir)
		if ok && !strings.Contains(name, "/") && install.Match(f.Data) {
			out = append(out, name)
		}
	}
	return out
}

// Stopped returns the names of the units that a removal stops, including units that cannot
// be enabled but are started by others.
func (p Package) Stopped() []string {
	var out []string
	for _, f := range p.Files {
		name, ok := strings.CutPrefix(f.Path, unitDir)
		if ok && !strings.Contains(name, "/") && f.Kind == Regular {
			out = append(out, name)
		}
	}
	return out
}

// HasUnits reports whether the package has units or drop-ins, so that systemd has to reload.
func (p Package) HasUnits() bool { return len(p.under(unitDir)) > 0 }

// Sysusers returns the names of the package's files for systemd-sysusers.
func (p Package) Sysusers() []string { return p.under(sysusersDir) }

// Tmpfiles returns the names of the package's files for systemd-tmpfiles.
func (p Package) Tmpfiles() []string { return p.under(tmpfilesDir) }

// under returns the paths of the files below dir, without it.
func (p Package) under(dir string) []string {
	var out []string
	for _, f := range p.Files {
		if name, ok := strings.CutPrefix(f.Path, dir); ok {
			out = append(out, name)
		}
	}
	return out
}

// lookup returns the file at a path.
func (p Package) lookup(path string) (File, bool) {
	i, ok := slices.BinarySearchFunc(p.Files, path, func(f File, path string) int { return strings.Compare(f.Path, path) })
	if !ok {
		return File{}, false
	}
	return p.Files[i], true
}
