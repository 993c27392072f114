package packaging

import (
	"reflect"
	"testing"

	"github.com/slipway-build/slipway/internal/config"
)

// faulted compares faults, each FIELD: MESSAGE, in their order.
func faulted(t *testing.T, what string, got []config.Fault, want ...string) {
	t.Helper()
	var all []string
	for _, f := range got {
		all = append(all, f.Field+": "+f.Message)
	}
	same(t, what, all, want...)
}

func TestSettingsDefaulted(t *testing.T) {
	for _, c := range []struct{ in, want Settings }{
		{Settings{}, Settings{Revision: 1, Compression: "zstd"}},
		{Settings{Revision: 3}, Settings{Revision: 3, Compression: "zstd"}},
		{Settings{Compression: "xz", Maintainer: "M"}, Settings{Revision: 1, Compression: "xz", Maintainer: "M"}},
		{Settings{Revision: -1, Compression: "none"}, Settings{Revision: -1, Compression: "none"}}, // for Validate to refuse
	} {
		if got := c.in.Defaulted(); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%+v.Defaulted() = %+v, want %+v", c.in, got, c.want)
		}
	}
}

func TestSettingsValidate(t *testing.T) {
	const person = " is not a name and an address: write it like Acme <k8s@example.org>"
	for _, c := range []struct {
		name string
		s    Settings
		want []string
	}{
		{"defaults", Settings{}, nil},
		{"all", Settings{Maintainer: "The Mate <mate@example.org>", Revision: 2, Compression: "gzip",
			Replace: map[string][]string{"cook": {"/etc/default/cook"}}}, nil},
		{"a maintainer without an address", Settings{Maintainer: "Mate"}, []string{`maintainer: "Mate"` + person}},
		{"a maintainer without a name", Settings{Maintainer: "<mate@example.org>"},
			[]string{`maintainer: "<mate@example.org>"` + person}},
		{"a maintainer whose address is none", Settings{Maintainer: "Mate <mate>"},
			[]string{`maintainer: "Mate <mate>"` + person}},
		{"a maintainer of two lines", Settings{Maintainer: "Ma\nte <mate@example.org>"},
			[]string{`maintainer: "Ma\nte <mate@example.org>"` + person}},
		{"a maintainer with a tab", Settings{Maintainer: "Ma\tte <mate@example.org>"},
			[]string{`maintainer: "Ma\tte <mate@example.org>"` + person}},
		{"a maintainer with a comma", Settings{Maintainer: "Mate, The <mate@example.org>"}, nil},
		{"a maintainer in quotes", Settings{Maintainer: `"Mate, The" <mate@example.org>`}, nil},
		{"a revision below 1", Settings{Revision: -2}, []string{"revision: -2 is not a revision: they count from 1"}},
		{"another compression", Settings{Compression: "bzip2"},
			[]string{`compression: unknown compression "bzip2": want zstd, xz or gzip`}},
		{"paths that are none",
			Settings{Replace: map[string][]string{"cook": {"/etc/x", "etc/x", "/etc/x/"}, "bosun": {"/"}}},
			[]string{
				`replace.bosun[0]: "/" is not a path from the root, such as /etc/default/kubelet`,
				`replace.cook[1]: "etc/x" is not a path from the root, such as /etc/default/kubelet`,
				`replace.cook[2]: "/etc/x/" is not a path from the root, such as /etc/default/kubelet`,
			}},
	} {
		faulted(t, c.name, c.s.Defaulted().Validate(), c.want...)
	}
}

func TestRecipesValidate(t *testing.T) {
	const text = ": a line that begins with a blank or a full stop, or has a control character, is not text in a deb: " +
		"want paragraphs, an empty line between two"
	for _, c := range []struct {
		name   string
		change func(*Recipes, *Recipe)
		want   []string
	}{
		{"the ship", func(*Recipes, *Recipe) {}, nil},
		{"no package", func(r *Recipes, _ *Recipe) { r.Packages = nil }, []string{"packages: want at least one"}},
		{"an image", func(_ *Recipes, p *Recipe) { p.Files["/usr/libexec/cook/stove.tar"] = "image:stove" }, nil},
		{"an image without a name", func(_ *Recipes, p *Recipe) { p.Files["/usr/libexec/cook/stove.tar"] = "image:Stove:1" },
			[]string{`packages[1].files./usr/libexec/cook/stove.tar: "image:Stove:1" is not the name of an image, ` +
				"such as image:pause"}},
		{"an image in a package for all platforms", func(_ *Recipes, p *Recipe) {
			p.Programs, p.Man, p.Completions = nil, nil, nil
			p.Files["/usr/share/stove.tar"] = "image:stove"
		}, []string{"packages[1].files./usr/share/stove.tar: an image is for one platform, as packages with programs are: " +
			"name programs, too"}},
		{"a component without a path", func(r *Recipes, _ *Recipe) { r.Multicall[0].Path = "" },
			[]string{"multicall[0]: want component, package, path and programs"}},
		{"a component without programs", func(r *Recipes, _ *Recipe) { r.Multicall[0].Programs = nil },
			[]string{"multicall[0]: want component, package, path and programs"}},
		{"a component's range", func(r *Recipes, _ *Recipe) { r.Multicall[0].Versions = "old" },
			[]string{"multicall[0].versions: improper constraint: \"old\""}},
		{"the first version that will do", func(r *Recipes, _ *Recipe) {
			r.AtLeast = []Least{{Package: "rum", Version: "1.2"}, {Package: "Rum", Version: "old", Versions: "old"}}
		}, []string{`at_least[1].package: "Rum" is not a package name`,
			`at_least[1].version: "old" is not a version: it begins with a digit, as 2.0 does`,
			`at_least[1].versions: improper constraint: "old"`}},
		{"upper case", func(_ *Recipes, p *Recipe) { p.Name = "Cook" },
			[]string{`packages[1].name: "Cook" is not a package name: want lower case letters, digits, and + - .`}},
		{"one letter", func(_ *Recipes, p *Recipe) { p.Name = "c" },
			[]string{`packages[1].name: "c" is not a package name: want lower case letters, digits, and + - .`}},
		{"a range", func(_ *Recipes, p *Recipe) { p.Versions = "new" },
			[]string{"packages[1].versions: improper constraint: \"new\""}},
		{"no summary", func(_ *Recipes, p *Recipe) { p.Summary = "" }, []string{"packages[1].summary: want one line"}},
		{"a summary of two lines", func(_ *Recipes, p *Recipe) { p.Summary = "a\nb" },
			[]string{"packages[1].summary: want one line"}},
		{"no description", func(_ *Recipes, p *Recipe) { p.Description = "" },
			[]string{"packages[1].description: is missing"}},
		{"an empty description", func(_ *Recipes, p *Recipe) { p.Description = "\n\n" },
			[]string{"packages[1].description: is missing"}},
		{"a section with a blank", func(r *Recipes, _ *Recipe) { r.Section = "net; x" },
			[]string{`section: "net; x" is not a section, such as net or contrib/net`}},
		{"a section of an area", func(r *Recipes, _ *Recipe) { r.Section = "contrib/net" }, nil},
		{"a section of the manual", func(_ *Recipes, p *Recipe) { p.Man["cook"] = "../8" },
			[]string{`packages[1].man.cook: "../8" is not a section of the manual, such as 8`}},
		{"a shell", func(_ *Recipes, p *Recipe) { p.Completions["cook"] = []string{"zsh", "tcsh"} },
			[]string{`packages[1].completions.cook[1]: unknown shell "tcsh": want bash, fish, zsh`}},
		{"a program's path", func(_ *Recipes, p *Recipe) { p.Programs["cook"] = "bin/cook" },
			[]string{`packages[1].programs.cook: "bin/cook" is not a path from the root`}},
		{"a manual page of no program", func(_ *Recipes, p *Recipe) { p.Man = map[string]string{"mate": "8"} },
			[]string{"packages[1].programs: mate is missing, and has a manual page or completions"}},
		{"completions of no program", func(_ *Recipes, p *Recipe) { p.Completions = map[string][]string{"mate": {"bash"}} },
			[]string{"packages[1].programs: mate is missing, and has a manual page or completions"}},
		{"an override without a reason", func(_ *Recipes, p *Recipe) { p.Overrides = []Override{{Tag: "x"}} },
			[]string{"packages[1].overrides: want a tag and a reason, a line each"}},
		{"an override whose reason has two lines",
			func(_ *Recipes, p *Recipe) { p.Overrides = []Override{{Tag: "x", Reason: "a\nb"}} },
			[]string{"packages[1].overrides: want a tag and a reason, a line each"}},
		{"fields of two lines", func(r *Recipes, _ *Recipe) { r.Homepage, r.License, r.Section = "a\nb", "a\rb", "a\x00b" },
			[]string{"homepage: want one line", "license: want one line", "section: want one line"}},
		{"a description with a list", func(_ *Recipes, p *Recipe) { p.Description = "It has:\n\n  a list\n\n" },
			[]string{`packages[1].description: "  a list"` + text}},
		{"a description with full stops", func(_ *Recipes, p *Recipe) { p.Description = "a\n.\n.NET\nb. c\n...\n" },
			[]string{`packages[1].description: "."` + text, `packages[1].description: ".NET"` + text,
				`packages[1].description: "..."` + text}},
		{"a description with a tab", func(_ *Recipes, p *Recipe) { p.Description = "a\tb\n" },
			[]string{`packages[1].description: "a\tb"` + text}},
		{"a relation", func(_ *Recipes, p *Recipe) { p.Relations.Suggests = []Relation{"rum", "rum>1"} },
			[]string{`packages[1].relations.suggests[1]: "rum>1" is not a relation: ` +
				`want a package name, or alternatives like "iptables >= 1.4.21 | nftables"`}},
	} {
		r := shipRecipes()
		c.change(&r, &r.Packages[min(1, len(r.Packages)-1)])
		faulted(t, c.name, r.Validate(), c.want...)
	}
}
