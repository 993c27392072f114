package sign

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/packet"
	"github.com/secure-systems-lab/go-securesystemslib/encrypted"

	"github.com/slipway-build/slipway/internal/run"
	"github.com/slipway-build/slipway/internal/testkit"
	"github.com/slipway-build/slipway/release/sign/keys"
	"github.com/slipway-build/slipway/release/sign/signtest"
	"github.com/slipway-build/slipway/release/sign/sigstore"
)

// script writes a command that signs.
func script(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "client")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func content(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// locked is an OpenPGP key with the passphrase aye.
func locked(t *testing.T) signtest.Pair {
	t.Helper()
	e := signtest.New("locked", packet.Config{Algorithm: packet.PubKeyAlgoEdDSA})
	if err := e.EncryptPrivateKeys([]byte("aye"), nil); err != nil {
		t.Fatal(err)
	}
	return signtest.Write(t, e)
}

// lockedPEM encrypts a key in PEM as cosign does.
func lockedPEM(t *testing.T, kind, passphrase string) string {
	t.Helper()
	block, _ := pem.Decode([]byte(content(t, signtest.PEM(t).Secret)))
	data, err := encrypted.Encrypt(block.Bytes, []byte(passphrase))
	if err != nil {
		t.Fatal(err)
	}
	return put(t, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: data}))
}

// TestSources signs with a key of each form, twice: the bytes are the same.
func TestSources(t *testing.T) {
	testkit.Need(t, "openssl")
	pgp, key := signtest.OpenPGP(t, "captain"), signtest.PEM(t)
	raw := signtest.WritePEM(t, signtest.RSA(t, "captain"))
	_, edwards, _ := ed25519.GenerateKey(rand.Reader)
	passphrase := keys.PassphraseVariable + "=aye"
	openssl := func(key string) string { return script(t, "exec openssl dgst -sha256 -sign "+key) }
	for _, c := range []struct {
		name, key string
		env       []string
		repeats   bool
	}{
		{"OpenPGP in a file", pgp.Secret, nil, true},
		{"OpenPGP in a variable", "env:KEY", []string{"KEY=" + content(t, pgp.Secret)}, true},
		{"OpenPGP with a passphrase", locked(t).Secret, []string{passphrase}, true},
		{"OpenPGP with a passphrase in a file", locked(t).Secret,
			[]string{keys.PassphraseFileVariable + "=" + put(t, []byte("aye\n"))}, true},
		{"OpenPGP of ECDSA", signtest.Write(t, signtest.New("p384", packet.Config{
			Algorithm: packet.PubKeyAlgoECDSA, Curve: packet.CurveNistP384})).Secret, nil, true},
		{"OpenPGP behind a command", "exec:" + pgp.Public + " " + openssl(raw.Secret), nil, true},
		{"PEM in a file", key.Secret, nil, true},
		{"PEM in a variable", "env:KEY", []string{"KEY=" + content(t, key.Secret)}, true},
		{"PEM of RSA", raw.Secret, nil, true},
		{"PEM of Ed25519", signtest.WritePEM(t, edwards).Secret, nil, true},
		{"PEM by cosign", lockedPEM(t, "ENCRYPTED SIGSTORE PRIVATE KEY", "aye"), []string{passphrase}, true},
		{"PEM by an older cosign", lockedPEM(t, "ENCRYPTED COSIGN PRIVATE KEY", "aye"), []string{passphrase}, true},
		{"PEM by cosign, without a passphrase", lockedPEM(t, "ENCRYPTED SIGSTORE PRIVATE KEY", ""), nil, true},
		{"PEM behind a command", "exec:" + key.Public + " " + openssl(key.Secret), nil, false},
	} {
		s := signer(t, c.env, c.key)
		first, err := signOnce(s)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		again, err := signOnce(s)
		if err != nil || c.repeats && !bytes.Equal(first, again) {
			t.Errorf("%s: the second signature differs: %v", c.name, err)
		}
	}
}

// signOnce signs a text in the form of the key, and verifies it.
func signOnce(s *Signer) (out []byte, err error) {
	data := []byte("captain\n")
	if s.OpenPGP() {
		if out, err = s.Detach(context.Background(), data); err == nil {
			_, err = s.Verifier().VerifyDetached("sums", data, out)
		}
		return out, err
	}
	if out, err = s.Bundle(context.Background(), sigstore.Bytes(data)); err == nil {
		_, err = s.Verifier().VerifyBundle("sums", out, sigstore.Bytes(data))
	}
	return out, err
}

// TestBadKeys holds what is said of each key that cannot be opened or does not sign.
func TestBadKeys(t *testing.T) {
	pgp, key := signtest.OpenPGP(t, "captain"), signtest.PEM(t)
	locked := locked(t).Secret
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	wrong := keys.PassphraseVariable + "=wrongly"
	for _, c := range []struct {
		name, key string
		env       []string
		want      string
	}{
		{"no file", "nowhere.key", nil, "there is no file nowhere.key"},
		{"empty", put(t, nil), nil, "is empty"},
		{"no key", put(t, []byte("hello\n")), nil, "neither an OpenPGP key nor a key in PEM"},
		{"no variable", "env:KEY", nil, "the variable KEY is not set"},
		{"no name", "env:", nil, "want FILE, env:NAME, gpg:KEYID or exec:PUBLICKEY COMMAND…"},
		{"OpenPGP public", pgp.Public, nil, "it is a public key, which cannot sign\n  To write the secret one: gpg"},
		{"OpenPGP cut off", put(t, []byte(content(t, pgp.Secret)[:900])), nil, "it is not an OpenPGP key"},
		{"OpenPGP twice", put(t, []byte(content(t, pgp.Secret)+content(t, locked))), nil, "it holds 2 keys: want one"},
		{"OpenPGP, no passphrase", locked, nil, "it has a passphrase\n  To give it: set SLIPWAY_KEY_PASSPHRASE"},
		{"OpenPGP, wrong passphrase", locked, []string{wrong}, "does not open it"},
		{"passphrase file", locked, []string{keys.PassphraseFileVariable + "=/nowhere"}, "PASSPHRASE_FILE: open /nowhere"},
		{"PEM public", key.Public, nil, "it is a public key, which cannot sign"},
		{"PEM cut off", put(t, []byte(content(t, key.Secret)[:90])), nil, "its end is missing"},
		{"PEM, no passphrase", lockedPEM(t, "ENCRYPTED SIGSTORE PRIVATE KEY", "aye"), nil, "it has a passphrase"},
		{"PEM, wrong passphrase", lockedPEM(t, "ENCRYPTED SIGSTORE PRIVATE KEY", "aye"), []string{wrong}, "does not open it"},
		{"PEM of P-384", signtest.WritePEM(t, p384).Secret, nil, "ECDSA on P-384, which cosign does not verify with"},
		{"no command", "exec:" + key.Public, nil, "want exec:PUBLICKEY COMMAND…"},
		{"secret key for a command", "exec:" + key.Secret + " client", nil, "it is a secret key"},
		{"no such command", "exec:" + key.Public + " client", nil, "client: no such program in PATH"},
		{"a command that fails", "exec:" + key.Public + " " + script(t, "echo the slot is empty >&2; exit 3"), nil,
			"the command that signs failed: "},
		{"OpenPGP command that fails", "exec:" + pgp.Public + " " + script(t, "echo the slot is empty >&2; exit 3"), nil,
			"the slot is empty"},
		{"a command that hangs", "exec:" + key.Public + " " + script(t, "exec sleep 300"), nil,
			"did not end within 3s, and was ended\n  It must not wait for input"},
		{"OpenPGP command that hangs", "exec:" + pgp.Public + " " + script(t, "exec sleep 300"), nil,
			"did not end within 3s"},
		{"a command that is silent", "exec:" + key.Public + " " + script(t, "cat >/dev/null"), nil, "wrote nothing"},
		{"rubbish", "exec:" + key.Public + " " + script(t, "cat"), nil, "what was made is not a signature by the public key"},
		{"OpenPGP rubbish", "exec:" + pgp.Public + " " + script(t, "cat >/dev/null; echo hello"), nil,
			"what was made is not a signature of " + pgp.Fingerprint},
		{"EdDSA behind a command", "exec:" + put(t, []byte(content(t, signtest.Write(t, signtest.New("ed",
			packet.Config{Algorithm: packet.PubKeyAlgoEdDSA})).Public))) + " client", nil, "give it to gpg-agent"},
	} {
		err := openAndTry(t, c.key, c.env)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: the error is\n%v\nwant it to have %q", c.name, err, c.want)
			continue
		}
		if text := fmt.Sprintf("%+v", err); strings.Contains(text, "wrongly") || strings.Contains(text, "PRIVATE KEY-") {
			t.Errorf("%s: the error tells a secret: %s", c.name, text)
		}
	}
}

func openAndTry(t *testing.T, key string, env []string) error {
	t.Helper()
	env = append(run.Env{"PATH=" + testkit.Path()}, env...)
	s, err := Open(context.Background(), Settings{
		Keys: []string{key}, Time: signtest.Release, Env: env, Limit: 3 * time.Second,
	})
	if err == nil {
		err = s.Try(context.Background())
	}
	return err
}

func TestAgentErrors(t *testing.T) {
	env := gnupg(t)
	err := openAndTry(t, "gpg:bosun@example.org", env)
	if err == nil || !strings.Contains(err.Error(), "has no secret key bosun@example.org\n  To see those it has") {
		t.Errorf("without a key: %v", err)
	}
	tool(t, env, "gpg", "--batch", "--import", locked(t).Secret)
	err = openAndTry(t, "gpg:locked@example.org", env)
	if err == nil || !strings.Contains(err.Error(), "gpg could not sign: ") {
		t.Errorf("with a passphrase that nobody gives: %v", err)
	}
	err = openAndTry(t, "gpg:bosun@example.org", []string{"PATH=/nowhere"})
	if err == nil || !strings.Contains(err.Error(), "the gpg program is not in PATH\n  To install it:") {
		t.Errorf("without gpg: %v", err)
	}
	for _, name := range []string{"captain", "mate"} {
		tool(t, env, "gpg", "--batch", "--import", signtest.OpenPGP(t, name).Secret)
	}
	err = openAndTry(t, "gpg:example.org", env)
	if err == nil || !strings.Contains(err.Error(), "give the fingerprint of one") {
		t.Errorf("with two keys: %v", err)
	}
}

func TestSeveralKeys(t *testing.T) {
	old, next := signtest.OpenPGP(t, "captain"), signtest.OpenPGP(t, "mate")
	s := signer(t, nil, old.Secret, next.Secret, signtest.PEM(t).Secret)
	asc, err := s.Detach(context.Background(), []byte("sums"))
	if err != nil {
		t.Fatal(err)
	}
	for _, pair := range []signtest.Pair{old, next} {
		v, err := OpenVerifier([]string{pair.Public})
		if err != nil {
			t.Fatal(err)
		}
		if by, err := v.VerifyDetached("sums", []byte("sums"), asc); err != nil || by.Fingerprint != pair.Fingerprint {
			t.Errorf("with the key of %s alone: %v, %v", pair.Fingerprint, by, err)
		}
	}
	_, err = Open(context.Background(), Settings{Keys: []string{old.Secret, old.Secret}})
	if err == nil || !strings.Contains(err.Error(), "it is the same key as") {
		t.Errorf("one key twice: %v", err)
	}
	_, err = Open(context.Background(), Settings{Keys: []string{signtest.PEM(t).Secret, signtest.PEM(t).Secret}})
	if err == nil || !strings.Contains(err.Error(), "a bundle has one signature") {
		t.Errorf("two keys in PEM: %v", err)
	}
}

func TestNoKey(t *testing.T) {
	s := signer(t, nil)
	if s.OpenPGP() || s.Sigstore() {
		t.Error("it has keys")
	}
	var missing *NoKeyError
	if _, err := s.Clear(context.Background(), nil); !errors.As(err, &missing) || missing.Kind != "OpenPGP" {
		t.Errorf("a cleartext signature: %v", err)
	}
	if _, err := s.Attest(context.Background(), "", nil); !errors.As(err, &missing) || missing.Kind != "sigstore" {
		t.Errorf("an attestation: %v", err)
	}
	if _, err := s.Check(signtest.Release, 0, keys.Sums, keys.RPM, keys.Bundles); err != nil {
		t.Errorf("a check of no keys: %v", err)
	}
}
