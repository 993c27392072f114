package openpgp

import (
	"bytes"
	"context"
	"crypto"
	stdecdsa "crypto/ecdsa"
	"crypto/elliptic"
	_ "crypto/sha256" // the hashes of signatures
	_ "crypto/sha512"
	"fmt"
	"hash"
	"io"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/ecdsa"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	pgp "github.com/ProtonMail/go-crypto/openpgp/v2"

	"github.com/slipway-build/slipway/release/sign/keys"
)

// hashFor returns the hash that a key signs: SHA-256, and for larger curves the one of
// their size, as FIPS 186 wants it.
func hashFor(k *packet.PublicKey) crypto.Hash {
	if k.PubKeyAlgo != packet.PubKeyAlgoECDSA {
		return crypto.SHA256
	}
	switch curve, _ := k.Curve(); curve {
	case packet.CurveNistP384, packet.CurveBrainpoolP384:
		return crypto.SHA384
	case packet.CurveNistP521, packet.CurveBrainpoolP512:
		return crypto.SHA512
	}
	return crypto.SHA256
}

// makeSignature returns the packet of one signature, made with private. What is hashed is
// written to seen too, if there is one.
func makeSignature(r request, private *packet.PrivateKey, seen io.Writer) ([]byte, error) {
	sig := &packet.Signature{
		Version: r.key.Version, SigType: packet.SigTypeBinary, PubKeyAlgo: r.key.PubKeyAlgo, Hash: hashFor(r.key),
		CreationTime: r.at, IssuerKeyId: &r.key.KeyId,
	}
	if r.text {
		sig.SigType = packet.SigTypeText
	}
	h := sig.Hash.New()
	if seen != nil {
		h = recorder{h, seen}
	}
	h.Write(r.data)
	if err := sig.Sign(h, private, lenient(r.at)); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err := sig.Serialize(&out)
	return out.Bytes(), err
}

// A recorder keeps what is hashed.
type recorder struct {
	hash.Hash
	seen io.Writer
}

func (r recorder) Write(p []byte) (int, error) {
	if n, err := r.seen.Write(p); err != nil {
		return n, err
	}
	return r.Hash.Write(p)
}

// repeatable returns a key whose signatures are the same each time: the library's ECDSA
// takes a random number for each, where RFC 6979 derives it.
func repeatable(k *packet.PrivateKey) *packet.PrivateKey {
	theirs, ok := k.PrivateKey.(*ecdsa.PrivateKey)
	if !ok {
		return k
	}
	curve := map[packet.Curve]elliptic.Curve{
		packet.CurveNistP256: elliptic.P256(), packet.CurveNistP384: elliptic.P384(), packet.CurveNistP521: elliptic.P521(),
	}
	name, _ := k.Curve()
	if curve[name] == nil {
		return k // brainpool: nobody derives its numbers
	}
	secret := make([]byte, (curve[name].Params().BitSize+7)/8)
	theirs.D.FillBytes(secret)
	own, err := stdecdsa.ParseRawPrivateKey(curve[name], secret)
	if err != nil {
		return k
	}
	return &packet.PrivateKey{PublicKey: k.PublicKey, PrivateKey: derived{own}}
}

// derived signs as RFC 6979 has it: with no source of random numbers.
type derived struct{ *stdecdsa.PrivateKey }

func (d derived) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return d.PrivateKey.Sign(nil, digest, opts)
}

// signature returns the packet of a signature by k, verified.
func (k Key) signature(ctx context.Context, p part, data []byte, text bool, date time.Time) ([]byte, error) {
	at, err := k.moment(p, date)
	if err != nil {
		return nil, err
	}
	out, err := k.sign(ctx, request{key: p.key, data: data, text: text, at: at})
	if err != nil {
		return nil, err
	}
	if err := fits(p.key, data, out); err != nil {
		return nil, fmt.Errorf("key %s: what was made is not a signature of %s: %w\n"+keys.Wanted,
			k.Source, fingerprint(p.key), err)
	}
	return out, nil
}

// fits verifies one signature over data in its canonical form.
func fits(key *packet.PublicKey, data, signature []byte) error {
	in := bytes.NewReader(signature)
	p, err := packet.Read(in)
	if err != nil {
		return err
	}
	sig, ok := p.(*packet.Signature)
	if !ok || in.Len() > 0 {
		return fmt.Errorf("want one signature packet, and nothing else")
	}
	h := sig.Hash.New()
	h.Write(data)
	return key.VerifySignature(h, sig)
}

// signatures returns the packets of the signatures by all keys.
func signatures(ctx context.Context, by []Key, data []byte, text bool, date time.Time) ([]byte, error) {
	var out []byte
	for _, k := range by {
		p, ok := k.part()
		if !ok {
			return nil, k.noSigning()
		}
		sig, err := k.signature(ctx, p, data, text, date)
		if err != nil {
			return nil, err
		}
		out = append(out, sig...)
	}
	return out, nil
}

func (k Key) noSigning() error {
	return fmt.Errorf("key %s: %s has no secret part that can sign: %s", k.Source, k.Fingerprint(), makeKey)
}

// armored returns signature packets as text.
func armored(signatures []byte) ([]byte, error) {
	var out bytes.Buffer
	w, err := armor.Encode(&out, pgp.SignatureType, nil)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(signatures); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return append(out.Bytes(), '\n'), nil
}

// Detach returns an armored signature over data by all keys. It carries date, or of a key
// that is newer the first moment at which that can sign.
func Detach(ctx context.Context, by []Key, data []byte, date time.Time) ([]byte, error) {
	sigs, err := signatures(ctx, by, data, false, date)
	if err != nil {
		return nil, err
	}
	return armored(sigs)
}

// SignRPM returns the signature of an rpm's header, as its tag holds it: by RSA, with the
// primary key.
func (k Key) SignRPM(ctx context.Context, header []byte, date time.Time) ([]byte, error) {
	primary := parts(k.cert)[0]
	if !primary.signs() || !k.secret[primary.key.KeyId] || !isRSA(primary.key) {
		var faults []keys.Fault
		for _, f := range k.rpmFaults() {
			if !f.Warning {
				faults = append(faults, f)
			}
		}
		return nil, &keys.Error{Faults: faults}
	}
	return k.signature(ctx, primary, header, false, date)
}

func isRSA(k *packet.PublicKey) bool {
	return k.PubKeyAlgo == packet.PubKeyAlgoRSA || k.PubKeyAlgo == packet.PubKeyAlgoRSASignOnly
}
