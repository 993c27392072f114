package provenance

import (
	"bytes"
	"encoding/json"
	"fmt"

	slsa "github.com/in-toto/attestation/go/predicates/provenance/v1"
	intoto "github.com/in-toto/attestation/go/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/slipway-build/slipway/artifact"
)

// external are the parameters that a release is asked for: docs/provenance.md has them.
type external struct {
	Fork        string            `json:"fork"`
	Name        string            `json:"name"`
	Version     string            `json:"version"`
	Platforms   []string          `json:"platforms"`
	Options     map[string]string `json:"options,omitempty"`
	Lock        string            `json:"lock"`
	SourceRoots []string          `json:"sourceRoots"`
	Sources     map[string]string `json:"sources"`
}

// internal are the parameters that Slipway settles by itself.
type internal struct {
	Toolchain string              `json:"toolchain"`
	Date      string              `json:"date"`
	Commit    string              `json:"commit"`
	Slipway   string              `json:"slipway"`
	Go        string              `json:"go"`
	Builds    map[string]compiled `json:"builds"`
}

type compiled struct {
	Flags       []string `json:"flags"`
	Environment []string `json:"environment"`
}

// Statement returns provenance.json. The same input gives the same bytes.
func Statement(in Input) ([]byte, error) {
	subjects, err := subjects(in.Release)
	if err != nil {
		return nil, err
	}
	p, err := predicate(in)
	if err != nil {
		return nil, err
	}
	if err := p.Validate(); err != nil {
		return nil, fmt.Errorf("the provenance of %s %s: %w", in.Release.Fork, in.Release.Version, err)
	}
	return Encode(PredicateType, subjects, p)
}

// Encode returns a statement as a file: the type of the predicate says what is said of the
// subjects. The same values give the same bytes, which protojson alone does not promise.
func Encode(predicateType string, subjects []*intoto.ResourceDescriptor, predicate proto.Message) ([]byte, error) {
	said := &structpb.Struct{}
	data, err := protojson.Marshal(predicate)
	if err != nil {
		return nil, err
	}
	if err := protojson.Unmarshal(data, said); err != nil {
		return nil, err
	}
	s := &intoto.Statement{
		Type: intoto.StatementTypeUri, Subject: subjects, PredicateType: predicateType, Predicate: said,
	}
	if err := s.Validate(); err != nil {
		return nil, err
	}
	if data, err = protojson.Marshal(s); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := json.Indent(&out, data, "", "  "); err != nil {
		return nil, err
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}

// Built reports whether an artifact is built, and so a subject of the provenance: neither a
// document, which says something of the others, nor a file of the layout that images are in.
func Built(a artifact.Released) bool { return a.Kind != artifact.Document && a.Kind != artifact.Layout }

// subjects returns the artifacts of a release that are built.
func subjects(r artifact.Release) ([]*intoto.ResourceDescriptor, error) {
	var out []*intoto.ResourceDescriptor
	for _, a := range r.Artifacts {
		if !Built(a) {
			continue
		}
		d, err := Descriptor(a, a.Digest)
		if err != nil {
			return nil, err
		}
		out = append(out, d)
	}
	return out, nil
}

// Descriptor returns an artifact as a statement names it, with one of its digests.
func Descriptor(a artifact.Released, digest string) (*intoto.ResourceDescriptor, error) {
	notes := map[string]string{"kind": string(a.Kind), "platform": a.Platform, "format": a.Format}
	if digest != a.Unsigned {
		notes["unsigned"] = a.Unsigned
	}
	d := &intoto.ResourceDescriptor{Name: SubjectName(a), Annotations: annotations(notes)}
	if a.Kind == artifact.Image {
		d.MediaType = "application/vnd.oci.image.index.v1+json"
	}
	var err error
	d.Digest, err = digestSet("sha256", digest)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", d.GetName(), err)
	}
	return d, nil
}

// annotations returns what is not empty of a map.
func annotations(of map[string]string) *structpb.Struct {
	s := &structpb.Struct{Fields: map[string]*structpb.Value{}}
	for k, v := range of {
		if v != "" {
			s.Fields[k] = structpb.NewStringValue(v)
		}
	}
	if len(s.GetFields()) == 0 {
		return nil
	}
	return s
}

func predicate(in Input) (*slsa.Provenance, error) {
	asked, err := toStruct(in.external())
	if err != nil {
		return nil, err
	}
	settled, err := toStruct(in.internal())
	if err != nil {
		return nil, err
	}
	resolved, err := in.dependencies()
	if err != nil {
		return nil, err
	}
	made, err := in.byproducts()
	if err != nil {
		return nil, err
	}
	return &slsa.Provenance{
		BuildDefinition: &slsa.BuildDefinition{
			BuildType: buildType, ExternalParameters: asked, InternalParameters: settled, ResolvedDependencies: resolved,
		},
		RunDetails: &slsa.RunDetails{
			Builder:    &slsa.Builder{Id: builderID, Version: map[string]string{"slipway": in.Slipway}},
			Byproducts: made,
		},
	}, nil
}

func (in Input) external() external {
	r := in.Release
	e := external{
		Fork: r.Fork, Name: r.Name, Version: r.Version, Platforms: r.Platforms, Options: in.Options, Lock: r.Lock,
		SourceRoots: in.Sources.Roots, Sources: map[string]string{},
	}
	for _, f := range in.Sources.Files {
		e.Sources[f.Name] = f.Digest
	}
	return e
}

func (in Input) internal() internal {
	r := in.Release
	i := internal{
		Toolchain: r.Toolchain, Date: r.Date, Commit: r.Commit, Slipway: in.Slipway, Go: in.Go,
		Builds: map[string]compiled{},
	}
	for _, b := range in.Builds {
		i.Builds[b.Platform] = compiled{Flags: b.Flags, Environment: b.Env}
	}
	return i
}

// toStruct returns a value as its JSON has it.
func toStruct(v any) (*structpb.Struct, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	s := &structpb.Struct{}
	return s, protojson.Unmarshal(data, s)
}
