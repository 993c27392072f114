// Package cross compiles the components of a patched tree for a platform.
package cross

import (
	"go/version"
	"maps"
	"path"
	"slices"
	"strings"

	"golang.org/x/mod/module"

	"github.com/slipway-build/slipway/internal/config"
	"github.com/slipway-build/slipway/internal/near"
	"github.com/slipway-build/slipway/platform"
	slipver "github.com/slipway-build/slipway/version"
)

// Build says what a fork is compiled to: the section build of fork.yaml.
type Build struct {
	// Components are the ones that a run builds unless it names others.
	Components []string `yaml:"components"`
	// Platforms are the ones that a run for all platforms builds for, as
	// linux/amd64.
	Platforms []string `yaml:"platforms"`
	// Mode is "modules" or "gopath", where the profile's is not right.
	Mode string `yaml:"mode"`
	// Toolchain is the Go release to build with, such as go1.26.8. Without it, the
	// installed one is taken.
	Toolchain string `yaml:"toolchain"`
	// Symbols keeps the symbol table and debug information in the binaries.
	Symbols bool `yaml:"symbols"`
	// CommitOf says whose commit the binaries are stamped with: "upstream", "fork" or "tree". Without it, the
	// upstream's if that is known, otherwise digits of the patched tree's digest.
	CommitOf string `yaml:"commit_of"`
	// I386 is the oldest processors that binaries for 386 run on, as GO386 names them: softfloat or sse2.
	I386 string `yaml:"386"`
	// AMD64 is the oldest processors that binaries for amd64 run on, as GOAMD64 names them: v1 to v4.
	AMD64 string `yaml:"amd64"`
	// ARM is the oldest processors that binaries for arm run on, as GOARM names them: 5 to 7.
	ARM string `yaml:"arm"`
	// ARM64 is the oldest processors that binaries for arm64 run on, as GOARM64 names them: v8.0 to v9.5.
	ARM64 string `yaml:"arm64"`
	// PPC64LE is the oldest processors that binaries for ppc64le run on, as GOPPC64 names them: power8 to power10.
	PPC64LE string `yaml:"ppc64le"`
	// RISCV64 is the oldest processors that binaries for riscv64 run on, as GORISCV64 names them: rva20u64 to rva23u64.
	RISCV64 string `yaml:"riscv64"`
	// C is how C is compiled for components with cgo, by platform, as linux/amd64.
	C map[string]C `yaml:"c"`
}

// Levels returns what the section says of processors, by architecture: a level of
// its platform.Baseline.
func (b Build) Levels() map[string]string {
	levels := map[string]string{
		"386": b.I386, "amd64": b.AMD64, "arm": b.ARM, "arm64": b.ARM64, "ppc64le": b.PPC64LE, "riscv64": b.RISCV64,
	}
	maps.DeleteFunc(levels, func(_, level string) bool { return level == "" })
	return levels
}

// Validate returns what is wrong with the section.
func (b Build) Validate() []config.Fault {
	var faults []config.Fault
	if len(b.Components) == 0 {
		faults = append(faults, config.Faultf("components", "is empty: list the components to build"))
	}
	if len(b.Platforms) == 0 {
		faults = append(faults, config.Faultf("platforms",
			"is empty: list the platforms to build for, such as linux/amd64"))
	}
	for i, p := range b.Platforms {
		if _, err := platform.Parse(p); err != nil {
			hint := near.Hint(p, platform.Strings(platform.Known())...)
			faults = append(faults, config.At("platforms", i, "%v%s", err, hint))
		} else if slices.Contains(b.Platforms[:i], p) {
			faults = append(faults, config.At("platforms", i, "%s is named twice", p))
		}
	}
	for i, c := range b.Components {
		if slices.Contains(b.Components[:i], c) {
			faults = append(faults, config.At("components", i, "%s is named twice", c))
		}
	}
	faults = append(faults, validMode(b.Mode)...)
	if of := []string{OfUpstream, OfFork, OfTree}; b.CommitOf != "" && !slices.Contains(of, b.CommitOf) {
		faults = append(faults, config.Faultf("commit_of", "%q: want %s", b.CommitOf, strings.Join(of, ", ")))
	}
	faults = append(faults, validC(b.C)...)
	levels := b.Levels()
	for _, arch := range slices.Sorted(maps.Keys(levels)) {
		baseline, _ := platform.BaselineOf(arch)
		if err := baseline.Check(levels[arch]); err != nil {
			faults = append(faults, config.Faultf(arch, "%v", err))
		}
	}
	if b.Toolchain != "" && !isRelease(b.Toolchain) {
		faults = append(faults, config.Faultf("toolchain", "%q is not a Go release: write it like go1.26.8", b.Toolchain))
	}
	return faults
}

// The modes in which the go command can build a tree.
const (
	Modules = "modules" // by its go.mod or go.work
	GOPATH  = "gopath"  // from before modules: from a place in a GOPATH
)

// Whose commit binaries can be stamped with.
const (
	OfUpstream = "upstream" // the one that the series is applied to
	OfFork     = "fork"     // the last of the carried commits, whose tree is what is built
	OfTree     = "tree"     // none: digits of the patched tree's digest
)

func validMode(mode string) []config.Fault {
	if mode == "" || mode == Modules || mode == GOPATH {
		return nil
	}
	return []config.Fault{config.Faultf("mode", "%q is not a mode: want %s or %s", mode, Modules, GOPATH)}
}

// isRelease reports whether a name is that of a Go release: from 1.21 on, the
// first one of go1.26 is go1.26.0.
func isRelease(name string) bool {
	return version.IsValid(name) && (version.Lang(name) != name || version.Compare(name, "go1.21") < 0)
}

// A Component is one program of a project.
type Component struct {
	Name      string        `yaml:"name" json:"name"`
	Main      string        `yaml:"main" json:"main"`   // folder of its main package in the tree
	Versions  slipver.Range `yaml:"versions" json:"-"`  // where it exists; all if empty
	Platforms []string      `yaml:"platforms" json:"-"` // it builds for: linux, or linux/amd64; all if empty
	CGO       bool          `yaml:"cgo" json:"cgo"`     // needs a C compiler

	// Module is the path of the module that Main is a folder of, if that is one that the tree
	// requires; Test is set if Main is a package whose tests are the program. No profile has such
	// components: they are not what a fork ships.
	Module string `yaml:"-" json:"module,omitempty"`
	Test   bool   `yaml:"-" json:"test,omitempty"`
}

// Validate returns what is wrong with the component.
func (c Component) Validate() []config.Fault {
	var faults []config.Fault
	if c.Name == "" || c.Name == "." || c.Name == ".." || strings.ContainsAny(c.Name, "/ ,") {
		faults = append(faults, config.Faultf("name", "want a name for the binary, without slash, space or comma"))
	} else if c.Name == "build.json" {
		faults = append(faults, config.Faultf("name", "build.json is the name of the record beside the binaries"))
	}
	for i, p := range c.Platforms {
		if !platform.Names(p) {
			faults = append(faults, config.At("platforms", i,
				"%q is neither a platform, such as linux/amd64, nor the system of one", p))
		}
	}
	if c.Main == "" || path.IsAbs(c.Main) || path.Clean(c.Main) != c.Main || strings.HasPrefix(c.Main, "..") {
		faults = append(faults, config.Faultf("main", "want the folder of the main package in the tree, such as cmd/kubelet"))
	}
	if err := c.Versions.Validate(); err != nil {
		faults = append(faults, config.Faultf("versions", "%v", err))
	}
	return faults
}

// Settings say, for a range of versions, how a project is compiled.
type Settings struct {
	Versions   slipver.Range `yaml:"versions"`
	Mode       string        `yaml:"mode,omitempty"`        // Modules if empty
	ImportPath string        `yaml:"import_path,omitempty"` // of the tree's root, for GOPATH
	Tags       []string      `yaml:"tags,omitempty"`        // build tags
	Stamps     Stamps        `yaml:"stamps,omitempty"`
}

// Stamps are the variables that the linker sets: each of Values in each of
// Packages.
type Stamps struct {
	Packages []string `yaml:"packages"` // import paths
	// Values maps a variable to a template of StampFields.
	Values map[string]string `yaml:"values"`
}

// StampFields are what a stamp's template can name.
type StampFields struct {
	slipver.Fields
	Commit string // 40 hex digits
	Date   string // RFC 3339, UTC
}

// Validate returns what is wrong with the settings.
func (s Settings) Validate() []config.Fault {
	var faults []config.Fault
	if err := s.Versions.Validate(); err != nil {
		faults = append(faults, config.Faultf("versions", "%v", err))
	}
	faults = append(faults, validMode(s.Mode)...)
	if s.ImportPath != "" && module.CheckImportPath(s.ImportPath) != nil {
		faults = append(faults, config.Faultf("import_path", "%q is not an import path", s.ImportPath))
	}
	switch {
	case len(s.Stamps.Packages) == 0 && len(s.Stamps.Values) > 0:
		faults = append(faults, config.Faultf("stamps.packages", "is empty: list the packages that have the variables"))
	case len(s.Stamps.Packages) > 0 && len(s.Stamps.Values) == 0:
		faults = append(faults, config.Faultf("stamps.values", "is empty: list the variables to set"))
	}
	for _, name := range slices.Sorted(maps.Keys(s.Stamps.Values)) {
		if _, err := slipver.Expand(s.Stamps.Values[name], StampFields{}); err != nil {
			faults = append(faults, config.Faultf("stamps.values."+name, "%v", err))
		}
	}
	return faults
}
