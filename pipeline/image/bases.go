package image

import (
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/debbase"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/platform"
	"github.com/slipway-build/slipway/profiles"
)

// A Base is what an image of one platform has beside the fork's programs.
type Base struct {
	Image     string
	Platform  platform.Platform
	Packages  []Package // of images.debian
	Reference string    // images.base; "" for packages
	Programs  []string  // of Slipway itself, sorted
}

// A Package is one of Debian's that is pinned, and where it is fetched from.
type Package struct {
	debbase.Pin
	URL string
}

// Bases returns what images of a fork have beside its programs; those that have nothing are
// left out. Where there are no images, the profile need not have recipes for any.
func Bases(f fork.Fork, titles []string, on []platform.Platform) ([]Base, error) {
	if len(titles) == 0 {
		return nil, nil
	}
	recipes, err := profiles.Images(f.Project.Dir, f.Profile)
	if err != nil {
		return nil, err
	}
	pins, err := readPins(f, on)
	if err != nil {
		return nil, err
	}
	var out []Base
	for _, r := range recipes.Images {
		if !slices.Contains(titles, r.Name) || !r.Versions.Contains(f.Parsed) {
			continue
		}
		for _, p := range on {
			b := Base{Image: r.Name, Platform: p, Programs: slices.Sorted(maps.Keys(r.BuiltIn))}
			if r.HasBase() {
				b.Packages = Located(f.Images.Debian.Suites, pins[p.Arch])
			}
			if r.HasBase() && b.Packages == nil && f.Images.Base != "scratch" {
				b.Reference = f.Images.Base
			}
			if b.Packages != nil || b.Reference != "" || b.Programs != nil {
				out = append(out, b)
			}
		}
	}
	return out, nil
}

// Located returns pinned packages with their URLs in the archives of suites.
func Located(suites []string, pins []debbase.Pin) []Package {
	var out []Package
	for _, pin := range pins {
		one := Package{Pin: pin}
		for _, text := range suites {
			a, err := debbase.ParseSuite(text)
			if err == nil && a.Suite == pin.Suite {
				one.URL = strings.TrimSuffix(a.URL, "/") + "/" + path.Clean(pin.Filename)
			}
		}
		out = append(out, one)
	}
	return out
}
