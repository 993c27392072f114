package ebuilds

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/packaging"
)

// Revision counts the changes to this package that change what it writes.
const Revision = 1

// A Fork is one fork as an overlay has it.
type Fork struct {
	Profile  string // the profile that Project is from
	Project  Project
	Version  string // Gentoo's form: 1.36.1_p1
	Revision int    // of the ebuild, from 0
	Summary  string // one line
	Homepage string
	License  []string // Gentoo's names of the licenses of the fork's sources
	Linked   []string // and of the modules that are linked, without those in License
	Year     int      // of the copyright
	// Copyright and Notice are the comment that ebuilds begin with: who holds the rights,
	// and the line after that. Empty: DefaultCopyright and DefaultNotice.
	Copyright, Notice string
	PIE               bool     // USE=pie, which is on by default, has programs compiled position-independent
	Arches            []string // Gentoo's keywords: amd64, arm64
	Packages          []packaging.Package
	Series            []Patch
	Edits             map[string][]byte // files that are copied over the patched tree, for changed dependencies
	Touched           map[string]string // files that the series and the edits change, with their SHA-256
	Build             Build
	BaseURL           string // of the folder that has the distfiles
	// Distfiles has what the ebuilds fetch: source is the upstream's tree, deps its
	// modules, files what is not compiled, patches the series if it is TooLarge; each of
	// Arches has the compiled programs.
	Distfiles map[string]Distfile
}

// A Build says how an ebuild compiles a fork.
type Build struct {
	Go         string // oldest release that can compile it: 1.26.0
	GOPATH     string // import path of the tree's root, for a tree from before modules
	Flags      []string
	Env        []string // KEY=VALUE pairs: what the binaries have, for each architecture
	Components []Component
}

// A Component is one program that is compiled.
type Component struct {
	Name string
	Main string // its main package, as the go command takes it: ./cmd/captain
	Dir  string // folder of the tree that the go command runs in; the root if empty
	Mod  string // the go command's flag -mod, if it is told
	CGO  bool
	// Part names the component that contains this program: the ebuild compiles the
	// program by itself where that component is not wanted.
	Part string
}

// A Patch is one of the series.
type Patch struct {
	Name  string // without folders
	Strip int
	Data  []byte
	Git   bool // only git can apply it, as it has binary files, renames or modes
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

// P returns the package's name and version: ship-1.4.1_p1.
func (f Fork) P() string { return f.Project.Name + "-" + f.Version }

// PF returns the package's name, version and revision: ship-1.4.1_p1-r2.
func (f Fork) PF() string { return f.Project.Name + "-" + f.pvr() }

// Unpacked returns what the distfile named files holds, by path.
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
		sums.WriteString(sumLine(f.Touched[name], name))
	}
	out["files/series.sha256"] = []byte(sums.String())
	for name, data := range f.Edits {
		out["files/tree/"+name] = data
	}
	return out, nil
}

// sumEscapes are what sha256sum writes in names that would not be one line.
var sumEscapes = strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\r", `\r`)

// sumLine returns a line for sha256sum -c. One whose name is escaped begins with a
// backslash.
func sumLine(sum, name string) string {
	escaped := sumEscapes.Replace(name)
	if escaped != name {
		sum = `\` + sum
	}
	return sum + "  " + escaped + "\n"
}

// How many bytes Gentoo allows in a package's folder files: in one file, and in
// total.
const (
	largestFile = 20 << 10
	largestAll  = 50 << 10
)

// TooLarge returns the patches by their paths in a distfile if they are too large
// for the package's folder files, and nil otherwise.
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

// flag returns the USE flag that installs a package, or "".
func (f Fork) flag(pkg string) string { return strings.TrimPrefix(f.Project.Flags[pkg], "+") }

// part returns the component that could replace a package's file. The file is a
// link or a script that calls a component of many programs; the replacement is the
// program compiled by itself. It reports false if the fork cannot do without the
// component of many programs, or the file is not such a call.
func (f Fork) part(p packaging.Package, call packaging.File) (Component, bool) {
	calls := strings.HasSuffix(path.Dir(call.Path), "bin") && call.Source == ""
	for _, c := range f.Build.Components {
		if calls && c.Part != "" && c.Name == path.Base(call.Path) && !contains(p, c.Part) {
			return c, f.flagOf(c.Part) != ""
		}
	}
	return Component{}, false
}

// withoutParts returns the fork as its binary package has it.
func (f Fork) withoutParts() Fork {
	isPart := func(c Component) bool { return c.Part != "" }
	f.Build.Components = slices.DeleteFunc(slices.Clone(f.Build.Components), isPart)
	return f
}

// contains reports whether a component is in a package.
func contains(p packaging.Package, component string) bool {
	return slices.ContainsFunc(p.Files, func(file packaging.File) bool {
		return file.Source != "" && path.Base(file.Source) == component
	})
}

// flagOf returns the USE flag that installs a component, or "".
func (f Fork) flagOf(component string) string {
	for _, p := range f.Packages {
		if contains(p, component) {
			return f.flag(p.Name)
		}
	}
	return ""
}

// users returns the users that the packages' programs run as, sorted.
func (f Fork) users() []string {
	var out []string
	for _, p := range f.Packages {
		for _, file := range p.Files {
			if path.Dir(file.Path) != sysusersDir {
				continue
			}
			for line := range strings.Lines(string(file.Data)) {
				words := strings.Fields(line)
				if len(words) > 1 && words[0] == "u" && !slices.Contains(out, words[1]) {
					out = append(out, words[1])
				}
			}
		}
	}
	slices.Sort(out)
	return out
}
