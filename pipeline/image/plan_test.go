package image

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/cross"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/images"
	"github.com/slipway-build/slipway/packaging"
	"github.com/slipway-build/slipway/platform"
	"github.com/slipway-build/slipway/version"
)

var (
	amd64 = platform.Platform{OS: "linux", Arch: "amd64"}
	arm64 = platform.Platform{OS: "linux", Arch: "arm64"}
)

// shipPlan is a plan of a fork of the ship, which builds some programs, for all its
// platforms.
func shipPlan(t *testing.T, programs ...string) plan {
	t.Helper()
	v, err := version.Parse("1.4.1+test.1")
	if err != nil {
		t.Fatal(err)
	}
	f := fork.Fork{ID: "ship-1.4", Project: fork.Project{Dir: t.TempDir()}}
	f.Name, f.Profile, f.Version, f.Parsed = "ship", "ship", "1.4.1+test.1", v
	f.Platforms = []platform.Platform{amd64, {OS: "darwin", Arch: "arm64"}, arm64}
	for _, name := range []string{"anchor", "bosun", "captain", "ship"} {
		f.Components = append(f.Components, cross.Component{Name: name})
	}
	return plan{
		fork: f, platforms: []platform.Platform{amd64, arm64}, recipes: shipImages(),
		input: packaging.Input{Version: v, Programs: programs, Recipes: shipPackages()},
	}
}

// shipImages are the images of the ship: one for each program, one that holds pods,
// one that installs packages.
func shipImages() images.Recipes {
	return images.Recipes{
		Images: []images.Recipe{
			{Name: "captain", Programs: map[string]string{"captain": "/bin/captain"}, Start: "captain"},
			{Name: "bosun", Programs: map[string]string{"bosun": "/bin/bosun"}, Start: "bosun", Bind: []string{"bosun"}},
			{
				Name: "ship", Programs: map[string]string{"ship": "/bin/ship"}, Start: "ship", Pods: "/pods",
				Links: map[string]string{"/captain": "bin/ship"},
			},
			{
				Name: "installer", BuiltIn: map[string]string{"installer": "/installer"}, Start: "installer",
				Installs: map[string]images.Role{
					"deck":   {Packages: []string{"bosun"}},
					"bridge": {Packages: []string{"captain"}},
				},
			},
		},
		Pods: []images.Pod{{Name: "bosun", File: "pods/bosun.json"}, {Name: "captain", File: "pods/captain.json"}},
	}
}

func shipPackages() packaging.Recipes {
	return packaging.Recipes{
		Multicall: []packaging.Multicall{{
			Component: "ship", Package: "ship", Path: "/usr/bin/ship",
			Programs: map[string]string{"captain": "captain", "bosun": "whistle"},
		}},
		Packages: []packaging.Recipe{
			{
				Name: "captain", Programs: map[string]string{"captain": "/usr/bin/captain"},
				Man: map[string]string{"captain": "1"},
			},
			{Name: "bosun", Programs: map[string]string{"bosun": "/usr/bin/bosun"}},
			{Name: "ship", Programs: map[string]string{"ship": "/usr/bin/ship"}},
		},
	}
}

func TestChoose(t *testing.T) {
	tests := []struct {
		about                string
		programs, asked      []string
		chosen, needed, pods string
		components           string
	}{
		{
			about: "a program alone", programs: []string{"captain"},
			chosen: "captain installer", needed: "captain installer", pods: "captain", components: "captain",
		},
		{
			about: "two programs", programs: []string{"captain", "bosun"},
			chosen: "captain bosun installer", needed: "captain bosun installer", pods: "bosun captain",
			components: "bosun captain",
		},
		{
			about: "one image, without pods", programs: []string{"captain", "bosun"}, asked: []string{"bosun"},
			chosen: "bosun", needed: "bosun", components: "bosun",
		},
		{
			about: "one image, which holds pods, and so needs what they run", programs: []string{"captain", "bosun", "ship"},
			asked: []string{"ship"}, chosen: "ship", needed: "captain bosun ship", pods: "bosun captain",
			components: "bosun captain ship",
		},
		{
			about: "one binary for all programs", programs: []string{"ship"},
			chosen: "captain bosun ship installer", needed: "captain bosun ship installer", pods: "bosun captain",
			components: "ship",
		},
	}
	for _, test := range tests {
		t.Run(test.about, func(t *testing.T) {
			p := shipPlan(t, test.programs...)
			p.request.Images = test.asked
			p, err := p.choose()
			if err != nil {
				t.Fatal(err)
			}
			components, err := p.neededComponents()
			if err != nil {
				t.Fatal(err)
			}
			var pods []string
			for _, pod := range p.pods {
				pods = append(pods, pod.Name)
			}
			for _, c := range []struct{ what, got, want string }{
				{"chosen", strings.Join(names(p.chosen), " "), test.chosen},
				{"needed", strings.Join(names(p.needed), " "), test.needed},
				{"pods", strings.Join(pods, " "), test.pods},
				{"components", fork.Job{Components: components}.Names(), test.components},
			} {
				if c.got != c.want {
					t.Errorf("%s: got %q, want %q", c.what, c.got, c.want)
				}
			}
		})
	}
}

func TestChooseFails(t *testing.T) {
	tests := []struct {
		programs, asked []string
		want            string
	}{
		{[]string{"anchor"}, nil, "this fork makes no images: it does not build all programs of any image"},
		{[]string{"captain"}, []string{"ship"}, `unknown image "ship"; this fork makes captain, installer`},
	}
	for _, test := range tests {
		p := shipPlan(t, test.programs...)
		p.request.Images = test.asked
		if _, err := p.choose(); err == nil || err.Error() != test.want {
			t.Errorf("got %v, want %s", err, test.want)
		}
	}
}

func TestRolesThatTheForkHasThePackagesOf(t *testing.T) {
	p := shipPlan(t, "captain")
	for range 2 { // the recipes themselves stay as they are
		all := p.possible()
		i := slices.IndexFunc(all, func(r images.Recipe) bool { return r.Name == "installer" })
		if got := all[i].Packages(); !slices.Equal(got, []string{"captain"}) {
			t.Errorf("it installs %v", got)
		}
	}
	if got := shipPlan(t, "captain").recipes.Images[3].Packages(); len(got) != 2 {
		t.Errorf("the profile's recipe installs %v", got)
	}
}

func TestPlatforms(t *testing.T) {
	f := shipPlan(t).fork
	tests := []struct {
		names []string
		host  platform.Platform
		want  []platform.Platform
		err   string
	}{
		{nil, amd64, []platform.Platform{amd64}, ""},
		{nil, platform.Platform{OS: "darwin", Arch: "arm64"}, []platform.Platform{arm64}, ""},
		{[]string{"all"}, amd64, []platform.Platform{amd64, arm64}, ""},
		{[]string{"linux/arm64"}, amd64, []platform.Platform{arm64}, ""},
		{[]string{"darwin/arm64"}, amd64, nil, "images are for Linux, not for darwin/arm64"},
	}
	for _, test := range tests {
		got, err := platforms(f, test.names, test.host)
		if !slices.Equal(got, test.want) || (err == nil) != (test.err == "") || err != nil && err.Error() != test.err {
			t.Errorf("%v: got %v, %v", test.names, got, err)
		}
	}
	f.Platforms = []platform.Platform{{OS: "darwin", Arch: "arm64"}}
	for _, names := range [][]string{nil, {"all"}} {
		if _, err := platforms(f, names, amd64); err == nil || !strings.Contains(err.Error(), "has no Linux platform") {
			t.Errorf("%q: got %v", names, err)
		}
	}
}

func TestCompressions(t *testing.T) {
	for format, want := range map[string]string{"": "zstd", "oci": "zstd", "docker": "zstd gzip"} {
		p := plan{request: Request{Format: format}}
		p.fork.Images.Compression = "zstd"
		if got := strings.Join(p.compressions(), " "); got != want {
			t.Errorf("%s: got %s, want %s", format, got, want)
		}
	}
}

func TestHolder(t *testing.T) {
	tests := []struct {
		programs  []string
		component string
		want      string
	}{
		{[]string{"captain"}, "captain", "captain"},
		{[]string{"ship"}, "ship", "ship"},
		{[]string{"ship"}, "captain", ""},
		{[]string{"captain"}, "anchor", ""},
	}
	for _, test := range tests {
		p := shipPlan(t, test.programs...)
		raft := images.Recipe{Name: "raft", Programs: map[string]string{"ship": "/raft"}} // with no names for it
		p.recipes.Images = append([]images.Recipe{raft}, p.recipes.Images...)
		got, ok := p.holder(test.component)
		if got.Name != test.want || ok != (test.want != "") {
			t.Errorf("%v: %s is held by %q, want %q", test.programs, test.component, got.Name, test.want)
		}
	}
}

func TestSelectPackages(t *testing.T) {
	tests := []struct {
		programs, list []string
		want           string
	}{
		{[]string{"captain"}, nil, ""},
		{[]string{"captain"}, []string{"captain"}, "captain"},
		{[]string{"ship"}, []string{"captain"}, "captain ship"},
		{[]string{"ship", "captain"}, []string{"captain"}, "captain"},
	}
	for _, test := range tests {
		got, err := selectPackages(shipPlan(t, test.programs...).input, test.list)
		if err != nil {
			t.Fatal(err)
		}
		var list []string
		for _, r := range got {
			list = append(list, r.Name)
			if r.Man != nil {
				t.Errorf("%s has manual pages", r.Name)
			}
		}
		if strings.Join(list, " ") != test.want {
			t.Errorf("%v of %v: got %v, want %s", test.list, test.programs, list, test.want)
		}
	}
	if _, err := selectPackages(shipPlan(t, "captain").input, []string{"bosun"}); err == nil {
		t.Error("a package whose program is not built is no error")
	}
}

func TestFaultsAreEachToldOnce(t *testing.T) {
	var f faults
	for _, text := range []string{"leak", "rust", "leak"} {
		f.add(errors.New(text))
	}
	if got := f.join().Error(); got != "leak\nrust" {
		t.Errorf("got %q", got)
	}
	if err := (faults{}).join(); err != nil {
		t.Error(err)
	}
}
