package sign

import (
	"github.com/slipway-build/slipway/release/sign/openpgp"
	"github.com/slipway-build/slipway/release/sign/sigstore"
)

// A Verifier verifies signatures with public keys alone, offline. The zero Verifier has no
// key: it refuses all signatures.
type Verifier struct {
	openpgp  openpgp.Ring
	sigstore []sigstore.Public
}

// By says who made a signature that was verified.
type By struct {
	Fingerprint string // of an OpenPGP key: 40 hex digits; of a sigstore key: sha256:HEX of it as PKIX
	Name        string // the user ID of an OpenPGP key, or the file of a sigstore key
}
