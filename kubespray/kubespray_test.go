package kubespray

import (
	"strings"
	"testing"

	"github.com/slipway-build/slipway/internal/config"
	"github.com/slipway-build/slipway/version"
)

// in is a fork that builds captain for two architectures.
func in(t *testing.T) Input {
	t.Helper()
	v, err := version.Parse("1.4.1+acme.1")
	if err != nil {
		t.Fatal(err)
	}
	return Input{
		Fork: "ship-1.4", Profile: "profiles/ship/kubespray.yaml", Version: v,
		Registry: "registry.example.org/team", Tag: "v1.4.1_acme.1",
		Images: []string{"ship"}, URL: "https://downloads.example.org/ship",
		Programs: map[string]Program{"captain": {File: "crew", Sums: map[string]string{"arm64": "22", "amd64": "11"}}},
	}
}

// read returns recipes, which have to be valid.
func read(t *testing.T, text string) Recipes {
	t.Helper()
	var r Recipes
	file, err := config.Read("kubespray.yaml", []byte(text), &r)
	if err != nil {
		t.Fatal(err)
	}
	if err := file.Check(r.Validate()); err != nil {
		t.Fatal(err)
	}
	return r
}

const rows = `releases:
  - {versions: "<1.4", kubespray: v2.0}
  - {kubespray: v2.1 and later}
  - {kubespray: v2.2}
vars:
  - text: |
      ship: "{{image "ship"}}:{{.Tag}}"
      all: "{{registry "ship"}}"
      {{if made "boat"}}boat: true{{end -}}
  - versions: "<1.4"
    programs: [boatswain]
    text: |
      old: true
  - versions: ">=1.4"
    programs: [captain, bosun, captain]
    text: |
      names: {{.Programs}}
      version: "{{.Version}} {{.Upstream}} {{.Minor}}"
      url: "{{url "captain" "{{ image_arch }}"}}"
      one: "{{sum "captain" "arm64"}}"
      sums:
      {{- range sums "captain"}}
        {{.Arch}}: "{{.SHA256}}"
      {{- end}}
      bosun: {{built "bosun"}}
`

func TestWrite(t *testing.T) {
	r := read(t, rows)
	data, err := r.Write(in(t))
	if err != nil {
		t.Fatal(err)
	}
	const want = `# Has Kubespray deploy the fork ship-1.4, 1.4.1+acme.1. Written by mage deploy:kubespray.
# The variables are those of Kubespray v2.1 and later; take a release that knows this minor version.
# Roles set some of them, which an inventory cannot change: give the file on the command line.
#   ansible-playbook -e @kubespray.yml … cluster.yml
ship: "registry.example.org/team/ship:v1.4.1_acme.1"
all: "registry.example.org/team"
names: [captain bosun captain]
version: "1.4.1+acme.1 1.4.1 4"
url: "https://downloads.example.org/ship/1.4.1%2Bacme.1/linux_{{ image_arch }}/crew"
one: "22"
sums:
  amd64: "11"
  arm64: "22"
bosun: false
`
	if string(data) != want {
		t.Errorf("it is\n%s\nwant\n%s", data, want)
	}
	if got := strings.Join(r.Programs(in(t).Version), " "); got != "bosun captain" {
		t.Errorf("its programs are %s, want bosun captain", got)
	}
}

// TestWriteLines has rows whose text does not end a line, and one that is empty.
func TestWriteLines(t *testing.T) {
	r := Recipes{Vars: []Vars{{Text: "a: 1"}, {Text: "b: 2"}, {Text: "{{if false}}x{{end}}"}, {Text: "\nc: 3"}}}
	data, err := r.Write(in(t))
	const want = "cluster.yml\na: 1\nb: 2\nc: 3"
	if err != nil || !strings.HasSuffix(string(data), want) {
		t.Errorf("it is\n%s(%v), want at its end\n%s", data, err, want)
	}
}

// TestWriteErrors holds that an error says what to do, to whoever has to.
func TestWriteErrors(t *testing.T) {
	for _, c := range []struct {
		text string
		edit func(*Input)
		want string
	}{
		{`x: "{{url "captain" "amd64"}}"`, func(in *Input) { in.URL = "" },
			"-url: say where the binaries are published, such as -url=https://downloads.example.org/kubernetes"},
		{`x: "{{image "boat"}}"`, nil, "image boat is not made: run mage image -fork=ship-1.4"},
		{`x: "{{registry "ship" "boat"}}"`, nil, "image boat is not made: run mage image -fork=ship-1.4"},
		{`x: "{{url "bosun" "amd64"}}"`, nil,
			"program bosun: Kubespray installs it, but the fork does not build it: add it to build.components"},
		{`x: {{range sums "bosun"}}{{end}}`, nil,
			"program bosun: Kubespray installs it, but the fork does not build it: add it to build.components"},
		{`x: {{sum "captain" "s390x"}}`, nil,
			"program captain: these releases of Kubespray install it for s390x only: add linux/s390x to build.platforms"},
		{`x: {{.Captain}}`, nil, "profiles/ship/kubespray.yaml: template: text:1:5: executing"},
		{"x: 1\nx: 2", nil, "profiles/ship/kubespray.yaml does not make valid YAML: yaml: unmarshal errors:\n" +
			`  line 5: mapping key "x" already defined at line 4` +
			"\n  The lines are those of kubespray.yml, which all rows of vars make, those of "},
		{"x: [", nil, "profiles/ship/kubespray.yaml does not make valid YAML: yaml: line 4: "},
	} {
		given := in(t)
		if c.edit != nil {
			c.edit(&given)
		}
		data, err := Recipes{Vars: []Vars{{Text: c.text}}}.Write(given)
		if err == nil || !strings.HasPrefix(err.Error(), c.want) || data != nil {
			t.Errorf("%s: %v, with %q, want %s", c.text, err, data, c.want)
		}
	}
	_, err := Recipes{Vars: []Vars{{Versions: "<1", Text: "x: 1"}}}.Write(in(t))
	const want = "profiles/ship/kubespray.yaml has no variables for 1.4.1+acme.1: add a row to its table vars"
	if err == nil || err.Error() != want {
		t.Errorf("of no row: %v, want %s", err, want)
	}
}

func TestValidate(t *testing.T) {
	for _, c := range []struct {
		recipes Recipes
		want    string
	}{
		{Recipes{}, "vars: is empty: want at least one row"},
		{Recipes{Vars: []Vars{{Versions: "none", Text: "x: 1"}}}, `vars[0].versions: improper constraint: "none"`},
		{Recipes{Vars: []Vars{{}, {Text: "{{captain}}"}}},
			"vars[0]: text is missing: want the variables as YAML\n" +
				`vars[1].text: template: text:1: function "captain" not defined`},
		{
			Recipes{Releases: []Releases{{Versions: "none"}}, Vars: []Vars{{Text: "x: 1"}}},
			`releases[0].versions: improper constraint: "none"` +
				"\nreleases[0]: kubespray is missing: name the releases, such as v2.12.0 to v2.27",
		},
	} {
		var got []string
		for _, f := range c.recipes.Validate() {
			got = append(got, f.Field+": "+f.Message)
		}
		if strings.Join(got, "\n") != c.want {
			t.Errorf("%+v: %q, want %q", c.recipes, got, c.want)
		}
	}
}

func TestCheckURL(t *testing.T) {
	for url, good := range map[string]bool{
		"https://downloads.example.org/kubernetes": true,
		"http://downloads.example.org:8080":        true,
		"https://downloads.example.org/a/":         true,
		"":                                         false,
		"downloads.example.org":                    false,
		"ftp://downloads.example.org":              false,
		"https:///x":                               false,
		"https://downloads.example.org/?a=b":       false,
		"https://downloads.example.org/#a":         false,
		"https://downloads.example.org/{{ x }}":    false,
		`https://downloads.example.org/"`:          false,
		`https://downloads.example.org/\`:          false,
	} {
		if err := CheckURL(url); (err == nil) != good {
			t.Errorf("%q: %v, want it to be good: %v", url, err, good)
		}
	}
}
