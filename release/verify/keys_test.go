package verify_test

import (
	"testing"

	"github.com/slipway-build/slipway/release/sign"
	"github.com/slipway-build/slipway/release/sign/signtest"
)

// publisher returns a signer with a key of each kind, and the files of their public keys.
func publisher(t testing.TB) (s *sign.Signer, openPGP, pem string) {
	t.Helper()
	asc, key := signtest.OpenPGP(t, "Harbour"), signtest.PEM(t)
	return open(t, asc.Secret, key.Secret), asc.Public, key.Public
}

// rebuilder returns a signer with a new key in PEM.
func rebuilder(t testing.TB) *sign.Signer {
	t.Helper()
	return open(t, signtest.PEM(t).Secret)
}

func open(t testing.TB, keys ...string) *sign.Signer {
	t.Helper()
	s, err := sign.Open(t.Context(), sign.Settings{Keys: keys, Time: signtest.Release})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// public returns what verifies with public keys.
func public(t testing.TB, files ...string) sign.Verifier {
	t.Helper()
	v, err := sign.OpenVerifier(files)
	if err != nil {
		t.Fatal(err)
	}
	return v
}
