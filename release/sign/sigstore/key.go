package sigstore

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"io"
	"strings"

	"github.com/sigstore/sigstore/pkg/cryptoutils"

	"github.com/slipway-build/slipway/release/sign/keys"
)

// A Key signs blobs and statements.
type Key struct {
	Public
	sign func(context.Context, Blob) ([]byte, error)
}

// A Public is a public key.
type Public struct {
	Source string // as it was given
	Key    crypto.PublicKey
	id     [sha256.Size]byte // of the key as PKIX
}

// newPublic checks that bundles can be signed with a key.
func newPublic(source string, key crypto.PublicKey) (Public, error) {
	p := Public{Source: source, Key: key}
	switch k := key.(type) {
	case *rsa.PublicKey, ed25519.PublicKey:
	case *ecdsa.PublicKey:
		// cosign hashes with SHA-256 whatever the key of a file is, and so fails on larger curves.
		if k.Curve != elliptic.P256() {
			return p, fmt.Errorf("key %s: ECDSA on %s, which cosign does not verify with: want P-256",
				source, k.Params().Name)
		}
	default:
		return p, fmt.Errorf("key %s: want a key of ECDSA, RSA or Ed25519", source)
	}
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return p, fmt.Errorf("key %s: %w", source, err)
	}
	p.id = sha256.Sum256(der)
	return p, nil
}

// ReadPublic reads a public key in PEM.
func ReadPublic(source string, data []byte) (Public, error) {
	if block, _ := pem.Decode(data); block != nil && strings.HasSuffix(block.Type, "PRIVATE KEY") {
		return Public{}, fmt.Errorf("key %s: it is a secret key: to verify, give the public one\n"+
			"  To write it: openssl pkey -in %s -pubout, or cosign public-key --key %[1]s", source, source)
	}
	key, err := cryptoutils.UnmarshalPEMToPublicKey(data)
	if err != nil {
		return Public{}, fmt.Errorf("key %s: it is not a public key in PEM: %w", source, err)
	}
	return newPublic(source, key)
}

// Fingerprint returns sha256:HEX of the key as PKIX.
func (p Public) Fingerprint() string { return "sha256:" + hex.EncodeToString(p.id[:]) }

// A hint names a key in a bundle: cosign writes the SHA-256 of the key as PKIX, in base64.
type hint string

func (p Public) hint() hint { return hint(base64.StdEncoding.EncodeToString(p.id[:])) }

// fingerprint returns the key that a hint names as Fingerprint does; what cosign did not
// write, as it is.
func (h hint) fingerprint() string {
	id, err := base64.StdEncoding.DecodeString(string(h))
	if err != nil || len(id) != sha256.Size {
		return string(h)
	}
	return "sha256:" + hex.EncodeToString(id)
}

// PEM returns the key as cosign and openssl read it.
func (p Public) PEM() ([]byte, error) { return cryptoutils.MarshalPublicKeyToPEM(p.Key) }

// FromSecret reads a private key in PEM: PKCS #8, PKCS #1 or SEC 1, or one that cosign or
// openssl encrypted.
func FromSecret(source string, data []byte, passphrase keys.Passphrase) (*Key, error) {
	signer, err := readPrivate(source, data, passphrase)
	if err != nil {
		return nil, err
	}
	public, err := newPublic(source, signer.Public())
	if err != nil {
		return nil, err
	}
	return &Key{Public: public, sign: func(_ context.Context, b Blob) ([]byte, error) {
		if _, ok := signer.(ed25519.PrivateKey); ok {
			return signEd25519(signer, b)
		}
		// No source of random numbers: ECDSA derives its number, as RFC 6979 has it.
		return signer.Sign(nil, b.SHA256[:], crypto.SHA256)
	}}, nil
}

// readPrivate reads a private key, and asks for a passphrase if it is encrypted.
func readPrivate(source string, data []byte, passphrase keys.Passphrase) (crypto.Signer, error) {
	block, _ := pem.Decode(data)
	if block == nil {
		return nil, fmt.Errorf("key %s: it is not a private key in PEM: its end is missing", source)
	}
	if !strings.HasSuffix(block.Type, "PRIVATE KEY") {
		return nil, fmt.Errorf("key %s: it is a %s, which cannot sign: give the private key",
			source, strings.ToLower(block.Type))
	}
	secret := []byte{} // cosign encrypts with an empty passphrase too
	encrypted := strings.HasPrefix(block.Type, "ENCRYPTED ") || block.Headers["DEK-Info"] != ""
	if encrypted {
		given, err := passphrase()
		if err != nil {
			return nil, fmt.Errorf("key %s: %w", source, err)
		}
		secret = append(secret, given...)
	}
	private, err := cryptoutils.UnmarshalPEMToPrivateKey(data, cryptoutils.StaticPasswordFunc(secret))
	switch {
	case err != nil && encrypted:
		return nil, &keys.PassphraseError{Key: source, Missing: len(secret) == 0}
	case err != nil:
		return nil, fmt.Errorf("key %s: it is not a private key in PEM: %w", source, err)
	}
	signer, ok := private.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("key %s: want a key of ECDSA, RSA or Ed25519", source)
	}
	return signer, nil
}

func signEd25519(key crypto.Signer, b Blob) ([]byte, error) {
	f, err := b.Open()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(f)
	if err != nil {
		return nil, err
	}
	return key.Sign(nil, data, crypto.Hash(0))
}

// FromCommand is the key whose public part is at hand, and whose secret part a command
// uses: it is handed exactly the bytes to be signed, hashes and signs them, and returns the
// signature, of ECDSA in DER, of RSA as PKCS #1 v1.5.
func FromCommand(p keys.Program, public []byte, args []string) (*Key, error) {
	key, err := ReadPublic(p.Key, public)
	if err != nil {
		return nil, err
	}
	return &Key{Public: key, sign: func(ctx context.Context, b Blob) ([]byte, error) {
		f, err := b.Open()
		if err != nil {
			return nil, err
		}
		defer f.Close()
		return p.Sign(ctx, args, f)
	}}, nil
}

// Faults returns what speaks against signing bundles with the key.
func (p Public) Faults() []keys.Fault {
	k, ok := p.Key.(*rsa.PublicKey)
	if !ok || k.N.BitLen() >= 3072 {
		return nil
	}
	return []keys.Fault{{
		Key: p.Source, What: fmt.Sprintf("RSA of %d bits, below 3072", k.N.BitLen()),
		Breaks: "policies that ask for 128 bits of security; cosign below 2048 bits, and other sizes than 2048, 3072, 4096",
		Remedy: "make a key: openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out release.pem",
	}}
}
