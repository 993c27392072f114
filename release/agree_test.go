package release

import (
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/platform"
)

var bothLinux = []platform.Platform{
	{OS: "linux", Arch: "amd64"}, {OS: "darwin", Arch: "arm64"}, {OS: "linux", Arch: "arm64"},
}

// madeFor is the record of an image for some platforms.
func madeFor(platforms ...string) artifact.Images {
	image := artifact.ImageIndex{Name: "ship"}
	for _, p := range platforms {
		image.Platforms = append(image.Platforms, artifact.PlatformImage{Platform: p})
	}
	return artifact.Images{Images: []artifact.ImageIndex{image}}
}

func TestCheckPlatforms(t *testing.T) {
	const amd, arm, images = "linux/amd64", "linux/arm64", "the images in dist/ship-1.4/images are for "
	for name, c := range map[string]struct {
		asked, made []string
		note, fault string // how they begin
	}{
		"all are made": {made: []string{amd, arm}},
		"one is made": {
			made: []string{arm},
			note: images + "linux/arm64 alone, and forks/ship-1.4/fork.yaml also lists linux/amd64: for all, mage image " +
				"-platforms=all -fork=ship-1.4",
		},
		"a further one":         {made: []string{"linux/386", amd, arm}},
		"nothing is known":      {},
		"one is asked for":      {asked: []string{arm}, made: []string{arm}},
		"two, in another order": {asked: []string{arm, amd, arm}, made: []string{amd, arm}},
		"all, and all are made": {asked: []string{"all"}, made: []string{arm, amd}},
		"all, and one is made": {
			asked: []string{"all"}, made: []string{amd},
			fault: "-platforms=linux/amd64,linux/arm64: " + images +
				"linux/amd64: make them again, mage image -platforms=linux/amd64,linux/arm64 -fork=ship-1.4",
		},
		"one, and two are made": {
			asked: []string{amd}, made: []string{amd, arm}, fault: "-platforms=linux/amd64: " + images,
		},
		"one that there is none of": {asked: []string{"linux"}, made: []string{amd}, fault: `"linux"`},
	} {
		t.Run(name, func(t *testing.T) {
			f := ship("", "")
			f.Platforms = bothLinux
			note, err := PushRequest{Platforms: c.asked}.checkPlatforms(f, madeFor(c.made...))
			fault := ""
			if err != nil {
				fault = err.Error()
			}
			if !strings.HasPrefix(note, c.note) || c.note == "" && note != "" || !strings.Contains(fault, c.fault) ||
				c.fault == "" && fault != "" {
				t.Errorf("note %q, error %q, want %q, %q", note, fault, c.note, c.fault)
			}
		})
	}
}

func TestCheckPulls(t *testing.T) {
	const dist = "dist/ship-1.4/"
	pod := func(registry string) artifact.Pull {
		return artifact.Pull{File: dist + "manifests/bosun.json", Registry: registry, Name: "bosun"}
	}
	unit := artifact.Pull{File: dist + "installer/a.service", Registry: "a.example.org", Name: "ship"}
	variables := artifact.Pull{File: dist + "deploy/kubespray.yml", Registry: "k.example.org"}
	for name, c := range map[string]struct {
		to     []string
		mirror bool
		pulls  []artifact.Pull
		notes  []string
		fault  string
	}{
		"nothing is deployed": {to: []string{"a.example.org"}},
		"from there":          {to: []string{"a.example.org"}, pulls: []artifact.Pull{pod("a.example.org"), unit}},
		"from one of them":    {to: []string{"b.example.org", "a.example.org"}, pulls: []artifact.Pull{unit}},
		"by another name":     {to: []string{"docker.io/team/"}, pulls: []artifact.Pull{pod("index.docker.io/team")}},
		"from elsewhere": {
			to: []string{"b.example.org"}, pulls: []artifact.Pull{pod("a.example.org"), unit, unit},
			fault: `-registry=b.example.org: hosts pull from a.example.org, by dist/ship-1.4/manifests, dist/ship-1.4/installer
  To have them pull from b.example.org: mage image -registry=b.example.org -fork=ship-1.4
  To push to a mirror of a.example.org: mage push -mirror -registry=b.example.org -fork=ship-1.4`,
		},
		"a mirror": {to: []string{"b.example.org"}, mirror: true, pulls: []artifact.Pull{pod("localhost"), unit}},
		"from none": {
			to: []string{"b.example.org"}, pulls: []artifact.Pull{pod("localhost")},
			notes: []string{"dist/ship-1.4/manifests: no registry is named there, so hosts do not find what is pushed: " +
				"mage image -registry=b.example.org -fork=ship-1.4, and push again"},
		},
		"this machine": {to: []string{"localhost"}, pulls: []artifact.Pull{pod("localhost")}},
		"Kubespray alone": {
			to: []string{"b.example.org"}, pulls: []artifact.Pull{variables, pod("b.example.org")},
			fault: `-registry=b.example.org: hosts pull from k.example.org, by dist/ship-1.4/deploy/kubespray.yml
  To have them pull from b.example.org: mage deploy:kubespray -registry=b.example.org -fork=ship-1.4
  To push to a mirror of k.example.org: mage push -mirror -registry=b.example.org -fork=ship-1.4`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			notes, err := PushRequest{Registries: c.to, Mirror: c.mirror}.checkPulls(ship("", ""), c.pulls)
			fault := ""
			if err != nil {
				fault = err.Error()
			}
			if fault != c.fault || !slices.Equal(notes, c.notes) {
				t.Errorf("%q, %q, want %q, %q", notes, fault, c.notes, c.fault)
			}
		})
	}
}

// TestCurrent takes what pins the images that are pushed, and tells of what pins others.
func TestCurrent(t *testing.T) {
	pushed := []artifact.ImageIndex{{Name: "bosun", Digest: "sha256:01"}, {Name: "ship", Digest: "sha256:02"}}
	pulls := []artifact.Pull{
		{File: "dist/ship-1.4/deploy/kubespray.yml"},
		{File: "dist/ship-1.4/installer/a.service", Name: "ship", Digest: "sha256:02"},
		{File: "dist/ship-1.4/manifests/bosun.json", Name: "bosun", Digest: "sha256:00"},
		{File: "dist/ship-1.4/manifests/raft.json", Name: "raft", Digest: "sha256:03"}, // of another fork
	}
	got, note := current(ship("", ""), pulls, pushed)
	if !slices.Equal(got, pulls[:2]) {
		t.Errorf("got %v", got)
	}
	if want := "dist/ship-1.4/manifests: made for other images than those in dist/ship-1.4/images: to make all again, " +
		"mage image -fork=ship-1.4"; note != want {
		t.Errorf("the note is %q, want %q", note, want)
	}
	if _, note := current(ship("", ""), pulls[:2], pushed); note != "" {
		t.Errorf("of what is current, the note is %q", note)
	}
}
