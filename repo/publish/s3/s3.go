// Package s3 publishes a repository to a bucket of Amazon S3, or of a store that speaks its
// protocol.
package s3

import (
	"context"
	"net/url"
	"sync"

	"github.com/minio/minio-go/v7"

	"github.com/slipway-build/slipway/internal/run"
	"github.com/slipway-build/slipway/repo/publish"
	"github.com/slipway-build/slipway/repo/publish/bucket"
)

// Target is a bucket, or the part of one below a prefix.
type Target struct {
	location
	client    *minio.Core
	transport *bucket.Transport

	mu         sync.Mutex
	conditions conditions
}

// Open returns the target that a URL names:
//
//	s3://BUCKET/PREFIX?endpoint=https://s3.example.org&region=eu-north-1&style=path
//
// All but the bucket may be left out. The variables of AWS's clients have the rest: AWS_ENDPOINT_URL_S3 or
// AWS_ENDPOINT_URL, AWS_REGION or AWS_DEFAULT_REGION, AWS_CA_BUNDLE, and those of credentials. Nothing is asked of the
// store yet.
func Open(_ context.Context, u *url.URL, o publish.Options) (publish.Target, error) {
	return open(u, o.Env, minio.MaxRetry)
}

func open(u *url.URL, env run.Env, attempts int) (*Target, error) {
	at, err := locate(u, env)
	if err != nil {
		return nil, err
	}
	keys, err := credentialsOf(env)
	if err != nil {
		return nil, at.fault("", err)
	}
	transport, err := bucket.NewTransport(env, "AWS_CA_BUNDLE")
	if err != nil {
		return nil, at.fault("", err)
	}
	client, err := minio.NewCore(at.endpoint.Host, &minio.Options{
		Creds: keys, Secure: at.endpoint.Scheme == "https", Transport: transport,
		Region: at.region, BucketLookup: at.style, MaxRetries: attempts,
	})
	if err != nil {
		return nil, at.fault("", err)
	}
	return &Target{location: at, client: client, transport: transport}, nil
}

// Limits says, after the first Swap, if the store does not compare the head.
func (t *Target) Limits() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.conditions == ignored {
		return []string{noCompare}
	}
	return nil
}

// Close ends connections.
func (t *Target) Close() error {
	t.transport.CloseIdleConnections()
	return nil
}
