package profiles

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/internal/config"
)

// project writes the folder profiles of a project: texts by file.
func project(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		file := filepath.Join(dir, "profiles", name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestExtend adds rows to the tables of Slipway's profile of etcd.
func TestExtend(t *testing.T) {
	p, faults, err := Load(project(t, map[string]string{"etcd.yaml": `name: etcd
extends: slipway
layout:
  - {versions: ">=3.7.5", place: srv}
build:
  - {versions: "~3.3.0-0", mode: gopath, import_path: go.etcd.io/etcd}
  - {versions: ">=3.7.5", tags: [acme]}
components:
  - {name: etcd, main: cmd/etcd, versions: ">=3.7.5"}
  - {name: benchmark, main: tools/benchmark}
`}), "etcd")
	if err != nil || faults != nil {
		t.Fatal(err, faults)
	}
	for _, c := range []struct{ version, place, build, components string }{
		{"3.3.27+acme.1", "", "gopath", "benchmark=tools/benchmark etcd=. etcdctl=etcdctl"},
		{"3.4.16+acme.1", "", "go.etcd.io/etcd/version", "benchmark=tools/benchmark etcd=. etcdctl=etcdctl"},
		{"3.7.3", "server", "go.etcd.io/etcd/api/v3/version",
			"benchmark=tools/benchmark etcd=server etcdctl=etcdctl etcdutl=etcdutl"},
		{"3.7.5", "srv", "acme", "etcd=cmd/etcd benchmark=tools/benchmark etcdctl=etcdctl etcdutl=etcdutl"},
	} {
		v := parse(t, c.version)
		s, err := p.Settings(v)
		if err != nil {
			t.Errorf("%s: %v", v, err)
		}
		if got := strings.Join(slices.Concat([]string{s.Mode}, s.Tags, s.Stamps.Packages), ""); got != c.build {
			t.Errorf("%s is built by the row %q, want %q", v, got, c.build)
		}
		if got := p.LayoutAt(v).Place; got != c.place {
			t.Errorf("%s is placed in %q, want %q", v, got, c.place)
		}
		var got []string
		for _, component := range p.ComponentsAt(v) {
			got = append(got, component.Name+"="+component.Main)
		}
		if strings.Join(got, " ") != c.components {
			t.Errorf("%s has %q, want %s", v, got, c.components)
		}
	}
}

const bench = `extends: slipway
homepage: https://example.org
packages:
  - name: etcd-bench
    summary: measures an etcd
    description: It measures.
    programs: {benchmark: /usr/bin/benchmark}
  - name: etcdctl
    versions: ">=3.7.5"
    summary: client of Acme
    description: It asks.
    programs: {etcdctl: /usr/bin/etcdctl}
`

// TestExtendPackages adds rows to those of etcd's packages, and a file to theirs.
func TestExtendPackages(t *testing.T) {
	dir := project(t, map[string]string{
		"etcd/packages.yaml": bench, "etcd/files/etcd.options": "ETCD_NAME=acme\n", "etcd/files/bench.service": "mine\n",
	})
	for version, want := range map[string]string{"3.7.3": "command line client of etcd", "3.7.5": "client of Acme"} {
		r, files, err := Recipes(dir, "etcd", parse(t, version))
		if err != nil {
			t.Fatal(err)
		}
		if r.Homepage != "https://example.org" || r.License != "Apache-2.0" {
			t.Errorf("the page is %s, the license %s", r.Homepage, r.License)
		}
		var names []string
		for _, p := range r.Packages {
			if p.Versions.Contains(parse(t, version)) {
				names = append(names, p.Name)
			}
			if p.Versions.Contains(parse(t, version)) && p.Name == "etcdctl" && p.Summary != want {
				t.Errorf("etcdctl of %s is the %s, want %s", version, p.Summary, want)
			}
		}
		slices.Sort(names)
		if got := strings.Join(names, " "); got != "etcd etcd-bench etcdctl etcdutl" {
			t.Errorf("%s has the packages %s", version, got)
		}
		for name, part := range map[string]string{
			"etcd.options": "ETCD_NAME=acme\n", "bench.service": "mine\n", "etcd.service": "ExecStart=/usr/bin/etcd\n",
			"pods/etcd.json": "{",
		} {
			if data, err := fs.ReadFile(files, name); err != nil || !strings.Contains(string(data), part) {
				t.Errorf("%s is %q (%v), want %q in it", name, data, err, part)
			}
		}
		const want = "open profiles/etcd/files/none: file does not exist"
		if _, err := fs.ReadFile(files, "none"); !errors.Is(err, fs.ErrNotExist) || err.Error() != want {
			t.Errorf("a file that nobody has: %v, want %s", err, want)
		}
	}
}

// TestFilesOfWholeProfiles has only a file beside Slipway's packages, and packages that
// replace Slipway's.
func TestFilesOfWholeProfiles(t *testing.T) {
	v := parse(t, "3.7.3")
	_, files, err := Recipes(project(t, map[string]string{"etcd/files/etcd.options": "mine"}), "etcd", v)
	if err != nil {
		t.Fatal(err)
	}
	if data, err := fs.ReadFile(files, "etcd.options"); string(data) != "mine" {
		t.Errorf("the options are %q, %v", data, err)
	}
	whole := strings.Replace(bench, "extends: slipway\n", "license: MIT\ncopyright: Acme\nsection: misc\n", 1)
	r, files, err := Recipes(project(t, map[string]string{"etcd/packages.yaml": whole}), "etcd", v)
	if err != nil || len(r.Packages) != 2 {
		t.Fatalf("the packages are %v, %v", r.Packages, err)
	}
	if _, err := fs.ReadFile(files, "etcd.service"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("where a project lists all packages, a file of Slipway is there: %v", err)
	}
}

func TestExtendOtherTables(t *testing.T) {
	dir := project(t, map[string]string{
		"etcd/gentoo.yaml": "extends: slipway\nsummary: Acme's store\n" +
			"flags: {etcdctl: client}\nrivals: [dev-db/boat]\n",
		"etcd/images.yaml": "extends: slipway\nusers: {acme: 600}\n" +
			"images: [{name: etcd, start: etcd, programs: {etcd: /e}}]\n",
		"kubernetes/kubespray.yaml": "extends: slipway\nvars: [{text: 'x: 1'}]\n",
	})
	g, err := Gentoo(dir, "etcd")
	if err != nil || g.Category != "dev-db" || g.Summary != "Acme's store" || g.Flags["etcd"] != "+server" ||
		g.Flags["etcdctl"] != "client" || !slices.Equal(g.Rivals, []string{"dev-db/boat"}) {
		t.Errorf("in Gentoo it is %+v, %v", g, err)
	}
	i, err := Images(dir, "etcd")
	if err != nil || i.Users["acme"] != 600 || i.Users["etcd"] != 491 || len(i.Pods) != 1 {
		t.Errorf("its images are %+v, %v", i, err)
	}
	made := i.Select(parse(t, "3.7.3"), func(string) bool { return true })
	if len(made) != 2 || made[0].Programs["etcd"] != "/e" || made[1].Name != "etcd-installer" {
		t.Errorf("of 3.7.3 the images are %+v", made)
	}
	k, err := Kubespray(dir, "kubernetes")
	if err != nil || k.Vars[0].Text != "x: 1" || len(k.Vars) < 2 || len(k.Releases) == 0 {
		t.Errorf("the variables are %+v, %v", k, err)
	}
}

func TestExtendRefuses(t *testing.T) {
	for _, c := range []struct{ name, file, text, want string }{
		{"another profile", "etcd.yaml", "name: etcd\nextends: kubernetes\n",
			`profiles/etcd.yaml:2: extends: "kubernetes" is nothing to extend: want slipway, or leave it out`},
		{"a profile that Slipway does not have", "ship.yaml",
			"name: ship\nextends: slipway\ncomponents: [{name: a, main: a}]\n",
			"profiles/ship.yaml:2: extends: Slipway has no profiles/ship.yaml: leave this out"},
		{"a list", "etcd.yaml", "name: etcd\nextends: [slipway]\n", "profiles/etcd.yaml:2: extends: want a single value"},
		{"nothing", "etcd.yaml", "name: etcd\nextends:\n", "profiles/etcd.yaml:2: extends: want a single value"},
		{"an empty name", "etcd.yaml", "name: etcd\nextends: ''\n",
			`profiles/etcd.yaml:2: extends: "" is nothing to extend: want slipway, or leave it out`},
		{"an unknown key", "etcd.yaml", "name: etcd\nextends: slipway\ncomponent: []\n", "profiles/etcd.yaml:3: component: " +
			"unknown key; known here: extends, name, modules, downloads, downloads_as, layout, build, components; " +
			"did you mean components?"},
		{"another name", "etcd.yaml", "name: boat\nextends: slipway\n",
			"profiles/etcd.yaml:1: name: want the name of the file, etcd"},
		{"rows", "etcd.yaml", "name: etcd\nextends: slipway\nbuild:\n  - {mode: x}\n  - {versions: new}\n",
			"profiles/etcd.yaml:4: build[0].mode: \"x\" is not a mode: want modules or gopath\n" +
				"profiles/etcd.yaml:5: build[1].versions: improper constraint: \"new\""},
	} {
		_, _, err := Load(project(t, map[string]string{c.file: c.text}), strings.TrimSuffix(c.file, ".yaml"))
		if err == nil || err.Error() != c.want {
			t.Errorf("%s: Load() = %v, want %s", c.name, err, c.want)
		}
	}
	dir := project(t, map[string]string{"runc/images.yaml": "extends: slipway\nimages: []\n"})
	const want = "profiles/runc/images.yaml:1: extends: " +
		"Slipway has no profiles/runc/images.yaml: leave this out"
	if _, err := Images(dir, "runc"); err == nil || err.Error() != want {
		t.Errorf("Images() = %v, want %s", err, want)
	}
}

// TestFaultsNameTheirFile has faults in rows of a project and of Slipway.
func TestFaultsNameTheirFile(t *testing.T) {
	dir := project(t, map[string]string{
		"etcd.yaml": "name: etcd\nextends: slipway\ncomponents:\n  - {name: a, main: a}\n  - {name: b, main: b}\n",
	})
	_, from, err := read[Profile](dir, "etcd.yaml")
	if err != nil {
		t.Fatal(err)
	}
	data, err := builtin.ReadFile("etcd.yaml")
	if err != nil {
		t.Fatal(err)
	}
	before, _, _ := strings.Cut(string(data), "components:\n")
	line := strings.Count(before, "\n") + 3 // of the second row
	got := from.check([]config.Fault{
		{Field: "components[3].main", Message: "theirs"}, {Field: "components[1].main", Message: "ours"},
		{Field: "build[0]", Message: "theirs, too"}, {Field: "name", Message: "ours, too"},
	})
	for _, want := range []string{
		"profiles/etcd.yaml:5: components[1].main: ours", "profiles/etcd.yaml:1: name: ours, too",
		"profiles/etcd.yaml of Slipway:" + strconv.Itoa(line) + ": components[1].main: theirs", ": build[0]: theirs, too",
	} {
		if got == nil || !strings.Contains(got.Error(), want) {
			t.Errorf("check() =\n%v\nwant %s", got, want)
		}
	}
}
