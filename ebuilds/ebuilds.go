// Package ebuilds lays out a Gentoo overlay: ebuilds that compile a fork, ones
// that install what was compiled, and all that Portage wants beside them.
//
// What it follows is the Package Manager Specification for EAPI 8 and Gentoo's
// developer manual, https://devmanual.gentoo.org.
package ebuilds

import (
	"fmt"
	"maps"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/internal/config"
	"github.com/slipway-build/slipway/packaging"
)

// Revision counts the changes of this package that change what it lays out.
const Revision = 1

// Settings is the section ebuilds of fork.yaml.
type Settings struct {
	// Distfiles is the folder on the web that what ebuilds fetch will lie in, as
	// https://example.org/distfiles.
	Distfiles string `yaml:"distfiles"`
	// Repository is the overlay's name.
	Repository string `yaml:"repository"`
}

// Defaulted returns the section with what was left out filled in.
func (s Settings) Defaulted() Settings {
	if s.Repository == "" {
		s.Repository = "slipway"
	}
	return s
}

// Validate returns what is wrong with the section.
func (s Settings) Validate() []config.Fault {
	var faults []config.Fault
	if u, err := url.Parse(s.Distfiles); s.Distfiles != "" && (err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http") {
		faults = append(faults, config.Faultf("distfiles", "%q is no URL of a folder: write it as https://example.org/distfiles", s.Distfiles))
	}
	if !packageName.MatchString(s.Repository) {
		faults = append(faults, config.Faultf("repository", "%q is no repository's name: want letters, digits, _ and -", s.Repository))
	}
	return faults
}

// A Project is what Gentoo calls a project's parts.
type Project struct {
	Category string `yaml:"category" json:"category"`
	Name     string `yaml:"name" json:"name"`
	Summary  string `yaml:"summary" json:"summary"` // a line, of 80 characters at the most
	Remote   string `yaml:"remote" json:"remote"`   // github:kubernetes/kubernetes
	// Flags maps a package to the USE flag that installs it, with a + in front
	// where it is on by default. One without is always installed.
	Flags map[string]string `yaml:"flags" json:"flags"`
	// Accounts are the ids of users that ::gentoo does not have.
	Accounts map[string]int `yaml:"accounts" json:"accounts"`
	// Rivals are packages of ::gentoo with the same files.
	Rivals []string `yaml:"rivals" json:"rivals"`
}

var (
	categoryName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9+_.-]*$`)
	packageName  = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9+_-]*$`)
	flagName     = regexp.MustCompile(`^\+?[A-Za-z0-9][A-Za-z0-9+_@-]*$`)
	atomName     = regexp.MustCompile(`^[a-z0-9-]+/[A-Za-z0-9+_-]+$`)
)

// Validate returns what is wrong with the project.
func (p Project) Validate() []config.Fault {
	var faults []config.Fault
	if !categoryName.MatchString(p.Category) || !strings.Contains(p.Category, "-") {
		faults = append(faults, config.Faultf("category", "%q is no category: write one as sys-cluster", p.Category))
	}
	if !packageName.MatchString(p.Name) {
		faults = append(faults, config.Faultf("name", "%q is no package's name", p.Name))
	}
	if p.Summary == "" || len(p.Summary) > 80 || strings.ContainsAny(p.Summary, "\n\"$`\\") {
		faults = append(faults, config.Faultf("summary", "want a line of 80 characters at the most, without quotes"))
	}
	for _, pkg := range slices.Sorted(maps.Keys(p.Flags)) {
		if !flagName.MatchString(p.Flags[pkg]) {
			faults = append(faults, config.Faultf("flags."+pkg, "%q is no USE flag", p.Flags[pkg]))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(p.Accounts)) {
		if id := p.Accounts[name]; id < 1 || id > 999 {
			faults = append(faults, config.Faultf("accounts."+name, "%d is no id of a system's user", id))
		}
	}
	for i, atom := range p.Rivals {
		if !atomName.MatchString(atom) {
			faults = append(faults, config.At("rivals", i, "%q is no package: write it as sys-cluster/kubelet", atom))
		}
	}
	return faults
}

// A Fork is one fork as an overlay has it.
type Fork struct {
	Profile   string // where Project comes from
	Project   Project
	Version   string // 1.36.1_p1
	Revision  int    // of the ebuild, from 0
	Summary   string // a line, the project's unless another is given
	Homepage  string
	License   []string // Gentoo's names of those of the fork's own files
	Linked    []string // and of what is linked
	Year      int      // of the copyright
	Arches    []string // Gentoo's keywords: amd64, arm64
	Packages  []packaging.Package
	Series    []Patch
	Edits     map[string][]byte // files that come after the series: those of other dependencies
	Touched   map[string]string // the files that both make or change, and the SHA-256 of each
	Build     Build
	BaseURL   string // of the folder that the distfiles can be had from
	Distfiles map[string]Distfile
}

// A Build is how an ebuild compiles a fork.
type Build struct {
	Go         string // the oldest release that does: 1.26.0
	GOPATH     string // import path of the tree's root, from before modules
	Flags      []string
	Components []Component
}

// A Component is one program that is compiled.
type Component struct {
	Name string
	Main string // folder in the tree
	CGO  bool
	// Part names the component that the program is a part of: it is compiled by
	// itself where that one is not wanted.
	Part string
}

// A Patch is one of the series.
type Patch struct {
	Name  string // without folders
	Strip int
	Data  []byte
	Git   bool // nothing but git knows how to apply it
}

// A Distfile is a file that an ebuild fetches.
type Distfile struct {
	Name   string
	Size   int64
	SHA512 string // hex
	BLAKE  string // BLAKE2b, 512 bits, hex
}

// A File is one of the overlay.
type File struct {
	Path string // relative, with slashes
	Data []byte
}

// P returns the package's name and version.
func (f Fork) P() string { return f.Project.Name + "-" + f.Version }

// PF returns that with the ebuild's revision.
func (f Fork) PF() string { return f.Project.Name + "-" + f.pvr() }

// Unpacked returns what the distfile of files unpacks to, by paths.
func (f Fork) Unpacked() (map[string][]byte, error) {
	out := map[string][]byte{}
	for _, p := range f.Packages {
		in, err := f.install(p)
		if err != nil {
			return nil, fmt.Errorf("package %s: %w", p.Name, err)
		}
		for _, file := range in.files {
			out["files/"+p.Name+file.Path] = file.Data
		}
	}
	var sums strings.Builder
	for _, name := range slices.Sorted(maps.Keys(f.Touched)) {
		fmt.Fprintf(&sums, "%s  %s\n", f.Touched[name], name)
	}
	out["files/series.sha256"] = []byte(sums.String())
	for name, data := range f.Edits {
		out["files/tree/"+name] = data
	}
	return out, nil
}

// What Gentoo takes in a package's folder files, in bytes: in one file, and in
// all of them.
const (
	largestFile = 20 << 10
	largestAll  = 50 << 10
)

// TooLarge returns the series, if it is too large for the package's folder, by
// the paths that a distfile of it has.
func (f Fork) TooLarge() map[string][]byte {
	all, large := 0, false
	out := map[string][]byte{}
	for _, p := range f.Series {
		all += len(p.Data)
		large = large || len(p.Data) > largestFile
		out["patches/"+p.Name] = p.Data
	}
	if large || all > largestAll {
		return out
	}
	return nil
}

// pvr returns the version with the ebuild's revision.
func (f Fork) pvr() string {
	if f.Revision == 0 {
		return f.Version
	}
	return fmt.Sprintf("%s-r%d", f.Version, f.Revision)
}

// flag returns the USE flag that installs a package, or none.
func (f Fork) flag(pkg string) string { return strings.TrimPrefix(f.Project.Flags[pkg], "+") }

// part returns the component that a package's file, a link or a script that calls
// one of many programs, would be by itself, if the fork compiles that.
func (f Fork) part(p packaging.Package, call packaging.File) (Component, bool) {
	calls := strings.HasSuffix(path.Dir(call.Path), "bin") && call.Source == ""
	for _, c := range f.Build.Components {
		if calls && c.Part != "" && c.Name == path.Base(call.Path) && !holds(p, c.Part) {
			return c, f.whole(c.Part) != ""
		}
	}
	return Component{}, false
}

// withoutParts returns the fork as its binary package has it.
func (f Fork) withoutParts() Fork {
	f.Build.Components = slices.DeleteFunc(slices.Clone(f.Build.Components), func(c Component) bool { return c.Part != "" })
	return f
}

// holds tells whether a component is in a package.
func holds(p packaging.Package, component string) bool {
	return slices.ContainsFunc(p.Files, func(file packaging.File) bool { return file.Source != "" && path.Base(file.Source) == component })
}

// whole returns the USE flag that a component of many programs is installed by.
func (f Fork) whole(component string) string {
	for _, p := range f.Packages {
		if holds(p, component) {
			return f.flag(p.Name)
		}
	}
	return ""
}

// users returns the users that the packages' programs run as.
func (f Fork) users() []string {
	var out []string
	for _, p := range f.Packages {
		for _, file := range p.Files {
			if path.Dir(file.Path) != "/usr/lib/sysusers.d" {
				continue
			}
			for line := range strings.Lines(string(file.Data)) {
				if words := strings.Fields(line); len(words) > 1 && words[0] == "u" && !slices.Contains(out, words[1]) {
					out = append(out, words[1])
				}
			}
		}
	}
	slices.Sort(out)
	return out
}
