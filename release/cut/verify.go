package cut

import (
	"context"

	"github.com/slipway-build/slipway/event"
	"github.com/slipway-build/slipway/release/sign"
	"github.com/slipway-build/slipway/release/verify"
)

// A VerifyRequest says what a release is verified with.
type VerifyRequest struct {
	Keys       []string // files with public keys of the publisher; none: signatures are not checked
	Rebuilders int      // how many others must have built the release again
	Others     []string // files with their public keys
	Rebuilds   []string // files with their statements, beside those in the release
	Events     event.Sink
}

// Verify checks the release in a folder, as anybody can who has nothing but that and
// public keys.
func Verify(ctx context.Context, dir string, r VerifyRequest) (verify.Report, error) {
	q := verify.Request{Rebuilders: r.Rebuilders, Rebuilds: r.Rebuilds, Events: r.Events}
	var err error
	if q.Keys, err = sign.OpenVerifier(r.Keys); err != nil {
		return verify.Report{}, err
	}
	if q.Others, err = sign.OpenVerifier(r.Others); err != nil {
		return verify.Report{}, err
	}
	return verify.Release(ctx, dir, q)
}
