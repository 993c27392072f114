package release

import (
	"context"
	"strings"
	"time"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/event"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/internal/run"
	"github.com/slipway-build/slipway/release/page"
	"github.com/slipway-build/slipway/release/settings"
	"github.com/slipway-build/slipway/release/sign"
	"github.com/slipway-build/slipway/release/sign/keys"
)

// horizon is how long a key has to be valid after a release at least.
const horizon = 30 * 24 * time.Hour

// The public keys of a signed release.
const (
	openpgpKey  = artifact.KeysFolder + "/openpgp.asc"
	sigstoreKey = artifact.KeysFolder + "/sigstore.pub"
)

// Signing is what releases are signed with, and when.
type Signing struct {
	Keys   []string  // see sign.Open; none: nothing is signed
	Now    time.Time // that the keys have to be valid at
	Date   time.Time // of the release, which its signatures carry
	Env    run.Env
	Events event.Sink
}

// OpenSigner returns what signs releases of f, with keys that are fit for it. Without keys it
// signs nothing, and that is said.
func OpenSigner(ctx context.Context, f fork.Fork, by Signing) (*sign.Signer, error) {
	s, err := sign.Open(ctx, sign.Settings{
		Keys: by.Keys, Time: by.Date, Env: by.Env, Run: run.Runner{Events: by.Events},
	})
	if err != nil {
		return nil, err
	}
	if len(by.Keys) == 0 {
		by.Events.Note("the release is not signed: -key names a key")
		return s, nil
	}
	warnings, err := s.Check(by.Now, horizon, uses(f, s)...)
	for _, w := range warnings {
		by.Events.Note(w.String())
	}
	return s, err
}

// uses are what the keys of a release of f sign.
func uses(f fork.Fork, s *sign.Signer) []keys.Use {
	var out []keys.Use
	if s.Sigstore() {
		out = append(out, keys.Bundles)
	}
	if s.OpenPGP() {
		out = append(out, keys.Sums)
		if f.Release.Has(settings.RPM) {
			out = append(out, keys.RPM)
		}
	}
	return out
}

// publicKeys returns the public keys of the signer by their paths in a release.
func (b builder) publicKeys() (map[string][]byte, error) {
	armored, pem, err := b.Signer.PublicKeys()
	out := map[string][]byte{}
	if len(armored) > 0 {
		out[openpgpKey] = armored
	}
	if len(pem) > 0 {
		out[sigstoreKey] = pem
	}
	return out, err
}

// sigstorePrefix begins the fingerprints of sigstore keys; those of OpenPGP are hex digits
// alone.
const sigstorePrefix = "sha256:"

// keys are those of the signer, as documents name them.
func (b builder) keys() []artifact.ReleaseKey {
	var out []artifact.ReleaseKey
	for _, k := range b.Signer.Verifier().Fingerprints() {
		one := artifact.ReleaseKey{Use: page.OpenPGP, ID: k.Fingerprint, Path: openpgpKey}
		if strings.HasPrefix(k.Fingerprint, sigstorePrefix) {
			one.Use, one.Path = page.Sigstore, sigstoreKey
		}
		out = append(out, one)
	}
	return out
}
