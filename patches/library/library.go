// Package library holds the series of patches that Slipway maintains, as data: a
// file for each series, with a row for each range of versions of its project. A fork
// names one in fork.yaml, as slipway:NAME, and applies it like its own patches.
package library

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/internal/config"
	"github.com/slipway-build/slipway/internal/near"
	"github.com/slipway-build/slipway/patches"
	"github.com/slipway-build/slipway/version"
)

// Prefix is what the name of a series begins with, and so the names of its patches.
const Prefix = "slipway:"

//go:embed *.yaml */*/*.patch
var builtin embed.FS

// A Series is a file of the library.
type Series struct {
	Name    string `yaml:"-"`       // slipway:NAME
	Profile string `yaml:"profile"` // the project that it is for
	About   string `yaml:"about"`   // what it does, in a line
	Rows    []Row  `yaml:"rows"`
}

// A Row is what a series is for a range of versions. All rows of a series have
// patches of the same names, so that a fork that moves to another version gets a
// patch of that row for each of this one.
type Row struct {
	Versions version.Range `yaml:"versions"`
	Patches  []string      `yaml:"patches"` // files in the folder of the series, in the order they are applied
}

// All returns the series of the library, sorted by name.
func All() ([]Series, error) { return all(builtin) }

// Lookup returns the patches of a series for a version of the project with that
// profile, named slipway:NAME/FILE. name is slipway:NAME.
func Lookup(name, profile string, v version.Version) ([]patches.Patch, error) {
	return lookup(builtin, name, profile, v)
}

func lookup(files fs.FS, name, profile string, v version.Version) ([]patches.Patch, error) {
	series, err := all(files)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(series, func(s Series) bool { return s.Name == name })
	if i < 0 {
		return nil, fmt.Errorf("unknown series %q: %s%s", name, known(series, profile),
			near.Hint(name, names(series, profile)...))
	}
	s := series[i]
	if s.Profile != profile {
		return nil, fmt.Errorf("%s is for profile %s, and this fork has profile %s: %s",
			name, s.Profile, profile, known(series, profile))
	}
	for _, r := range s.Rows {
		if r.Versions.Contains(v) {
			return s.read(files, r)
		}
	}
	return nil, fmt.Errorf("%s has no patches for %s %s: it has some for %s", name, profile, v.Upstream(), s.versions())
}

// names returns the names of the series that there are for a profile.
func names(series []Series, profile string) []string {
	var out []string
	for _, s := range series {
		if s.Profile == profile {
			out = append(out, s.Name)
		}
	}
	return out
}

// known says which series there are for a profile.
func known(series []Series, profile string) string {
	list := names(series, profile)
	if list == nil {
		return "Slipway has no series for profile " + profile
	}
	return "for profile " + profile + ", Slipway has " + strings.Join(list, ", ")
}

// versions says for which versions there are rows, the oldest first.
func (s Series) versions() string {
	var ranges []string
	for _, r := range slices.Backward(s.Rows) {
		ranges = append(ranges, strings.ReplaceAll(string(r.Versions), "-0", ""))
	}
	return strings.Join(ranges, ", ")
}

// read returns the patches of a row.
func (s Series) read(files fs.FS, r Row) ([]patches.Patch, error) {
	out := make([]patches.Patch, len(r.Patches))
	for i, file := range r.Patches {
		data, err := fs.ReadFile(files, path.Join(strings.TrimPrefix(s.Name, Prefix), file))
		if err != nil {
			return nil, err
		}
		out[i] = patches.Patch{Name: s.Name + "/" + path.Base(file), Strip: 1, Data: data}
	}
	return out, nil
}

// all reads the series in files. All that is wrong with any of them is one error.
func all(files fs.FS) ([]Series, error) {
	names, err := fs.Glob(files, "*.yaml")
	if err != nil {
		return nil, err
	}
	var out []Series
	var errs []error
	for _, file := range names {
		s := Series{Name: Prefix + strings.TrimSuffix(file, ".yaml")}
		data, err := fs.ReadFile(files, file)
		if err != nil {
			return nil, err
		}
		at := path.Join("patches/library", file)
		read, err := config.Read(at, data, &s)
		if err == nil {
			err = read.Check(s.validate(files))
		}
		out, errs = append(out, s), append(errs, err)
	}
	return out, errors.Join(errs...)
}

// validate returns what is wrong with a series.
func (s Series) validate(files fs.FS) []config.Fault {
	var faults []config.Fault
	if s.Profile == "" || s.About == "" || len(s.Rows) == 0 {
		faults = append(faults, config.Faultf("", "want profile, about and rows"))
	}
	for i, r := range s.Rows {
		faults = append(faults, config.Below(fmt.Sprintf("rows[%d]", i), s.validateRow(files, r))...)
	}
	return faults
}

func (s Series) validateRow(files fs.FS, r Row) []config.Fault {
	var faults []config.Fault
	if err := r.Versions.Validate(); err != nil || r.Versions == "" {
		faults = append(faults, config.Faultf("versions", "want a range, such as \">=1.4.0-0 <1.5.0-0\""))
	}
	if len(r.Patches) == 0 || !slices.Equal(baseNames(r), baseNames(s.Rows[0])) {
		faults = append(faults, config.Faultf("patches", "want patches of the same names in each row"))
	}
	list, err := s.read(files, r)
	if err != nil {
		return append(faults, config.Faultf("patches", "%v", err))
	}
	for i, p := range list {
		if _, err := patches.Parse(p); err != nil {
			faults = append(faults, config.At("patches", i, "%v", err))
		}
	}
	return faults
}

// baseNames returns the names of a row's patches.
func baseNames(r Row) []string {
	out := make([]string, len(r.Patches))
	for i, p := range r.Patches {
		out[i] = path.Base(p)
	}
	return out
}
