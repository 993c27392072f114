// Package openpgp signs with OpenPGP keys: of a file, of gpg-agent, or behind a command. It
// checks whether clients accept a key, and verifies signatures.
//
// Signatures have no salt and no clock, so those of RSA, EdDSA and ECDSA keys at hand are
// the same bytes each time.
package openpgp

import (
	"bufio"
	"bytes"
	"context"
	"crypto"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	pgp "github.com/ProtonMail/go-crypto/openpgp/v2"

	"github.com/slipway-build/slipway/release/sign/keys"
)

// A Key is an OpenPGP key that can sign.
type Key struct {
	Source string // as it was given
	cert   *pgp.Entity
	secret map[uint64]bool // IDs of the primary key and subkeys that can be signed with
	sign   func(context.Context, request) ([]byte, error)
}

// A request is one signature to make.
type request struct {
	key  *packet.PublicKey // which of the primary key and the subkeys
	data []byte            // in its canonical form, if it is text
	text bool
	at   time.Time
}

// Fingerprint returns that of the primary key, as 40 upper-case hex digits.
func (k Key) Fingerprint() string { return fingerprint(k.cert.PrimaryKey) }

// Name returns the user ID of the key.
func (k Key) Name() string { return name(k.cert) }

// Public returns the armored public key.
func (k Key) Public() ([]byte, error) {
	packets, err := serialize(k.cert)
	if err != nil {
		return nil, err
	}
	return Certificate{Packets: packets}.Armored()
}

// lenient is how keys are read that are to be judged afterwards: Faults says more about a
// weak key than the library's refusal.
func lenient(at time.Time) *packet.Config {
	salted := false
	return &packet.Config{
		Time: func() time.Time { return at },
		// v4 signatures are salted with random bytes unless told otherwise.
		NonDeterministicSignaturesViaNotation: &salted,
		// yum of CentOS 7 refuses a creation time that is marked critical; GnuPG marks none.
		InsecureGenerateNonCriticalSignatureCreationTime: true,
		// Keys from before key flags, as GnuPG reads them.
		InsecureAllowAllKeyFlagsWhenMissing: true,
		MinRSABits:                          512,
		RejectPublicKeyAlgorithms:           map[packet.PublicKeyAlgorithm]bool{},
		RejectHashAlgorithms:                map[crypto.Hash]bool{},
		RejectCurves:                        map[packet.Curve]bool{},
	}
}

// A part is the primary key or a subkey, with the signature that says what it is for.
type part struct {
	key     *packet.PublicKey
	self    *packet.Signature // the newest that is valid; nil if there is none
	bound   []*packet.VerifiableSignature
	revoked bool
}

// ever is later than any revocation: a key that is revoked as of some day signs no more.
var ever = time.Date(2500, 1, 1, 0, 0, 0, 0, time.UTC)

// parts returns the primary key, then the subkeys.
func parts(e *pgp.Entity) []part {
	cfg := lenient(time.Time{})
	primary := part{key: e.PrimaryKey, revoked: e.Revoked(ever)}
	primary.self, _ = e.PrimarySelfSignature(time.Time{}, cfg)
	for _, id := range slices.Sorted(maps.Keys(e.Identities)) {
		primary.bound = append(primary.bound, e.Identities[id].SelfCertifications...)
	}
	primary.bound = append(primary.bound, e.DirectSignatures...)
	all := []part{primary}
	for i := range e.Subkeys {
		sub := part{key: e.Subkeys[i].PublicKey, bound: e.Subkeys[i].Bindings}
		if sub.self, _ = e.Subkeys[i].LatestValidBindingSignature(time.Time{}, cfg); sub.self != nil {
			sub.revoked = e.Subkeys[i].Revoked(sub.self, ever)
		}
		all = append(all, sub)
	}
	return all
}

// signs reports whether the part is meant for signatures.
func (p part) signs() bool {
	return p.self != nil && !p.revoked && p.key.PubKeyAlgo.CanSign() && (!p.self.FlagsValid || p.self.FlagSign)
}

// expires returns when the part expires; zero if it does not.
func (p part) expires() time.Time {
	if p.self == nil || p.self.KeyLifetimeSecs == nil || *p.self.KeyLifetimeSecs == 0 {
		return time.Time{}
	}
	return p.key.CreationTime.Add(time.Duration(*p.self.KeyLifetimeSecs) * time.Second)
}

// part returns what k signs with: the primary key if it can sign, since rpm's clients want
// that one, and the newest signing subkey otherwise.
func (k Key) part() (part, bool) {
	var best part
	for i, p := range parts(k.cert) {
		if !p.signs() || !k.secret[p.key.KeyId] {
			continue
		}
		if i == 0 {
			return p, true
		}
		if best.key == nil || best.key.CreationTime.Before(p.key.CreationTime) {
			best = p
		}
	}
	return best, best.key != nil
}

// moment returns the first time from date on at which a part can sign. A signature that is
// older than its key, or than what binds it, is refused by GnuPG and by Sequoia.
func (k Key) moment(p part, date time.Time) (time.Time, error) {
	times := []time.Time{date}
	for _, q := range parts(k.cert) {
		for _, sig := range q.bound {
			if sig.Packet.CreationTime.After(date) {
				times = append(times, sig.Packet.CreationTime)
			}
		}
	}
	slices.SortFunc(times, time.Time.Compare)
	for _, at := range times {
		if _, ok := k.cert.SigningKeyById(at, p.key.KeyId, lenient(at)); ok {
			return at.UTC().Truncate(time.Second), nil
		}
	}
	return date, fmt.Errorf("key %s: %s cannot sign from %s on: it is revoked or expired\n  To see it: gpg --list-keys %s",
		k.Source, k.Fingerprint(), date.UTC().Format(time.RFC3339), k.Fingerprint())
}

// read reads the one key of a file.
func read(source string, data []byte) (*pgp.Entity, error) {
	all, err := readAll(data)
	switch {
	case err != nil:
		return nil, fmt.Errorf("key %s: it is not an OpenPGP key: %w", source, err)
	case len(all) != 1:
		return nil, fmt.Errorf("key %s: it holds %d keys: want one\n  To write one: gpg --armor --export-secret-keys KEYID",
			source, len(all))
	case all[0].PrimaryKey.Version != 4:
		return nil, fmt.Errorf("key %s: it is an OpenPGP key of version %d, which GnuPG, apt and rpm do not read: "+
			"want one of version 4", source, all[0].PrimaryKey.Version)
	}
	return all[0], nil
}

// readAll reads the keys of a file: armored, any number of blocks, or binary.
func readAll(data []byte) (pgp.EntityList, error) {
	if !bytes.Contains(data, []byte("-----BEGIN PGP ")) {
		return pgp.ReadKeyRing(bytes.NewReader(data))
	}
	var all pgp.EntityList
	for in := bufio.NewReader(bytes.NewReader(data)); ; { // of its own, since Decode reads ahead
		block, err := armor.Decode(in)
		if errors.Is(err, io.EOF) && len(all) > 0 {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		if !strings.HasSuffix(block.Type, "KEY BLOCK") {
			return nil, fmt.Errorf("it holds a %s", block.Type)
		}
		some, err := pgp.ReadKeyRing(block.Body)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
}

// FromSecret reads a secret key, armored or binary.
func FromSecret(source string, data []byte, passphrase keys.Passphrase) (Key, error) {
	e, err := read(source, data)
	if err != nil {
		return Key{}, err
	}
	if e.PrivateKey == nil {
		return Key{}, fmt.Errorf("key %s: it is a public key, which cannot sign\n"+
			"  To write the secret one: gpg --armor --export-secret-keys %s", source, fingerprint(e.PrimaryKey))
	}
	private := []*packet.PrivateKey{e.PrivateKey}
	for _, sub := range e.Subkeys {
		if sub.PrivateKey != nil && sub.PublicKey.PubKeyAlgo.CanSign() {
			private = append(private, sub.PrivateKey)
		}
	}
	private = slices.DeleteFunc(private, (*packet.PrivateKey).Dummy) // kept elsewhere, as gpg says
	if err := unlock(source, private, passphrase); err != nil {
		return Key{}, err
	}
	k := Key{Source: source, cert: e, secret: map[uint64]bool{}}
	byID := map[uint64]*packet.PrivateKey{}
	for _, p := range private {
		k.secret[p.KeyId], byID[p.KeyId] = true, p
	}
	k.sign = func(_ context.Context, r request) ([]byte, error) {
		return makeSignature(r, repeatable(byID[r.key.KeyId]), nil)
	}
	return k, nil
}

// unlock decrypts what is encrypted.
func unlock(source string, private []*packet.PrivateKey, passphrase keys.Passphrase) error {
	for _, p := range private {
		if !p.Encrypted {
			continue
		}
		secret, err := passphrase()
		if err != nil {
			return fmt.Errorf("key %s: %w", source, err)
		}
		if len(secret) == 0 {
			return &keys.PassphraseError{Key: source, Missing: true}
		}
		if err := p.Decrypt(secret); err != nil {
			return &keys.PassphraseError{Key: source}
		}
	}
	return nil
}

// fingerprint returns that of a key, as gpg prints it.
func fingerprint(k *packet.PublicKey) string { return fmt.Sprintf("%X", k.Fingerprint) }

// name returns the user ID that the key is known by.
func name(e *pgp.Entity) string {
	if _, id := e.PrimaryIdentity(time.Time{}, lenient(time.Time{})); id != nil {
		return id.Name
	}
	return ""
}
