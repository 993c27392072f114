// Package ssh publishes a repository to a folder of another host, over ssh.
package ssh

import (
	"context"
	"errors"
	"net/url"

	"github.com/slipway-build/slipway/repo/publish"
)

// Open opens the folder that u names, as ssh://user@host:port/srv/repo does.
func Open(ctx context.Context, u *url.URL, o publish.Options) (publish.Target, error) {
	return nil, errors.ErrUnsupported
}
