//go:build !linux

package conformance

import (
	"context"
	"errors"

	"github.com/slipway-build/slipway/build"
)

// possible returns an error: this host cannot have a cluster of its own.
func possible() error {
	return errors.New("a cluster can be started only on Linux: name one with -kubeconfig")
}

func (r run) boot(context.Context, []*build.Session) (place, error) { return place{}, possible() }
