package verify_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	pgp "github.com/ProtonMail/go-crypto/openpgp/v2"

	"github.com/slipway-build/slipway/release/sign"
)

var both struct {
	sync.Once
	signer *sign.Signer
}

// publisher returns a signer with a key of each kind, the same for all tests: an RSA key
// takes a while to make.
func publisher(t testing.TB) *sign.Signer {
	both.Do(func() { both.signer = signerOf(t, true, true) })
	if both.signer == nil {
		t.Fatal("the keys could not be made")
	}
	return both.signer
}

// signerOf returns a signer with new keys: one for OpenPGP, one for sigstore, or both.
func signerOf(t testing.TB, openPGP, sigstore bool) *sign.Signer {
	t.Helper()
	var keys []string
	if openPGP {
		keys = append(keys, openPGPKey(t))
	}
	if sigstore {
		keys = append(keys, sigstoreKey(t))
	}
	s, err := sign.Open(t.Context(), sign.Settings{Keys: keys, Time: launch})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func openPGPKey(t testing.TB) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "release.asc")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	config := &packet.Config{RSABits: 3072, Time: func() time.Time { return launch.AddDate(-1, 0, 0) }}
	key, err := pgp.NewEntity("Harbour", "", "harbour@example.org", config)
	if err != nil {
		t.Fatal(err)
	}
	w, err := armor.Encode(f, pgp.PrivateKeyType, nil)
	if err == nil {
		err = key.SerializePrivateWithoutSigning(w, config)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return name
}

func sigstoreKey(t testing.TB) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "release.pem")
	if err := os.WriteFile(name, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}
