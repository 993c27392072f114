// Package kubespray writes the variables that have Kubespray, the playbooks of
// Ansible's (https://kubespray.io), deploy a fork's images and binaries.
package kubespray

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"slices"
	"strings"
	"text/template"

	"go.yaml.in/yaml/v3"

	"github.com/slipway-build/slipway/internal/config"
	"github.com/slipway-build/slipway/platform"
	"github.com/slipway-build/slipway/version"
)

// Recipes say which variables a project comes to.
type Recipes struct {
	// Releases has which releases of Kubespray know the variables of a version: the
	// first row that holds it counts.
	Releases []Releases `yaml:"releases"`
	// Vars are rows of variables: all that hold the version, one below the other.
	Vars []Vars `yaml:"vars"`
}

// Releases are some of Kubespray's.
type Releases struct {
	Versions  version.Range `yaml:"versions"`
	Kubespray string        `yaml:"kubespray"` // v2.12.0 to v2.27
}

// Vars are variables, with what their values are made of.
type Vars struct {
	Versions version.Range `yaml:"versions"`
	Programs []string      `yaml:"programs"` // whose files they name, if the fork has them
	Text     string        `yaml:"text"`     // YAML, in the syntax of text/template: see functions
}

// Validate returns what is wrong with the recipes.
func (r Recipes) Validate() []config.Fault {
	var faults []config.Fault
	for i, row := range r.Releases {
		if err := row.Versions.Validate(); err != nil {
			faults = append(faults, config.Faultf(fmt.Sprintf("releases[%d].versions", i), "%v", err))
		}
		if row.Kubespray == "" {
			faults = append(faults, config.At("releases", i, "want kubespray: which releases, as v2.12.0 to v2.27"))
		}
	}
	if len(r.Vars) == 0 {
		faults = append(faults, config.Faultf("vars", "names none"))
	}
	for i, row := range r.Vars {
		if err := row.Versions.Validate(); err != nil {
			faults = append(faults, config.Faultf(fmt.Sprintf("vars[%d].versions", i), "%v", err))
		}
		if _, err := template.New("text").Funcs(Input{}.functions()).Parse(row.Text); err != nil {
			faults = append(faults, config.Faultf(fmt.Sprintf("vars[%d].text", i), "%v", err))
		}
		if row.Text == "" {
			faults = append(faults, config.At("vars", i, "want text: the variables, YAML"))
		}
	}
	return faults
}

// Programs returns those that the variables of a version name, sorted.
func (r Recipes) Programs(v version.Version) []string {
	var out []string
	for _, row := range r.at(v) {
		out = append(out, row.Programs...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// at returns the rows that hold a version.
func (r Recipes) at(v version.Version) []Vars {
	return slices.DeleteFunc(slices.Clone(r.Vars), func(row Vars) bool { return !row.Versions.Contains(v) })
}

// An Input is what the variables are about.
type Input struct {
	Fork     string
	Profile  string // the file that the recipes are from, for errors
	Version  version.Version
	Registry string   // where the images are: registry.example.org/team
	Tag      string   // that they have
	Images   []string // by name: those that are made
	URL      string   // where the binaries are published; may be empty
	Programs map[string]Program
}

// A Program is one that the fork has.
type Program struct {
	File string            // the name of its binary
	Sums map[string]string // by architecture, hex
}

// A Sum is the SHA-256 of a program's binary for an architecture.
type Sum struct{ Arch, SHA256 string }

// Write returns the file of variables. An error is what is to be given, built or
// made first, or what is wrong with the recipes.
func (r Recipes) Write(in Input) ([]byte, error) {
	rows := r.at(in.Version)
	if len(rows) == 0 {
		return nil, fmt.Errorf("%s has no variables for %s: add a row to its table \"vars\"", in.Profile, in.Version)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "# Has Kubespray deploy the fork %s, %s. Written by mage deploy:kubespray.\n", in.Fork, in.Version)
	if i := slices.IndexFunc(r.Releases, func(row Releases) bool { return row.Versions.Contains(in.Version) }); i >= 0 {
		fmt.Fprintf(&b, "# The variables are those of Kubespray %s; take a release that knows this minor version.\n", r.Releases[i].Kubespray)
	}
	b.WriteString("# Roles set some of them, which an inventory cannot change: give the file on the command line.\n#   ansible-playbook -e @kubespray.yml … cluster.yml\n")
	for _, row := range rows {
		err := row.write(&b, in)
		var l lack
		if errors.As(err, &l) {
			return nil, l
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", in.Profile, err)
		}
	}
	if err := yaml.Unmarshal(b.Bytes(), &map[string]any{}); err != nil {
		return nil, fmt.Errorf("%s comes to no YAML: %w", in.Profile, err)
	}
	return b.Bytes(), nil
}

// write writes the variables of a row.
func (v Vars) write(w io.Writer, in Input) error {
	t, err := template.New("text").Option("missingkey=error").Funcs(in.functions()).Parse(v.Text)
	if err != nil {
		return err
	}
	return t.Execute(w, struct {
		version.Fields
		Upstream, Tag string
		Programs      []string
	}{in.Version.Fields(), in.Version.Upstream(), in.Tag, v.Programs})
}

// A lack is an error of whoever asks for the variables, not of their template.
type lack struct{ error }

// functions are those that a template calls. They leave out what Ansible is to
// fill in.
func (in Input) functions() template.FuncMap {
	image := func(name string) (string, error) {
		if !slices.Contains(in.Images, name) {
			return "", lack{fmt.Errorf("no image %s is made: mage image -fork=%s", name, in.Fork)}
		}
		return in.Registry + "/" + name, nil
	}
	program := func(name string) (Program, error) {
		p, ok := in.Programs[name]
		if !ok {
			return p, lack{fmt.Errorf("program %s: Kubespray installs it, and the fork does not build it: name it in build.components", name)}
		}
		return p, nil
	}
	return template.FuncMap{
		// image NAME is where an image is, without a tag; an error if it is not made.
		"image": image,
		// registry NAME… is where all these images are.
		"registry": func(names ...string) (string, error) {
			for _, name := range names {
				if _, err := image(name); err != nil {
					return "", err
				}
			}
			return in.Registry, nil
		},
		// made NAME is whether an image is made.
		"made": func(name string) bool { return slices.Contains(in.Images, name) },
		// built NAME is whether the fork has a program.
		"built": func(name string) bool { _, ok := in.Programs[name]; return ok },
		// url NAME ARCH is where its binary is published, in the layout of dist/FORK/bin
		// below the version.
		"url": func(name, arch string) (string, error) {
			p, err := program(name)
			if err == nil && in.URL == "" {
				err = lack{errors.New("-url: say where the binaries are published, as -url=https://downloads.example.org/kubernetes")}
			}
			// A plus is a space to some servers where it is not escaped.
			v := strings.ReplaceAll(in.Version.String(), "+", "%2B")
			return strings.Join([]string{in.URL, v, platform.Platform{OS: "linux", Arch: arch}.Dir(), p.File}, "/"), err
		},
		// sums NAME are those of its binaries, by architecture.
		"sums": func(name string) ([]Sum, error) {
			p, err := program(name)
			var out []Sum
			for _, arch := range slices.Sorted(maps.Keys(p.Sums)) {
				out = append(out, Sum{arch, p.Sums[arch]})
			}
			return out, err
		},
		// sum NAME ARCH is that of one.
		"sum": func(name, arch string) (string, error) {
			p, err := program(name)
			if err == nil && p.Sums[arch] == "" {
				err = lack{fmt.Errorf("program %s: Kubespray of that time installs it for %s alone: name linux/%[2]s in build.platforms", name, arch)}
			}
			return p.Sums[arch], err
		},
	}
}

// CheckURL returns what is wrong with a URL to publish below, if anything.
func CheckURL(s string) error {
	if u, err := url.Parse(s); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.RawQuery+u.Fragment != "" || strings.ContainsAny(s, "{}\"\\") {
		return fmt.Errorf("-url=%s is none to publish below: write it as https://downloads.example.org/kubernetes", s)
	}
	return nil
}
