package verify

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/release/provenance"
	"github.com/slipway-build/slipway/release/sbom"
)

// checkDocuments checks that what documents say is about the artifacts beside them, and
// that no artifact is without its documents.
func (v *verification) checkDocuments() Check {
	c := Check{Name: "documents", Of: "SBOMs and statements of provenance that are of these artifacts"}
	for _, a := range v.release.Artifacts {
		for platform, stem := range sbom.Paths(a) {
			digest := a.Digest
			if a.Kind == artifact.Image {
				digest = digestFor(a, platform)
			}
			v.checkBill(&c, stem+sbom.CycloneDX, digest, cycloneSubjects)
			v.checkBill(&c, stem+sbom.SPDX, digest, spdxSubjects)
		}
	}
	data, err := v.read(provenance.File)
	if err != nil {
		c.fault(provenance.File, again, "%v", err)
		return c.done()
	}
	record, err := provenance.Read(data)
	if err != nil {
		c.fault(provenance.File, publish, "%v", err)
		return c.done()
	}
	before := len(c.Faults)
	v.checkProvenance(&c, record)
	if len(c.Faults) == before {
		c.Count++
	}
	return c.done()
}

func digestFor(a artifact.Released, platform string) string {
	for _, i := range a.Images {
		if i.Platform == platform {
			return i.Digest
		}
	}
	return ""
}

// checkBill checks that an SBOM is of the artifact with a digest.
func (v *verification) checkBill(c *Check, name, digest string, subjects func([]byte) ([]string, error)) {
	data, err := v.read(name)
	if err != nil {
		c.fault(name, again, "%v", err)
		return
	}
	got, err := subjects(data)
	switch {
	case err != nil:
		c.fault(name, publish, "it cannot be read: %v", err)
	case len(got) == 0:
		c.fault(name, publish, "it does not say by a SHA-256 what it is of, which should be %s", digest)
	case !slices.Contains(got, digest):
		c.fault(name, publish, "it is of %s, and the artifact is %s", strings.Join(got, ", "), digest)
	default:
		c.Count++
	}
}

// cycloneSubjects returns the digests of what a CycloneDX document is of.
func cycloneSubjects(data []byte) ([]string, error) {
	var doc struct {
		BOMFormat string `json:"bomFormat"`
		Metadata  struct {
			Component struct {
				Hashes []struct {
					Alg     string `json:"alg"`
					Content string `json:"content"`
				} `json:"hashes"`
			} `json:"component"`
		} `json:"metadata"`
	}
	if err := json.Unmarshal(data, &doc); err != nil {
		return nil, err
	}
	if doc.BOMFormat != "CycloneDX" {
		return nil, errors.New("it is not a CycloneDX document")
	}
	var out []string
	for _, h := range doc.Metadata.Component.Hashes {
		if h.Alg == "SHA-256" {
			out = append(out, "sha256:"+h.Content)
		}
	}
	return out, nil
}

// An spdxElement is a package or a file of an SPDX document.
type spdxElement struct {
	ID        string `json:"SPDXID"`
	Checksums []struct {
		Algorithm string `json:"algorithm"`
		Value     string `json:"checksumValue"`
	} `json:"checksums"`
}

// spdxSubjects returns the digests of what an SPDX document describes.
func spdxSubjects(data []byte) ([]string, error) {
	var doc struct {
		Version       string        `json:"spdxVersion"`
		Describes     []string      `json:"documentDescribes"`
		Packages      []spdxElement `json:"packages"`
		Files         []spdxElement `json:"files"`
		Relationships []struct {
			From string `json:"spdxElementId"`
			Type string `json:"relationshipType"`
			To   string `json:"relatedSpdxElement"`
		} `json:"relationships"`
	}
	if err := json.Unmarshal(data, &doc); err != nil {
		return nil, err
	}
	if !strings.HasPrefix(doc.Version, "SPDX-2.") {
		return nil, fmt.Errorf("its spdxVersion is %q, want SPDX-2.3", doc.Version)
	}
	described := doc.Describes
	for _, r := range doc.Relationships {
		if r.From == "SPDXRef-DOCUMENT" && r.Type == "DESCRIBES" {
			described = append(described, r.To)
		}
	}
	var out []string
	for _, e := range slices.Concat(doc.Packages, doc.Files) {
		for _, sum := range e.Checksums {
			if sum.Algorithm == "SHA256" && slices.Contains(described, e.ID) {
				out = append(out, "sha256:"+sum.Value)
			}
		}
	}
	return out, nil
}

// checkProvenance compares the subjects of the provenance with the artifacts.
func (v *verification) checkProvenance(c *Check, p provenance.Record) {
	if p.Fork != v.release.Fork || p.Name != v.release.Name || p.Version != v.release.Version {
		c.fault(provenance.File, publish, "it is of %s, %s %s, and artifacts.json of %s, %s %s", p.Fork, p.Name, p.Version,
			v.release.Fork, v.release.Name, v.release.Version)
	}
	said := map[string]provenance.Subject{}
	for _, s := range p.Subjects {
		if _, twice := said[s.Name]; twice {
			c.fault(provenance.File, publish, "it names %s twice", s.Name)
		}
		said[s.Name] = s
	}
	for _, a := range v.release.Artifacts {
		name := provenance.SubjectName(a)
		s, ok := said[name]
		delete(said, name)
		switch {
		case !provenance.Built(a):
		case !ok:
			c.fault(provenance.File, publish, "it does not name %s", name)
		case s.Digest != a.Digest || s.Unsigned != a.Unsigned:
			c.fault(provenance.File, publish, "it has %s with the digest %s, unsigned %q; artifacts.json has %s, unsigned %q",
				name, s.Digest, s.Unsigned, a.Digest, a.Unsigned)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(said)) {
		c.fault(provenance.File, publish, "it names %s, which is not an artifact of the release", name)
	}
}
