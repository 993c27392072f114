package sign

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/slipway-build/slipway/release/sign/keys"
	"github.com/slipway-build/slipway/release/sign/openpgp"
	"github.com/slipway-build/slipway/release/sign/sigstore"
)

// A NoKeyError is a signature that is wanted, and no key of its kind.
type NoKeyError struct {
	What string // as "a cleartext signature"
	Kind string // OpenPGP or sigstore
}

func (e *NoKeyError) Error() string {
	remedy := "gpg --quick-generate-key 'NAME <MAIL>' rsa4096 sign 2y, then -key=gpg:MAIL"
	if e.Kind == "sigstore" {
		remedy = "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out release.pem, then -key=release.pem"
	}
	return fmt.Sprintf("%s needs a key of the kind %s, and none is given with -key\n  To make one: %s",
		e.What, e.Kind, remedy)
}

// Open opens keys. All that is wrong with them is one error. Without keys the Signer has
// none: OpenPGP and Sigstore report false.
func Open(ctx context.Context, settings Settings) (*Signer, error) {
	s := &Signer{time: settings.Time}
	var faults []error
	for _, text := range settings.Keys {
		if err := s.add(ctx, settings, text); err != nil {
			faults = append(faults, err)
		}
	}
	return s, errors.Join(faults...)
}

// add opens one key.
func (s *Signer) add(ctx context.Context, settings Settings, text string) error {
	source, err := keys.Parse(text)
	if err != nil {
		return err
	}
	program := keys.Program{Key: text, Env: settings.Env, Run: settings.Run, Limit: settings.Limit}
	if source.Form == keys.Agent {
		k, err := openpgp.FromAgent(ctx, program, source.Name)
		return s.addOpenPGP(k, err)
	}
	data, err := source.Content(settings.Env)
	if err != nil {
		return err
	}
	passphrase := keys.PassphraseOf(settings.Env)
	kind := keys.KindOf(data)
	switch command := source.Form == keys.Command; {
	case kind == keys.OpenPGP && command:
		k, err := openpgp.FromCommand(program, data, source.Args)
		return s.addOpenPGP(k, err)
	case kind == keys.OpenPGP:
		k, err := openpgp.FromSecret(text, data, passphrase)
		return s.addOpenPGP(k, err)
	case kind == keys.PEM && command:
		k, err := sigstore.FromCommand(program, data, source.Args)
		return s.addSigstore(k, err)
	case kind == keys.PEM:
		k, err := sigstore.FromSecret(text, data, passphrase)
		return s.addSigstore(k, err)
	}
	return fmt.Errorf("key %s: it is neither an OpenPGP key nor a key in PEM", text)
}

func (s *Signer) addOpenPGP(k openpgp.Key, err error) error {
	if err != nil {
		return err
	}
	for _, other := range s.openpgp {
		if other.Fingerprint() == k.Fingerprint() {
			return fmt.Errorf("key %s: it is the same key as %s: give it once", k.Source, other.Source)
		}
	}
	s.openpgp = append(s.openpgp, k)
	return nil
}

func (s *Signer) addSigstore(k *sigstore.Key, err error) error {
	if err != nil {
		return err
	}
	if s.sigstore != nil {
		return fmt.Errorf("key %s: %s is given too, and a bundle has one signature: give one key in PEM",
			k.Source, s.sigstore.Source)
	}
	s.sigstore = k
	return nil
}

// Check looks for what speaks against releasing with the keys: keys that are expired at
// now, or will be within the horizon, that are revoked, or that the clients of a use
// refuse. The error is a *keys.Error with all reasons; warnings are about few clients.
func (s *Signer) Check(now time.Time, horizon time.Duration, uses ...keys.Use) (warnings []keys.Fault, err error) {
	return s.CheckAt(keys.When{Now: now, Horizon: horizon, Release: s.time}, uses...)
}

// CheckAt is Check at more than one time. Without a date of signatures, it is the Signer's.
func (s *Signer) CheckAt(when keys.When, uses ...keys.Use) (warnings []keys.Fault, err error) {
	if when.Release.IsZero() {
		when.Release = s.time
	}
	var faults []keys.Fault
	for _, use := range uses {
		for _, f := range s.faults(when, use) {
			switch {
			case f.Warning && !slices.Contains(warnings, f):
				warnings = append(warnings, f)
			case !f.Warning && !slices.Contains(faults, f):
				faults = append(faults, f)
			}
		}
	}
	if len(faults) > 0 {
		return warnings, &keys.Error{Faults: faults}
	}
	return warnings, nil
}

func (s *Signer) faults(when keys.When, use keys.Use) []keys.Fault {
	if use == keys.Bundles {
		if s.sigstore == nil {
			return nil
		}
		return s.sigstore.Faults()
	}
	checked := s.openpgp
	if use == keys.RPM && len(checked) > 1 {
		checked = checked[:1]
	}
	var all []keys.Fault
	for _, k := range checked {
		all = append(all, k.Faults(when, use)...)
	}
	return all
}

// Try makes a signature with each key and drops it, so that a key that cannot sign is known
// of before there is anything to sign: a command that fails, an agent that is locked, a
// token that is not there, a public key that is not the command's.
func (s *Signer) Try(ctx context.Context) error {
	data := []byte("a signature that is made to try a key\n")
	var faults []error
	for _, k := range s.openpgp {
		_, err := openpgp.Detach(ctx, []openpgp.Key{k}, data, s.time)
		faults = append(faults, err)
	}
	if s.sigstore != nil {
		_, err := s.sigstore.Bundle(ctx, sigstore.Bytes(data))
		faults = append(faults, err)
	}
	return errors.Join(faults...)
}

func (s *Signer) needOpenPGP(what string) error {
	if !s.OpenPGP() {
		return &NoKeyError{What: what, Kind: "OpenPGP"}
	}
	return nil
}

func (s *Signer) needSigstore(what string) error {
	if !s.Sigstore() {
		return &NoKeyError{What: what, Kind: "sigstore"}
	}
	return nil
}

// PublicKeys returns the public keys of a Signer, as whoever verifies gives them to a
// Verifier: armored OpenPGP keys, one after another, and a key in PEM. What there is no key
// of is nil.
func (s *Signer) PublicKeys() (armored, pem []byte, err error) {
	var blocks [][]byte
	for _, k := range s.openpgp {
		block, err := k.Public()
		if err != nil {
			return nil, nil, err
		}
		blocks = append(blocks, block)
	}
	armored = bytes.Join(blocks, nil)
	if s.sigstore != nil {
		pem, err = s.sigstore.PEM()
	}
	return armored, pem, err
}
