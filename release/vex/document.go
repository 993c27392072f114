package vex

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/openvex/go-vex/pkg/vex"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/release/purl"
)

// DocumentFile is the name of the OpenVEX document in a release's folder.
const DocumentFile = "vex.openvex.json"

// Input is what a document is made of.
type Input struct {
	Release    artifact.Release
	Statements []Statement
	Author     string // packages.maintainer: Name <mail>
	// Module is the path of the upstream's main module, as k8s.io/kubernetes. What
	// patches fix is fixed in it. "" is for an upstream that is none.
	Module string
	// Repositories are where images are pulled from, by their names, as
	// registry.example.org/team/captain.
	Repositories map[string]string
}

// Check returns what keeps a document from being written, as far as that shows before
// there are artifacts.
func (in Input) Check() error {
	if len(in.Statements) > 0 && in.Author == "" {
		return errors.New("statements on vulnerabilities need an author: " +
			"set packages.maintainer in fork.yaml, such as Acme <k8s@example.org>")
	}
	return nil
}

// Document returns a release's OpenVEX document, or nil where there is nothing to say.
// Its id is made of its content, and its time is the release's.
func Document(in Input) ([]byte, error) {
	if err := in.Check(); err != nil {
		return nil, err
	}
	issued, err := time.Parse(time.RFC3339, in.Release.Date)
	if err != nil {
		return nil, fmt.Errorf("the date of the release: %w", err)
	}
	doc := vex.VEX{Metadata: vex.Metadata{
		Context: vex.ContextLocator(), Author: in.Author, Timestamp: &issued, Version: 1,
	}}
	for _, s := range in.Statements {
		out := in.statement(s)
		if err := out.Validate(); err != nil {
			return nil, fmt.Errorf("the statement on %s: %w", s.Vulnerability, err)
		}
		if len(out.Products) > 0 {
			doc.Statements = append(doc.Statements, out)
		}
	}
	if len(doc.Statements) == 0 {
		return nil, nil
	}
	return encode(doc)
}

// encode writes a document with an id made of what it says.
func encode(doc vex.VEX) ([]byte, error) {
	var b bytes.Buffer
	if err := doc.ToJSON(&b); err != nil {
		return nil, err
	}
	doc.ID = fmt.Sprintf("%s/public/vex-%x", vex.PublicNamespace, sha256.Sum256(b.Bytes()))
	b.Reset()
	err := doc.ToJSON(&b)
	return b.Bytes(), err
}

// statement returns a statement as OpenVEX has it. The status decides where words go:
// an impact statement is only for what is not affected.
func (in Input) statement(s Statement) vex.Statement {
	out := vex.Statement{
		Vulnerability: vex.Vulnerability{Name: vex.VulnerabilityID(s.Vulnerability)}, Status: vex.Status(s.Status),
		Products: in.products(s),
	}
	switch s.Status {
	case NotAffected:
		out.Justification, out.ImpactStatement = vex.Justification(s.Justification), s.Impact
	case Affected:
		out.ActionStatement, out.StatusNotes = s.Action, s.Impact
	default:
		out.StatusNotes = s.detail()
	}
	return out
}

// products returns the binaries, packages and images that a statement is about, sorted.
func (in Input) products(s Statement) []vex.Product {
	var out []vex.Product
	add := func(id, digest string) {
		p := vex.Product{Component: component(id), Subcomponents: in.subcomponents(s)}
		if digest != "" {
			p.Hashes = map[vex.Algorithm]vex.Hash{vex.SHA256: vex.Hash(strings.TrimPrefix(digest, "sha256:"))}
		}
		out = append(out, p)
	}
	for _, a := range in.Release.Artifacts {
		if !s.concerns(a) {
			continue
		}
		repository := in.Repositories[a.Name]
		switch a.Kind {
		case artifact.Binary, artifact.Package:
			add(purl.Artifact(in.Release, a, ""), a.Digest)
		case artifact.Image: // the digest is in the package URL
			add(purl.Artifact(in.Release, a, repository), "")
			for _, i := range a.Images {
				_, arch, _ := strings.Cut(i.Platform, "/")
				add(purl.Image(a.Name, i.Digest, arch, repository), "")
			}
		}
	}
	slices.SortFunc(out, func(a, b vex.Product) int { return cmp.Compare(a.ID, b.ID) })
	return slices.CompactFunc(out, func(a, b vex.Product) bool { return a.ID == b.ID })
}

// subcomponents names the upstream's module for what patches fix, at the upstream's
// version and at the fork's: scanners find the one or the other in a binary.
func (in Input) subcomponents(s Statement) []vex.Subcomponent {
	if len(s.Patches) == 0 || in.Module == "" {
		return nil
	}
	_, upstream, _ := strings.Cut(in.Release.Upstream.Name, "@")
	versions := []string{"v" + in.Release.Version}
	if strings.HasPrefix(in.Release.Upstream.Digest, "h1:") && upstream != versions[0] {
		versions = append([]string{upstream}, versions...)
	}
	out := make([]vex.Subcomponent, len(versions))
	for i, v := range versions {
		out[i].Component = component(purl.Module(in.Module, v))
	}
	return out
}

func component(id string) vex.Component {
	return vex.Component{ID: id, Identifiers: map[vex.IdentifierType]string{vex.PURL: id}}
}
