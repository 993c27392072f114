package openpgp

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"math/big"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/packet"
	pgp "github.com/ProtonMail/go-crypto/openpgp/v2"

	"github.com/slipway-build/slipway/release/sign/keys"
)

var born = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// primes are those of three keys of RSA 3072: to find others for each key takes seconds.
var primes = sync.OnceValue(func() (all []*big.Int) {
	for range 3 {
		k, err := rsa.GenerateKey(rand.Reader, 3072)
		if err != nil {
			panic(err)
		}
		all = append(all, k.Primes...)
	}
	return all
})

func config(cfg packet.Config) *packet.Config {
	if cfg.Algorithm == 0 {
		cfg.Algorithm, cfg.RSABits, cfg.RSAPrimes = packet.PubKeyAlgoRSA, 3072, slices.Clone(primes()[:4])
	}
	if cfg.Time == nil {
		cfg.Time = func() time.Time { return born }
	}
	salted := false // there is no salt for SHA-1
	cfg.RejectCurves, cfg.NonDeterministicSignaturesViaNotation = map[packet.Curve]bool{}, &salted
	return &cfg
}

// newKey makes a key whose secret parts are at hand, changes it, and reads it as from a file.
func newKey(t *testing.T, cfg packet.Config, change func(*pgp.Entity)) Key {
	t.Helper()
	e, err := pgp.NewEntity("Mate", "", "mate@example.org", config(cfg))
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(e)
	}
	var out bytes.Buffer
	if err := e.SerializePrivateWithoutSigning(&out, nil); err != nil {
		t.Fatal(err)
	}
	k, err := FromSecret("mate.key", out.Bytes(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// resign changes the self-signature of a key.
func resign(t *testing.T, cfg packet.Config, change func(*packet.Signature)) func(*pgp.Entity) {
	return func(e *pgp.Entity) {
		for _, id := range e.Identities {
			sig := id.SelfCertifications[0].Packet
			change(sig)
			if err := sig.SignUserId(id.UserId.Id, e.PrimaryKey, e.PrivateKey, config(cfg)); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// subkey adds a subkey that signs, and takes that right from the primary key.
func subkey(t *testing.T) func(*pgp.Entity) {
	return func(e *pgp.Entity) {
		addSubkey(t, e)
		resign(t, packet.Config{}, func(s *packet.Signature) { s.FlagSign = false })(e)
	}
}

func addSubkey(t *testing.T, e *pgp.Entity) {
	t.Helper()
	cfg := config(packet.Config{})
	cfg.RSAPrimes = slices.Clone(primes()[4:])
	if err := e.AddSigningSubkey(cfg); err != nil {
		t.Fatal(err)
	}
}

// TestFaults holds what is said of each kind of key for each use. A text that begins with ?
// is a warning.
func TestFaults(t *testing.T) {
	plain := packet.Config{}
	every := []keys.Use{keys.Sums, keys.RPM, keys.Apt, keys.Yum, keys.Manifest}
	edwards := newKey(t, packet.Config{Algorithm: packet.PubKeyAlgoEdDSA}, nil)
	withSubkey := newKey(t, plain, subkey(t))
	year := packet.Config{KeyLifetimeSecs: 365 * 24 * 3600}
	for _, c := range []struct {
		name string
		key  Key
		uses []keys.Use
		want []string
	}{
		{"RSA 3072", newKey(t, plain, nil), every, nil},
		{"RSA 2048", newKey(t, packet.Config{Algorithm: packet.PubKeyAlgoRSA, RSABits: 2048}, nil), every,
			[]string{"RSA of 2048 bits, below 3072"}},
		{"RSA 1024", newKey(t, packet.Config{Algorithm: packet.PubKeyAlgoRSA, RSABits: 1024}, nil), every,
			[]string{"RSA of 1024 bits"}},
		{"Ed25519 for rpms", edwards, []keys.Use{keys.RPM}, []string{"is a key of EdDSA on Curve25519"}},
		{"Ed25519 for repositories", edwards, []keys.Use{keys.Apt, keys.Yum}, []string{"?is a key of EdDSA"}},
		{"Ed25519 for a Manifest", edwards, []keys.Use{keys.Manifest}, nil},
		{"P-256", newKey(t, packet.Config{Algorithm: packet.PubKeyAlgoECDSA, Curve: packet.CurveNistP256}, nil),
			[]keys.Use{keys.Sums}, nil},
		{"secp256k1", newKey(t, packet.Config{Algorithm: packet.PubKeyAlgoECDSA, Curve: packet.CurveSecP256k1}, nil),
			[]keys.Use{keys.Sums}, []string{"is a key of ECDSA on SecP256k1"}},
		{"a subkey for rpms", withSubkey, []keys.Use{keys.RPM}, []string{"signs with a subkey only"}},
		{"a subkey for sums", withSubkey, []keys.Use{keys.Sums}, nil},
		{"good for a year", newKey(t, year, nil), every, nil},
		{"good for a week", newKey(t, packet.Config{KeyLifetimeSecs: 38 * 24 * 3600}, nil), every,
			[]string{"expires on 2026-02-09, within 30 days"}},
		{"good for two months", newKey(t, packet.Config{KeyLifetimeSecs: 90 * 24 * 3600}, nil), every,
			[]string{"?expires on 2026-04-02, within 90 days"}},
		{"expired", newKey(t, packet.Config{KeyLifetimeSecs: 24 * 3600}, nil), every, []string{"expired on 2026-01-03"}},
		{"not yet valid", newKey(t, packet.Config{Time: func() time.Time { return born.AddDate(1, 0, 0) }}, nil), every,
			[]string{"is not valid before 2027-01-02"}},
		{"SHA-1", newKey(t, plain, resign(t, plain, func(s *packet.Signature) { s.Hash = crypto.SHA1 })), every,
			[]string{"is made with SHA-1"}},
		{"revoked", newKey(t, plain, func(e *pgp.Entity) {
			if err := e.Revoke(packet.KeyRetired, "", config(plain)); err != nil {
				t.Fatal(err)
			}
		}), every, []string{"is revoked"}},
		{"encrypts only", newKey(t, plain, resign(t, plain, func(s *packet.Signature) { s.FlagSign = false })),
			[]keys.Use{keys.Sums}, []string{"has no secret key that can sign"}},
	} {
		for _, use := range c.uses {
			when := keys.When{
				Now: born.AddDate(0, 1, 0), Horizon: 30 * 24 * time.Hour, Soon: 90 * 24 * time.Hour, Release: born.AddDate(0, 0, 1),
			}
			got := c.key.Faults(when, use)
			ok := len(got) == len(c.want)
			for i := 0; ok && i < len(got); i++ {
				what, warning := strings.CutPrefix(c.want[i], "?")
				ok = strings.Contains(got[i].What, what) && got[i].Warning == warning &&
					got[i].Breaks != "" && got[i].Remedy != "" && got[i].Key == "mate.key"
			}
			if !ok {
				t.Errorf("%s, for %s: the faults are %q, want %q", c.name, use, got, c.want)
			}
		}
	}
}

func TestDSA(t *testing.T) {
	got := Key{}.algorithmFaults(&packet.PublicKey{PubKeyAlgo: packet.PubKeyAlgoDSA}, keys.Sums)
	if len(got) != 1 || !strings.HasSuffix(got[0].What, "is a key of DSA") {
		t.Errorf("the faults are %q", got)
	}
}

// TestMoment holds the time of signatures: the release's, or the first at which the key
// could sign.
func TestMoment(t *testing.T) {
	renewed := born.AddDate(0, 6, 0)
	for _, c := range []struct {
		name       string
		key        Key
		date, want time.Time // zero: none
	}{
		{"older than the release", newKey(t, packet.Config{}, nil), born.AddDate(1, 0, 0), born.AddDate(1, 0, 0)},
		{"newer than the release", newKey(t, packet.Config{}, nil), born.AddDate(-1, 0, 0), born},
		{"renewed since", newKey(t, packet.Config{}, resign(t, packet.Config{}, func(s *packet.Signature) {
			s.CreationTime = renewed
		})), born.AddDate(0, 1, 0), renewed},
		{"expired before", newKey(t, packet.Config{KeyLifetimeSecs: 3600}, nil), born.AddDate(0, 1, 0), time.Time{}},
	} {
		p, ok := c.key.part()
		if !ok {
			t.Fatalf("%s: it cannot sign", c.name)
		}
		got, err := c.key.moment(p, c.date)
		if c.want.IsZero() != (err != nil) || err == nil && !got.Equal(c.want) {
			t.Errorf("%s: the time is %v, %v; want %v", c.name, got, err, c.want)
		}
		if err != nil {
			continue
		}
		asc, err := Detach(context.Background(), []Key{c.key}, []byte("sums"), c.date)
		if err != nil {
			t.Fatal(err)
		}
		var r Ring
		r.AddKey(c.key)
		if sig, err := r.Detached("sums", []byte("sums"), asc); err != nil || !sig.Time.Equal(c.want) {
			t.Errorf("%s: the signature is of %v, %v; want %v", c.name, sig.Time, err, c.want)
		}
	}
}

// TestPart holds what is signed with: the primary key where it can, and a subkey otherwise.
func TestPart(t *testing.T) {
	both := newKey(t, packet.Config{}, func(e *pgp.Entity) { addSubkey(t, e) })
	offline := both
	offline.secret = map[uint64]bool{}
	for _, sub := range both.cert.Subkeys {
		offline.secret[sub.PublicKey.KeyId] = true
	}
	signing := slices.IndexFunc(both.cert.Subkeys, func(s pgp.Subkey) bool {
		return s.PublicKey.PubKeyAlgo.CanSign() &&
			s.Bindings[0].Packet.FlagSign
	})
	for name, c := range map[string]struct {
		key  Key
		want *packet.PublicKey
	}{
		"both":                {both, both.cert.PrimaryKey},
		"the primary is away": {offline, both.cert.Subkeys[signing].PublicKey},
	} {
		if p, ok := c.key.part(); !ok || p.key != c.want {
			t.Errorf("%s: it signs with %v, want %v", name, p.key, c.want)
		}
	}
	faults := offline.Faults(keys.When{Now: born.AddDate(0, 1, 0), Release: born}, keys.RPM)
	if len(faults) != 1 || !strings.Contains(faults[0].What, "is not at hand, only a subkey's") {
		t.Errorf("for rpms, with the primary key away: %q", faults)
	}
	if _, err := offline.SignRPM(context.Background(), []byte("header"), born); err == nil {
		t.Error("a subkey signed an rpm")
	}
}

// TestCertificates holds that a public key of several names is the same bytes each time, and
// in them once.
func TestCertificates(t *testing.T) {
	k := newKey(t, packet.Config{KeyLifetimeSecs: 24 * 3600}, func(e *pgp.Entity) {
		for _, other := range []string{"Captain", "Bosun"} {
			if err := e.AddUserId(other, "", "crew@example.org", config(packet.Config{})); err != nil {
				t.Fatal(err)
			}
		}
	})
	first, err := k.Public()
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		if again, err := k.Public(); err != nil || !bytes.Equal(again, first) {
			t.Fatalf("the public key is other bytes the second time: %v", err)
		}
	}
	other, err := newKey(t, packet.Config{Algorithm: packet.PubKeyAlgoEdDSA}, nil).Public()
	if err != nil {
		t.Fatal(err)
	}
	got, err := Certificates("keys.asc", slices.Concat(first, other, first))
	if err != nil || len(got) != 2 || got[0].Fingerprint != k.Fingerprint() {
		t.Fatalf("%d certificates, %v; want the two keys", len(got), err)
	}
	if want := born.AddDate(0, 0, 1); !got[0].Expires.Equal(want) || !got[1].Expires.IsZero() {
		t.Errorf("they expire on %v and %v, want %v and never", got[0].Expires, got[1].Expires, want)
	}
	if again, err := got[0].Armored(); err != nil || !bytes.Equal(again, first) {
		t.Errorf("armored it is other bytes: %v", err)
	}
	if _, err := Certificates("keys.asc", []byte("no key")); err == nil {
		t.Error("no key is read as one")
	}
}
