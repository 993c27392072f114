// Package referrers keeps documents beside images in an OCI layout: artifacts whose
// manifest names an image or an index as its subject, as registries list them
// (https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-referrers).
package referrers

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// A Document is what is kept beside an image.
type Document struct {
	Type        string            // its media type, and that of the artifact
	Annotations map[string]string // of the manifest; may be nil
	Data        []byte
}

// The configuration of an artifact that needs none
// (https://github.com/opencontainers/image-spec/blob/v1.1.1/manifest.md#guidance-for-an-empty-descriptor).
const emptyType types.MediaType = "application/vnd.oci.empty.v1+json"

var emptyConfig = []byte("{}")

// Add adds a document to the layout in dir, beside the image or index of a digest, and
// returns the digest of its manifest. What is already there is left: the same document
// makes the same bytes. No file of the layout is written to, only replaced, as it can be a
// link to a file of another one.
func Add(dir string, subject v1.Hash, d Document) (v1.Hash, error) {
	of, err := describe(dir, subject)
	if err != nil {
		return v1.Hash{}, err
	}
	config, err := put(dir, emptyType, emptyConfig)
	if err != nil {
		return v1.Hash{}, err
	}
	config.Data = emptyConfig
	blob, err := put(dir, types.MediaType(d.Type), d.Data)
	if err != nil {
		return v1.Hash{}, err
	}
	manifest, err := json.Marshal(v1.Manifest{
		SchemaVersion: 2, MediaType: types.OCIManifestSchema1, ArtifactType: d.Type, Config: config,
		Layers: []v1.Descriptor{blob}, Annotations: d.Annotations, Subject: &of,
	})
	if err != nil {
		return v1.Hash{}, err
	}
	made, err := put(dir, types.OCIManifestSchema1, manifest)
	if err != nil {
		return v1.Hash{}, err
	}
	made.ArtifactType, made.Annotations = d.Type, d.Annotations
	return made.Digest, list(dir, made)
}

// List returns the manifests of what is kept beside an image or an index in the layout in
// dir, sorted by digest. Their descriptors have the type of the artifact and its
// annotations.
func List(dir string, subject v1.Hash) ([]v1.Descriptor, error) {
	index, err := readIndex(dir)
	if err != nil {
		return nil, err
	}
	var out []v1.Descriptor
	for _, d := range index.Manifests {
		if d.MediaType != types.OCIManifestSchema1 {
			continue
		}
		data, err := os.ReadFile(blobFile(dir, d.Digest))
		if err != nil {
			return nil, err
		}
		m, err := v1.ParseManifest(bytes.NewReader(data))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", blobFile(dir, d.Digest), err)
		}
		if m.Subject == nil || m.Subject.Digest != subject {
			continue
		}
		out = append(out, v1.Descriptor{
			MediaType: d.MediaType, Size: d.Size, Digest: d.Digest, Annotations: m.Annotations, ArtifactType: m.ArtifactType,
		})
	}
	slices.SortFunc(out, byDigest)
	return out, nil
}

func byDigest(a, b v1.Descriptor) int { return strings.Compare(a.Digest.String(), b.Digest.String()) }

func blobFile(dir string, digest v1.Hash) string {
	return filepath.Join(dir, "blobs", digest.Algorithm, digest.Hex)
}

// describe returns the descriptor of an image or an index in the layout.
func describe(dir string, digest v1.Hash) (v1.Descriptor, error) {
	data, err := os.ReadFile(blobFile(dir, digest))
	if errors.Is(err, fs.ErrNotExist) {
		return v1.Descriptor{}, fmt.Errorf("%s has no image %s to put a document beside", dir, digest)
	}
	if err != nil {
		return v1.Descriptor{}, err
	}
	var m struct{ MediaType types.MediaType }
	if err := json.Unmarshal(data, &m); err != nil || !m.MediaType.IsImage() && !m.MediaType.IsIndex() {
		return v1.Descriptor{}, fmt.Errorf("%s: %s is not an image", dir, digest)
	}
	return v1.Descriptor{MediaType: m.MediaType, Size: int64(len(data)), Digest: digest}, nil
}

// put writes a blob, unless it is there, and returns its descriptor.
func put(dir string, kind types.MediaType, data []byte) (v1.Descriptor, error) {
	digest, size, err := v1.SHA256(bytes.NewReader(data))
	if err != nil {
		return v1.Descriptor{}, err
	}
	at := blobFile(dir, digest)
	if there, err := os.ReadFile(at); err != nil || !bytes.Equal(there, data) {
		if err := replace(at, data); err != nil {
			return v1.Descriptor{}, err
		}
	}
	return v1.Descriptor{MediaType: kind, Size: size, Digest: digest}, nil
}

const indexFile = "index.json"

func readIndex(dir string) (v1.IndexManifest, error) {
	var index v1.IndexManifest
	at := filepath.Join(dir, indexFile)
	data, err := os.ReadFile(at)
	if err != nil {
		return index, err
	}
	if err := json.Unmarshal(data, &index); err != nil {
		return index, fmt.Errorf("%s: %w", at, err)
	}
	return index, nil
}

// list puts the manifest of an artifact into index.json, behind the images and sorted
// among its like.
func list(dir string, made v1.Descriptor) error {
	index, err := readIndex(dir)
	if err != nil {
		return err
	}
	isArtifact := func(d v1.Descriptor) bool { return d.ArtifactType != "" }
	artifacts := slices.DeleteFunc(slices.Clone(index.Manifests), func(d v1.Descriptor) bool { return !isArtifact(d) })
	if slices.ContainsFunc(artifacts, func(d v1.Descriptor) bool { return d.Digest == made.Digest }) {
		return nil
	}
	artifacts = append(artifacts, made)
	slices.SortFunc(artifacts, byDigest)
	index.Manifests = append(slices.DeleteFunc(index.Manifests, isArtifact), artifacts...)
	data, err := json.MarshalIndent(index, "", "   ")
	if err != nil {
		return err
	}
	return replace(filepath.Join(dir, indexFile), data)
}

// replace puts a file in the place of another in one step.
func replace(name string, data []byte) error {
	tmp := name + ".new"
	err := os.WriteFile(tmp, data, 0o644)
	if err == nil {
		err = os.Rename(tmp, name)
	}
	if err != nil {
		_ = os.Remove(tmp)
	}
	return err
}
