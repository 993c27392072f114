package targets

import (
	"context"
	"time"

	"github.com/slipway-build/slipway"
	"github.com/slipway-build/slipway/artifact"
)

// Release makes everything that a fork ships, describes it and signs it.
//
// Writes dist/FORK/release: binaries, packages, the overlay, images and tarballs,
// as release.artifacts of fork.yaml says, with SBOMs, provenance, sums and
// signatures. -platforms and -arch work as in cross; the default is all of
// fork.yaml. -key takes a list of keys to sign with: a file, env:NAME, gpg:KEYID,
// or exec:PUBLICKEY COMMAND; without one the release is unsigned. -last is the
// release before it: a folder, or its artifacts.json. A version that is released
// already with other content is refused without -force.
func Release(ctx context.Context, fork, platforms, arch, key, last *string, force, v, json *bool) error {
	r, err := releaseRequest(platforms, arch, key, last)
	if err != nil {
		return err
	}
	r.Force = flag(toggleForce, force)
	return run(ctx, v, json, func(ctx context.Context, p *slipway.Project) (artifact.Set, error) {
		return p.Release(ctx, setting("FORK", fork), r)
	})
}

// releaseRequest returns what the flags of release ask for.
func releaseRequest(platforms, arch, key, last *string) (slipway.ReleaseRequest, error) {
	names, err := platformNames(setting("PLATFORMS", platforms), setting("ARCH", arch))
	return slipway.ReleaseRequest{
		Platforms: names, Keys: list(setting("KEY", key)), Last: setting("LAST", last), Now: time.Now(),
	}, err
}
