// Package sigstore signs blobs and statements with a key, as sigstore bundles of version
// 0.3, and verifies them offline: the form that cosign reads with --key and --bundle.
package sigstore

import (
	"bytes"
	"crypto/sha256"
	"io"
	"os"
	"time"
)

// Names of formats.
const (
	// BundleType is the media type of a bundle, and the artifactType of what carries one.
	BundleType = "application/vnd.dev.sigstore.bundle.v0.3+json"
	// StatementType is the DSSE payload type of an in-toto statement.
	StatementType = "application/vnd.in-toto+json"
	// ImagePredicate is the predicateType of the statement that is an image's signature.
	ImagePredicate = "https://sigstore.dev/cosign/sign/v1"
)

// A Blob is what a bundle is made over. Its content is only opened for a key that needs
// more than the SHA-256.
type Blob struct {
	SHA256 [sha256.Size]byte
	Open   func() (io.ReadCloser, error)
}

// File is the blob at path, whose SHA-256 is known.
func File(path string, sum [sha256.Size]byte) Blob {
	return Blob{SHA256: sum, Open: func() (io.ReadCloser, error) { return os.Open(path) }}
}

// Bytes is a blob in memory.
func Bytes(data []byte) Blob {
	return Blob{SHA256: sha256.Sum256(data), Open: func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(data)), nil
	}}
}

// A Referrer is what is attached to an image: a manifest with the image as its subject.
type Referrer struct {
	ArtifactType string
	Annotations  map[string]string
	Blob         []byte // its one layer, of the type ArtifactType
}

// Attached is a bundle with a statement, as cosign attaches it to an image. The time is
// that of the release. Trivy finds a VEX by the last annotation.
func Attached(bundle []byte, predicateType string, at time.Time) Referrer {
	return Referrer{ArtifactType: BundleType, Blob: bundle, Annotations: map[string]string{
		"org.opencontainers.image.created":  at.UTC().Format(time.RFC3339),
		"dev.sigstore.bundle.content":       "dsse-envelope",
		"dev.sigstore.bundle.predicateType": predicateType,
		"in-toto.io/predicate-type":         predicateType,
	}}
}
