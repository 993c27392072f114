package sigstore

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	_ "crypto/sha512" // of P-384 and P-521
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
	sign func(ctx context.Context, m message) ([]byte, error)
}

// A message is what is signed: its digest, and the bytes for who needs them.
type message struct {
	digest []byte
	open   func() (io.ReadCloser, error)
}

// A Public is a public key.
type Public struct {
	Source string // as it was given
	Key    crypto.PublicKey
	hash   crypto.Hash
	id     [sha256.Size]byte // of the key as PKIX
}

// newPublic checks that bundles can be signed with a key.
func newPublic(source string, key crypto.PublicKey) (Public, error) {
	p := Public{Source: source, Key: key, hash: crypto.SHA256}
	switch k := key.(type) {
	case *rsa.PublicKey, ed25519.PublicKey:
	case *ecdsa.PublicKey:
		switch k.Curve {
		case elliptic.P256():
		case elliptic.P384():
			p.hash = crypto.SHA384
		case elliptic.P521():
			p.hash = crypto.SHA512
		default:
			return p, fmt.Errorf("key %s: ECDSA on %s: want P-256, P-384 or P-521", source, k.Params().Name)
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

// hint names the key in a bundle, as cosign does.
func (p Public) hint() string { return base64.StdEncoding.EncodeToString(p.id[:]) }

// PEM returns the key as cosign and openssl read it.
func (p Public) PEM() ([]byte, error) { return cryptoutils.MarshalPublicKeyToPEM(p.Key) }

// FromSecret reads a private key in PEM: PKCS #8, PKCS #1 or SEC 1, or one that cosign or
// openssl encrypted.
func FromSecret(source string, data []byte, passphrase keys.Passphrase) (*Key, error) {
	block, _ := pem.Decode(data)
	if block != nil && (block.Type == "PUBLIC KEY" || block.Type == "RSA PUBLIC KEY" || block.Type == "CERTIFICATE") {
		return nil, fmt.Errorf("key %s: it is a public key, which cannot sign: give the private one", source)
	}
	encrypted := block != nil && (strings.HasPrefix(block.Type, "ENCRYPTED ") || block.Headers["DEK-Info"] != "")
	var secret []byte
	if encrypted {
		var err error
		if secret, err = passphrase(); err != nil {
			return nil, fmt.Errorf("key %s: %w", source, err)
		}
		if len(secret) == 0 && strings.HasPrefix(block.Type, "ENCRYPTED PRIVATE") {
			return nil, &keys.PassphraseError{Key: source, Missing: true}
		}
	}
	private, err := cryptoutils.UnmarshalPEMToPrivateKey(data, cryptoutils.StaticPasswordFunc(secret))
	switch {
	case err != nil && encrypted: // cosign encrypts with an empty passphrase too
		return nil, &keys.PassphraseError{Key: source, Missing: len(secret) == 0}
	case err != nil:
		return nil, fmt.Errorf("key %s: it is not a private key in PEM: %w", source, err)
	}
	signer, ok := private.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("key %s: want a key of ECDSA, RSA or Ed25519", source)
	}
	public, err := newPublic(source, signer.Public())
	if err != nil {
		return nil, err
	}
	return &Key{Public: public, sign: func(_ context.Context, m message) ([]byte, error) {
		if _, ok := signer.(ed25519.PrivateKey); ok {
			return signEd25519(signer, m)
		}
		// No source of random numbers: ECDSA derives its number, as RFC 6979 has it.
		return signer.Sign(nil, m.digest, public.hash)
	}}, nil
}

func signEd25519(key crypto.Signer, m message) ([]byte, error) {
	data, err := read(m.open)
	if err != nil {
		return nil, err
	}
	return key.Sign(nil, data, crypto.Hash(0))
}

func read(open func() (io.ReadCloser, error)) ([]byte, error) {
	f, err := open()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(f)
}

// FromCommand is the key whose public part is at hand, and whose secret part a command
// uses: it is handed exactly the bytes to be signed, hashes and signs them, and returns the
// signature, of ECDSA in DER, of RSA as PKCS #1 v1.5.
func FromCommand(p keys.Program, public []byte, args []string) (*Key, error) {
	key, err := ReadPublic(p.Key, public)
	if err != nil {
		return nil, err
	}
	return &Key{Public: key, sign: func(ctx context.Context, m message) ([]byte, error) {
		f, err := m.open()
		if err != nil {
			return nil, err
		}
		defer f.Close()
		return p.Sign(ctx, args, f)
	}}, nil
}

// inMemory is a message of bytes.
func inMemory(hash crypto.Hash, data []byte) message {
	h := hash.New()
	h.Write(data)
	return message{digest: h.Sum(nil), open: func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(data)), nil
	}}
}

// ofBlob is the message that a blob is; only of a larger curve it is read here.
func ofBlob(hash crypto.Hash, b Blob) (message, error) {
	if hash == crypto.SHA256 {
		return message{digest: b.SHA256[:], open: b.Open}, nil
	}
	f, err := b.Open()
	if err != nil {
		return message{}, err
	}
	defer f.Close()
	h := hash.New()
	_, err = io.Copy(h, f)
	return message{digest: h.Sum(nil), open: b.Open}, err
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
