package provenance

import (
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	intoto "github.com/in-toto/attestation/go/v1"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/lock"
	"github.com/slipway-build/slipway/release/purl"
)

// A dependency is something that a release is built from.
type dependency struct {
	kind, name, uri string
	digests         []string          // algorithm, value, …
	notes           map[string]string // besides the kind
}

// Project is the kind of the dependency that is the project's commit.
const Project = "project"

// treeDigest is the algorithm of a tree's digest, which is not that of a file:
// docs/provenance.md describes it.
const treeDigest = "slipwayTree"

// dependencies returns all that the release was built from, by kind and then by name.
func (in Input) dependencies() ([]*intoto.ResourceDescriptor, error) {
	all := slices.Concat(in.project(), in.upstream(), in.series(), in.toolchain(), in.linked(), in.debian())
	for _, i := range in.Images {
		all = append(all, dependency{kind: "base image", name: i.Reference, uri: "docker://" + i.Reference,
			digests: []string{"sha256", i.Digest}})
	}
	return describe(all)
}

// byproducts returns what is in none of the subjects under a digest of its own.
func (in Input) byproducts() ([]*intoto.ResourceDescriptor, error) {
	made := []dependency{{kind: "patched tree", name: in.Release.Name, digests: []string{treeDigest, in.Release.Tree}}}
	for _, a := range in.Release.Kind(artifact.Image) {
		for _, i := range a.Images {
			made = append(made, dependency{kind: "image of a platform", name: SubjectName(a),
				digests: []string{"sha256", i.Digest}, notes: map[string]string{"platform": i.Platform}})
		}
	}
	return describe(made)
}

func describe(all []dependency) ([]*intoto.ResourceDescriptor, error) {
	var out []*intoto.ResourceDescriptor
	for _, d := range all {
		notes := map[string]string{"kind": d.kind}
		for k, v := range d.notes {
			notes[k] = v
		}
		digests, err := digestSet(d.digests...)
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", d.kind, d.name, err)
		}
		out = append(out, &intoto.ResourceDescriptor{
			Name: d.name, Uri: d.uri, Digest: digests, Annotations: annotations(notes),
		})
	}
	return out, nil
}

// project is the commit that holds the sources of the fork.
func (in Input) project() []dependency {
	if in.Checkout.Commit == "" {
		return nil
	}
	d := dependency{kind: Project, name: Project, digests: []string{"gitCommit", in.Checkout.Commit}}
	if in.Checkout.URL != "" {
		d.uri = gitURI(in.Checkout.URL, in.Checkout.Commit)
	}
	return []dependency{d}
}

// upstream is what was fetched, and the tree that it makes.
func (in Input) upstream() []dependency {
	l, of := in.Lock, []dependency{}
	for _, m := range l.Modules {
		of = append(of, dependency{kind: "upstream module", name: m.Path + "@" + m.Version,
			uri: purl.Module(m.Path, m.Version), digests: []string{"dirHash", m.Sum},
			notes: map[string]string{"place": m.Place}})
	}
	if len(l.Modules) == 0 {
		of = append(of, archive(l.Upstream))
	}
	return append(of, dependency{kind: "upstream tree", name: l.Upstream, digests: []string{treeDigest, l.Source}})
}

// archive is an upstream that is URL@COMMIT or URL@sha256:HEX.
func archive(upstream string) dependency {
	i := strings.LastIndexByte(upstream, '@')
	at, pin := upstream[:max(i, 0)], upstream[i+1:]
	d := dependency{kind: "upstream", name: path.Base(at), uri: withoutUser(at), digests: []string{"sha256", pin}}
	if !strings.HasPrefix(pin, "sha256:") {
		d.uri, d.digests = gitURI(at, pin), []string{"gitCommit", pin}
	}
	return d
}

// series are the patches, and the modules whose versions were changed after them.
func (in Input) series() []dependency {
	var of []dependency
	for _, c := range in.Lock.Carried {
		if c.Library != "" {
			continue // its patches are all that there is of it
		}
		base, tip, _ := strings.Cut(c.Commits, "..")
		of = append(of, dependency{kind: "carried commits", name: c.Commits, uri: gitURI(c.Git, tip),
			digests: []string{"gitCommit", tip}, notes: map[string]string{"base": base, "merges": c.Merges}})
	}
	for _, p := range in.Lock.Patches {
		of = append(of, patch(p))
	}
	for _, d := range in.Lock.Deps {
		of = append(of, dependency{kind: "changed version", name: d.Path + "@" + d.Version,
			uri: purl.Module(d.Path, d.Version)})
	}
	return of
}

func patch(p lock.Patch) dependency {
	d := dependency{kind: "patch", name: p.Name, digests: []string{"sha256", p.SHA256},
		notes: map[string]string{"strip": fmt.Sprintf("-p%d", p.Strip)}}
	if p.Carried() {
		d.kind, d.digests = "carried commit", append(d.digests, "gitCommit", p.Name)
	}
	return d
}

var released = regexp.MustCompile(`^go[0-9]+(\.[0-9]+)*((rc|beta)[0-9]+)?$`)

// toolchain is the release of Go. Its binaries differ from machine to machine, so what is
// named is what they are all built from.
func (in Input) toolchain() []dependency {
	d := dependency{kind: "toolchain", name: in.Release.Toolchain}
	if released.MatchString(d.name) {
		d.uri = "https://go.dev/dl/" + d.name + ".src.tar.gz"
	}
	return []dependency{d}
}

// linked are other people's modules in the binaries.
func (in Input) linked() []dependency {
	var of []dependency
	for _, m := range slices.SortedFunc(slices.Values(in.Modules), func(a, b artifact.Module) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), strings.Compare(a.Version, b.Version))
	}) {
		d := dependency{kind: "module", name: m.Path + "@" + m.Version, uri: purl.Module(m.Path, m.Version)}
		if m.Sum != "" {
			d.digests = []string{"dirHash", m.Sum}
		}
		of = append(of, d)
	}
	return of
}

// debian are the packages of bases and sysroots.
func (in Input) debian() []dependency {
	var of []dependency
	for _, p := range slices.SortedFunc(slices.Values(in.Packages), func(a, b Package) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Architecture, b.Architecture),
			strings.Compare(a.Version, b.Version))
	}) {
		of = append(of, dependency{kind: "Debian package", name: p.Name, uri: withoutUser(p.URL),
			digests: []string{"sha256", p.SHA256},
			notes:   map[string]string{"version": p.Version, "architecture": p.Architecture}})
	}
	return of
}

// gitURI returns where a commit can be fetched, in the form that pip and SPDX use.
func gitURI(repository, commit string) string { return "git+" + withoutUser(repository) + "@" + commit }

// withoutUser returns a URL without a user and password, which are nobody else's business.
func withoutUser(at string) string {
	u, err := url.Parse(at)
	if err != nil || u.User == nil {
		return at
	}
	u.User = nil
	return u.String()
}

var hexDigits = regexp.MustCompile(`^([0-9a-f]{40}|[0-9a-f]{64})$`)

// digestSet returns digests by their algorithms, in hex, as in-toto has them: a file's may
// begin with sha256:, a module's is h1: and base64.
func digestSet(pairs ...string) (map[string]string, error) {
	if len(pairs) == 0 {
		return nil, nil
	}
	set := map[string]string{}
	for pair := range slices.Chunk(pairs, 2) {
		value := strings.TrimPrefix(pair[1], "sha256:")
		if sum, ok := strings.CutPrefix(value, "h1:"); ok {
			raw, err := base64.StdEncoding.DecodeString(sum)
			if err != nil {
				return nil, fmt.Errorf("%q is not the sum of a module", pair[1])
			}
			value = hex.EncodeToString(raw)
		}
		if !hexDigits.MatchString(value) {
			return nil, fmt.Errorf("%q is not a digest of the kind %s", pair[1], pair[0])
		}
		set[pair[0]] = value
	}
	return set, nil
}
