package sign

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/release/sign/keys"
	"github.com/slipway-build/slipway/release/sign/signtest"
	"github.com/slipway-build/slipway/release/sign/sigstore"
)

// verifier reads public keys.
func verifier(t *testing.T, files ...string) Verifier {
	t.Helper()
	v, err := OpenVerifier(files)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestVerify holds what is said of each signature that is not accepted: that the key is
// unknown, or that the signature is bad.
func TestVerify(t *testing.T) {
	ctx := context.Background()
	pgp, other := signtest.OpenPGP(t, "captain"), signtest.OpenPGP(t, "mate")
	key, otherPEM := signtest.PEM(t), signtest.PEM(t)
	s := signer(t, nil, pgp.Secret, key.Secret)
	data := []byte("HEX  deb/captain.deb\n")
	asc, err1 := s.Detach(ctx, data)
	signed, err2 := s.Clear(ctx, data)
	bundle, err3 := s.Bundle(ctx, sigstore.Bytes(data))
	statement, err4 := s.Attest(ctx, sigstore.StatementType, data)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		t.Fatal(err)
	}
	changed := bytes.Replace(data, []byte("HEX"), []byte("hex"), 1)
	ours, theirs := verifier(t, pgp.Public, key.Public), verifier(t, other.Public, otherPEM.Public)
	detached := func(v Verifier, data, asc []byte) error {
		_, err := v.VerifyDetached("SHA256SUMS", data, asc)
		return err
	}
	clear := func(v Verifier, signed []byte) error {
		_, _, err := v.VerifyClear("Manifest", signed)
		return err
	}
	blob := func(v Verifier, bundle, data []byte) error {
		_, err := v.VerifyBundle("captain", bundle, sigstore.Bytes(data))
		return err
	}
	attestation := func(v Verifier, kind string, bundle []byte) error {
		_, _, err := v.VerifyAttestation("provenance.json", kind, bundle)
		return err
	}
	alone := func(bundle, data []byte) error {
		_, err := sigstore.Detached("captain", bundle, sha256.Sum256(data))
		return err
	}
	unknown, bad := new(*keys.UnknownError), new(*keys.BadSignatureError)
	for _, c := range []struct {
		name   string
		err    error
		target any // nil: none of the types
		want   string
	}{
		{"detached, unknown", detached(theirs, data, asc), unknown,
			"SHA256SUMS: it is signed by key " + pgp.Fingerprint + "; the keys given are " + other.Fingerprint + " (mate"},
		{"detached, no keys", detached(Verifier{}, data, asc), unknown, "no public key of its kind was given"},
		{"detached, changed", detached(ours, changed, asc), bad, "SHA256SUMS: the signature by key " + pgp.Fingerprint},
		{"detached, none", detached(ours, data, data), nil, "not an armored OpenPGP signature"},
		{"detached, cut off", detached(ours, data, asc[:len(asc)/2]), nil, "SHA256SUMS: its signature is"},
		{"clear, unknown", clear(theirs, signed), unknown, "Manifest: it is signed by key " + pgp.Fingerprint},
		{"clear, changed", clear(ours, bytes.Replace(signed, []byte("HEX"), []byte("hex"), 1)), bad, "is not valid"},
		{"clear, none", clear(ours, data), nil, "want a text with a cleartext signature"},
		{"clear, more before", clear(ours, append([]byte("more\n"), signed...)), nil, "and nothing else"},
		{"clear, more after", clear(ours, append(bytes.Clone(signed), "more\n"...)), nil, "and nothing else"},
		{"bundle, unknown", blob(theirs, bundle, data), unknown, "captain: it is signed by key "},
		{"bundle, no keys", blob(Verifier{}, bundle, data), unknown, "no public key of its kind was given"},
		{"bundle, changed", blob(ours, bundle, changed), bad, "it is over the SHA-256 "},
		{"bundle, another's signature", blob(ours, swapSignature(t, bundle), data), bad, "is not valid"},
		{"bundle, an attestation", blob(ours, statement, data), nil, "has no signature of a blob"},
		{"bundle, none", blob(ours, data, data), nil, "its bundle cannot be read"},
		{"bundle, other version", blob(ours, bytes.Replace(bundle, []byte("v0.3"), []byte("v0.9"), 1), data), nil,
			"its bundle is of the type"},
		{"without its bundle, changed", alone(bundle, changed), nil, "captain: its bundle is of another file: it is over "},
		{"without its bundle, an attestation", alone(statement, data), nil, "has no signature of a blob"},
		{"attestation, unknown", attestation(theirs, sigstore.StatementType, statement), unknown, "provenance.json: "},
		{"attestation, other type", attestation(ours, "text/plain", statement), nil, "want text/plain"},
		{"attestation, changed", attestation(ours, "text/plain",
			bytes.Replace(statement, []byte("in-toto"), []byte("in-tote"), 1)), bad, "is not valid"},
		{"attestation, a blob's", attestation(ours, sigstore.StatementType, bundle), nil, "with a DSSE envelope"},
	} {
		if c.err == nil || !strings.Contains(c.err.Error(), c.want) {
			t.Errorf("%s: the error is\n%v\nwant it to have %q", c.name, c.err, c.want)
			continue
		}
		for _, target := range []any{unknown, bad} {
			if errors.As(c.err, target) != (target == c.target) {
				t.Errorf("%s: the error is a %T", c.name, c.err)
			}
		}
	}
	payload, by, err := ours.VerifyAttestation("provenance.json", sigstore.StatementType, statement)
	if err != nil || !bytes.Equal(payload, data) || by.Name != key.Public {
		t.Errorf("the payload is %q, by %v, %v", payload, by, err)
	}
}

// swapSignature puts another signature into a bundle.
func swapSignature(t *testing.T, bundle []byte) []byte {
	t.Helper()
	other, err := signer(t, nil, signtest.PEM(t).Secret).Bundle(context.Background(), sigstore.Bytes([]byte("other")))
	if err != nil {
		t.Fatal(err)
	}
	var to, from map[string]any
	if err := errors.Join(json.Unmarshal(bundle, &to), json.Unmarshal(other, &from)); err != nil {
		t.Fatal(err)
	}
	signature := from["messageSignature"].(map[string]any)["signature"]
	to["messageSignature"].(map[string]any)["signature"] = signature
	out, err := json.Marshal(to)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestVerifyRPM(t *testing.T) {
	pgp, other := signtest.OpenPGP(t, "captain"), signtest.OpenPGP(t, "mate")
	path := writeRPM(t)
	ours := verifier(t, pgp.Public)
	if _, err := ours.VerifyRPM(path); err == nil || !strings.Contains(err.Error(), "its header has no signature") {
		t.Errorf("unsigned: %v", err)
	}
	if _, err := signer(t, nil, pgp.Secret).RPM(context.Background(), path); err != nil {
		t.Fatal(err)
	}
	var unknown *keys.UnknownError
	if _, err := verifier(t, other.Public).VerifyRPM(path); !errors.As(err, &unknown) || unknown.By != pgp.Fingerprint {
		t.Errorf("by another key: %v", err)
	}
	data := []byte(content(t, path))
	for name, at := range map[string]int{"the payload": len(data) - 20, "the header": 96 + 1500} {
		broken := bytes.Clone(data)
		broken[at] ^= 1
		_, err := ours.VerifyRPM(put(t, broken))
		if err == nil || !strings.Contains(err.Error(), "damaged") {
			t.Errorf("%s has another byte: %v", name, err)
		}
	}
	if _, err := ours.VerifyRPM(put(t, []byte("no rpm"))); err == nil || !strings.Contains(err.Error(), "not an rpm") {
		t.Errorf("no rpm: %v", err)
	}
}

// TestRPMStays holds that an rpm is what it was where it cannot be signed.
func TestRPMStays(t *testing.T) {
	path := writeRPM(t)
	before := content(t, path)
	key := "exec:" + signtest.OpenPGP(t, "captain").Public + " " + script(t, "exit 1")
	if _, err := signer(t, nil, key).RPM(context.Background(), path); err == nil {
		t.Fatal("a command that fails signed an rpm")
	}
	left, err := os.ReadDir(strings.TrimSuffix(path, "/file"))
	if err != nil || len(left) != 1 || content(t, path) != before {
		t.Errorf("the rpm changed, or more is beside it: %v, %v", left, err)
	}
}

func TestOpenVerifier(t *testing.T) {
	pgp, key := signtest.OpenPGP(t, "captain"), signtest.PEM(t)
	both := put(t, []byte(content(t, pgp.Public)+content(t, signtest.OpenPGP(t, "mate").Public)))
	v := verifier(t, both, key.Public)
	var names []string
	for _, by := range v.Fingerprints() {
		names = append(names, by.Name)
	}
	want := []string{"captain <captain@example.org>", "mate <mate@example.org>", key.Public}
	if !reflect.DeepEqual(names, want) {
		t.Errorf("the keys are %q, want %q", names, want)
	}
	for path, want := range map[string]string{
		pgp.Secret:                 "it is a secret key: to verify, give the public one\n  To write it: gpg --armor --export",
		key.Secret:                 "it is a secret key: to verify, give the public one\n  To write it: openssl pkey -in",
		"/nowhere":                 "no such file",
		put(t, []byte("hello")):    "neither an OpenPGP public key nor a public key in PEM",
		put(t, []byte("\xff\x00")): "neither an OpenPGP public key",
	} {
		if _, err := OpenVerifier([]string{path}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
}

// TestImage holds the form in which cosign attaches the signature of an image.
func TestImage(t *testing.T) {
	s := signer(t, nil, signtest.PEM(t).Secret)
	digest := "sha256:" + strings.Repeat("ab", 32)
	got, err := s.Image(context.Background(), digest)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"org.opencontainers.image.created":  "2026-02-02T03:04:05Z",
		"dev.sigstore.bundle.content":       "dsse-envelope",
		"dev.sigstore.bundle.predicateType": "https://sigstore.dev/cosign/sign/v1",
		"in-toto.io/predicate-type":         "https://sigstore.dev/cosign/sign/v1",
	}
	if !reflect.DeepEqual(got.Annotations, want) || got.ArtifactType != "application/vnd.dev.sigstore.bundle.v0.3+json" {
		t.Errorf("it is attached as %s with %v", got.ArtifactType, got.Annotations)
	}
	payload, _, err := s.Verifier().VerifyAttestation("image", sigstore.StatementType, got.Blob)
	statement := `{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":"` + strings.Repeat("ab", 32) +
		`"}}],"predicateType":"https://sigstore.dev/cosign/sign/v1","predicate":{}}`
	if err != nil || string(payload) != statement {
		t.Errorf("the statement is %s, %v", payload, err)
	}
	if _, err := s.Image(context.Background(), "latest"); err == nil {
		t.Error("a tag was signed")
	}
}
