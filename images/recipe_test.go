package images

import (
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/packaging"
	"github.com/slipway-build/slipway/version"
)

// at is a place for programs.
func at(programs ...string) map[string]string {
	out := map[string]string{}
	for _, p := range programs {
		out[p] = "/bin/" + p
	}
	return out
}

func TestRecipes(t *testing.T) {
	captain := Recipe{Name: "captain", Programs: at("captain")}
	name := func(s string) string {
		return `images[0].name: "` + s + `" is not a repository's name: ` +
			"want lower-case letters and digits, and . _ - between them"
	}
	for _, c := range []struct {
		name    string
		recipes Recipes
		want    []string // faults; none if the recipes are right
	}{
		{"nothing", Recipes{}, nil},
		{"an image", Recipes{Images: []Recipe{captain}}, nil},
		{"names", Recipes{Images: []Recipe{{Name: "a"}, {Name: "kube-api.server_2"}, {Name: "0"}}}, nil},
		{"a start", Recipes{Images: []Recipe{{Name: "a", Programs: at("captain", "mate"), Start: "mate"}}}, nil},
		{"a start of Slipway's", Recipes{Images: []Recipe{{Name: "a", BuiltIn: at("pause"), Start: "pause"}}}, nil},
		{"a capability", Recipes{Images: []Recipe{{Name: "a", Programs: at("captain"), Bind: []string{"captain"}}}}, nil},
		{"a pod", Recipes{Images: []Recipe{captain}, Pods: []Pod{{Name: "captain"}}}, nil},
		{"no base", Recipes{Images: []Recipe{{Name: "a", Base: "none"}}}, nil},
		{"a set", Recipes{Sets: []Set{{Name: "a", Versions: ">=1 <2", Packages: []string{"cook", "a | b"}}}}, nil},

		{"another base", Recipes{Images: []Recipe{{Name: "a", Base: "scratch"}}},
			[]string{`images[0].base: "scratch" is not none: other bases are set in fork.yaml`}},
		{"a set of nothing", Recipes{Sets: []Set{{Versions: "new"}}}, []string{
			"sets[0].name: is missing", `sets[0].versions: improper constraint: "new"`,
			"sets[0].packages: is empty"}},
		{"a set of what is no package", Recipes{Sets: []Set{{Name: "a", Packages: []string{"cook", "a/b"}}}},
			[]string{`sets[0].packages[1]: "a/b" is not the name of a Debian package: want one like conntrack, ` +
				"or alternatives, like iproute2 | iproute"}},
		{"ranges", Recipes{Images: []Recipe{{Name: "a", Versions: "new"}}, Pods: []Pod{{Name: "a", Versions: "old"}}},
			[]string{`images[0].versions: improper constraint: "new"`, `pods[0].versions: improper constraint: "old"`}},
		{"ids", Recipes{Users: map[string]int{"mate": 490, "cook": -4, "bosun": 0}},
			[]string{"users.bosun: 0 is not the id of a user: want 1 or more",
				"users.cook: -4 is not the id of a user: want 1 or more"}},
		{"a user's id twice", Recipes{Users: map[string]int{"bosun": 7, "cook": 7, "mate": 65534}},
			[]string{"users.cook: 7 is the id of bosun: take another one",
				"users.mate: 65534 is the id of nobody: take another one"}},
		{"users that all images have", Recipes{Users: map[string]int{"root": 7, "nobody": 8}},
			[]string{"users.nobody: every image has this user: leave it out",
				"users.root: every image has this user: leave it out"}},
		{"links at no paths", Recipes{Images: []Recipe{{Name: "a", Links: map[string]string{"mate": "a", "/proc/a": "a"}}}},
			[]string{"images[0].links./proc/a: /proc/a is hidden in a container: something is mounted at /proc",
				`images[0].links.mate: "mate" is not a clean absolute path, such as /usr/bin/kubelet`}},
		{"programs and dirs at no paths", Recipes{Images: []Recipe{{Name: "a",
			Programs: map[string]string{"mate": "bin/mate"}, BuiltIn: map[string]string{"pause": "/a/../pause"},
			Folders: []string{"/proc", "hold"}}}}, []string{
			`images[0].folders[1]: "hold" is not a clean absolute path, such as /usr/bin/kubelet`,
			`images[0].own.pause: "/a/../pause" is not a clean absolute path, such as /usr/bin/kubelet`,
			`images[0].programs.mate: "bin/mate" is not a clean absolute path, such as /usr/bin/kubelet`}},
		{"no name", Recipes{Images: []Recipe{{}}}, []string{name("")}},
		{"a capital", Recipes{Images: []Recipe{{Name: "Ship"}}}, []string{name("Ship")}},
		{"a name that ends in a dash", Recipes{Images: []Recipe{{Name: "ship-"}}}, []string{name("ship-")}},
		{"a path", Recipes{Images: []Recipe{{Name: "a/b"}}}, []string{name("a/b")}},
		{"a start that it has not", Recipes{Images: []Recipe{captain, {Name: "a", Programs: at("mate"), Start: "captain"}}},
			[]string{"images[1].start: captain is not one of the image's programs"}},
		{"a capability of what it has not",
			Recipes{Images: []Recipe{{Name: "a", BuiltIn: at("pause"), Bind: []string{"pause", "mate"}}}},
			[]string{"images[0].bind[0]: pause is not one of the image's programs",
				"images[0].bind[1]: mate is not one of the image's programs"}},
		{"a pod without its image", Recipes{Images: []Recipe{captain}, Pods: []Pod{{Name: "captain"}, {Name: "mate"}}},
			[]string{`pods[1]: "mate" is not the name of an image: a pod runs the image of its name`}},
	} {
		checkFaults(t, c.name, c.recipes.Validate(), c.want...)
	}
}

// TestSelect chooses images for a version of a fork that builds some programs. An
// image is NAME, or NAME with a summary.
func TestSelect(t *testing.T) {
	ship := func(summary string, versions version.Range, programs ...string) Recipe {
		return Recipe{Name: "ship", Summary: summary, Versions: versions, Programs: at(programs...)}
	}
	boat := Recipe{Name: "boat", Programs: at("bosun")}
	for _, c := range []struct {
		name    string
		recipes []Recipe
		version string
		builds  string
		want    string
	}{
		{"none", nil, "1.4.1", "captain", ""},
		{"all", []Recipe{ship("", "", "captain"), boat}, "1.4.1", "captain bosun", "ship boat"},
		{"in their order", []Recipe{boat, ship("", "", "captain")}, "1.4.1", "captain bosun", "boat ship"},
		{"whose program is built", []Recipe{ship("", "", "captain"), boat}, "1.4.1", "bosun", "boat"},
		{"not with one of two programs", []Recipe{ship("", "", "captain", "mate")}, "1.4.1", "captain", ""},
		{"with both", []Recipe{ship("", "", "captain", "mate")}, "1.4.1", "mate captain cook", "ship"},
		{"one without programs", []Recipe{{Name: "pause", BuiltIn: at("pause")}}, "1.4.1", "", "pause"},
		{"of the version", []Recipe{ship("", ">=1.5", "captain"), boat}, "1.4.1", "captain bosun", "boat"},
		{"of a prerelease", []Recipe{ship("", ">=1.4", "captain")}, "1.4.1-rc.1+acme.1", "captain", "ship"},
		{"the first of a name", []Recipe{ship("new", ">=1.4", "captain"), ship("old", "", "captain")}, "1.4.1",
			"captain", "ship:new"},
		{"the second for an old version", []Recipe{ship("new", ">=1.4", "captain"), ship("old", "", "captain")},
			"1.3.0", "captain",
			"ship:old"},
		{"not the second where the first cannot be made",
			[]Recipe{ship("new", "", "mate"), ship("old", "", "captain")}, "1.4.1",
			"captain", ""},
	} {
		v, err := version.Parse(c.version)
		if err != nil {
			t.Fatal(err)
		}
		builds := strings.Fields(c.builds)
		var got []string
		for _, r := range (Recipes{Images: c.recipes}).Select(v, func(p string) bool { return slices.Contains(builds, p) }) {
			got = append(got, strings.TrimSuffix(r.Name+":"+r.Summary, ":"))
		}
		if g := strings.Join(got, " "); g != c.want {
			t.Errorf("%s: Select() = %q, want %q", c.name, g, c.want)
		}
	}
}

func TestSet(t *testing.T) {
	galley := Recipes{Sets: []Set{
		{Name: "galley", Versions: "<2.0.0-0", Packages: []string{"pot", "knife"}},
		{Name: "galley", Versions: ">=1.4.0-0 <2.0.0-0", Packages: []string{"stove | fire", "pot"}},
		{Name: "deck", Packages: []string{"mop"}},
	}}
	for _, c := range []struct {
		recipes             Recipes
		name, version, want string // the packages, or what the error says
	}{
		{galley, "galley", "1.3.0", "knife, pot"},
		{galley, "galley", "1.4.0-rc.1+acme.1", "knife, pot, stove | fire"},
		{galley, "deck", "9.0.0", "mop"},
		{galley, "galley", "2.0.0",
			`set "galley" has no row for 2.0.0 in the profile; it has rows for <2.0.0-0; >=1.4.0-0 <2.0.0-0`},
		{galley, "hold", "1.0.0", `unknown set "hold"; the profile has deck, galley`},
		{Recipes{}, "hold", "1.0.0", `unknown set "hold": the profile has no sets of packages`},
	} {
		v, err := version.Parse(c.version)
		if err != nil {
			t.Fatal(err)
		}
		list, err := c.recipes.Set(c.name, v)
		got := strings.Join(list, ", ")
		if err != nil {
			got += err.Error()
		}
		if got != c.want {
			t.Errorf("%s of %s: got %s, want %s", c.name, c.version, got, c.want)
		}
	}
}

// TestCommand starts programs by themselves and through a multi-name program, crew.
func TestCommand(t *testing.T) {
	recipe := Recipe{Programs: at("captain", "mate"), BuiltIn: at("pause")}
	known := map[string]string{"captain": "captain", "mate": "first-mate"}
	crew := &packaging.Multicall{Component: "crew", Programs: known}
	for _, c := range []struct {
		name, program string
		many          *packaging.Multicall
		want          string
	}{
		{"a program", "captain", nil, "/bin/captain"},
		{"one of Slipway's", "pause", nil, "/bin/pause"},
		{"a name that the crew knows", "captain", crew, "/bin/captain"},
		{"another name", "mate", crew, "/bin/crew first-mate"},
	} {
		if got := strings.Join(recipe.Command(c.program, c.many, "/bin/crew"), " "); got != c.want {
			t.Errorf("%s: Command() = %q, want %q", c.name, got, c.want)
		}
	}
}

func TestPackages(t *testing.T) {
	for _, c := range []struct {
		installs map[string]Role
		want     string
	}{
		{nil, ""},
		{map[string]Role{"mate": {Units: []string{"cook.service"}}}, ""},
		{map[string]Role{"mate": {Packages: []string{"cook", "bosun"}}}, "bosun cook"},
		{map[string]Role{"mate": {Packages: []string{"cook"}}, "master": {Packages: []string{"captain", "cook"}}},
			"captain cook"},
	} {
		if got := strings.Join(Recipe{Installs: c.installs}.Packages(), " "); got != c.want {
			t.Errorf("%v: Packages() = %q, want %q", c.installs, got, c.want)
		}
	}
}

func TestOwn(t *testing.T) {
	v, err := version.Parse("1.4.0")
	if err != nil {
		t.Fatal(err)
	}
	r := Recipes{Images: []Recipe{
		{Name: "pause", BuiltIn: at("pause"), Base: "none"},
		{Name: "anchor", BuiltIn: at("pause"), Base: "none"},
		{Name: "old", Versions: "<1.4", BuiltIn: at("pause"), Base: "none"},
		{Name: "based", BuiltIn: at("pause")},
		{Name: "captain", Programs: at("captain"), BuiltIn: at("pause"), Base: "none"},
		{Name: "empty", Base: "none"},
		{Name: "installer", BuiltIn: at("installer"), Base: "none", Installs: map[string]Role{"mate": {}}},
	}}
	if got := strings.Join(r.Own(v), " "); got != "anchor pause" {
		t.Errorf("%q consist of Slipway's own programs alone, want anchor pause", got)
	}
}
