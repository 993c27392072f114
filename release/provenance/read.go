package provenance

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	slsa "github.com/in-toto/attestation/go/predicates/provenance/v1"
	intoto "github.com/in-toto/attestation/go/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/slipway-build/slipway/artifact"
)

// Read reads provenance.json, and refuses what it does not know: a parameter that is
// passed over could make another release.
func Read(data []byte) (Record, error) {
	var p slsa.Provenance
	s, err := Decode(data, PredicateType, &p)
	if err != nil {
		return Record{}, err
	}
	if err := p.Validate(); err != nil {
		return Record{}, err
	}
	if t := p.GetBuildDefinition().GetBuildType(); t != buildType {
		return Record{}, fmt.Errorf("it is of the build type %q, and this Slipway builds %s again", t, buildType)
	}
	var e external
	if err := Strict(p.GetBuildDefinition().GetExternalParameters(), &e); err != nil {
		return Record{}, fmt.Errorf("externalParameters: %w", err)
	}
	var i internal
	if err := Strict(p.GetBuildDefinition().GetInternalParameters(), &i); err != nil {
		return Record{}, fmt.Errorf("internalParameters: %w", err)
	}
	r := Record{
		Fork: e.Fork, Name: e.Name, Version: e.Version, Platforms: e.Platforms, Options: e.Options, Lock: e.Lock,
		Sources: Sources{Roots: e.SourceRoots}, Date: i.Date, Toolchain: i.Toolchain, Slipway: i.Slipway, Go: i.Go,
		Subjects: Subjects(s),
	}
	for _, name := range slices.Sorted(maps.Keys(e.Sources)) {
		r.Sources.Files = append(r.Sources.Files, artifact.Pinned{Name: name, Digest: e.Sources[name]})
	}
	return r, r.check()
}

// Decode reads a statement whose predicate is of a type, into predicate.
func Decode(data []byte, predicateType string, predicate proto.Message) (*intoto.Statement, error) {
	s := &intoto.Statement{}
	if err := protojson.Unmarshal(data, s); err != nil {
		return nil, fmt.Errorf("it is not an in-toto statement: %w", err)
	}
	if err := s.Validate(); err != nil {
		return nil, fmt.Errorf("it is not an in-toto statement: %w", err)
	}
	if s.GetType() != intoto.StatementTypeUri || s.GetPredicateType() != predicateType {
		return nil, fmt.Errorf("it is a %s with a %s, want a %s with a %s",
			s.GetType(), s.GetPredicateType(), intoto.StatementTypeUri, predicateType)
	}
	said, err := protojson.Marshal(s.GetPredicate())
	if err != nil {
		return nil, err
	}
	if err := protojson.Unmarshal(said, predicate); err != nil {
		return nil, fmt.Errorf("predicate: %w", err)
	}
	return s, nil
}

// Subjects returns the subjects of a statement, in its order.
func Subjects(s *intoto.Statement) []Subject {
	var out []Subject
	for _, d := range s.GetSubject() {
		of := Subject{Name: d.GetName(), Unsigned: d.GetAnnotations().GetFields()["unsigned"].GetStringValue()}
		if sum := d.GetDigest()["sha256"]; sum != "" {
			of.Digest = "sha256:" + sum
		}
		out = append(out, of)
	}
	return out
}

// Strict reads a struct into a value that has a field for each of its keys.
func Strict(s *structpb.Struct, into any) error {
	data, err := protojson.Marshal(s)
	if err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	return d.Decode(into)
}

// check returns what keeps a release from being built from the record.
func (r Record) check() error {
	for _, v := range []struct{ name, value string }{{"fork", r.Fork}, {"name", r.Name}, {"version", r.Version},
		{"toolchain", r.Toolchain}} {
		if v.value == "" {
			return fmt.Errorf("it has no %s", v.name)
		}
	}
	if len(r.Platforms) == 0 {
		return errors.New("it has no platforms")
	}
	if _, err := time.Parse(time.RFC3339, r.Date); err != nil {
		return fmt.Errorf("date: %w", err)
	}
	if !isDigest(r.Lock) {
		return fmt.Errorf("lock: %q is not sha256: and 64 hex digits", r.Lock)
	}
	for _, root := range r.Sources.Roots {
		if !filepath.IsLocal(filepath.FromSlash(root)) {
			return fmt.Errorf("sourceRoots: %q leads out of the project", root)
		}
	}
	for _, f := range r.Sources.Files {
		if !filepath.IsLocal(filepath.FromSlash(f.Name)) || !isDigest(f.Digest) {
			return fmt.Errorf("sources: %q: %q: want a path in the project, and sha256: and 64 hex digits", f.Name, f.Digest)
		}
	}
	return nil
}

func isDigest(s string) bool {
	sum, ok := strings.CutPrefix(s, "sha256:")
	return ok && len(sum) == 64 && hexDigits.MatchString(sum)
}
