// Package s3 publishes a repository to a bucket of Amazon S3, or of a store that speaks its
// protocol.
package s3

import (
	"context"
	"net/url"

	"github.com/slipway-build/slipway/repo/publish"
)

// Open returns the target that a URL names:
//
//	s3://BUCKET/PREFIX?endpoint=https://s3.example.org&region=eu-north-1&style=path
//
// All but the bucket may be left out. The variables of AWS's clients have the rest:
// AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL, AWS_REGION or AWS_DEFAULT_REGION, AWS_CA_BUNDLE, and credentials.
func Open(ctx context.Context, u *url.URL, o publish.Options) (publish.Target, error) {
	panic("not yet")
}
