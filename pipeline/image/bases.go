package image

import (
	"path"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/debbase"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/images"
	"github.com/slipway-build/slipway/platform"
	"github.com/slipway-build/slipway/profiles"
)

// A Base is what is below a fork's own layers in an image of one platform.
type Base struct {
	Image     string
	Platform  platform.Platform
	Packages  []Package // of images.debian
	Reference string    // images.base; "" for packages
}

// A Package is one of Debian's that is pinned, and where it is fetched from.
type Package struct {
	debbase.Pin
	URL string
}

// Bases returns what images of a fork are based on; those that have no base are left out.
func Bases(f fork.Fork, titles []string, on []platform.Platform) ([]Base, error) {
	if !f.Images.Debian.IsSet() && f.Images.Base == "scratch" {
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
	for _, title := range titles {
		based := func(r images.Recipe) bool { return r.Name == title && r.HasBase() }
		if !slices.ContainsFunc(recipes.Images, based) {
			continue
		}
		for _, p := range on {
			b := Base{Image: title, Platform: p}
			if b.Packages = Located(f.Images.Debian.Suites, pins[p.Arch]); b.Packages == nil {
				b.Reference = f.Images.Base
			}
			out = append(out, b)
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
