package reproduce

import (
	"bytes"
	"path"
	"regexp"
	"slices"
	"strings"

	slsa "github.com/in-toto/attestation/go/predicates/provenance/v1"
	intoto "github.com/in-toto/attestation/go/v1"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/release/notes"
	"github.com/slipway-build/slipway/release/provenance"
)

// sameDocument reports whether two documents say the same of a release, though one of it
// is signed: they name files by their digests. A rebuild is of a copy, so the provenance may
// also name another checkout of the same sources.
func (c Comparison) sameDocument(w, g artifact.Released) (bool, error) {
	want, err := c.Want.document(w)
	if err != nil {
		return false, err
	}
	got, err := c.Got.document(g)
	return bytes.Equal(want, got), err
}

// signed reports whether the release has signatures.
func (s Side) signed() bool {
	return slices.ContainsFunc(s.Release.Artifacts, func(a artifact.Released) bool {
		return a.Unsigned != "" || isKey(a)
	})
}

func isKey(a artifact.Released) bool {
	return a.Kind == artifact.Document && path.Dir(a.Path) == artifact.KeysFolder
}

// onlySigned reports whether a rebuild cannot have a file, or the same, because it signs
// nothing: public keys, the notes, which name them, and the files of a layout, in which
// signatures are beside the images. The images themselves are compared.
func onlySigned(a artifact.Released) bool {
	return a.Kind == artifact.Layout || isKey(a) || a.Kind == artifact.Document && a.Path == notes.File
}

// following is what follows in a document from the digests of signed files: other digests of
// them, and serial numbers and OpenVEX's ids, which are made of what the document holds.
var following = regexp.MustCompile(`[0-9a-f]{128}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\bvex-[0-9a-f]{64}\b`)

// document returns a document as it would be of an unsigned release.
func (s Side) document(a artifact.Released) ([]byte, error) {
	data, err := build{s, a}.whole()
	if err != nil {
		return nil, err
	}
	var pairs []string
	for _, of := range s.Release.Artifacts {
		if of.Unsigned != "" {
			pairs = append(pairs, strings.TrimPrefix(of.Digest, "sha256:"), strings.TrimPrefix(of.Unsigned, "sha256:"))
		}
	}
	data = following.ReplaceAll([]byte(strings.NewReplacer(pairs...).Replace(string(data))), nil)
	if a.Format == provenance.Format {
		return unplaced(data)
	}
	return data, nil
}

// unplaced returns a provenance without where its project was checked out from, and
// without what it notes of signatures.
func unplaced(data []byte) ([]byte, error) {
	var p slsa.Provenance
	s, err := provenance.Decode(data, provenance.PredicateType, &p)
	if err != nil {
		return nil, err
	}
	for _, subject := range s.GetSubject() {
		delete(subject.GetAnnotations().GetFields(), "unsigned")
	}
	var kept []*intoto.ResourceDescriptor
	for _, d := range p.GetBuildDefinition().GetResolvedDependencies() {
		if d.GetAnnotations().GetFields()["kind"].GetStringValue() != provenance.Project {
			kept = append(kept, d)
		}
	}
	p.BuildDefinition.ResolvedDependencies = kept
	return provenance.Encode(s.GetPredicateType(), s.GetSubject(), &p)
}
