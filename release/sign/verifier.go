package sign

import (
	"errors"
	"fmt"
	"os"

	"github.com/slipway-build/slipway/release/sign/keys"
	"github.com/slipway-build/slipway/release/sign/openpgp"
	"github.com/slipway-build/slipway/release/sign/rpmheader"
	"github.com/slipway-build/slipway/release/sign/sigstore"
)

// A Verifier verifies signatures with public keys alone, offline. The zero Verifier has no
// key: it refuses all signatures. Its methods may be called at the same time.
//
// Its errors are a *keys.UnknownError where a signature is by another key, a
// *keys.BadSignatureError where it does not fit, and others where there is none.
type Verifier struct {
	openpgp  openpgp.Ring
	sigstore sigstore.Ring
}

// By says whose a key is, or who made a signature that was verified.
type By struct {
	// Fingerprint is 40 hex digits of an OpenPGP key, and sha256:HEX of a sigstore key as PKIX.
	Fingerprint string `json:"fingerprint"`
	Name        string `json:"name"` // the user ID of an OpenPGP key, or the file of a sigstore key
}

// OpenVerifier reads public keys: files with OpenPGP keys, armored or binary, or with a key
// in PEM. All that is wrong with them is one error.
func OpenVerifier(files []string) (Verifier, error) {
	var v Verifier
	var faults []error
	for _, file := range files {
		if err := v.add(file); err != nil {
			faults = append(faults, err)
		}
	}
	return v, errors.Join(faults...)
}

func (v *Verifier) add(file string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("key %s: %w", file, err)
	}
	switch keys.KindOf(data) {
	case keys.OpenPGP:
		return v.openpgp.Add(file, data)
	case keys.PEM:
		k, err := sigstore.ReadPublic(file, data)
		if err == nil {
			v.sigstore = append(v.sigstore, k)
		}
		return err
	}
	return fmt.Errorf("key %s: it is neither an OpenPGP public key nor a public key in PEM", file)
}

// Verifier verifies what s signs.
func (s *Signer) Verifier() Verifier {
	var v Verifier
	for _, k := range s.openpgp {
		v.openpgp.AddKey(k)
	}
	if s.sigstore != nil {
		v.sigstore = append(v.sigstore, s.sigstore.Public)
	}
	return v
}

// OpenPGP reports whether v has an OpenPGP key.
func (v Verifier) OpenPGP() bool { return len(v.openpgp.Keys()) > 0 }

// Sigstore reports whether v has a sigstore key.
func (v Verifier) Sigstore() bool { return len(v.sigstore) > 0 }

// Fingerprints returns the keys, for reports.
func (v Verifier) Fingerprints() []By {
	var all []By
	for _, k := range v.openpgp.Keys() {
		all = append(all, By{k.Fingerprint, k.Name})
	}
	for _, k := range v.sigstore {
		all = append(all, By{k.Fingerprint(), k.Source})
	}
	return all
}

// VerifyDetached verifies an armored signature over data. The file's name is for errors, as
// in the other methods.
func (v Verifier) VerifyDetached(file string, data, asc []byte) (By, error) {
	sig, err := v.openpgp.Detached(file, data, asc)
	return By{sig.Fingerprint, sig.Name}, err
}

// VerifyClear verifies a text with a cleartext signature, and returns what is signed of it:
// its lines without the blanks at their ends.
func (v Verifier) VerifyClear(file string, signed []byte) ([]byte, By, error) {
	text, sig, err := v.openpgp.Clear(file, signed)
	if err != nil {
		return nil, By{}, err
	}
	return text, By{sig.Fingerprint, sig.Name}, nil
}

// VerifyRPM verifies the signature in the header of the rpm at path, and that the payload is
// the one that the header names.
func (v Verifier) VerifyRPM(path string) (By, error) {
	signature, header, err := rpmheader.Read(path)
	if err != nil {
		return By{}, err
	}
	if signature == nil {
		return By{}, fmt.Errorf("%s: its header has no signature", path)
	}
	sig, err := v.openpgp.Packets(path, header, signature)
	return By{sig.Fingerprint, sig.Name}, err
}

// VerifyBundle verifies the bundle of a blob, the content of file.
func (v Verifier) VerifyBundle(file string, bundle []byte, b sigstore.Blob) (By, error) {
	k, err := v.sigstore.Blob(file, bundle, b)
	if err != nil {
		return By{}, err
	}
	return By{k.Fingerprint(), k.Source}, nil
}

// VerifyAttestation verifies a bundle with a DSSE envelope, whose payload has to be of a
// type, and returns the payload.
func (v Verifier) VerifyAttestation(file, payloadType string, bundle []byte) ([]byte, By, error) {
	payload, got, k, err := v.sigstore.Attestation(file, bundle)
	if err != nil {
		return nil, By{}, err
	}
	if got != payloadType {
		return nil, By{}, fmt.Errorf("%s: its payload is of the type %q: want %s", file, got, payloadType)
	}
	return payload, By{k.Fingerprint(), k.Source}, nil
}
