// Package folder publishes a repository to a folder of this machine.
package folder

import (
	"context"
	"errors"
	"net/url"

	"github.com/slipway-build/slipway/repo/publish"
)

// Open opens the folder that u names, as file:///srv/repo does, or a path alone.
func Open(ctx context.Context, u *url.URL, o publish.Options) (publish.Target, error) {
	return nil, errors.ErrUnsupported
}
