package sbom

import (
	"bytes"
	"cmp"
	"net/url"
	"slices"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/google/uuid"

	"github.com/slipway-build/slipway/internal/vulnid"
)

// What the fields of BSI TR-03183-2 v2.1.0 are in CycloneDX: sections 5.2.1 (the SBOM:
// creator, timestamp) and 5.2.2 (each component: creator, name, version, filename,
// dependencies, distribution licences, SHA-512 of the deployable component, executable,
// archive and structured property), 5.2.3 and 5.2.4 (SBOM-URI, source code URI, URI of the
// deployable form, other unique identifiers, original licences). The names of the
// properties are those of https://github.com/BSI-Bund/tr-03183-cyclonedx-property-taxonomy.

// cycloneDX returns a document in CycloneDX, and its serial number.
func (a *assembler) cycloneDX(d document) (data []byte, serial string, err error) {
	bom := a.bom()
	root := d.component(d.root)
	bom.Metadata.Component = &root
	parts := []cdx.Component{}
	for _, c := range d.parts {
		parts = append(parts, d.component(c))
	}
	bom.Components = &parts
	bom.Dependencies, bom.Compositions = d.dependencies(), d.compositions()
	return encode(bom)
}

// bom returns a document that says by whom and when it is made.
func (a *assembler) bom() *cdx.BOM {
	bom := cdx.NewBOM()
	bom.Metadata = &cdx.Metadata{
		Timestamp:    a.Release.Date,
		Lifecycles:   &[]cdx.Lifecycle{{Phase: cdx.LifecyclePhaseBuild}},
		Tools:        &cdx.ToolsChoice{Components: &[]cdx.Component{{Type: cdx.ComponentTypeApplication, Name: "slipway"}}},
		Manufacturer: entity(a.creator),
	}
	return bom
}

// encode returns a document with a serial number that is the digest of the rest.
func encode(bom *cdx.BOM) (data []byte, serial string, err error) {
	bom.SerialNumber = "urn:uuid:" + uuid.Nil.String()
	var out bytes.Buffer
	err = cdx.NewBOMEncoder(&out, cdx.BOMFileFormatJSON).SetPretty(true).SetEscapeHTML(false).
		EncodeVersion(bom, cdx.SpecVersion1_6)
	data, serial = numbered(out.Bytes())
	return data, serial, err
}

// numbered returns a text with the UUID of its content in the place of the nil UUID, which
// is in its head, and that UUID.
func numbered(text []byte) ([]byte, string) {
	id := uuid.NewSHA1(uuid.NameSpaceURL, text).String()
	return bytes.Replace(text, []byte(uuid.Nil.String()), []byte(id), 1), id
}

// bomLink returns the URI of a component of a document
// (https://cyclonedx.org/capabilities/bomlink/).
func bomLink(serial, ref string) string { return "urn:cdx:" + serial + "/1#" + url.PathEscape(ref) }

func entity(o organization) *cdx.OrganizationalEntity {
	if o.name == "" {
		return nil
	}
	out := &cdx.OrganizationalEntity{Name: o.name}
	if o.url != "" {
		out.URL = &[]string{o.url}
	}
	if o.mail != "" {
		out.Contact = &[]cdx.OrganizationalContact{{Name: o.name, Email: o.mail}}
	}
	return out
}

var cdxTypes = map[kind]cdx.ComponentType{
	program: cdx.ComponentTypeApplication, library: cdx.ComponentTypeLibrary, container: cdx.ComponentTypeContainer,
	archive: cdx.ComponentTypeFile,
}

// component returns a component of the document.
func (d document) component(c component) cdx.Component {
	out := cdx.Component{
		BOMRef: c.ref, Type: cdxTypes[c.kind], Name: c.name, Version: c.version, PackageURL: c.purl,
		Manufacturer: entity(c.creator),
	}
	if c.creator.mail != "" { // the fork's own; through whom others' came here, the proxies know
		out.Supplier = entity(c.creator)
	}
	if hashes := hashes(c); len(hashes) > 0 {
		out.Hashes = &hashes
	}
	if len(c.licenses) > 0 {
		// What is distributed is under the licenses that its authors gave it.
		out.Licenses = licenseOf(c, cdx.LicenseAcknowledgementConcluded)
		out.Evidence = &cdx.Evidence{Licenses: licenseOf(c, cdx.LicenseAcknowledgementDeclared)}
	}
	if refs := references(c); len(refs) > 0 {
		out.ExternalReferences = &refs
	}
	properties := properties(c)
	out.Properties = &properties
	if slices.Contains(d.patched, c.ref) {
		out.Pedigree = d.pedigree()
	}
	return out
}

func hashes(c component) []cdx.Hash {
	var out []cdx.Hash
	for _, h := range []cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: c.sha256},
		{Algorithm: cdx.HashAlgoSHA512, Value: c.sha512}} {
		if h.Value != "" {
			out = append(out, h)
		}
	}
	return out
}

// expression returns licenses that all hold.
func expression(ids []string) string { return strings.Join(ids, " AND ") }

func licenseOf(c component, as cdx.LicenseAcknowledgement) *cdx.Licenses {
	return &cdx.Licenses{{Expression: expression(c.licenses), Acknowledgement: &as}}
}

// references returns where a component and its source are had.
func references(c component) []cdx.ExternalReference {
	var out []cdx.ExternalReference
	if c.where != "" {
		r := cdx.ExternalReference{Type: cdx.ERTypeDistribution, URL: c.where}
		if hashes := hashes(c); len(hashes) > 0 {
			r.Hashes = &hashes
		}
		out = append(out, r)
	}
	if c.source != "" {
		out = append(out, cdx.ExternalReference{Type: cdx.ERTypeSourceDistribution, URL: c.source})
	}
	return out
}

// properties returns what the technical guideline wants, and a module's sum.
func properties(c component) []cdx.Property {
	choose := func(is bool, yes, no string) string {
		if is {
			return yes
		}
		return no
	}
	out := []cdx.Property{
		{Name: "bsi:component:archive", Value: choose(c.form.archive, "archive", "no archive")},
		{Name: "bsi:component:executable", Value: choose(c.form.executable, "executable", "non-executable")},
		{Name: "bsi:component:filename", Value: cmp.Or(c.filename, c.name)},
		{Name: "bsi:component:structured", Value: choose(c.form.structured, "structured", "unstructured")},
	}
	if len(c.licenses) > 0 {
		out = append(out, cdx.Property{Name: "bsi:component:effectiveLicence", Value: expression(c.licenses)})
	}
	if c.sum != "" {
		out = append(out, cdx.Property{Name: "slipway:module:sum", Value: c.sum})
	}
	return out
}

// pedigree returns what the fork is made from.
func (d document) pedigree() *cdx.Pedigree {
	u := d.upstream
	ancestor := cdx.Component{Type: cdx.ComponentTypeLibrary, Name: u.name, Version: u.version, PackageURL: u.purl}
	if u.where != "" {
		ancestor.ExternalReferences = &[]cdx.ExternalReference{{Type: cdx.ERTypeSourceDistribution, URL: u.where}}
	}
	if u.digest != "" {
		ancestor.Properties = &[]cdx.Property{{Name: "slipway:upstream:digest", Value: u.digest}}
	}
	out := &cdx.Pedigree{Ancestors: &[]cdx.Component{ancestor}}
	if len(d.patches) == 0 {
		return out
	}
	var list []cdx.Patch
	notes := "Applied in this order:"
	for _, p := range d.patches {
		list = append(list, p.cycloneDX())
		notes += "\n" + p.Name + " " + p.Digest + " " + p.Title
	}
	out.Patches, out.Notes = &list, notes
	return out
}

// cycloneDX returns the patch with the vulnerabilities that it fixes. CycloneDX has a
// place for neither its name nor its digest but the URL.
func (p patch) cycloneDX() cdx.Patch {
	out := cdx.Patch{Type: p.kind(), Diff: &cdx.Diff{URL: "patches/" + url.PathEscape(p.Name) + "#sha256=" + p.hex()}}
	if p.text != nil {
		out.Diff.Text = &cdx.AttachedText{ContentType: "text/x-diff", Content: string(p.text)}
	}
	var fixes []cdx.Issue
	for _, id := range p.CVEs {
		fixes = append(fixes, cdx.Issue{Type: cdx.IssueTypeSecurity, ID: id, Description: p.Title, Source: sourceOf(id)})
	}
	if fixes != nil {
		out.Resolves = &fixes
	}
	return out
}

// kind returns what the patch is: a carried commit is named by its digits, and DEP-3 says
// what else comes from upstream.
func (p patch) kind() cdx.PatchType {
	origin := strings.ToLower(p.Origin)
	switch {
	case strings.HasPrefix(origin, "backport"):
		return cdx.PatchTypeBackport
	case strings.HasPrefix(origin, "upstream"), len(p.Name) == 40 && strings.Trim(p.Name, "0123456789abcdef") == "":
		return cdx.PatchTypeCherryPick
	}
	return cdx.PatchTypeUnofficial
}

// sourceOf returns who tells of a vulnerability.
func sourceOf(id string) *cdx.Source {
	scheme, _, _ := strings.Cut(id, "-")
	name := map[string]string{"CVE": "CVE", "GHSA": "GitHub Advisories", "GO": "Go"}[scheme]
	if name == "" {
		return nil
	}
	return &cdx.Source{Name: name, URL: vulnid.URL(id)}
}

// dependencies returns what each component depends on. One that depends on nothing that
// is known is listed without.
func (d document) dependencies() *[]cdx.Dependency {
	known := map[string][]string{}
	for _, e := range d.edges {
		known[e.from] = append(known[e.from], e.to...)
	}
	out := []cdx.Dependency{}
	for _, ref := range append([]string{d.root.ref}, d.refs()...) {
		dep := cdx.Dependency{Ref: ref}
		if on := known[ref]; len(on) > 0 {
			dep.Dependencies = &on
		}
		out = append(out, dep)
	}
	return &out
}

// refs returns those of the parts.
func (d document) refs() []string {
	var out []string
	for _, c := range d.parts {
		out = append(out, c.ref)
	}
	return out
}

// compositions says of which components all dependencies are listed. A binary does not
// record which module uses which.
func (d document) compositions() *[]cdx.Composition {
	var complete, incomplete, unknown []cdx.BOMReference
	for _, e := range d.edges {
		if e.complete {
			complete = append(complete, cdx.BOMReference(e.from))
		} else {
			incomplete = append(incomplete, cdx.BOMReference(e.from))
		}
	}
	for _, ref := range d.refs() {
		if !slices.ContainsFunc(d.edges, func(e edge) bool { return e.from == ref }) {
			unknown = append(unknown, cdx.BOMReference(ref))
		}
	}
	var out []cdx.Composition
	for _, of := range []struct {
		how  cdx.CompositionAggregate
		refs []cdx.BOMReference
	}{
		{cdx.CompositionAggregateComplete, complete}, {cdx.CompositionAggregateIncomplete, incomplete},
		{cdx.CompositionAggregateUnknown, unknown},
	} {
		if len(of.refs) > 0 {
			out = append(out, cdx.Composition{Aggregate: of.how, Dependencies: &of.refs})
		}
	}
	return &out
}
