package verify

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/release/contents"
)

// A blob is one that an image refers to.
type blob struct {
	where  string // what of which image it is
	path   string // in the release
	digest string // sha256:HEX
	size   int64
}

// An image is an image of the release, as its layout has it.
type image struct {
	artifact.Released
	blobs     []blob
	platforms map[string]v1.Hash  // of the images that its index has
	layers    map[string][]string // paths of the layers that are in the layout, by the digest of an image
	faults    Check
}

// openImage reads the index and the manifests of an image, whose digests are checked with
// those of all files.
func (v *verification) openImage(a artifact.Released) *image {
	i := &image{Released: a, platforms: map[string]v1.Hash{}, layers: map[string][]string{}}
	digest, err := v1.NewHash(a.Digest)
	if err == nil {
		err = v.openIndex(i, v1.Descriptor{Digest: digest, Size: -1})
	}
	if err != nil {
		i.faults.fault(i.name(""), again, "%v", err)
	}
	return i
}

// name returns the image's name, and that of the platform.
func (i *image) name(platform string) string {
	name := fmt.Sprintf("%s: image %s", i.Path, i.Name)
	if platform != "" {
		name += " for " + platform
	}
	return name
}

func (v *verification) openIndex(i *image, d v1.Descriptor) error {
	data, err := v.manifest(i, d, i.name(""))
	if err != nil {
		return err
	}
	index, err := v1.ParseIndexManifest(bytes.NewReader(data))
	if err != nil {
		return fmt.Errorf("its index: %w", err)
	}
	if !index.MediaType.IsIndex() {
		return fmt.Errorf("its digest is of a %q, and not of an index", index.MediaType)
	}
	for _, d := range index.Manifests {
		if d.Platform == nil || d.Platform.OS == "unknown" {
			continue // an attestation beside the images
		}
		platform := d.Platform.String()
		if _, twice := i.platforms[platform]; twice {
			return fmt.Errorf("its index has two images for %s", platform)
		}
		i.platforms[platform] = d.Digest
		if _, seen := i.layers[d.Digest.String()]; seen {
			continue
		}
		if err := v.openManifest(i, d, platform); err != nil {
			i.faults.fault(i.name(platform), again, "%v", err)
		}
	}
	return nil
}

func (v *verification) openManifest(i *image, d v1.Descriptor, platform string) error {
	where := i.name(platform)
	data, err := v.manifest(i, d, where)
	if err != nil {
		return err
	}
	m, err := v1.ParseManifest(bytes.NewReader(data))
	if err != nil {
		return fmt.Errorf("its manifest: %w", err)
	}
	i.blobs = append(i.blobs, i.blob(m.Config, where+": configuration"))
	i.layers[d.Digest.String()] = nil
	for n, layer := range m.Layers {
		b := i.blob(layer, fmt.Sprintf("%s: layer %d", where, n+1))
		if len(layer.URLs) > 0 && !v.has(b.path) {
			continue // of somebody else's, who does not let it be passed on
		}
		i.blobs = append(i.blobs, b)
		i.layers[d.Digest.String()] = append(i.layers[d.Digest.String()], b.path)
	}
	return nil
}

func (i *image) blob(d v1.Descriptor, where string) blob {
	return blob{where, blobPath(i.Path, d.Digest), d.Digest.String(), d.Size}
}

// manifest reads a manifest, or an index.
func (v *verification) manifest(i *image, d v1.Descriptor, where string) ([]byte, error) {
	b := i.blob(d, where)
	i.blobs = append(i.blobs, b)
	if info := v.files[b.path]; info != nil && info.Size() > contents.MaxManifest {
		return nil, fmt.Errorf("%s has %d bytes, too many for a manifest", b.path, info.Size())
	}
	return v.read(b.path)
}

// checkImages checks that each image is in its layout, whole, for the platforms that the
// record says.
func (v *verification) checkImages() Check {
	c := Check{Name: "images", Of: "whole images, for the platforms that artifacts.json has"}
	bad := map[string]bool{}
	for _, name := range v.layouts() {
		for _, file := range v.paths {
			algorithm, hex, ok := cutBlob(name, file)
			if ok && v.facts[file].unread {
				bad[file] = true
			} else if ok && (algorithm != "sha256" || hex != v.facts[file].sha256) {
				bad[file] = true
				c.fault(file, again, "its digest is sha256:%s, and a blob's name is its digest", v.facts[file].sha256)
			}
		}
	}
	for _, i := range v.images {
		before := len(c.Faults) + c.More
		c.Faults = append(c.Faults, i.faults.Faults...)
		v.checkImage(&c, i, bad)
		if len(c.Faults)+c.More == before {
			c.Count++
		}
	}
	return c.done()
}

// cutBlob returns the algorithm and the digest in the path of a blob of a layout.
func cutBlob(layout, file string) (algorithm, hex string, ok bool) {
	rest, ok := strings.CutPrefix(file, path.Join(layout, "blobs")+"/")
	if !ok {
		return "", "", false
	}
	return strings.Cut(rest, "/")
}

// layouts returns the folders of layouts.
func (v *verification) layouts() []string {
	out := map[string]bool{}
	for _, i := range v.images {
		out[i.Path] = true
	}
	return slices.Sorted(maps.Keys(out))
}

// listed returns what a layout's index.json lists; nothing, where it cannot be read.
func (v *verification) listed(layout string) []v1.Descriptor {
	if list, seen := v.lists[layout]; seen {
		return list
	}
	v.lists[layout] = nil
	if data, err := v.read(path.Join(layout, "index.json")); err == nil {
		if index, err := v1.ParseIndexManifest(bytes.NewReader(data)); err == nil {
			v.lists[layout] = index.Manifests
		}
	}
	return v.lists[layout]
}

func (v *verification) checkImage(c *Check, i *image, bad map[string]bool) {
	for _, file := range []string{"oci-layout", "index.json"} {
		if !v.has(path.Join(i.Path, file)) {
			c.fault(path.Join(i.Path, file), again, "it is missing, so no tool finds the images beside it")
		}
	}
	isIt := func(d v1.Descriptor) bool { return d.Digest.String() == i.Digest }
	if !slices.ContainsFunc(v.listed(i.Path), isIt) {
		c.fault(i.name(""), again, "%s does not list its index, %s", path.Join(i.Path, "index.json"), i.Digest)
	}
	for _, b := range i.blobs {
		switch facts := v.facts[b.path]; {
		case facts == nil:
			c.fault(b.where, again, "the layout does not have %s", b.digest)
		case bad[b.path]:
			c.fault(b.where, again, "the content of %s is another", b.digest)
		case b.size >= 0 && b.size != facts.size:
			c.fault(b.where, publish, "%s has %d bytes, and the manifest says %d", b.digest, facts.size, b.size)
		}
	}
	if err := i.samePlatforms(); err != nil {
		c.fault(i.name(""), publish, "%v", err)
	}
}

// samePlatforms compares the platforms of the record with those of the index.
func (i *image) samePlatforms() error {
	var faults []error
	recorded := map[string]bool{}
	for _, p := range i.Images {
		recorded[p.Platform] = true
		got, ok := i.platforms[p.Platform]
		switch {
		case !ok:
			faults = append(faults, fmt.Errorf("its index has none for %s, and artifacts.json says it has", p.Platform))
		case got.String() != p.Digest:
			faults = append(faults, fmt.Errorf("for %s it is %s, and artifacts.json says %s", p.Platform, got, p.Digest))
		}
	}
	for p := range i.platforms {
		if !recorded[p] {
			faults = append(faults, fmt.Errorf("its index has one for %s, and artifacts.json does not say so", p))
		}
	}
	return errors.Join(faults...)
}
