// Package signtest makes keys for tests.
package signtest

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	pgp "github.com/ProtonMail/go-crypto/openpgp/v2"
)

// Born is when the OpenPGP keys were made.
var Born = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// Release is the date of a release that is signed with them.
var Release = Born.AddDate(0, 1, 0)

// A Pair is the files of a key.
type Pair struct {
	Secret, Public string
	Fingerprint    string // of an OpenPGP key
}

// OpenPGP writes an OpenPGP key of RSA 3072, armored. Those of one name are the same in one
// run of a package's tests.
func OpenPGP(t testing.TB, name string) Pair {
	t.Helper()
	once, _ := certs.LoadOrStore(name, sync.OnceValue(func() *pgp.Entity {
		return New(name, packet.Config{Algorithm: packet.PubKeyAlgoRSA, RSABits: 3072})
	}))
	return Write(t, once.(func() *pgp.Entity)())
}

var certs sync.Map

// New makes an OpenPGP key; cfg says of which kind. It has a subkey that only encrypts.
func New(name string, cfg packet.Config) *pgp.Entity {
	if cfg.Time == nil {
		cfg.Time = func() time.Time { return Born }
	}
	e, err := pgp.NewEntity(name, "", name+"@example.org", &cfg)
	if err != nil {
		panic(fmt.Sprintf("making a key for a test: %v", err))
	}
	return e
}

// Write writes an OpenPGP key to files.
func Write(t testing.TB, e *pgp.Entity) Pair {
	t.Helper()
	secret := armored(t, pgp.PrivateKeyType, func(w *bytes.Buffer) error {
		return e.SerializePrivateWithoutSigning(w, nil)
	})
	public := armored(t, pgp.PublicKeyType, func(w *bytes.Buffer) error { return e.Serialize(w) })
	p := write(t, secret, public)
	p.Fingerprint = fmt.Sprintf("%X", e.PrimaryKey.Fingerprint)
	return p
}

// RSA returns the RSA key that an OpenPGP key of OpenPGP is made of.
func RSA(t testing.TB, name string) *rsa.PrivateKey {
	t.Helper()
	OpenPGP(t, name)
	once, _ := certs.Load(name)
	return once.(func() *pgp.Entity)().PrivateKey.PrivateKey.(*rsa.PrivateKey)
}

// PEM writes a new key of ECDSA on P-256.
func PEM(t testing.TB) Pair {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return WritePEM(t, k)
}

// WritePEM writes a private key, and its public key, in PEM.
func WritePEM(t testing.TB, k crypto.Signer) Pair {
	t.Helper()
	secret, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(k.Public())
	if err != nil {
		t.Fatal(err)
	}
	return write(t, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}),
		pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}))
}

func armored(t testing.TB, kind string, write func(*bytes.Buffer) error) []byte {
	t.Helper()
	var raw, out bytes.Buffer
	if err := write(&raw); err != nil {
		t.Fatal(err)
	}
	w, err := armor.Encode(&out, kind, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(raw.Bytes()); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return append(out.Bytes(), '\n')
}

func write(t testing.TB, secret, public []byte) Pair {
	t.Helper()
	dir := t.TempDir()
	p := Pair{Secret: filepath.Join(dir, "secret"), Public: filepath.Join(dir, "public")}
	for path, data := range map[string][]byte{p.Secret: secret, p.Public: public} {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return p
}
