// Package swift publishes a repository to a container of OpenStack's object store.
package swift

import (
	"context"
	"net/url"

	"github.com/slipway-build/slipway/repo/publish"
)

// Open returns the target that a URL names:
//
//	swift://CONTAINER/PREFIX
//
// The variables of OpenStack's clients say where it is and who asks: OS_AUTH_URL and what goes with it, ST_AUTH, ST_USER
// and ST_KEY, OS_STORAGE_URL and OS_AUTH_TOKEN, or OS_CLOUD, which names a cloud of clouds.yaml.
func Open(ctx context.Context, u *url.URL, o publish.Options) (publish.Target, error) {
	panic("not yet")
}
