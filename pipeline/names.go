package pipeline

import (
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/pipeline/image"
	"github.com/slipway-build/slipway/pipeline/packages"
)

// Names are what requests can name of a fork.
type Names struct {
	Components []string // all that its version has
	Packages   []string
	Images     []string
	Platforms  []string // those of fork.yaml
}

// NamesOf returns what requests can name of a fork.
func NamesOf(f fork.Fork) Names {
	n := Names{Packages: packages.Names(f), Images: image.Names(f), Platforms: f.Build.Platforms}
	for _, c := range f.Components {
		n.Components = append(n.Components, c.Name)
	}
	return n
}
