// Package spec reads fork.yaml: it decodes, defaults and validates, and leaves
// the meaning of each section to the stage that owns it.
package spec

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/artifact"
	conformance "github.com/slipway-build/slipway/conformance/settings"
	"github.com/slipway-build/slipway/cross"
	"github.com/slipway-build/slipway/deps"
	"github.com/slipway-build/slipway/ebuilds"
	"github.com/slipway-build/slipway/images"
	"github.com/slipway-build/slipway/internal/config"
	"github.com/slipway-build/slipway/internal/near"
	"github.com/slipway-build/slipway/openstack"
	"github.com/slipway-build/slipway/packaging"
	"github.com/slipway-build/slipway/platform"
	"github.com/slipway-build/slipway/profiles"
	"github.com/slipway-build/slipway/release/settings"
	"github.com/slipway-build/slipway/release/vex"
	reposettings "github.com/slipway-build/slipway/repo/settings"
	"github.com/slipway-build/slipway/source"
	"github.com/slipway-build/slipway/version"
)

// Fork is what fork.yaml says.
type Fork struct {
	// Name is the project's, as kubernetes; what packages and messages call it.
	Name string `yaml:"name"`
	// Profile is the table of facts on the project: one that Slipway has, or
	// profiles/NAME.yaml of the project. Name's value if left out.
	Profile string `yaml:"profile"`
	// Version is the fork's, a semantic version: the upstream's, and the fork's
	// revision as build metadata, as 1.36.1+acme.1.
	Version string `yaml:"version"`
	// Default makes the fork the one that commands are about where they name none.
	Default bool `yaml:"default"`
	// Upstream is where the sources come from.
	Upstream source.Upstream `yaml:"upstream"`
	// Carried are commits that are carried from git repositories, and series of
	// Slipway's patch library, in the order they are applied. The files of
	// patches/series are applied after them.
	Carried []Carried `yaml:"patches"`
	// Deps are modules and the versions to build with instead of those that the
	// patched tree requires.
	Deps deps.Deps `yaml:"deps"`
	// Build is what they are compiled to.
	Build cross.Build `yaml:"build"`
	// Packages is how packages are made of that.
	Packages packaging.Settings `yaml:"packages"`
	// Ebuilds is what Gentoo's packages need beside that.
	Ebuilds ebuilds.Settings `yaml:"ebuilds"`
	// Images is how container images are made.
	Images images.Settings `yaml:"images"`
	// Release is what a release of it has.
	Release settings.Settings `yaml:"release"`
	// Repository says where in the project's repositories it is.
	Repository reposettings.Placement `yaml:"repository"`
	// Vex says what vulnerabilities mean for the fork, beside those that its patches
	// fix.
	Vex vex.Settings `yaml:"vex"`
	// Conformance is what tests of its conformance expect, and say of it.
	Conformance conformance.Settings `yaml:"conformance"`
	// OpenStack is how Kubernetes' cloud provider for OpenStack is configured: values by
	// section and key, by the names of its documents.
	OpenStack openstack.Settings `yaml:"openstack"`
}

// A Loaded is a valid Fork and what its values refer to.
type Loaded struct {
	Fork
	Parsed     version.Version
	Facts      profiles.Profile
	Settings   cross.Settings
	Components []cross.Component   // all that this version has
	Defaults   []cross.Component   // those that build.components names
	Platforms  []platform.Platform // those that build.platforms names
	file       *config.File
}

// Refuse returns the error of a field that turned out to be wrong after fork.yaml was
// read, with its line.
func (l Loaded) Refuse(field, format string, args ...any) error {
	return l.refuse([]config.Fault{config.Faultf(field, format, args...)})
}

// CheckVex returns an error if section vex says something else than patches do.
func (l Loaded) CheckVex(patches []artifact.ReleasedPatch) error {
	return l.refuse(config.Below("vex", l.Vex.Contradictions(patches)))
}

// InRepository returns the section repository, with what it leaves out as the profile and the
// version have it.
func (l Loaded) InRepository() reposettings.Placement {
	return l.Repository.Defaults(l.Name, l.Facts.Downloads, l.Parsed)
}

// refuse returns faults as one error, with their lines; nil if there are none.
func (l Loaded) refuse(faults []config.Fault) error {
	if l.file != nil && len(faults) > 0 {
		return l.file.Check(faults)
	}
	errs := make([]error, len(faults))
	for i, f := range faults {
		errs[i] = fmt.Errorf("fork.yaml: %s: %s", f.Field, f.Message)
	}
	return errors.Join(errs...)
}

// Load reads the file at path, which is called name in errors. project is the
// folder that may have a folder profiles. All faults are reported at once.
func Load(project, path, name string) (Loaded, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return Loaded{}, err
	}
	var l Loaded
	file, err := config.Read(name, data, &l.Fork)
	if err != nil {
		return Loaded{}, err
	}
	l.Fork = l.Fork.Defaulted()
	faults := l.Fork.Validate()
	if profileName(l.Profile) {
		var unknown []config.Fault
		if l.Facts, unknown, err = profiles.Load(project, l.Profile); err != nil {
			return Loaded{}, errors.Join(err, file.Check(faults))
		}
		if faults = append(faults, unknown...); len(unknown) == 0 {
			faults = append(faults, l.resolve()...)
			wrong, err := l.resolveImages(project)
			if err != nil {
				return Loaded{}, errors.Join(err, file.Check(faults))
			}
			if faults = append(faults, wrong...); len(l.OpenStack) > 0 {
				if wrong, err = l.resolveOpenStack(project); err != nil {
					return Loaded{}, errors.Join(err, file.Check(faults))
				}
				faults = append(faults, wrong...)
			}
		}
	}
	l.file = file
	return l, file.Check(faults)
}

// profileName reports whether a name can be that of a profile: a file's in one
// folder. A project's name is also written into units and labels, where other
// characters would have a meaning.
func profileName(name string) bool { return nameOfProfile.MatchString(name) }

var nameOfProfile = regexp.MustCompile(`^[\pL\pN_][\pL\pN._+-]*$`)

// Defaulted returns the fork with what was left out filled in.
func (f Fork) Defaulted() Fork {
	if f.Profile == "" {
		f.Profile = f.Name
	}
	f.Packages = f.Packages.Defaulted()
	f.Ebuilds = f.Ebuilds.Defaulted()
	f.Images = f.Images.Defaulted()
	return f
}

// Validate returns what is wrong with the fork by itself.
func (f Fork) Validate() []config.Fault {
	var faults []config.Fault
	if !profileName(f.Name) {
		faults = append(faults, config.Faultf("name", "want the project's name, such as kubernetes"))
	} else if !profileName(f.Profile) {
		faults = append(faults, config.Faultf("profile", "want the name of a profile, such as kubernetes"))
	}
	if f.Version == "" {
		faults = append(faults, config.Faultf("version",
			"is missing: write the upstream's version and your revision, such as 1.36.1+acme.1"))
	} else if v, err := version.Parse(f.Version); err != nil {
		faults = append(faults, config.Faultf("version", "%v", err))
	} else if up, ok := f.Upstream.Version(); ok && up.Upstream() != v.Upstream() {
		faults = append(faults, config.Faultf("version", "%s is not a revision of the upstream's %s: write %[2]s+acme.1", v,
			up.Upstream()))
	}
	faults = append(faults, config.Below("upstream", f.Upstream.Validate())...)
	faults = append(faults, f.validateCarried()...)
	faults = append(faults, config.Below("deps", f.Deps.Validate())...)
	faults = append(faults, config.Below("build", f.Build.Validate())...)
	faults = append(faults, config.Below("packages", f.Packages.Validate())...)
	faults = append(faults, config.Below("ebuilds", f.Ebuilds.Validate())...)
	faults = append(faults, config.Below("images", f.Images.Validate())...)
	faults = append(faults, config.Below("release", f.Release.Validate())...)
	faults = append(faults, config.Below("repository", f.Repository.Validate())...)
	faults = append(faults, config.Below("conformance", f.Conformance.Validate())...)
	if len(f.Vex) > 0 && f.Packages.Maintainer == "" {
		faults = append(faults, config.Faultf("vex", "statements need an author: set packages.maintainer"))
	}
	return append(faults, config.Below("vex", f.Vex.Validate())...)
}

// resolve looks up what the fork's values refer to, and returns a fault for each
// that refers to nothing. What Validate reports is not reported again.
func (l *Loaded) resolve() []config.Fault {
	var err error
	if l.Parsed, err = version.Parse(l.Version); err != nil {
		return nil
	}
	var faults []config.Fault
	if l.Settings, err = l.Facts.Settings(l.Parsed); err != nil {
		faults = append(faults, config.Faultf("version", "%v", err))
	}
	if l.Build.Mode != "" {
		l.Settings.Mode = l.Build.Mode
	}
	if l.Settings.Mode == cross.GOPATH {
		faults = append(faults, l.checkGOPATH()...)
	}
	l.Components = l.Facts.ComponentsAt(l.Parsed)
	for i, name := range l.Build.Components {
		c, err := l.Component(name)
		if err != nil {
			faults = append(faults, config.At("build.components", i, "%v", err))
			continue
		}
		l.Defaults = append(l.Defaults, c)
	}
	for i, e := range l.Vex {
		for n, name := range e.Components {
			if _, err := l.Component(name); err != nil {
				faults = append(faults, config.At(fmt.Sprintf("vex[%d].components", i), n, "%v", err))
			}
		}
	}
	if l.Platforms, err = platform.ParseList(l.Build.Platforms); err != nil {
		return faults
	}
	if len(l.Defaults) == 0 || len(l.Defaults) < len(l.Build.Components) {
		return faults
	}
	for i, p := range l.Platforms {
		if !slices.ContainsFunc(l.Defaults, func(c cross.Component) bool { return p.In(c.Platforms) }) {
			faults = append(faults, config.At("build.platforms", i, "none of build.components builds for %s", p))
		}
	}
	return faults
}

// checkGOPATH returns what keeps a tree from before modules from being built.
func (l *Loaded) checkGOPATH() []config.Fault {
	var faults []config.Fault
	if l.Settings.ImportPath == "" {
		faults = append(faults, config.Faultf("build.mode",
			"a GOPATH needs the import path of the tree's root: add import_path to the row of profile %s that holds %s",
			l.Profile, l.Version))
	}
	if l.Upstream.Module != "" {
		faults = append(faults, config.Faultf("upstream.module", "%s %s is from before modules and needs its vendor folder, "+
			"which no module has: take upstream.git or upstream.archive", l.Name, l.Version))
	}
	if len(l.Deps) > 0 {
		faults = append(faults, config.Faultf("deps",
			"a tree from before modules has no versions of them: change vendor with a patch"))
	}
	return faults
}

// resolveImages returns a fault for each image and each set of packages that the
// section images names and the profile does not have for the version.
func (l Loaded) resolveImages(project string) ([]config.Fault, error) {
	set := l.Images.Debian.Set
	v, err := version.Parse(l.Version)
	if err != nil || len(l.Images.Add) == 0 && set == "" {
		return nil, nil
	}
	recipes, err := profiles.Images(project, l.Profile)
	if err != nil {
		return nil, err
	}
	var faults []config.Fault
	if _, err := recipes.Set(set, v); set != "" && err != nil {
		faults = append(faults, config.Faultf("images.debian.set", "%v", err))
	}
	known := recipes.Names(v)
	for _, image := range slices.Sorted(maps.Keys(l.Images.Add)) {
		if !slices.Contains(known, image) {
			faults = append(faults, config.Faultf("images.add."+image, "unknown image %q: profile %s has %s",
				image, l.Profile, strings.Join(known, ", ")))
		}
	}
	return faults, nil
}

// resolveOpenStack returns a fault for each setting of the section openstack that the
// version does not take.
func (l Loaded) resolveOpenStack(project string) ([]config.Fault, error) {
	v, err := version.Parse(l.Version)
	if err != nil {
		return nil, nil
	}
	recipes, err := profiles.OpenStack(project, l.Profile)
	if err != nil {
		return nil, err
	}
	return config.Below("openstack", recipes.Check(l.OpenStack, v)), nil
}

// Component returns the component of that name.
func (l Loaded) Component(name string) (cross.Component, error) {
	i := slices.IndexFunc(l.Components, func(c cross.Component) bool { return c.Name == name })
	if i < 0 {
		known := make([]string, len(l.Components))
		for i, c := range l.Components {
			known[i] = c.Name
		}
		return cross.Component{}, near.Unknown(name, known, "unknown component %q: %s has %s", name, l.Name,
			strings.Join(known, ", "))
	}
	return l.Components[i], nil
}
