package s3

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/s3utils"

	"github.com/slipway-build/slipway/internal/run"
	"github.com/slipway-build/slipway/repo/publish/bucket"
)

// amazon is the store that is meant where none is named.
const amazon = "https://s3.amazonaws.com"

// location is where a repository is.
type location struct {
	bucket, prefix string
	endpoint       *url.URL
	region         string // "": the store is asked
	style          minio.BucketLookupType
}

// String names the location as its URL does.
func (l location) String() string {
	name := "s3://" + bucket.Key(l.bucket, l.prefix)
	if l.prefix == "" {
		name = "s3://" + l.bucket
	}
	if l.endpoint.String() != amazon {
		name += " at " + l.endpoint.String()
	}
	return name
}

// styles are the values of style: whether a bucket is named by the host or by the path of a request.
func styles() map[string]minio.BucketLookupType {
	return map[string]minio.BucketLookupType{
		"": minio.BucketLookupAuto, "host": minio.BucketLookupDNS, "path": minio.BucketLookupPath,
	}
}

// locate reads a URL, and what it leaves out from env. All faults are reported at once.
func locate(u *url.URL, env run.Env) (location, error) {
	query := u.Query()
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if u.User != nil {
		fault("a URL has no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY instead")
	}
	if err := s3utils.CheckValidBucketName(u.Host); err != nil {
		fault("%q is not a bucket: %v; expected s3://BUCKET/PREFIX", u.Host, err)
	}
	for _, key := range slices.Sorted(maps.Keys(query)) {
		if !slices.Contains([]string{"endpoint", "region", "style"}, key) {
			fault("unknown setting %s; a URL may have endpoint, region and style", key)
		}
	}
	style, ok := styles()[query.Get("style")]
	if !ok {
		fault("style=%s: expected host or path", query.Get("style"))
	}
	at := location{bucket: u.Host, prefix: bucket.Prefix(u.Path), style: style}
	var err error
	if at.endpoint, err = endpoint(query.Get("endpoint"), env); err != nil {
		faults = append(faults, err)
	}
	if len(faults) > 0 {
		return location{}, fmt.Errorf("s3://%s%s: %w", u.Host, u.Path, errors.Join(faults...))
	}
	at.region = first(query.Get("region"), env.Get("AWS_REGION"), env.Get("AWS_DEFAULT_REGION"))
	if at.region == "" && !s3utils.IsAmazonEndpoint(*at.endpoint) {
		at.region = "us-east-1" // what a store takes that has no regions
	}
	return at, nil
}

// endpoint returns the store's own URL.
func endpoint(given string, env run.Env) (*url.URL, error) {
	given = first(given, env.Get("AWS_ENDPOINT_URL_S3"), env.Get("AWS_ENDPOINT_URL"), amazon)
	u, err := url.Parse(given)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.User != nil ||
		strings.Trim(u.Path, "/") != "" || u.RawQuery != "" {
		return nil, fmt.Errorf("endpoint %q: expected https://HOST or https://HOST:PORT", given)
	}
	return &url.URL{Scheme: u.Scheme, Host: u.Host}, nil
}

func first(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}
