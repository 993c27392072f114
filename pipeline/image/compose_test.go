package image

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/empty"

	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/cross"
	"github.com/slipway-build/slipway/images"
	"github.com/slipway-build/slipway/packaging"
	"github.com/slipway-build/slipway/platform"
)

// shipParts are the parts of a platform whose binaries are called as their
// components.
func shipParts(components ...string) parts {
	out := parts{embedded: map[string]string{"installer": "/cache/installer"}}
	out.built.Dir = "/dist"
	for _, c := range components {
		out.built.All = append(out.built.All, cross.Binary{Component: c, File: c, SHA256: strings.Repeat("0", 64)})
	}
	return out
}

// list says what files are: a line each, with marks.
func list(files []images.File) string {
	var out []string
	for _, f := range files {
		line := f.Path
		switch {
		case f.Source != "":
			line += "=" + f.Source
		case f.Target != "":
			line += "->" + f.Target
		case f.Folder:
			line += "/"
		}
		if f.Bind {
			line += " bind"
		}
		if f.Guest {
			line += " guest"
		}
		out = append(out, line)
	}
	return strings.Join(out, ", ")
}

func TestLayersOfAnImage(t *testing.T) {
	tests := []struct {
		about    string
		programs []string
		image    string
		layers   []string
		command  string
	}{
		{"a program", []string{"captain"}, "captain", []string{"/bin/captain=/dist/captain"}, "/bin/captain"},
		{"one that listens", []string{"bosun"}, "bosun", []string{"/bin/bosun=/dist/bosun bind"}, "/bin/bosun"},
		{
			"a program of many that is called by its name", []string{"ship"}, "captain",
			[]string{"/bin/ship=/dist/ship, /captain->bin/ship"}, "/bin/captain",
		},
		{
			"a program of many that is called otherwise", []string{"ship"}, "bosun",
			[]string{"/bin/ship=/dist/ship bind, /captain->bin/ship"}, "/bin/ship whistle",
		},
		{
			"one binary for all", []string{"ship"}, "ship",
			[]string{"/bin/ship=/dist/ship, /captain->bin/ship"}, "/bin/ship",
		},
		{
			"what installs has the layers of what it installs", []string{"captain"}, "installer",
			[]string{"/bin/captain=/dist/captain guest", "/installer=/cache/installer"}, "/installer",
		},
	}
	for _, test := range tests {
		t.Run(test.about, func(t *testing.T) {
			p := shipPlan(t, test.programs...)
			all := p.possible()
			i := slices.IndexFunc(all, func(r images.Recipe) bool { return r.Name == test.image })
			c := contents{plan: p, parts: shipParts(test.programs...), recipe: all[i], platform: amd64}
			layers, command, err := c.layers(shipSelection(t, p), inputs{})
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(command, " "); got != test.command {
				t.Errorf("it starts %s, want %s", got, test.command)
			}
			for i, files := range layers {
				got := list(files)
				if test.image == "installer" && i == len(layers)-1 {
					got, _, _ = strings.Cut(got, ",") // the manifest and what it names are hostroot's
				}
				if i >= len(test.layers) || got != test.layers[i] {
					t.Errorf("layer %d is %s, want %v", i, got, test.layers)
				}
			}
		})
	}
}

// shipSelection is what the image installer of a fork with the captain installs.
func shipSelection(t *testing.T, p plan) selection {
	t.Helper()
	if !slices.Contains(p.input.Programs, "captain") {
		return selection{}
	}
	recipes, err := selectPackages(p.input, []string{"captain"})
	if err != nil {
		t.Fatal(err)
	}
	return selection{p.componentsOf(recipes), []packaging.Package{{Name: "captain", Files: []packaging.File{
		{Path: "/usr/bin/captain", Mode: 0o755, Source: "/dist/captain"},
	}}}}
}

func TestProgramOfManyWithoutAnImage(t *testing.T) {
	p := shipPlan(t, "ship")
	p.recipes.Images = p.recipes.Images[:1]
	c := contents{plan: p, parts: shipParts("ship"), recipe: p.recipes.Images[0], platform: amd64}
	_, _, err := c.layers(selection{}, inputs{})
	want := "image captain: profile ship has no image of ship, which captain is a part of"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// linksOnly is a plan with images that need no program.
func linksOnly(t *testing.T, links map[string]string) plan {
	t.Helper()
	p := shipPlan(t)
	p.needed = []images.Recipe{{Name: "hold", Summary: "has room", Folders: []string{"/hold"}, Links: links}}
	return p
}

func TestCompose(t *testing.T) {
	p := linksOnly(t, map[string]string{"/room": "hold"})
	in := inputs{
		system: []images.File{{Path: "/etc/hosts"}}, labels: map[string]string{"a": "b"},
		at: map[platform.Platform]parts{amd64: {}, arm64: {base: base{debian: []*images.Layer{{}}}}},
	}
	specs, err := compose(p, in, packages{})
	if err != nil {
		t.Fatal(err)
	}
	if len(specs) != 2 || specs[0].image.Platform != amd64 || specs[1].image.Platform != arm64 {
		t.Fatalf("got %d specs", len(specs))
	}
	if specs[0].debian != nil || len(specs[1].debian) != 1 {
		t.Error("Debian's packages are for one platform")
	}
	for _, s := range specs {
		if got := fmt.Sprint(list(s.layers[0]), "; ", list(s.layers[1])); got != "/etc/hosts; /hold/, /room->hold" {
			t.Errorf("got %s", got)
		}
	}
}

func TestHint(t *testing.T) {
	p := shipPlan(t, "ship")
	c := contents{plan: p, parts: shipParts("ship"), recipe: p.recipes.Images[0], platform: amd64}
	fault := errors.New("it cannot start")
	for _, test := range []struct {
		command string
		err     error
		want    string
	}{
		{"/bin/captain", fault, "it cannot start\n  It has the files of image ship: add /bin/captain to the links of " +
			"that in the profile's images.yaml"},
		{"/bin/captain", nil, "<nil>"},
		{"/captain", fault, "it cannot start"},
		{"/bin/ship", fault, "it cannot start"},
	} {
		if got := fmt.Sprint(c.hint(test.err, []string{test.command})); got != test.want {
			t.Errorf("%s: got %s, want %s", test.command, got, test.want)
		}
	}
}

func TestComposeTellsAFaultOfAllPlatformsOnce(t *testing.T) {
	p := linksOnly(t, map[string]string{"/room": "cabin", "/nook": "cabin"})
	in := inputs{at: map[platform.Platform]parts{amd64: {}, arm64: {}}, labels: map[string]string{}}
	_, err := compose(p, in, packages{})
	want := "image hold: /nook leads to /cabin, which is missing\n" +
		"image hold: /room leads to /cabin, which is missing"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

// onBase are inputs of platforms whose images have a base with /bin as a link.
func onBase() inputs {
	on := parts{base: base{image: empty.Image, files: images.Base{Files: []images.Entry{
		{Path: "/bin", Target: "usr/bin"}, {Path: "/usr/bin/sh"}, {Path: "/tmp", Folder: true, Mode: 0o1777},
	}}}}
	return inputs{
		system: []images.File{{Path: "/etc/hosts"}}, labels: map[string]string{},
		at: map[platform.Platform]parts{amd64: on, arm64: on},
	}
}

// layersOf composes the one image of a plan, and says what is in its layers above the
// system's.
func layersOf(t *testing.T, p plan, in inputs) (spec, string) {
	t.Helper()
	specs, err := compose(p, in, packages{})
	if err != nil {
		t.Fatal(err)
	}
	var layers []string
	for _, files := range specs[0].layers[1:] {
		layers = append(layers, list(files))
	}
	return specs[0], strings.Join(layers, "; ")
}

func TestFilesAreWhereTheBaseHasThem(t *testing.T) {
	p := linksOnly(t, map[string]string{"/bin/mate": "sh"})
	if _, got := layersOf(t, p, onBase()); got != "/usr/bin/mate->sh, /hold/" {
		t.Errorf("got %s", got)
	}
}

func TestImageWithoutBase(t *testing.T) {
	p := linksOnly(t, map[string]string{"/bin/mate": "/hold"})
	p.needed[0].Base = "none"
	s, got := layersOf(t, p, onBase())
	label := s.image.Labels["org.opencontainers.image.base.name"]
	if got != "/bin/mate->/hold, /hold/" || s.image.Base != nil || label != "" {
		t.Errorf("got %s, %+v", got, s.image)
	}
	if p.hasBase() {
		t.Error("a base is asked for, which no image has")
	}
	p.needed[0].Links["/mate"] = "/usr/bin/sh"
	_, err := compose(p, onBase(), packages{})
	want := "image hold: /mate leads to /usr/bin/sh, which is missing\n  Profile ship gives image hold no base"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestAddedFilesAreOnTop(t *testing.T) {
	p := linksOnly(t, map[string]string{"/room": "hold"})
	p.needed[0].Pods, p.pods = "/pods", []images.Pod{{Name: "captain"}}
	p.added = map[string]addition{"hold": {
		files: []images.File{
			{Path: "/bin/mate", Target: "/hold"}, {Path: "/tmp/x"}, {Path: "/etc/hosts"}, {Path: "/pods/captain.json"},
		},
		replace: []string{"/etc/hosts", "/pods/captain.json"},
	}}
	const want = "/hold/, /room->hold; /usr/bin/mate->/hold, /tmp/x, /etc/hosts, /pods/captain.json, /tmp/"
	if _, got := layersOf(t, p, onBase()); got != want {
		t.Errorf("got %s", got)
	}
	p.added["hold"] = addition{files: []images.File{{Path: "/etc/hosts"}, {Path: "/pods/captain.json", Target: "/hold"}},
		replace: []string{"/tmp/x"}}
	p.fork.Images.Add = map[string]images.Addition{"hold": {
		Links: map[string]string{"/pods/captain.json": "/hold"}, Replace: []string{"/tmp/x"},
	}}
	err := p.checkAdded(onBase())
	const fault = "forks/ship-1.4/files/images/hold/etc/hosts: images.add.hold: /etc/hosts is in the image already: " +
		"to replace it, list it in replace\n" +
		"fork.yaml: images.add.hold.links./pods/captain.json: /pods/captain.json is in the image already: " +
		"to replace it, list it in replace\n" +
		"fork.yaml: images.add.hold.replace[0]: the image has no /tmp/x to replace: remove it"
	if err == nil || err.Error() != fault {
		t.Errorf("got %v", err)
	}
}

func TestLabels(t *testing.T) {
	p := shipPlan(t)
	p.input.Recipes.License, p.input.Recipes.Homepage = "MIT", "https://example.org"
	p.fork.Images.Source, p.fork.Images.Base = "https://example.org/ship", "./base"
	all := p.labels(build.Record{Commit: "c0ffee", Date: "2026-02-03T04:05:06Z"})
	c := contents{plan: p, recipe: images.Recipe{Name: "ship", Summary: "sails"}}
	c.parts.base.image = empty.Image
	got := c.labels(all)
	for key, want := range map[string]string{
		"version": "1.4.1+test.1", "revision": "c0ffee", "created": "2026-02-03T04:05:06Z", "licenses": "MIT",
		"url": "https://example.org", "source": "https://example.org/ship", "title": "ship", "description": "sails",
		"base.name": "./base",
	} {
		if got["org.opencontainers.image."+key] != want {
			t.Errorf("%s: got %q, want %q", key, got["org.opencontainers.image."+key], want)
		}
	}
	if !strings.HasPrefix(got["org.opencontainers.image.base.digest"], "sha256:") {
		t.Error("there is no digest of the base")
	}
	const upstream = "build.slipway.upstream.revision"
	if got, ok := all[upstream]; ok {
		t.Errorf("the upstream's commit is told apart as %q, where it is the only one", got)
	}
	if got := p.labels(build.Record{UpstreamCommit: "f00d"})[upstream]; got != "f00d" {
		t.Errorf("the upstream's commit: got %q, want f00d", got)
	}
	if all["org.opencontainers.image.title"] != "" {
		t.Error("one image's title is among what all have")
	}
}

func TestPodFiles(t *testing.T) {
	got := podFiles("/pods", map[string][]byte{"mate.json": []byte("m"), "bosun.json": []byte("b"), "cook.json": nil},
		[]string{"/pods/cook.json"})
	if len(got) != 2 || got[0].Path != "/pods/bosun.json" || string(got[1].Data) != "m" {
		t.Errorf("got %+v", got)
	}
}
