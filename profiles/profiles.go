// Package profiles holds the facts about a whole project across its versions,
// as data: its layout, its components, its stamps.
package profiles

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"golang.org/x/mod/module"

	"github.com/slipway-build/slipway/cross"
	"github.com/slipway-build/slipway/internal/config"
	"github.com/slipway-build/slipway/source"
	"github.com/slipway-build/slipway/version"
)

//go:embed *.yaml */*.yaml */files
var builtin embed.FS

// A Profile is one project. Its tables have a row for a range of versions; the
// first row that holds a version counts.
type Profile struct {
	Name string `yaml:"name"`
	// Modules are the Go modules that versions of the project are published as.
	Modules []Module `yaml:"modules"`
	// Downloads is the folder of the project's downloads in a repository, where upstream's server has
	// one of that name; the project's own name if empty.
	Downloads string `yaml:"downloads"`
	// DownloadsAs are further paths of tarballs in the folder of a version's downloads.
	DownloadsAs []Download        `yaml:"downloads_as"`
	Layout      []source.Layout   `yaml:"layout"`
	Build       []cross.Settings  `yaml:"build"`
	Components  []cross.Component `yaml:"components"`

	builtin bool // all of it is part of Slipway
}

// A Module is the Go module that a range of versions is published as.
type Module struct {
	Versions version.Range `yaml:"versions"`
	Path     string        `yaml:"path"` // example.org/ship
}

func (m Module) validate() []config.Fault {
	var faults []config.Fault
	if err := m.Versions.Validate(); err != nil {
		faults = append(faults, config.Faultf("versions", "%v", err))
	}
	if err := module.CheckPath(m.Path); err != nil {
		faults = append(faults, config.Faultf("path", "%v", err))
	}
	return faults
}

// ModuleAt returns the path of the Go module that version v is published as, or "" where the
// profile names none.
func (p Profile) ModuleAt(v version.Version) string {
	for _, m := range p.Modules {
		if m.Versions.Contains(v) {
			return m.Path
		}
	}
	return ""
}

// A Download is a further path of a tarball, where scripts that deploy the project look for it.
type Download struct {
	Versions version.Range `yaml:"versions"`
	Tarball  string        `yaml:"tarball"` // its name: ship-server-linux-amd64.tar.gz
	Path     string        `yaml:"path"`    // in the folder of the version
}

func (d Download) validate() []config.Fault {
	var faults []config.Fault
	if err := d.Versions.Validate(); err != nil {
		faults = append(faults, config.Faultf("versions", "%v", err))
	}
	if d.Tarball == "" || path.Base(d.Tarball) != d.Tarball {
		faults = append(faults, config.Faultf("tarball", "want the name of a tarball"))
	}
	if !fs.ValidPath(d.Path) || d.Path == "." {
		faults = append(faults, config.Faultf("path", "want a path in the folder of a version"))
	}
	return faults
}

// Further returns the further paths of a version's tarballs, by their names.
func (p Profile) Further(v version.Version) map[string]string {
	paths := map[string]string{}
	for _, d := range p.DownloadsAs {
		if d.Versions.Contains(v) {
			paths[d.Tarball] = d.Path
		}
	}
	return paths
}

// Load returns the profile of that name: from the project's folder profiles, or
// one that is part of Slipway. An unknown name is a Fault of whoever gave it.
func Load(project, name string) (Profile, []config.Fault, error) {
	p, from, err := read[Profile](project, name+".yaml")
	if errors.Is(err, fs.ErrNotExist) {
		return Profile{}, []config.Fault{config.Faultf("profile", "unknown profile %q: Slipway has %s; write your own to %s",
			name, strings.Join(Names(), ", "), path.Join("profiles", name+".yaml"))}, nil
	}
	if err != nil {
		return Profile{}, nil, err
	}
	p.builtin = from.own == nil
	faults := p.Validate()
	if p.Name != name {
		faults = append(faults, config.Faultf("name", "want the name of the file, %s", name))
	}
	return p, nil, from.check(faults)
}

// Names returns the profiles that are part of Slipway, sorted.
func Names() []string {
	files, _ := fs.Glob(builtin, "*.yaml")
	for i, f := range files {
		files[i] = strings.TrimSuffix(f, ".yaml")
	}
	return files
}

// Validate returns what is wrong with the profile.
func (p Profile) Validate() []config.Fault {
	var faults []config.Fault
	for i, m := range p.Modules {
		faults = append(faults, config.Below(fmt.Sprintf("modules[%d]", i), m.validate())...)
	}
	for i, d := range p.DownloadsAs {
		faults = append(faults, config.Below(fmt.Sprintf("downloads_as[%d]", i), d.validate())...)
	}
	for i, l := range p.Layout {
		faults = append(faults, config.Below(fmt.Sprintf("layout[%d]", i), l.Validate())...)
	}
	for i, s := range p.Build {
		faults = append(faults, config.Below(fmt.Sprintf("build[%d]", i), s.Validate())...)
	}
	if len(p.Components) == 0 {
		faults = append(faults, config.Faultf("components", "is empty"))
	}
	for i, c := range p.Components {
		faults = append(faults, config.Below(fmt.Sprintf("components[%d]", i), c.Validate())...)
	}
	return faults
}

// LayoutAt returns the places of the modules of the upstream's version v in its
// repository.
func (p Profile) LayoutAt(v version.Version) source.Layout {
	for _, l := range p.Layout {
		if l.Versions.Contains(v) {
			return l
		}
	}
	return source.Layout{}
}

// Settings returns how version v is compiled, or an error if the profile does
// not say.
func (p Profile) Settings(v version.Version) (cross.Settings, error) {
	for _, s := range p.Build {
		if s.Versions.Contains(v) {
			return s, nil
		}
	}
	return cross.Settings{}, p.unknown(v)
}

// ComponentsAt returns the components that version v has.
func (p Profile) ComponentsAt(v version.Version) []cross.Component {
	var out []cross.Component
	for _, c := range p.Components {
		if c.Versions.Contains(v) && !slices.ContainsFunc(out, func(o cross.Component) bool { return o.Name == c.Name }) {
			out = append(out, c)
		}
	}
	return out
}
