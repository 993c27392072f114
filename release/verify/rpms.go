package verify

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"runtime"

	"golang.org/x/sync/errgroup"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/release/sign"
	"github.com/slipway-build/slipway/release/sign/rpmheader"
)

// A signedRPM is what the headers of an rpm say.
type signedRPM struct {
	unsigned string // digest without its signature: sha256:HEX
	err      error  // that it has none
	by       sign.By
	bad      error // of the signature
}

// readRPMs reads the headers of the rpms that are signed, or should be.
func (v *verification) readRPMs(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	v.rpms = map[string]*signedRPM{}
	for _, a := range v.release.Kind(artifact.Package) {
		if a.Format != "rpm" || !v.has(a.Path) || a.Unsigned == "" && !v.Keys.OpenPGP() {
			continue
		}
		r := &signedRPM{}
		v.rpms[a.Path] = r
		group.Go(func() error {
			if a.Unsigned != "" {
				r.unsigned, r.err = unsigned(v.file(a.Path))
			}
			if v.Keys.OpenPGP() {
				r.by, r.bad = verifyRPM(v.Keys, v.file(a.Path))
			}
			return ctx.Err()
		})
	}
	return group.Wait()
}

// unsigned returns the digest of an rpm without its signature.
func unsigned(file string) (string, error) {
	r, err := rpmheader.Unsigned(file)
	if err != nil {
		return "", err
	}
	defer r.Close()
	sum := sha256.New()
	_, err = io.Copy(sum, r)
	return "sha256:" + hex.EncodeToString(sum.Sum(nil)), err
}

// verifyRPM verifies the signature of an rpm. The library that reads headers panics where one
// points out of itself.
func verifyRPM(k sign.Verifier, file string) (by sign.By, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%s: its headers are damaged: %v", file, p)
		}
	}()
	return k.VerifyRPM(file)
}

// checkUnsigned checks that an rpm is the one that the record says it was before it was
// signed, which those who rebuild it compare with.
func (v *verification) checkUnsigned(c *Check, a artifact.Released) {
	r := v.rpms[a.Path]
	switch {
	case a.Unsigned == "" || r == nil:
	case r.err != nil:
		c.fault(a.Path, again, "its headers cannot be read: %v", r.err)
	case r.unsigned != a.Unsigned:
		c.fault(a.Path, publish, "without its signature its digest is %s, and artifacts.json says %s", r.unsigned, a.Unsigned)
	}
}
