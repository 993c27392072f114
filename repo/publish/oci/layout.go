package oci

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"path"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/slipway-build/slipway/registry"
	"github.com/slipway-build/slipway/repo/publish"
	"github.com/slipway-build/slipway/repo/tree"
)

// A manifest lists some 256 files, and at most so many: at about 300 bytes a file it is well
// below the 4 MiB that registries take.
const (
	usual = 256
	most  = 1000
)

// Annotations of manifests in the index, and of files in a manifest.
const (
	title       = "org.opencontainers.image.title"   // of a file: its path, which oras writes it to
	snapshotKey = "org.opencontainers.image.version" // of the index: the snapshot
	formatKey   = "vnd.slipway.repository.format"    // of the index: format
	partKey     = "vnd.slipway.repository.part"      // of a manifest: which part of the repository it lists
	folderKey   = "vnd.slipway.repository.folder"    // of a manifest: the folder that its files are in
	firstKey    = "vnd.slipway.repository.first"     // of a manifest: the first of its paths
)

// format is the version of the form of indexes and manifests. An annotation has it, as some
// programs that copy images leave out the artifact's type.
const format = "1"

// The parts of a repository. Within one, no path of a manifest is between two of another.
const (
	headPart    = "head"    // the head alone
	pointsPart  = "points"  // what is replaced: of the classes index and commit
	contentPart = "content" // what never changes at its path
)

// The configuration of an artifact that needs none
// (https://github.com/opencontainers/image-spec/blob/v1.1.1/manifest.md#guidance-for-an-empty-descriptor).
const emptyType types.MediaType = "application/vnd.oci.empty.v1+json"

var emptyConfig = []byte("{}")

// A file is what a manifest lists.
type file struct {
	path   string
	digest string // sha256:…
	size   int64
}

// A list is a manifest of files: as the index has it, and its text.
type list struct {
	v1.Descriptor
	data []byte
}

// layOut returns the manifests that list entries, without the head: by part, then by path.
func layOut(entries []tree.Entry) ([]list, error) {
	parts := map[string][]file{}
	for _, e := range entries {
		part := pointsPart
		if e.Class == tree.Content {
			part = contentPart
		}
		if e.Path != publish.HeadFile {
			parts[part] = append(parts[part], file{path: e.Path, digest: "sha256:" + e.SHA256, size: e.Size})
		}
	}
	var out []list
	for _, part := range []string{pointsPart, contentPart} {
		for _, files := range split(parts[part]) {
			l, err := listOf(part, files)
			if err != nil {
				return nil, err
			}
			out = append(out, l)
		}
	}
	return out, nil
}

// split sorts files and divides them into runs, each in one folder. Where a run ends depends
// on the path there, so that one file more or less changes one run, or two, and not all that
// follow.
func split(files []file) [][]file {
	slices.SortFunc(files, byPath)
	var out [][]file
	start := 0
	for i, f := range files {
		last := i == len(files)-1
		if last || ends(f.path) || i-start == most-1 || folder(f.path) != folder(files[i+1].path) {
			out = append(out, files[start:i+1])
			start = i + 1
		}
	}
	return out
}

func byPath(a, b file) int { return strings.Compare(a.path, b.path) }

// ends reports whether a run of files ends with a path: one in usual does.
func ends(p string) bool {
	h := fnv.New32a()
	_, _ = h.Write([]byte(p))
	return h.Sum32()%usual == 0
}

// folder returns the folder that a manifest is for: the first two of a path, as
// release/v1.36.1+acme.1.
func folder(p string) string {
	parts := strings.SplitN(path.Dir(p), "/", 3)
	return strings.Join(parts[:min(len(parts), 2)], "/")
}

// listOf returns the manifest of files.
func listOf(part string, files []file) (list, error) {
	m := v1.Manifest{
		SchemaVersion: 2, MediaType: types.OCIManifestSchema1, ArtifactType: FilesType, Config: emptyDescriptor(),
	}
	for _, f := range files {
		digest, err := v1.NewHash(f.digest)
		if err != nil {
			return list{}, fmt.Errorf("%s: %w", f.path, err)
		}
		m.Layers = append(m.Layers, v1.Descriptor{
			MediaType: mediaType(f.path), Size: f.size, Digest: digest, Annotations: map[string]string{title: f.path},
		})
	}
	data, err := json.Marshal(m)
	if err != nil {
		return list{}, err
	}
	return describe(part, files[0].path, data)
}

// describe returns the list with a text, as the index has it.
func describe(part, first string, data []byte) (list, error) {
	digest, size, err := v1.SHA256(bytes.NewReader(data))
	return list{v1.Descriptor{
		MediaType: types.OCIManifestSchema1, Size: size, Digest: digest, ArtifactType: FilesType,
		Annotations: map[string]string{partKey: part, folderKey: folder(first), firstKey: first},
	}, data}, err
}

func emptyDescriptor() v1.Descriptor {
	d := v1.Descriptor{MediaType: emptyType, Data: emptyConfig}
	d.Digest, d.Size, _ = v1.SHA256(bytes.NewReader(emptyConfig))
	return d
}

// mediaTypes are those of files, by how their names end: the first that fits.
var mediaTypes = []struct {
	suffix string
	is     types.MediaType
}{
	{".deb", "application/vnd.debian.binary-package"},
	{".rpm", "application/x-rpm"},
	{".gz", "application/gzip"},
	{".tgz", "application/gzip"},
	{".xz", "application/x-xz"},
	{".zst", "application/zstd"},
	{".json", "application/json"},
	{".xml", "application/xml"},
	{".html", "text/html"},
	{".txt", "text/plain"},
	{".asc", "text/plain"},
	{"/InRelease", "text/plain"},
	{"/Release", "text/plain"},
	{"/Packages", "text/plain"},
}

// mediaType returns the media type of a file, by its name.
func mediaType(path string) types.MediaType {
	for _, t := range mediaTypes {
		if strings.HasSuffix(path, t.suffix) {
			return t.is
		}
	}
	return "application/octet-stream"
}

// indexOf returns the index of lists that shows a snapshot.
func indexOf(snapshot string, lists []list) (registry.Manifest, error) {
	index := v1.IndexManifest{
		SchemaVersion: 2, MediaType: types.OCIImageIndex, ArtifactType: IndexType, Manifests: []v1.Descriptor{},
		Annotations: map[string]string{snapshotKey: snapshot, formatKey: format},
	}
	for _, l := range lists {
		index.Manifests = append(index.Manifests, l.Descriptor)
	}
	data, err := json.Marshal(index)
	return registry.ManifestOf(string(types.OCIImageIndex), data), err
}
