package image

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/slipway-build/slipway/debbase"
	"github.com/slipway-build/slipway/images"
)

// TestBases holds what is said of the bases of images, of each image and platform.
func TestBases(t *testing.T) {
	const pinned = `{"of": {"suites": ["https://deb.example.org/debian bookworm"], "keyring": "keys.gpg",
"packages": ["ethtool"]}, "arches": {"amd64": [{"name": "ethtool", "version": "6.1-1", "architecture": "amd64",
"suite": "bookworm", "filename": "pool/e/ethtool.deb", "sha256": "01"}], "arm64": [{"name": "ethtool"}]}}`
	const reference = "registry.example.org/base@sha256:01"
	for _, c := range []struct {
		about  string
		debian images.Debian
		base   string
		titles []string
		want   []string
	}{
		{"Debian's packages", debian, "", []string{"ship"}, []string{
			"ship linux/amd64 ethtool https://deb.example.org/debian/pool/e/ethtool.deb", "ship linux/arm64 ethtool ",
		}},
		{"an image", images.Debian{}, reference, []string{"ship"},
			[]string{"ship linux/amd64 " + reference, "ship linux/arm64 " + reference}},
		{"nothing", images.Debian{}, "scratch", []string{"ship"}, nil},
		{"an image that is not made", images.Debian{}, reference, nil, nil},
		{"an image that there is no recipe of", images.Debian{}, reference, []string{"purser"}, nil},
	} {
		p := shipPlan(t)
		p.fork.Images.Debian, p.fork.Images.Base = c.debian, c.base
		p.fork.Profile = "ship"
		for name, text := range map[string]string{
			p.fork.Abs(baseFile): pinned,
			p.fork.Project.Path("profiles/ship/images.yaml"): "images:\n  - name: ship\n    summary: sails any sea\n" +
				"    programs: {captain: /bin/captain}\n",
			p.fork.Project.Path("profiles/ship.yaml"): "name: ship\nbuild: [{}]\ncomponents: [{name: captain, main: .}]\n",
		} {
			if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		bases, err := Bases(p.fork, c.titles, p.platforms)
		var got []string
		for _, b := range bases {
			line := fmt.Sprintf("%s %s %s", b.Image, b.Platform, b.Reference)
			for _, one := range b.Packages {
				line += one.Name + " " + one.URL
			}
			got = append(got, line)
		}
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, %v, want %q", c.about, got, err, c.want)
		}
	}
}

// TestBasesNeedPins holds that packages that are not pinned are not taken for none.
func TestBasesNeedPins(t *testing.T) {
	p := shipPlan(t)
	p.fork.Images.Debian = debian
	if bases, err := Bases(p.fork, []string{"ship"}, p.platforms); err == nil {
		t.Errorf("got %v", bases)
	}
}

func TestLocated(t *testing.T) {
	suites := []string{"https://deb.example.org/debian/ bookworm", "http://security.example.org bookworm-security"}
	for want, pin := range map[string]debbase.Pin{
		"https://deb.example.org/debian/pool/e.deb": {Suite: "bookworm", Filename: "pool/e.deb"},
		"http://security.example.org/pool/e.deb":    {Suite: "bookworm-security", Filename: "./pool/e.deb"},
		"":                                          {Suite: "trixie", Filename: "pool/e.deb"},
	} {
		if got := Located(suites, []debbase.Pin{pin}); len(got) != 1 || got[0].URL != want {
			t.Errorf("%s %s is at %v, want %s", pin.Suite, pin.Filename, got, want)
		}
	}
}
