// Package kubespray writes variables for Kubespray, a set of Ansible playbooks
// (https://kubespray.io), which make it deploy a fork's images and binaries.
//
// The variables of a project are data: [Recipes], a file of its profile. Each row is a
// template of YAML for some versions, and Recipes.Write fills it in for a fork, the
// [Input].
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
	"unicode"

	"go.yaml.in/yaml/v3"

	"github.com/slipway-build/slipway/internal/config"
	"github.com/slipway-build/slipway/platform"
	"github.com/slipway-build/slipway/version"
)

// Recipes is kubespray.yaml of a profile: the variables of a project.
type Recipes struct {
	// Releases tells which releases of Kubespray know the variables for a version: the
	// first row whose range contains the version.
	Releases []Releases `yaml:"releases"`
	// Vars are rows of variables. All whose range contains the version are written, one
	// below the other.
	Vars []Vars `yaml:"vars"`
}

// Releases are some releases of Kubespray.
type Releases struct {
	Versions  version.Range `yaml:"versions"`
	Kubespray string        `yaml:"kubespray"` // v2.12.0 to v2.27
}

// Vars are variables for some versions.
type Vars struct {
	Versions version.Range `yaml:"versions"`
	Programs []string      `yaml:"programs"` // whose binaries the variables name, if the fork has them
	Text     string        `yaml:"text"`     // a template of YAML, by text/template; see Input.functions
}

// Validate returns what is wrong with the recipes.
func (r Recipes) Validate() []config.Fault {
	var faults []config.Fault
	for i, row := range r.Releases {
		if err := row.Versions.Validate(); err != nil {
			faults = append(faults, config.Faultf(fmt.Sprintf("releases[%d].versions", i), "%v", err))
		}
		if row.Kubespray == "" {
			faults = append(faults, config.At("releases", i,
				"kubespray is missing: name the releases, such as v2.12.0 to v2.27"))
		}
	}
	if len(r.Vars) == 0 {
		faults = append(faults, config.Faultf("vars", "is empty: want at least one row"))
	}
	for i, row := range r.Vars {
		if err := row.Versions.Validate(); err != nil {
			faults = append(faults, config.Faultf(fmt.Sprintf("vars[%d].versions", i), "%v", err))
		}
		if _, err := template.New("text").Funcs(Input{}.functions()).Parse(row.Text); err != nil {
			faults = append(faults, config.Faultf(fmt.Sprintf("vars[%d].text", i), "%v", err))
		}
		if row.Text == "" {
			faults = append(faults, config.At("vars", i, "text is missing: want the variables as YAML"))
		}
	}
	return faults
}

// Programs returns the programs of a version's variables, sorted.
func (r Recipes) Programs(v version.Version) []string {
	var out []string
	for _, row := range r.at(v) {
		out = append(out, row.Programs...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// at returns the rows whose range contains a version.
func (r Recipes) at(v version.Version) []Vars {
	return slices.DeleteFunc(slices.Clone(r.Vars), func(row Vars) bool { return !row.Versions.Contains(v) })
}

// An Input is a fork, as far as the variables name it.
type Input struct {
	Fork     string
	Profile  string // the file of the recipes, for errors
	Version  version.Version
	Registry string   // of the images: registry.example.org/team
	Tag      string   // of the images
	Images   []string // the names of those that are made
	URL      string   // where the binaries are published; may be empty
	Programs map[string]Program
}

// A Program is a program that the fork builds.
type Program struct {
	File string            // the name of its binary
	Sums map[string]string // by architecture, hex
}

// A Sum is the SHA-256 of a program's binary for an architecture.
type Sum struct{ Arch, SHA256 string }

// Write returns the file of variables. An error says what to give, build or make
// first, or what is wrong with the recipes.
func (r Recipes) Write(in Input) ([]byte, error) {
	rows := r.at(in.Version)
	if len(rows) == 0 {
		return nil, fmt.Errorf("%s has no variables for %s: add a row to its table vars", in.Profile, in.Version)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "# Has Kubespray deploy the fork %s, %s. Written by mage deploy:kubespray.\n", in.Fork, in.Version)
	known := func(row Releases) bool { return row.Versions.Contains(in.Version) }
	if i := slices.IndexFunc(r.Releases, known); i >= 0 {
		fmt.Fprintf(&b, "# The variables are those of Kubespray %s; take a release that knows this minor version.\n",
			r.Releases[i].Kubespray)
	}
	b.WriteString("# Roles set some of them, which an inventory cannot change: give the file on the command line.\n" +
		"#   ansible-playbook -e @kubespray.yml … cluster.yml\n")
	for _, row := range rows {
		var text bytes.Buffer
		err := row.write(&text, in)
		if m, ok := errors.AsType[*MissingError](err); ok {
			return nil, m
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", in.Profile, err)
		}
		below(&b, text.Bytes())
	}
	if err := yaml.Unmarshal(b.Bytes(), &map[string]any{}); err != nil {
		return nil, fmt.Errorf("%s does not make valid YAML: %w\n  The lines are those of kubespray.yml, which all rows of "+
			"vars make, those of Slipway too: set a variable once", in.Profile, err)
	}
	return b.Bytes(), nil
}

// below adds text to a file in a line of its own.
func below(b *bytes.Buffer, text []byte) {
	if len(text) > 0 && text[0] != '\n' && !bytes.HasSuffix(b.Bytes(), []byte("\n")) {
		b.WriteByte('\n')
	}
	b.Write(text)
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

// A MissingError is of what the user has to give, build or make first. It is not the
// template's fault, so the error does not name that.
type MissingError struct {
	Image, Program string // that is missing, or neither
	text           string
}

func (e *MissingError) Error() string { return e.text }

// functions are those that the templates call. They leave out what Ansible fills in.
func (in Input) functions() template.FuncMap {
	return template.FuncMap{
		// image NAME is an image's name, without a tag; an error if it is not made.
		"image": in.image,
		// registry NAME… is the registry with all these images.
		"registry": in.registry,
		// made NAME is whether an image is made.
		"made": func(name string) bool { return slices.Contains(in.Images, name) },
		// built NAME is whether the fork has a program.
		"built": func(name string) bool { _, ok := in.Programs[name]; return ok },
		// url NAME ARCH is the URL of a program's binary, in the layout of dist/FORK/bin
		// below the version.
		"url": in.url,
		// sums NAME are the sums of a program's binaries, by architecture.
		"sums": in.sums,
		// sum NAME ARCH is one of them.
		"sum": in.sum,
		// quote VALUE… is all of them in one string of YAML, in which Ansible finds nothing
		// to fill in but what url has.
		"quote": quote,
	}
}

func (in Input) image(name string) (string, error) {
	if !slices.Contains(in.Images, name) {
		return "", &MissingError{Image: name, text: fmt.Sprintf("image %s is not made: run mage image -fork=%s",
			name, in.Fork)}
	}
	return in.Registry + "/" + name, nil
}

func (in Input) registry(names ...string) (string, error) {
	for _, name := range names {
		if _, err := in.image(name); err != nil {
			return "", err
		}
	}
	return in.Registry, nil
}

func (in Input) program(name string) (Program, error) {
	p, ok := in.Programs[name]
	if !ok {
		return p, &MissingError{Program: name, text: fmt.Sprintf(
			"program %s: Kubespray installs it, but the fork does not build it: add it to build.components", name)}
	}
	return p, nil
}

func (in Input) url(name, arch string) (jinja, error) {
	p, err := in.program(name)
	if err == nil && in.URL == "" {
		err = &MissingError{
			text: "-url: say where the binaries are published, such as -url=https://downloads.example.org/kubernetes",
		}
	}
	// To some servers an unescaped plus is a space.
	v := strings.ReplaceAll(in.Version.String(), "+", "%2B")
	dir := platform.Platform{OS: "linux", Arch: arch}.Dir()
	return literal(in.URL+"/"+v+"/") + jinja(dir) + literal("/"+p.File), err
}

func (in Input) sums(name string) ([]Sum, error) {
	p, err := in.program(name)
	var out []Sum
	for _, arch := range slices.Sorted(maps.Keys(p.Sums)) {
		out = append(out, Sum{arch, p.Sums[arch]})
	}
	return out, err
}

func (in Input) sum(name, arch string) (string, error) {
	p, err := in.program(name)
	if err == nil && p.Sums[arch] == "" {
		err = &MissingError{text: fmt.Sprintf("program %s: these releases of Kubespray install it for %s only: "+
			"add linux/%[2]s to build.platforms", name, arch)}
	}
	return p.Sums[arch], err
}

// CheckURL returns an error if binaries cannot be published below a URL.
func CheckURL(s string) error {
	u, err := url.Parse(s)
	odd := func(r rune) bool {
		return strings.ContainsRune("{}\"\\", r) || !unicode.IsGraphic(r) || unicode.IsSpace(r)
	}
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.RawQuery+u.Fragment != "" ||
		strings.ContainsFunc(s, odd) {
		return fmt.Errorf("-url=%s is not a URL to publish below: want one like https://downloads.example.org/kubernetes", s)
	}
	return nil
}
