package sbom

import (
	"slices"
	"strings"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/release/purl"
)

// A document is what is said of one product, in no format.
type document struct {
	path     string      // of the document, without its ending
	root     component   // the product
	parts    []component // what is in it, sorted by ref
	edges    []edge      // sorted by from
	patches  []patch     // of the fork
	patched  []string    // refs of what they are applied to
	upstream upstream
}

// A component is something that a document lists. Its ref is unique within it.
type component struct {
	ref      string
	kind     kind
	name     string
	version  string
	purl     string
	creator  organization
	filename string
	sha256   string // hex; "" where there is no such file
	sha512   string
	licenses []string // SPDX ids; nil if they are not known
	where    string   // where the file is had, "" where nobody says
	source   string   // where its source is had
	sum      string   // h1:… of a module
	form     form
}

// A kind is what a component is.
type kind int

const (
	program kind = iota
	library
	container
	archive
)

// A form is what BSI TR-03183-2 wants to know of each component's file (section 5.2.2,
// explained in 8.1.3 to 8.1.5).
type form struct{ executable, archive, structured bool }

// The forms of the files of a release. Of all but a plain source file it can be read what
// is in them, a Go program's record of its modules included.
var (
	programForm = form{executable: true, structured: true}
	archiveForm = form{archive: true, structured: true}
)

// An edge says what a component depends on. It is complete if there is nothing else.
type edge struct {
	from     string
	to       []string // sorted
	contains bool     // they are in it, as files; otherwise they are linked
	complete bool
}

// A patch is one that is applied.
type patch struct {
	artifact.ReleasedPatch
	text []byte // nil: only its digest is known
}

// ref is the patch's, beside those of components.
func (p patch) ref() string { return "patch " + p.Name }

// hex returns the patch's SHA-256 in hex.
func (p patch) hex() string { return strings.TrimPrefix(p.Digest, "sha256:") }

// An upstream is what the patches are applied to.
type upstream struct {
	name, version, purl string
	digest              string
	where               string
}

// upstreamOf returns the upstream of a release: a module, or a repository or an archive
// at a URL.
func upstreamOf(p artifact.Pinned) upstream {
	at := strings.LastIndexByte(p.Name, '@')
	if at < 0 {
		return upstream{name: p.Name, digest: p.Digest}
	}
	out := upstream{name: p.Name[:at], version: p.Name[at+1:], digest: p.Digest}
	if strings.Contains(out.name, "://") {
		out.where = out.name
		return out
	}
	out.purl, out.where = purl.Module(out.name, out.version), moduleURL(out.name, out.version)
	return out
}

// An organization is who makes something.
type organization struct{ name, mail, url string }

// parseOrganization reads a name and an address: Acme <k8s@example.org>.
func parseOrganization(s string) (organization, bool) {
	name, rest, ok := strings.Cut(s, " <")
	mail, end := strings.CutSuffix(rest, ">")
	return organization{name: name, mail: mail}, ok && end && name != "" && strings.Contains(mail, "@")
}

// makerOf returns who makes a Go module: whoever has the first part of its path, and on
// hosts where everybody has a folder, that folder. The path is all that a module says.
func makerOf(path string) organization {
	parts := strings.SplitN(path, "/", 3)
	name := parts[0]
	if shared := []string{"github.com", "gitlab.com", "bitbucket.org", "codeberg.org"}; len(parts) > 1 &&
		slices.Contains(shared, name) {
		name += "/" + parts[1]
	}
	return organization{name: name, url: "https://" + name}
}

// moduleRef returns the ref of a module.
func moduleRef(path, version string) string { return path + "@" + version }

// add adds components that are not there yet.
func (d *document) add(parts ...component) {
	for _, p := range parts {
		if !slices.ContainsFunc(d.parts, func(o component) bool { return o.ref == p.ref }) {
			d.parts = append(d.parts, p)
		}
	}
}

// settle sorts what has no order, and finds what the patches are applied to: the modules
// of the fork's tree that have its version, or else the product.
func (d *document) settle(forked []string) {
	slices.SortFunc(d.parts, func(a, b component) int { return strings.Compare(a.ref, b.ref) })
	slices.SortFunc(d.edges, func(a, b edge) int { return strings.Compare(a.from, b.from) })
	for i := range d.edges {
		slices.Sort(d.edges[i].to)
		d.edges[i].to = slices.Compact(d.edges[i].to)
	}
	for _, c := range d.parts {
		if slices.Contains(forked, c.ref) {
			d.patched = append(d.patched, c.ref)
		}
	}
	if d.patched == nil {
		d.patched = []string{d.root.ref}
	}
}
