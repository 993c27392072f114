package reproduce

import (
	"context"
	"errors"

	"github.com/slipway-build/slipway/artifact"
)

// PredicateType is that of the statement that somebody rebuilt a release.
const PredicateType = "https://github.com/slipway-build/slipway/rebuild/v1"

// AttestationsFolder is where a release's folder has the statements of those who rebuilt
// it, as NAME.sigstore.json. They are added later, and are not files of the release.
const AttestationsFolder = "rebuilds"

// A Sign wraps a statement in a signed envelope, as sign.Signer.Attest does.
type Sign func(ctx context.Context, payloadType string, payload []byte) ([]byte, error)

// An Attestation says that somebody rebuilt artifacts of a release.
type Attestation struct {
	Fork    string
	Name    string
	Version string
	Record  string            // digest of the release's artifacts.json: sha256:HEX
	Digests map[string]string // of what was rebuilt, without signatures, by name: sha256:HEX
	Changes []Change
	Result  string // "same", or "excepted" where exceptions were needed
}

// Statement returns the in-toto statement that the artifacts of the report that are the same
// were rebuilt. A report with differences that are not excepted is refused.
func (r Report) Statement() ([]byte, error) { return nil, errors.New("not yet") }

// Attest returns the signed statement of a report.
func (r Report) Attest(ctx context.Context, sign Sign) ([]byte, error) {
	return nil, errors.New("not yet")
}

// ReadAttestation reads the payload of a signed statement.
func ReadAttestation(payload []byte) (Attestation, error) {
	return Attestation{}, errors.New("not yet")
}

// Check returns what keeps the attestation from being one of the release, whose
// artifacts.json has the digest record: another release, an artifact that it does not
// name, or another digest of one. Documents, which only say something of a release, need
// not be named.
func (a Attestation) Check(r artifact.Release, record string) error { return errors.New("not yet") }
