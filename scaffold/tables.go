package scaffold

import (
	"embed"
	"slices"

	"github.com/slipway-build/slipway/internal/config"
	"github.com/slipway-build/slipway/patches/library"
	"github.com/slipway-build/slipway/version"
)

//go:embed projects.yaml files
var data embed.FS

// tables is what projects.yaml says.
type tables struct {
	Projects     []project  `yaml:"projects"`
	ControlPlane []member   `yaml:"control_plane"`
	Pipelines    []pipeline `yaml:"pipelines"`
}

// A project is what a fork of a project begins with.
type project struct {
	Profile    string       `yaml:"profile"`
	Version    string       `yaml:"version"`
	Components []string     `yaml:"components"`
	Patches    []maintained `yaml:"patches"`
}

// maintained is a series that Slipway maintains, and which forks take it: those of versions with any of the components,
// or, if it names none, of all versions that it is there for.
type maintained struct {
	Name       string        `yaml:"name"`
	Versions   version.Range `yaml:"versions"`
	Components []string      `yaml:"components"`
}

// A member is one fork of a control plane.
type member struct {
	Profile    string   `yaml:"profile"`
	Components []string `yaml:"components"`
	ImagesWith []string `yaml:"images_with"`
}

// A pipeline is the files of a CI service: their paths in a project, and their names in
// docs/pipelines.
type pipeline struct {
	CI    string            `yaml:"ci"`
	Files map[string]string `yaml:"files"`
}

func readTables() (tables, error) {
	const name = "projects.yaml"
	text, err := data.ReadFile(name)
	if err != nil {
		return tables{}, err
	}
	var t tables
	file, err := config.Read(name, text, &t)
	if err != nil {
		return tables{}, err
	}
	return t, file.Check(nil)
}

func (t tables) profiles() []string {
	var names []string
	for _, p := range t.Projects {
		names = append(names, p.Profile)
	}
	return names
}

func (t tables) services() []string {
	var names []string
	for _, p := range t.Pipelines {
		names = append(names, p.CI)
	}
	return names
}

// project returns the row of a profile. One that the tables do not know has no defaults.
func (t tables) project(profile string) project {
	i := slices.IndexFunc(t.Projects, func(p project) bool { return p.Profile == profile })
	if i < 0 {
		return project{Profile: profile}
	}
	return t.Projects[i]
}

// takes reports whether a fork of a version with some components takes the series. It is an error if one that
// they need is not there for the version.
func (m maintained) takes(profile string, v version.Version, components []string) (bool, error) {
	if len(m.Components) > 0 {
		if !m.Versions.Contains(v) ||
			!slices.ContainsFunc(components, func(c string) bool { return slices.Contains(m.Components, c) }) {
			return false, nil
		}
		_, err := library.Lookup(m.Name, profile, v)
		return true, err
	}
	all, err := library.All()
	return slices.ContainsFunc(all, func(s library.Series) bool {
		return s.Name == m.Name && slices.ContainsFunc(s.Rows, func(r library.Row) bool { return r.Versions.Contains(v) })
	}), err
}
