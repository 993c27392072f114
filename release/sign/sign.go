// Package sign signs what a release holds, and verifies it from public keys alone.
//
// A Signer has OpenPGP keys (for sums, Manifests, repositories and rpms), a sigstore key
// (for blobs, statements and images), or both. A Verifier has their public keys.
package sign

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/slipway-build/slipway/internal/run"
	"github.com/slipway-build/slipway/release/sign/openpgp"
	"github.com/slipway-build/slipway/release/sign/rpmheader"
	"github.com/slipway-build/slipway/release/sign/sigstore"
)

// Settings are what a Signer is made of.
type Settings struct {
	// Keys are the values of -key: FILE, env:NAME, gpg:KEYID or exec:PUBLICKEY COMMAND….
	Keys []string
	// Time is the release's date, which signatures carry. Where a key is newer than that,
	// its signatures carry the first moment at which it could sign.
	Time time.Time
	Env  run.Env // has the passphrase, the variables of env:NAME, and what gpg and commands need
	Run  run.Runner
	// Limit is how long a command may take for one signature; 0 is as keys.Program has it.
	Limit time.Duration
}

// A Signer signs with the keys it was given: any number of OpenPGP keys, and at most one
// sigstore key. The zero Signer has none. Bundle, Attest and Image may be called at the same
// time, the others one after another.
type Signer struct {
	openpgp  []openpgp.Key // in the order they were given
	sigstore *sigstore.Key
	time     time.Time
}

// OpenPGP reports whether s has an OpenPGP key.
func (s *Signer) OpenPGP() bool { return len(s.openpgp) > 0 }

// First returns a Signer with the first OpenPGP key alone, for clients that refuse what several
// keys have signed if they do not know all of them: git and gemato. Without a key, nor has it one.
func (s *Signer) First() *Signer {
	return &Signer{openpgp: s.openpgp[:min(1, len(s.openpgp))], time: s.time}
}

// Sigstore reports whether s has a sigstore key.
func (s *Signer) Sigstore() bool { return s.sigstore != nil }

// Detach returns an armored signature over data, by all OpenPGP keys.
func (s *Signer) Detach(ctx context.Context, data []byte) ([]byte, error) {
	if err := s.needOpenPGP("a detached signature"); err != nil {
		return nil, err
	}
	return openpgp.Detach(ctx, s.openpgp, data, s.time)
}

// Metadata returns an armored signature over repomd.xml, by all OpenPGP keys, with that of the
// first one last. zypper looks for the key of the last signature alone, and what it can
// install are rpms, which the first key signs.
func (s *Signer) Metadata(ctx context.Context, data []byte) ([]byte, error) {
	if err := s.needOpenPGP("the signature of repomd.xml"); err != nil {
		return nil, err
	}
	by := slices.Clone(s.openpgp)
	slices.Reverse(by)
	return openpgp.Detach(ctx, by, data, s.time)
}

// Clear returns text with a cleartext signature, as InRelease and Manifest have it, by all
// OpenPGP keys.
func (s *Signer) Clear(ctx context.Context, text []byte) ([]byte, error) {
	if err := s.needOpenPGP("a cleartext signature"); err != nil {
		return nil, err
	}
	return openpgp.Clear(ctx, s.openpgp, text, s.time)
}

// RPM puts the signature of the first OpenPGP key into an rpm's header. The file is replaced
// in one step; a signature that it had is replaced too. It returns the digests of the file
// without any signature and as it is now.
func (s *Signer) RPM(ctx context.Context, path string) (rpmheader.Digests, error) {
	if err := s.needOpenPGP("the signature of an rpm"); err != nil {
		return rpmheader.Digests{}, err
	}
	return rpmheader.Sign(path, func(header []byte) ([]byte, error) {
		return s.openpgp[0].SignRPM(ctx, header, s.time)
	})
}

// Bundle returns a sigstore bundle over a blob: PATH.sigstore.json.
func (s *Signer) Bundle(ctx context.Context, b sigstore.Blob) ([]byte, error) {
	if err := s.needSigstore("a bundle"); err != nil {
		return nil, err
	}
	return s.sigstore.Bundle(ctx, b)
}

// Attest returns a sigstore bundle with a DSSE envelope over payload. The type of an in-toto
// statement is sigstore.StatementType.
func (s *Signer) Attest(ctx context.Context, payloadType string, payload []byte) ([]byte, error) {
	if err := s.needSigstore("an attestation"); err != nil {
		return nil, err
	}
	return s.sigstore.Attest(ctx, payloadType, payload)
}

// Image returns the signature of an image, by the digest of its manifest or index, as it is
// attached to it.
func (s *Signer) Image(ctx context.Context, digest string) (sigstore.Referrer, error) {
	statement, err := sigstore.ImageStatement(digest)
	if err != nil {
		return sigstore.Referrer{}, err
	}
	bundle, err := s.Attest(ctx, sigstore.StatementType, statement)
	if err != nil {
		return sigstore.Referrer{}, fmt.Errorf("image %s: %w", digest, err)
	}
	return sigstore.Attached(bundle, sigstore.ImagePredicate, s.time), nil
}
