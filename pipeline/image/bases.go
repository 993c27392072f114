package image

import (
	"context"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/slipway-build/slipway/debbase"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/images"
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

// addDebian adds the layer of Debian's packages to the base of each platform.
func addDebian(ctx context.Context, w layerCache, p plan, bases map[platform.Platform]base) error {
	if !p.fork.Images.Debian.IsSet() || !p.hasBase() {
		return nil
	}
	from, err := archives(p.fork)
	if err != nil {
		return err
	}
	for _, on := range p.platforms {
		layers, err := w.Debian(ctx, from, p.pins[on.Arch])
		if err != nil {
			return fmt.Errorf("%s: images.debian: %w", p.fork.File("fork.yaml"), err)
		}
		bases[on] = base{image: bases[on].image, debian: layers, files: images.Base{
			Name: p.debianName(), Files: layers[0].Files, Layers: []v1.Layer{layers[0]},
		}}
	}
	return nil
}

// debianName returns what errors call the base of Debian's packages.
func (p plan) debianName() string {
	var suites []string
	for _, suite := range p.fork.Images.Debian.Suites {
		words := strings.Fields(suite)
		suites = append(suites, words[len(words)-1])
	}
	return "images.debian (" + strings.Join(suites, ", ") + ")"
}
