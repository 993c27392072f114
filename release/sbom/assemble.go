package sbom

import (
	"context"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/release/purl"
)

// An assembler makes the documents of a release.
type assembler struct {
	Subject
	dir     string
	creator organization
	read    map[string]binary // binaries by their paths in the release
}

// all returns the documents of all products, sorted by path.
func (a *assembler) all(ctx context.Context) ([]document, error) {
	var out []document
	for _, product := range a.Release.Artifacts {
		for platform, at := range Paths(product) {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			d, err := a.document(product, platform, at)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", strings.TrimPrefix(at, "sbom/"), err)
			}
			out = append(out, d)
		}
	}
	slices.SortFunc(out, func(a, b document) int { return strings.Compare(a.path, b.path) })
	return out, nil
}

// document returns that of one product, of an image for one platform.
func (a *assembler) document(product artifact.Released, platform, at string) (document, error) {
	d := document{path: at, upstream: upstreamOf(a.Release.Upstream)}
	for _, p := range a.Release.Patches {
		d.patches = append(d.patches, patch{p, a.Patches[p.Name]})
	}
	var err error
	if product.Kind == artifact.Binary {
		if d.root, err = a.addBinary(&d, product); err != nil {
			return d, err
		}
		d.parts = slices.DeleteFunc(d.parts, func(c component) bool { return c.ref == d.root.ref })
	} else if err := a.addHolder(&d, product, platform); err != nil {
		return d, err
	}
	var forked []string
	for _, m := range a.Modules {
		if m.Local && m.Version == "v"+a.Release.Version {
			forked = append(forked, moduleRef(m.Path, m.Version))
		}
	}
	d.settle(forked)
	return d, nil
}

// addHolder makes something that holds binaries the document's product.
func (a *assembler) addHolder(d *document, product artifact.Released, platform string) error {
	var err error
	if product.Kind == artifact.Image {
		d.root, err = a.image(product, platform)
	} else {
		d.root, err = a.file(product)
		d.root.form = archiveForm
	}
	if err != nil {
		return err
	}
	holds := edge{from: d.root.ref, contains: true, complete: true}
	if err := a.addHeld(d, &holds, product, platform); err != nil {
		return err
	}
	if product.Kind == artifact.Image {
		a.addBases(d, &holds, product.Name, platform)
	}
	d.edges = append(d.edges, holds)
	for _, c := range d.parts {
		if c.kind == program {
			d.root.licenses = append(d.root.licenses, c.licenses...)
		}
	}
	d.root.licenses = sorted(append(d.root.licenses, a.forkLicense()...))
	return nil
}

// addHeld adds the binaries that a product holds.
func (a *assembler) addHeld(d *document, holds *edge, product artifact.Released, platform string) error {
	for _, name := range product.Holds {
		found := false
		for _, b := range a.Release.Kind(artifact.Binary) {
			if b.Name != name || platform != "" && b.Platform != platform {
				continue
			}
			found = true
			c, err := a.addBinary(d, b)
			if err != nil {
				return err
			}
			holds.to = append(holds.to, c.ref)
		}
		if !found {
			return fmt.Errorf("it holds %s for %s, which the release has no binary of", name, platform)
		}
	}
	return nil
}

// addBases adds what an image has beside the fork's binaries.
func (a *assembler) addBases(d *document, holds *edge, image, platform string) {
	for _, b := range a.Bases {
		if b.Image != image || b.Platform != platform {
			continue
		}
		for _, c := range b.components(a.creator) {
			d.add(c)
			holds.to = append(holds.to, c.ref)
		}
		holds.complete = b.Reference == "" // what is in another image, its maker knows
	}
}

// file returns a file of the release as a component.
func (a *assembler) file(f artifact.Released) (component, error) {
	c := component{
		ref: f.Path, name: f.Name, version: a.Release.Version, purl: purl.Artifact(a.Release, f, ""), creator: a.creator,
		filename: path.Base(f.Path), sha256: strings.TrimPrefix(f.Digest, "sha256:"), where: f.Path, source: a.source(),
		kind: program,
	}
	if c.name == "" {
		c.name = c.filename
	}
	if f.Kind == artifact.Tarball {
		c.kind = archive
	}
	var err error
	c.sha512, err = a.sha512(f.Path)
	return c, err
}

// image returns the image of a platform as a component. Its file is its manifest.
func (a *assembler) image(f artifact.Released, platform string) (component, error) {
	i := slices.IndexFunc(f.Images, func(p artifact.PlatformImage) bool { return p.Platform == platform })
	digest, repository := f.Images[i].Digest, a.Repositories[f.Name]
	_, arch, _ := strings.Cut(platform, "/")
	hex := strings.TrimPrefix(digest, "sha256:")
	blob := path.Join(f.Path, "blobs", "sha256", hex)
	c := component{
		ref: path.Join(f.Path, f.Name, strings.ReplaceAll(platform, "/", "_")), kind: container, name: f.Name,
		version: a.Release.Version, purl: purl.Image(f.Name, digest, arch, repository), creator: a.creator,
		filename: hex, sha256: hex, where: blob, source: a.source(), form: archiveForm,
	}
	if repository != "" {
		c.where = repository + "@" + digest
	}
	var err error
	c.sha512, err = a.sha512(blob)
	return c, err
}

// source returns the path of the patched source in the release, "" if it has none.
func (a *assembler) source() string {
	for _, s := range a.Release.Kind(artifact.Source) {
		return s.Path
	}
	return ""
}

// forkLicense returns the license of the fork's sources, if it is known.
func (a *assembler) forkLicense() []string {
	if a.License == "" {
		return nil
	}
	return []string{a.License}
}

// sha512 returns the digest of a file of the release.
func (a *assembler) sha512(name string) (string, error) {
	if known := a.SHA512[name]; known != "" {
		return known, nil
	}
	f, err := os.Open(filepath.Join(a.dir, filepath.FromSlash(name)))
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha512.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// sorted returns values in their order, each once.
func sorted(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}
