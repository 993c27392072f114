// Package packaging assembles what a fork was built to into packages: files,
// units, relations, of no format.
package packaging

import (
	"bytes"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/slipway-build/slipway/platform"
	"github.com/slipway-build/slipway/version"
)

// A Package is what one package holds and says.
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
	Retired     []string // files below /etc of earlier packages, which would shadow this one's
	Relations   Relations
	Changes     []string // what the fork's version brings, a line each
	Overrides   []Override
	Compression string // by nFPM's names: zstd:best, xz, gzip
	static      bool
}

// Static reports whether programs of the package are linked with nothing.
func (p Package) Static() bool { return p.static }

// Release returns the version with the revision of the packaging: 1.36.1+acme.1-1.
func (p Package) Release() string { return p.Distro + "-" + itoa(p.Revision) }

// A Kind is what a File is.
type Kind int

// The kinds of files.
const (
	Regular Kind = iota
	Config       // the operator's to change
	Folder       // for what others put there
	Link
)

// A File is one path of a package. It is root's.
type File struct {
	Path   string // absolute
	Kind   Kind
	Mode   fs.FileMode // permissions
	Target string      // of a link
	Data   []byte      // content, where Source names no file
	Source string      // a file on this machine with the content
}

// Open opens the file's content.
func (f File) Open() (io.ReadCloser, error) {
	if f.Source != "" {
		return os.Open(f.Source)
	}
	return io.NopCloser(bytes.NewReader(f.Data)), nil
}

// Relations are what a package says of others.
type Relations struct {
	Depends    []Relation `yaml:"depends"`
	Recommends []Relation `yaml:"recommends"`
	Suggests   []Relation `yaml:"suggests"`
	Conflicts  []Relation `yaml:"conflicts"`
	Replaces   []Relation `yaml:"replaces"`
	Provides   []Relation `yaml:"provides"`
}

// An Override is a finding of a distribution's linter that is right and stays,
// and why.
type Override struct {
	Tag    string `yaml:"tag"`
	Reason string `yaml:"reason"`
}

// The folders that have a meaning of their own.
const (
	unitDir     = "/usr/lib/systemd/system/"
	sysusersDir = "/usr/lib/sysusers.d/"
	tmpfilesDir = "/usr/lib/tmpfiles.d/"
)

// Units returns the names of the package's units that can be enabled.
func (p Package) Units() []string {
	var out []string
	for _, f := range p.Files {
		name, ok := strings.CutPrefix(f.Path, unitDir)
		if ok && !strings.Contains(name, "/") && bytes.Contains(f.Data, []byte("[Install]")) {
			out = append(out, name)
		}
	}
	return out
}

// HasUnits reports whether the package has anything that systemd has to reload
// for.
func (p Package) HasUnits() bool { return len(p.under(unitDir)) > 0 }

// Sysusers returns the names of the package's files for systemd-sysusers.
func (p Package) Sysusers() []string { return p.under(sysusersDir) }

// Tmpfiles returns the names of the package's files for systemd-tmpfiles.
func (p Package) Tmpfiles() []string { return p.under(tmpfilesDir) }

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
