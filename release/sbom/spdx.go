package sbom

import (
	"bytes"
	"cmp"
	"fmt"
	"regexp"
	"strings"

	"github.com/google/uuid"
	spdxjson "github.com/spdx/tools-golang/json"
	"github.com/spdx/tools-golang/spdx/v2/common"
	"github.com/spdx/tools-golang/spdx/v2/v2_3"
)

const (
	noAssertion = "NOASSERTION" // nobody says
	theDocument = "the document"
	theUpstream = "upstream"
	namespaces  = "https://spdx.org/spdxdocs/" // of documents that are served nowhere (section 6.5)
)

// spdx returns a document in SPDX 2.3 (https://spdx.github.io/spdx-spec/v2.3/).
func (a *assembler) spdx(d document) ([]byte, error) {
	ids, name := spdxIDs{}, strings.TrimPrefix(d.path, "sbom/")
	doc := &v2_3.Document{
		SPDXVersion: v2_3.Version, DataLicense: v2_3.DataLicense, SPDXIdentifier: "DOCUMENT",
		DocumentName: name, DocumentNamespace: namespaces + notInID.ReplaceAllString(name, "-") + "-" + uuid.Nil.String(),
		CreationInfo: &v2_3.CreationInfo{
			Created: a.Release.Date,
			Creators: []common.Creator{
				{CreatorType: "Organization", Creator: a.creator.spdx()}, {CreatorType: "Tool", Creator: "slipway"},
			},
		},
	}
	ids[theDocument] = doc.SPDXIdentifier
	for _, c := range append([]component{d.root}, d.parts...) {
		doc.Packages = append(doc.Packages, c.spdx(ids.of(c.ref)))
	}
	doc.Packages = append(doc.Packages, d.upstream.spdx(ids.of(theUpstream)))
	for _, p := range d.patches {
		doc.Packages = append(doc.Packages, p.spdx(ids.of(p.ref())))
	}
	doc.Relationships = d.relationships(ids)
	var out bytes.Buffer
	err := spdxjson.Write(doc, &out, spdxjson.Indent("  "), spdxjson.EscapeHTML(false))
	data, _ := numbered(out.Bytes())
	return data, err
}

// relationships returns what is in what, and what it is made from.
func (d document) relationships(ids spdxIDs) []*v2_3.Relationship {
	var out []*v2_3.Relationship
	relate := func(from, how, to string) {
		out = append(out, &v2_3.Relationship{RefA: ids.element(from), RefB: ids.element(to), Relationship: how})
	}
	relate(theDocument, common.TypeRelationshipDescribe, d.root.ref)
	for _, e := range d.edges {
		how := common.TypeRelationshipStaticLink
		if e.contains {
			how = common.TypeRelationshipContains
		}
		for _, to := range e.to {
			relate(e.from, how, to)
		}
	}
	for _, to := range d.patched {
		relate(to, common.TypeRelationshipDescendantOf, theUpstream)
		for _, p := range d.patches {
			relate(p.ref(), common.TypeRelationshipPatchFor, to)
		}
	}
	return out
}

// spdxIDs are the identifiers of elements by their refs.
type spdxIDs map[string]common.ElementID

// notInID are the characters that an identifier of SPDX does not have (section 7.2).
var notInID = regexp.MustCompile(`[^A-Za-z0-9.-]+`)

// of returns the identifier of what has a ref, which begins with it.
func (ids spdxIDs) of(ref string) common.ElementID {
	if id, ok := ids[ref]; ok {
		return id
	}
	id := common.ElementID(fmt.Sprintf("%d-%s", len(ids)+1, notInID.ReplaceAllString(ref, "-")))
	ids[ref] = id
	return id
}

func (ids spdxIDs) element(ref string) common.DocElementID {
	return common.DocElementID{ElementRefID: ids.of(ref)}
}

// spdx returns who it is, as SPDX writes it.
func (o organization) spdx() string {
	if o.mail != "" {
		return fmt.Sprintf("%s (%s)", o.name, o.mail)
	}
	return o.name
}

var spdxPurposes = map[kind]string{
	program: "APPLICATION", library: "LIBRARY", container: "CONTAINER", archive: "ARCHIVE",
}

// spdx returns the component as a package.
func (c component) spdx(id common.ElementID) *v2_3.Package {
	licenses := cmp.Or(expression(c.licenses), noAssertion)
	p := &v2_3.Package{
		PackageName: c.name, PackageSPDXIdentifier: id, PackageVersion: c.version, PackageFileName: c.filename,
		PackageDownloadLocation: noAssertion, IsFilesAnalyzedTagPresent: true,
		PackageLicenseConcluded: licenses, PackageLicenseDeclared: licenses, PackageCopyrightText: noAssertion,
		PrimaryPackagePurpose: spdxPurposes[c.kind],
	}
	if strings.Contains(c.where, "://") {
		p.PackageDownloadLocation = c.where
	}
	if c.creator.name != "" {
		p.PackageSupplier = &common.Supplier{SupplierType: "Organization", Supplier: c.creator.spdx()}
		p.PackageOriginator = &common.Originator{OriginatorType: "Organization", Originator: c.creator.spdx()}
	}
	for _, sum := range []common.Checksum{
		{Algorithm: common.SHA256, Value: c.sha256}, {Algorithm: common.SHA512, Value: c.sha512},
	} {
		if sum.Value != "" {
			p.PackageChecksums = append(p.PackageChecksums, sum)
		}
	}
	if c.purl != "" {
		p.PackageExternalReferences = []*v2_3.PackageExternalReference{{
			Category: common.CategoryPackageManager, RefType: common.TypePackageManagerPURL, Locator: c.purl,
		}}
	}
	if c.sum != "" {
		p.PackageSourceInfo = "go.sum has " + c.sum
	}
	return p
}

// spdx returns the upstream as a package.
func (u upstream) spdx(id common.ElementID) *v2_3.Package {
	p := component{name: u.name, version: u.version, purl: u.purl, where: u.where}.spdx(id)
	p.PrimaryPackagePurpose = "SOURCE"
	if u.digest != "" {
		p.PackageSourceInfo = "fork.lock has " + u.digest
	}
	return p
}

// spdx returns the patch as a package of one file.
func (p patch) spdx(id common.ElementID) *v2_3.Package {
	out := component{name: p.Name, filename: p.Name, sha256: p.hex()}.spdx(id)
	out.PrimaryPackagePurpose, out.PackageSummary = "SOURCE", p.Title
	if p.Author != "" {
		name, mail, _ := strings.Cut(strings.TrimSuffix(p.Author, ">"), " <")
		author := organization{name: name, mail: mail}
		out.PackageOriginator = &common.Originator{OriginatorType: "Person", Originator: author.spdx()}
	}
	if p.Origin != "" {
		out.PackageSourceInfo = p.Origin
	}
	if len(p.CVEs) > 0 {
		out.PackageComment = "Fixes " + strings.Join(p.CVEs, ", ")
	}
	return out
}
