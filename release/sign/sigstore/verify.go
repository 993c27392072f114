package sigstore

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"
	bundlepb "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	commonpb "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/sigstore/sigstore/pkg/signature/options"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/slipway-build/slipway/release/sign/keys"
)

// A Ring is public keys.
type Ring []Public

// Names returns the keys' fingerprints and sources.
func (r Ring) Names() []string {
	var all []string
	for _, k := range r {
		all = append(all, fmt.Sprintf("%s (%s)", k.Fingerprint(), k.Source))
	}
	return all
}

// Blob verifies the bundle of a blob, the content of file.
func (r Ring) Blob(file string, bundle []byte, b Blob) (Public, error) {
	parsed, content, err := decodeBlob(file, bundle)
	if err != nil {
		return Public{}, err
	}
	return r.find(file, parsed, func(k Public) error {
		if err := over(content, b.SHA256); err != nil {
			return err
		}
		return k.verify(b, content.GetSignature())
	})
}

// Detached returns the signature in the bundle of a blob, the content of file, for tools that
// take it without the bundle. Who made it is not verified, only that it is said to be over sum.
func Detached(file string, bundle []byte, sum [sha256.Size]byte) ([]byte, error) {
	_, content, err := decodeBlob(file, bundle)
	if err != nil {
		return nil, err
	}
	if err := over(content, sum); err != nil {
		return nil, fmt.Errorf("%s: its bundle is of another file: %w", file, err)
	}
	return content.GetSignature(), nil
}

// over returns an error if a signature is said to be over another SHA-256.
func over(m *commonpb.MessageSignature, sum [sha256.Size]byte) error {
	stated := m.GetMessageDigest()
	if stated.GetAlgorithm() == commonpb.HashAlgorithm_SHA2_256 && !bytes.Equal(stated.GetDigest(), sum[:]) {
		return fmt.Errorf("it is over the SHA-256 %x, and that of the file is %x", stated.GetDigest(), sum)
	}
	return nil
}

// Attestation verifies a bundle with a DSSE envelope, and returns the payload and its type.
func (r Ring) Attestation(file string, bundle []byte) (payload []byte, payloadType string, by Public, err error) {
	parsed, err := decode(file, bundle)
	if err != nil {
		return nil, "", Public{}, err
	}
	envelope := parsed.GetDsseEnvelope()
	if len(envelope.GetSignatures()) != 1 {
		return nil, "", Public{}, fmt.Errorf("%s: want a bundle with a DSSE envelope with one signature", file)
	}
	by, err = r.find(file, parsed, func(k Public) error {
		pae := dsse.PAE(envelope.GetPayloadType(), envelope.GetPayload())
		return k.verify(Bytes(pae), envelope.GetSignatures()[0].GetSig())
	})
	if err != nil {
		return nil, "", Public{}, err
	}
	return envelope.GetPayload(), envelope.GetPayloadType(), by, nil
}

// find returns the key that made a signature: the one that the bundle names, or, where it
// names none that is known, the first that fits.
func (r Ring) find(file string, b *bundlepb.Bundle, fits func(Public) error) (Public, error) {
	named := hint(b.GetVerificationMaterial().GetPublicKey().GetHint())
	for _, k := range r {
		if k.hint() != named {
			continue
		}
		if err := fits(k); err != nil {
			return Public{}, &keys.BadSignatureError{File: file, By: k.Fingerprint(), Err: err}
		}
		return k, nil
	}
	for _, k := range r {
		if fits(k) == nil {
			return k, nil
		}
	}
	return Public{}, &keys.UnknownError{File: file, By: named.fingerprint(), Given: r.Names()}
}

// verify verifies a signature of a blob.
func (p Public) verify(b Blob, sig []byte) error {
	verifier, err := signature.LoadVerifier(p.Key, crypto.SHA256)
	if err != nil {
		return err
	}
	if _, ok := p.Key.(ed25519.PublicKey); !ok {
		return verifier.VerifySignature(bytes.NewReader(sig), nil, options.WithDigest(b.SHA256[:]))
	}
	f, err := b.Open()
	if err != nil {
		return err
	}
	defer f.Close()
	return verifier.VerifySignature(bytes.NewReader(sig), f)
}

// decodeBlob reads the bundle of a blob.
func decodeBlob(file string, data []byte) (*bundlepb.Bundle, *commonpb.MessageSignature, error) {
	b, err := decode(file, data)
	if err != nil {
		return nil, nil, err
	}
	content := b.GetMessageSignature()
	if content == nil {
		return nil, nil, fmt.Errorf("%s: its bundle has no signature of a blob: it may be an attestation", file)
	}
	return b, content, nil
}

// decode reads a bundle.
func decode(file string, data []byte) (*bundlepb.Bundle, error) {
	var b bundlepb.Bundle
	if err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(data, &b); err != nil {
		return nil, fmt.Errorf("%s: its bundle cannot be read: %w", file, err)
	}
	if b.GetMediaType() != BundleType {
		return nil, fmt.Errorf("%s: its bundle is of the type %q: want %s", file, b.GetMediaType(), BundleType)
	}
	if b.GetVerificationMaterial().GetPublicKey() == nil {
		return nil, errors.New(file + ": its bundle is signed with a certificate, not with a key: use cosign to verify it")
	}
	return &b, nil
}
