package image

import "github.com/slipway-build/slipway/fork"

// Names returns the names of the images that a fork makes, none if that is not known.
func Names(f fork.Fork) []string { return imagesOf(f) }
