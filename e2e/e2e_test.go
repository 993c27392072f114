package e2e

import (
	"reflect"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/internal/testkit"
	"github.com/slipway-build/slipway/version"
)

// good is a suite without a fault.
func good() Suite {
	return Suite{
		Versions: ">=1.4.0-0",
		Programs: []Program{{Name: "trial", Main: "test/trial", Test: true}},
		List:     []string{"trial", "--list-images"},
		Registries: map[string]string{
			"root": "registry.example.org", "trials": "registry.example.org/trials", "spare": "spare.example.org",
		},
		Debian: Debian{Suites: []string{"http://deb.example.org/debian trixie"}, Packages: []string{"dash", "tar"}},
		Images: []Image{
			{Name: "debian", Packages: []string{"all"}, Args: []string{"sh"}},
			{Name: "mate", From: "debian", Programs: map[string]string{"/mate": "cmd/mate"}, Setuid: []string{"/mate"},
				Start: []string{"/mate"}, Args: []string{}, Ports: []string{"80/tcp"}},
			{Name: "purser", From: "mate", User: "1234", Args: []string{"count"}},
			{Name: "tar", Packages: []string{"tar"}, Applets: map[string][]string{"/usr/bin/tar": {"untar"}}},
		},
	}
}

func TestValidate(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*Suite)
		want   []string
	}{
		{"good", func(*Suite) {}, nil},
		{"a range", func(s *Suite) { s.Versions = "new" }, []string{"suites[0].versions: "}},
		{"a program's name", func(s *Suite) { s.Programs[0].Name = "a/b" },
			[]string{"suites[0].programs[0]: want a name", "suites[0].list: want one of programs"}},
		{"a program outside", func(s *Suite) { s.Programs[0].Main = "../a" }, []string{"suites[0].programs[0]: want a name"}},
		{"no list", func(s *Suite) { s.List = nil }, []string{"suites[0].list: want one of programs"}},
		{"no suite", func(s *Suite) { s.Debian.Suites[0] = "trixie" }, []string{"suites[0].debian.suites[0]: "}},
		{"no package", func(s *Suite) { s.Debian.Packages[0] = "a b" }, []string{"suites[0].debian.packages[0]: "}},
		{"an image without a name", func(s *Suite) { s.Images[3].Name = "" },
			[]string{"suites[0].images[3].name: is missing"}},
		{"an image twice", func(s *Suite) { s.Images[3].Name = "mate" },
			[]string{"suites[0].images[3].name: mate is named twice"}},
		{"a later image", func(s *Suite) { s.Images[1].From = "purser" },
			[]string{"suites[0].images[1].from: purser is not an earlier image"}},
		{"an unknown package", func(s *Suite) { s.Images[3].Packages[0] = "cpio" },
			[]string{"suites[0].images[3].packages[0]: cpio is not one of debian.packages"}},
		{"an unknown program", func(s *Suite) { s.Images[1].Setuid[0] = "/oar" },
			[]string{"suites[0].images[1].setuid[0]: /oar is not one of the image's programs"}},
		{"a main outside", func(s *Suite) { s.Images[1].Programs["/mate"] = "/cmd" },
			[]string{"suites[0].images[1].programs./mate: want the folder"}},
		{"two of one name", func(s *Suite) { s.Images[2].Programs = map[string]string{"/bin/mate": "cmd/other"} },
			[]string{"suites[0].images[2].programs./bin/mate: want the folder"}},
		{"a path", func(s *Suite) { s.Images[1].Folders = []string{"a/../b"} },
			[]string{`suites[0].images[1].name: image mate: "a/../b" is not a clean absolute path`}},
		{"a path twice", func(s *Suite) { s.Images[1].Links = map[string]string{"/mate": "x"} },
			[]string{"suites[0].images[1].name: image mate has /mate twice"}},
	} {
		s := good()
		c.change(&s)
		testkit.Faults(t, c.name, Recipes{Suites: []Suite{s}}.Validate(), c.want...)
	}
}

func TestSuite(t *testing.T) {
	recipes := Recipes{Suites: []Suite{{Versions: ">=1.5.0-0 <1.6.0-0"}, {Versions: ">=1.4.0-0 <1.5.0-0"}}}
	for v, want := range map[string]string{
		"1.4.1+acme.1": ">=1.4.0-0 <1.5.0-0",
		"1.5.0-rc.1":   ">=1.5.0-0 <1.6.0-0",
		"1.3.9":        "",
	} {
		parsed, err := version.Parse(v)
		if err != nil {
			t.Fatal(err)
		}
		s, err := recipes.Suite(parsed)
		if string(s.Versions) != want || (err != nil) != (want == "") {
			t.Errorf("%s has the row %q, %v, want %q", v, s.Versions, err, want)
		}
		if err != nil && !strings.HasSuffix(err.Error(), "it has rows for >=1.5.0-0 <1.6.0-0; >=1.4.0-0 <1.5.0-0") {
			t.Error(err)
		}
	}
}

func TestSettled(t *testing.T) {
	s := good()
	var names []string
	for _, i := range s.Chain(s.Images[2]) {
		names = append(names, i.Name)
	}
	if got := strings.Join(names, " "); got != "debian mate purser" {
		t.Errorf("purser is made from %s", got)
	}
	for n, want := range map[int]Image{
		0: {Args: []string{"sh"}},
		1: {Start: []string{"/mate"}, Args: []string{}, Ports: []string{"80/tcp"}},
		2: {Start: []string{"/mate"}, Args: []string{"count"}, Ports: []string{"80/tcp"}, User: "1234"},
	} {
		i := s.Settled(s.Images[n])
		if got := (Image{Start: i.Start, Args: i.Args, Ports: i.Ports, User: i.User}); !reflect.DeepEqual(got, want) {
			t.Errorf("%s starts as %+v, want %+v", s.Images[n].Name, got, want)
		}
	}
}

func TestNames(t *testing.T) {
	got, err := good().Names("registry.example.org/trials/net/rope:1\nelsewhere.example.org/a:2\n" +
		"registry.example.org/pause:3\nregistry.example.org/pause:3\n")
	want := []Named{
		{"elsewhere.example.org/a:2", "a", "2", ""},
		{"registry.example.org/pause:3", "pause", "3", "registry.example.org"},
		{"registry.example.org/trials/net/rope:1", "trials/net/rope", "1", "registry.example.org/trials"},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
	for _, list := range []string{"pause:1", "registry.example.org/pause", "I0102 flag.go:1] warning"} {
		if _, err := good().Names(list); err == nil || !strings.Contains(err.Error(), "trial --list-images: ") {
			t.Errorf("%q: got %v", list, err)
		}
	}
}

func TestRepositories(t *testing.T) {
	got := string(good().Repositories("localhost:5000", []string{"registry.example.org", "registry.example.org/trials"}))
	if want := "root: localhost:5000\ntrials: localhost:5000/trials\n"; got != want {
		t.Errorf("got\n%s, want\n%s", got, want)
	}
}
