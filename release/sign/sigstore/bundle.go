package sigstore

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"
	bundlepb "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	commonpb "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	dssepb "github.com/sigstore/protobuf-specs/gen/pb-go/dsse"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/slipway-build/slipway/release/sign/keys"
)

// Bundle returns a bundle with the signature of a blob.
func (k *Key) Bundle(ctx context.Context, b Blob) ([]byte, error) {
	signature, err := k.signed(ctx, b)
	if err != nil {
		return nil, err
	}
	out := k.bundle()
	out.Content = &bundlepb.Bundle_MessageSignature{MessageSignature: &commonpb.MessageSignature{
		MessageDigest: &commonpb.HashOutput{Algorithm: commonpb.HashAlgorithm_SHA2_256, Digest: b.SHA256[:]},
		Signature:     signature,
	}}
	return encode(out)
}

// Attest returns a bundle with a DSSE envelope over payload.
func (k *Key) Attest(ctx context.Context, payloadType string, payload []byte) ([]byte, error) {
	signature, err := k.signed(ctx, Bytes(dsse.PAE(payloadType, payload)))
	if err != nil {
		return nil, err
	}
	out := k.bundle()
	out.Content = &bundlepb.Bundle_DsseEnvelope{DsseEnvelope: &dssepb.Envelope{
		Payload: payload, PayloadType: payloadType,
		// Without the key's name: cosign would look for it as SSH writes it.
		Signatures: []*dssepb.Signature{{Sig: signature}},
	}}
	return encode(out)
}

// signed signs a blob, and verifies what was made.
func (k *Key) signed(ctx context.Context, b Blob) ([]byte, error) {
	signature, err := k.sign(ctx, b)
	if err != nil {
		return nil, err
	}
	if err := k.verify(b, signature); err != nil {
		return nil, fmt.Errorf("key %s: what was made is not a signature by the public key %s: %w\n"+keys.Wanted,
			k.Source, k.Fingerprint(), err)
	}
	return signature, nil
}

// bundle is a bundle without its content.
func (k *Key) bundle() *bundlepb.Bundle {
	return &bundlepb.Bundle{
		MediaType: BundleType,
		VerificationMaterial: &bundlepb.VerificationMaterial{
			Content: &bundlepb.VerificationMaterial_PublicKey{
				PublicKey: &commonpb.PublicKeyIdentifier{Hint: string(k.hint())},
			},
		},
	}
}

// encode returns a bundle as JSON. The library puts blanks in it by the build of the
// program, so that nobody relies on them; they are removed.
func encode(b *bundlepb.Bundle) ([]byte, error) {
	data, err := protojson.Marshal(b)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := json.Compact(&out, data); err != nil {
		return nil, err
	}
	return append(out.Bytes(), '\n'), nil
}

// ImageStatement returns the in-toto statement that is the signature of the image whose
// manifest or index has a digest, sha256:HEX.
func ImageStatement(digest string) ([]byte, error) {
	sum, ok := strings.CutPrefix(digest, "sha256:")
	if raw, err := hex.DecodeString(sum); !ok || err != nil || len(raw) != 32 {
		return nil, fmt.Errorf("image %q: want the digest of its manifest, as sha256:HEX", digest)
	}
	type subject struct {
		Digest map[string]string `json:"digest"`
	}
	return json.Marshal(struct {
		Type      string    `json:"_type"`
		Subject   []subject `json:"subject"`
		Predicate string    `json:"predicateType"`
		Empty     struct{}  `json:"predicate"`
	}{"https://in-toto.io/Statement/v1", []subject{{map[string]string{"sha256": sum}}}, ImagePredicate, struct{}{}})
}
