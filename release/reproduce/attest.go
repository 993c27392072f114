package reproduce

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	intoto "github.com/in-toto/attestation/go/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/release/provenance"
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
	Changes []Change          // of the environment
	// Excepted are the artifacts that differed and were allowed to, with the reasons.
	Excepted map[string]string
}

// rebuilt is the predicate: docs/provenance.md has it.
type rebuilt struct {
	Fork        string            `json:"fork"`
	Name        string            `json:"name"`
	Version     string            `json:"version"`
	Record      string            `json:"record"`
	Result      string            `json:"result"` // same, or excepted
	Environment []Change          `json:"environment"`
	Excepted    map[string]string `json:"excepted,omitempty"`
}

// Statement returns the in-toto statement that the artifacts of the report that are the same
// were rebuilt. A report with differences that are not excepted is refused.
func (r Report) Statement() ([]byte, error) {
	if !r.Same {
		return nil, fmt.Errorf("nothing is attested: %s", r.Summary())
	}
	p := rebuilt{Fork: r.Fork, Name: r.Name, Version: r.Version, Record: r.Record, Result: string(Same),
		Environment: r.Changes, Excepted: map[string]string{}}
	var subjects []*intoto.ResourceDescriptor
	for _, a := range r.Results {
		switch {
		case a.Verdict == Excepted:
			p.Result, p.Excepted[a.Name] = string(Excepted), a.Reason
		case a.Want == a.Got: // a document may say the same in other bytes
			subjects = append(subjects, &intoto.ResourceDescriptor{
				Name: a.Name, Digest: map[string]string{"sha256": strings.TrimPrefix(a.Want, "sha256:")},
			})
		}
	}
	data, err := json.Marshal(p)
	if err != nil {
		return nil, err
	}
	said := &structpb.Struct{}
	if err := protojson.Unmarshal(data, said); err != nil {
		return nil, err
	}
	return provenance.Encode(PredicateType, subjects, said)
}

// Attest returns the signed statement of a report.
func (r Report) Attest(ctx context.Context, sign Sign) ([]byte, error) {
	data, err := r.Statement()
	if err != nil {
		return nil, err
	}
	return sign(ctx, provenance.PayloadType, data)
}

// ReadAttestation reads the payload of a signed statement. Whoever calls has checked its
// signature.
func ReadAttestation(payload []byte) (Attestation, error) {
	said := &structpb.Struct{}
	s, err := provenance.Decode(payload, PredicateType, said)
	if err != nil {
		return Attestation{}, err
	}
	var p rebuilt
	if err := provenance.Strict(said, &p); err != nil {
		return Attestation{}, fmt.Errorf("predicate: %w", err)
	}
	if p.Result != string(Same) && p.Result != string(Excepted) {
		return Attestation{}, fmt.Errorf("predicate: the result %q is neither %s nor %s", p.Result, Same, Excepted)
	}
	a := Attestation{Fork: p.Fork, Name: p.Name, Version: p.Version, Record: p.Record, Changes: p.Environment,
		Excepted: p.Excepted, Digests: map[string]string{}}
	for _, d := range provenance.Subjects(s) {
		if a.Digests[d.Name] != "" {
			return a, fmt.Errorf("it names %s twice", d.Name)
		}
		a.Digests[d.Name] = d.Digest
	}
	return a, nil
}

// Check returns what keeps the attestation from being one of all of the release: it is of
// another record, names another digest, or does not name an artifact. Documents, which only
// say something of a release, need not be named, and neither need the files of a layout: what
// is in an image follows from its digest, and the rest is signatures and documents beside it.
// What was excepted does: an exception is its author's, and nobody else's.
func (a Attestation) Check(r artifact.Release) error {
	if a.Fork != r.Fork || a.Version != r.Version {
		return fmt.Errorf("it is of %s %s, not of %s %s", a.Fork, a.Version, r.Fork, r.Version)
	}
	record, err := Digest(r)
	if err != nil {
		return err
	}
	if a.Record != record {
		return fmt.Errorf("it is of a release whose artifacts.json has the digest %s, and that of this one is %s",
			a.Record, record)
	}
	released := byName(r)
	for _, name := range slices.Sorted(maps.Keys(a.Digests)) {
		of, ok := released[name]
		if !ok {
			return fmt.Errorf("it names %s, which the release does not have", name)
		}
		if got := a.Digests[name]; got != of.Reproducible() {
			return fmt.Errorf("it says that %s was rebuilt as %s, and the release has %s", name, got, of.Reproducible())
		}
	}
	for _, name := range slices.Sorted(maps.Keys(released)) {
		kind := released[name].Kind
		if a.Digests[name] == "" && kind != artifact.Document && kind != artifact.Layout {
			return fmt.Errorf("it does not say that %s was rebuilt%s", name, excuse(a.Excepted[name]))
		}
	}
	return nil
}

func excuse(reason string) string {
	if reason == "" {
		return ""
	}
	return ", but that it may differ: " + reason
}
