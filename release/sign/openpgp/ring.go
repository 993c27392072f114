package openpgp

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/clearsign"
	pgperrors "github.com/ProtonMail/go-crypto/openpgp/errors"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	pgp "github.com/ProtonMail/go-crypto/openpgp/v2"

	"github.com/slipway-build/slipway/release/sign/keys"
)

// A Ring is public keys. Once they are added, signatures can be verified at the same time.
type Ring struct {
	certs pgp.EntityList
	lock  *sync.Mutex // the library notes in a key which of its self-signatures are valid
}

// A Signature is one that was verified.
type Signature struct {
	Fingerprint string // of the primary key, 40 upper-case hex digits
	Name        string // its user ID
	Time        time.Time
}

// Add adds the public keys of a file, armored or binary.
func (r *Ring) Add(source string, data []byte) error {
	all, err := readAll(data)
	if err != nil {
		return fmt.Errorf("key %s: it holds no OpenPGP public key: %w", source, err)
	}
	for _, e := range all {
		if e.PrivateKey != nil {
			return fmt.Errorf("key %s: it is a secret key: to verify, give the public one\n"+
				"  To write it: gpg --armor --export %s", source, fingerprint(e.PrimaryKey))
		}
	}
	r.add(all...)
	return nil
}

func (r *Ring) add(certs ...*pgp.Entity) {
	if r.lock == nil {
		r.lock = &sync.Mutex{}
	}
	r.certs = append(r.certs, certs...)
}

// AddKey adds the public part of a key.
func (r *Ring) AddKey(k Key) { r.add(k.cert) }

// Names returns the keys' fingerprints and user IDs, in the order they were added.
func (r Ring) Names() []string {
	var all []string
	for _, e := range r.certs {
		all = append(all, fmt.Sprintf("%s (%s)", fingerprint(e.PrimaryKey), name(e)))
	}
	return all
}

// Keys returns the keys as those of signatures that were verified, without a time.
func (r Ring) Keys() []Signature {
	var all []Signature
	for _, e := range r.certs {
		all = append(all, Signature{Fingerprint: fingerprint(e.PrimaryKey), Name: name(e)})
	}
	return all
}

// strict is how signatures are verified: as the library has it, which refuses weak keys and
// hashes. Whether a key is valid is asked for the time of its signature.
func strict() *packet.Config {
	return &packet.Config{Time: func() time.Time { return time.Time{} }, InsecureAllowAllKeyFlagsWhenMissing: true}
}

// Detached verifies an armored signature over data, the content of file. Of several, one by
// a known key is enough.
func (r Ring) Detached(file string, data, asc []byte) (Signature, error) {
	block, err := armor.Decode(bytes.NewReader(asc))
	if err != nil || block.Type != pgp.SignatureType {
		return Signature{}, fmt.Errorf("%s: its signature is not an armored OpenPGP signature", file)
	}
	sigs, err := io.ReadAll(block.Body)
	if err != nil {
		return Signature{}, fmt.Errorf("%s: its signature is damaged: %w", file, err)
	}
	return r.Packets(file, data, sigs)
}

// Packets verifies binary signatures over data, the content of file.
func (r Ring) Packets(file string, data, sigs []byte) (Signature, error) {
	if r.lock != nil {
		r.lock.Lock()
		defer r.lock.Unlock()
	}
	sig, e, err := pgp.VerifyDetachedSignature(r.certs, bytes.NewReader(data), bytes.NewReader(sigs), strict())
	if err != nil {
		return Signature{}, r.refuse(file, sigs, err)
	}
	return Signature{Fingerprint: fingerprint(e.PrimaryKey), Name: name(e), Time: sig.CreationTime.UTC()}, nil
}

// Clear verifies a text with a cleartext signature, and returns what is signed of it: its
// lines without the blanks at their ends.
func (r Ring) Clear(file string, signed []byte) ([]byte, Signature, error) {
	block, rest := clearsign.Decode(signed)
	if block == nil || len(bytes.TrimSpace(rest)) > 0 || !bytes.HasPrefix(signed, []byte("-----BEGIN PGP SIGNED")) {
		return nil, Signature{}, fmt.Errorf("%s: want a text with a cleartext signature, and nothing else", file)
	}
	sigs, err := io.ReadAll(block.ArmoredSignature.Body)
	if err != nil {
		return nil, Signature{}, fmt.Errorf("%s: its signature is damaged: %w", file, err)
	}
	by, err := r.Packets(file, block.Bytes, sigs)
	return append(block.Plaintext, '\n'), by, err
}

// refuse explains why none of the signatures is valid: by an unknown key, or not over data.
func (r Ring) refuse(file string, sigs []byte, err error) error {
	var by string
	for in := packet.NewReader(bytes.NewReader(sigs)); ; {
		p, perr := in.Next()
		if perr != nil {
			break
		}
		sig, ok := p.(*packet.Signature)
		if !ok {
			continue
		}
		by = issuer(sig)
		if sig.IssuerKeyId != nil && len(r.certs.EntitiesById(*sig.IssuerKeyId)) > 0 {
			return &keys.BadSignatureError{File: file, By: by, Err: err}
		}
	}
	if by == "" {
		return fmt.Errorf("%s: it has no OpenPGP signature: %w", file, err)
	}
	if !errors.Is(err, pgperrors.ErrUnknownIssuer) {
		return &keys.BadSignatureError{File: file, By: by, Err: err}
	}
	return &keys.UnknownError{File: file, By: by, Given: r.Names()}
}

// issuer names the key of a signature.
func issuer(sig *packet.Signature) string {
	if len(sig.IssuerFingerprint) > 0 {
		return fmt.Sprintf("%X", sig.IssuerFingerprint)
	}
	if sig.IssuerKeyId != nil {
		return fmt.Sprintf("%016X", *sig.IssuerKeyId)
	}
	return ""
}
