package ebuilds

import (
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/internal/testkit"
	"github.com/slipway-build/slipway/packaging"
	"github.com/slipway-build/slipway/version"
)

// TestProjectValidate has each rule. To add one, add a row: what is different from
// ship's project, and the faults, as FIELD: MESSAGE.
func TestProjectValidate(t *testing.T) {
	const summary = "summary: want one line of at most 80 characters, without \" $ ` and \\"
	for _, c := range []struct {
		name   string
		change func(*Project)
		want   []string
	}{
		{"as it is", func(*Project) {}, nil},
		{"nothing optional", func(p *Project) { p.Flags, p.Accounts, p.Rivals, p.Remote = nil, nil, nil, "" }, nil},
		{"no category", func(p *Project) { p.Category = "" },
			[]string{`category: "" is not a category: write it like sys-cluster`}},
		{"half a category", func(p *Project) { p.Category = "misc" },
			[]string{`category: "misc" is not a category: write it like sys-cluster`}},
		{"a folder", func(p *Project) { p.Category = "app-misc/x" }, []string{`category: "app-misc/x" is not a category`}},
		{"a space", func(p *Project) { p.Name = "a ship" },
			[]string{`name: "a ship" is not a package name: want letters, digits, _, + and -`}},
		{"a version in the name", func(p *Project) { p.Name = "ship-2" },
			[]string{`name: "ship-2" ends like a version: write it without -2`}},
		{"a number in the name", func(p *Project) { p.Name = "ship2-x-2y3" }, nil},
		{"no summary", func(p *Project) { p.Summary = "" }, []string{summary}},
		{"the longest summary", func(p *Project) { p.Summary = strings.Repeat("a", 80) }, nil},
		{"one too long", func(p *Project) { p.Summary = strings.Repeat("a", 81) }, []string{summary}},
		{"quotes", func(p *Project) { p.Summary = `says "hi"` }, []string{summary}},
		{"a variable", func(p *Project) { p.Summary = "costs $HOME" }, []string{summary}},
		{"a command", func(p *Project) { p.Summary = "is `id`" }, []string{summary}},
		{"a backslash", func(p *Project) { p.Summary = `a\b` }, []string{summary}},
		{"two lines", func(p *Project) { p.Summary = "a\nb" }, []string{summary}},
		{"a flag", func(p *Project) { p.Flags["mate"] = "-mate" }, []string{`flags.mate: "-mate" is not a USE flag`}},
		{"an empty flag", func(p *Project) { p.Flags["mate"] = "" }, []string{`flags.mate: "" is not a USE flag`}},
		{"root", func(p *Project) { p.Accounts["bosun"] = 0 },
			[]string{"accounts.bosun: 0 is not the id of a system user: want 1 to 999"}},
		{"a person", func(p *Project) { p.Accounts["bosun"] = 1000 },
			[]string{"accounts.bosun: 1000 is not the id of a system user: want 1 to 999"}},
		{"a user's odd name", func(p *Project) { p.Accounts["the bosun"] = 492 },
			[]string{`accounts.the bosun: "the bosun" is not the name of a user: want a-z, 0-9, _ and -`}},
		{"two users of one id", func(p *Project) { p.Accounts["mate"] = 491 },
			[]string{"accounts.mate: bosun has the id 491, too"}},
		{"a rival without a category", func(p *Project) { p.Rivals = []string{"app-misc/boat", "boat"} },
			[]string{`rivals[1]: "boat" is not a package: write it like sys-cluster/kubelet`}},
		{"a USE flag", crew, nil},
		{"a USE flag with an odd name", func(p *Project) { crew(p); p.Use[0].Flag = "-deck" },
			[]string{`use[0].flag: "-deck" is not a USE flag`}},
		{"one that says nothing of itself", func(p *Project) { crew(p); p.Use[0].Summary = "" },
			[]string{"use[0].summary: want one line that says what the flag does"}},
		{"one with two tags", func(p *Project) { crew(p); p.Use[0].Tag = "a,b" },
			[]string{`use[0].tag: "a,b" is not a build tag: want letters, digits, _ and .`}},
		{"one that no package has", func(p *Project) { crew(p); p.Use[0].Package = "" },
			[]string{"use[0].package: want the package that needs app-misc/rum"}},
		{"one with a need without a category", func(p *Project) { crew(p); p.Use[0].Needs = []string{"rum"} },
			[]string{`use[0].needs[0]: "rum" is not a package: write it like net-misc/socat`}},
		{"one of odd versions", func(p *Project) { crew(p); p.Use[0].Versions = "new" }, []string{"use[0].versions: "}},
		{"a feature", func(p *Project) { p.Features = []Feature{{"bosun", "", "rations", []string{"app-misc/rum"}}} }, nil},
		{"a feature without anything", func(p *Project) { p.Features = []Feature{{Versions: "new"}} }, []string{
			"features[0].package: want the name of a package of packages.yaml", "features[0].versions: ",
			"features[0].for: want one line that says what it is for",
			"features[0].any: is empty: list packages, such as net-misc/socat",
		}},
		{"a feature of no category", func(p *Project) { p.Features = []Feature{{"bosun", "", "rations", []string{"rum"}}} },
			[]string{`features[0].any[0]: "rum" is not a package: write it like net-misc/socat`}},
		{"a note", func(p *Project) { p.Notes = map[string][]string{"bosun": {"Ahoy.", "a\nb"}} },
			[]string{"notes.bosun[1]: want one line"}},
		{"all at once", func(p *Project) {
			*p = Project{Flags: map[string]string{"b": "", "a": ""}, Accounts: map[string]int{"c": 0}, Rivals: []string{""}}
		}, []string{"category: ", "name: ", "summary: ", "flags.a: ", "flags.b: ", "accounts.c: ", "rivals[0]: "}},
	} {
		p := shipFork().Project
		c.change(&p)
		testkit.Faults(t, c.name, p.Validate(), c.want...)
	}
}

func TestSettingsValidate(t *testing.T) {
	const url = " is not the URL of a folder: write it like https://example.org/distfiles"
	for _, c := range []struct {
		name     string
		settings Settings
		want     []string
	}{
		{"nothing", Settings{}, nil},
		{"all", Settings{Distfiles: "https://example.org/x", Repository: "acme-overlay_2"}, nil},
		{"http", Settings{Distfiles: "http://example.org"}, nil},
		{"no scheme", Settings{Distfiles: "example.org"}, []string{`distfiles: "example.org"` + url}},
		{"no host", Settings{Distfiles: "https:///x"}, []string{`distfiles: "https:///x"` + url}},
		{"another scheme", Settings{Distfiles: "ftp://example.org"}, []string{`distfiles: "ftp://example.org"` + url}},
		{"no URL at all", Settings{Distfiles: "https://a b"}, []string{`distfiles: "https://a b"` + url}},
		{"a folder with a space", Settings{Distfiles: "https://example.org/a b"},
			[]string{`distfiles: "https://example.org/a b"` + url}},
		{"a command", Settings{Distfiles: "https://example.org/$(id)"},
			[]string{`distfiles: "https://example.org/$(id)"` + url}},
		{"a space", Settings{Repository: "a b"},
			[]string{`repository: "a b" is not a repository name: want letters, digits, _ and -`}},
		{"a holder and a notice", Settings{Copyright: "Acme's fleet", Notice: "SPDX-License-Identifier: MIT"}, nil},
		{"a holder of two lines", Settings{Copyright: "a\nb"}, []string{`copyright: "a\nb" is not one line of text`}},
		{"a notice that ends in a blank", Settings{Notice: "MIT "}, []string{`notice: "MIT " is not one line of text`}},
	} {
		testkit.Faults(t, c.name, c.settings.Defaulted().Validate(), c.want...)
	}
	if got := (Settings{}).Defaulted().Repository; got != "slipway" {
		t.Errorf("the repository is %q by default, want slipway", got)
	}
	if got := (Settings{Repository: "acme"}).Defaulted().Repository; got != "acme" {
		t.Errorf("Defaulted() makes acme %q", got)
	}
}

// crew gives a project a USE flag.
func crew(p *Project) {
	p.Use = []Use{{Flag: "deck", Summary: "Crew on deck", Tag: "crew", Package: "bosun", Needs: []string{"app-misc/rum"}}}
}

// TestAt has the rows of a project that count for a version.
func TestAt(t *testing.T) {
	p := Project{
		Use:      []Use{{Flag: "deck", Versions: "<1.4.0", Tag: "crew"}, {Flag: "deck"}, {Flag: "rum", Versions: ">=1.4.0"}},
		Features: []Feature{{For: "oars", Versions: "<1.4.0"}, {For: "sails"}},
	}
	for v, want := range map[string]string{"1.3.9": "deck crew oars sails", "1.4.0": "deck  rum  sails"} {
		parsed, err := version.Parse(v)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		at := p.At(parsed)
		for _, u := range at.Use {
			got = append(got, u.Flag, u.Tag)
		}
		for _, f := range at.Features {
			got = append(got, f.For)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("At(%s) has %q, want %q", v, got, want)
		}
	}
	if len(p.Use) != 3 {
		t.Error("At() changed the project")
	}
}

// TestUsers has lines of sysusers.d and the users that they make.
func TestUsers(t *testing.T) {
	for _, c := range []struct {
		name  string
		files []packaging.File
		want  []string
	}{
		{"none", nil, nil},
		{"one", []packaging.File{text("/usr/lib/sysusers.d/a.conf", "u bosun - \"The bosun\" /var/lib/bosun\n")},
			[]string{"bosun"}},
		{"sorted, each once", []packaging.File{
			text("/usr/lib/sysusers.d/a.conf", "u mate -\nu bosun -\n"), text("/usr/lib/sysusers.d/b.conf", "u mate -\n"),
		}, []string{"bosun", "mate"}},
		{"no users", []packaging.File{text("/usr/lib/sysusers.d/a.conf", "# u bosun -\ng crew -\nm bosun crew\nu\n\n")}, nil},
		{"another folder", []packaging.File{text("/etc/sysusers.d/a.conf", "u bosun -\n")}, nil},
	} {
		f := Fork{Packages: []packaging.Package{{Name: "a", Files: c.files}}}
		if got := f.users(); !slices.Equal(got, c.want) {
			t.Errorf("%s: users() = %q, want %q", c.name, got, c.want)
		}
	}
}
