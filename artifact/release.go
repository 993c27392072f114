package artifact

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// ReleaseFile is the name of the record in a release's folder.
const ReleaseFile = "artifacts.json"

// ReleaseSchema is the version of the format of artifacts.json. It is raised when a
// reader of the last one could take a new record for something else.
const ReleaseSchema = 1

// A Release is artifacts.json: what is released, and each file and image in the folder
// beside it. It has no clock but the upstream's, and names nothing of the machine that
// made it, so the same fork has the same record.
type Release struct {
	Schema    int             `json:"schema"`
	Fork      string          `json:"fork"` // its ID
	Name      string          `json:"name"` // of the project, as kubernetes
	Version   string          `json:"version"`
	Upstream  Pinned          `json:"upstream"` // k8s.io/kubernetes@v1.36.1
	Tree      string          `json:"tree"`     // digest of the patched tree: sha256:HEX
	Commit    string          `json:"commit"`   // that the binaries are stamped with: 40 hex digits
	Lock      string          `json:"lock"`     // digest of fork.lock: sha256:HEX
	Date      string          `json:"date"`     // RFC 3339, UTC: the time that all files carry
	Toolchain string          `json:"toolchain"`
	Platforms []string        `json:"platforms"` // sorted
	Patches   []ReleasedPatch `json:"patches"`   // in the order they are applied
	Artifacts []Released      `json:"artifacts"` // sorted by path, then by name
}

// Pinned is something by its name and digest.
type Pinned struct {
	Name   string `json:"name"`
	Digest string `json:"digest"` // sha256:HEX, or a module's h1:…
}

// A ReleasedPatch is a patch of the fork's series, and what its head says.
type ReleasedPatch struct {
	Name   string   `json:"name"`   // of its file; of a carried commit, its 40 hex digits
	Digest string   `json:"digest"` // sha256:HEX
	Title  string   `json:"title"`
	Author string   `json:"author,omitempty"` // Name <mail>
	Origin string   `json:"origin,omitempty"` // where it is from: DEP-3's Origin, a commit, a URL
	CVEs   []string `json:"cves,omitempty"`   // that it fixes, as its head says; sorted
}

// A Released is one file of a release, or one image in its layout.
type Released struct {
	Kind     Kind   `json:"kind"`
	Name     string `json:"name,omitempty"`
	Format   string `json:"format,omitempty"`
	Platform string `json:"platform,omitempty"` // linux/arm64; "" where it is for all
	// Path is relative to the release, with slashes. Of an image it is the folder of
	// the layout that has it.
	Path   string `json:"path"`
	Size   int64  `json:"size"`   // bytes; of an image, those of its manifests, configurations and layers
	Digest string `json:"digest"` // sha256:HEX of the file; of an image, that of its index
	// Unsigned is the digest before a signature was put into the file, where one was.
	Unsigned string `json:"unsigned,omitempty"`
	// Holds are the components whose binaries are in it, sorted. A binary holds itself.
	Holds []string `json:"holds,omitempty"`
	// Images are those of each platform, of an image.
	Images []PlatformImage `json:"images,omitempty"`
}

// Reproducible returns the digest that anybody who builds the release gets.
func (r Released) Reproducible() string {
	if r.Unsigned != "" {
		return r.Unsigned
	}
	return r.Digest
}

// Kind returns the artifacts of a kind.
func (r Release) Kind(k Kind) []Released {
	return slices.DeleteFunc(slices.Clone(r.Artifacts), func(a Released) bool { return a.Kind != k })
}

// With returns the record with more artifacts, less those that it has with other content.
func (r Release) With(more []Released) Release {
	for _, a := range more {
		if !slices.ContainsFunc(r.Artifacts, a.SameAs) {
			r.Artifacts = append(slices.Clip(r.Artifacts), a)
		}
	}
	slices.SortFunc(r.Artifacts, func(x, y Released) int {
		return strings.Compare(x.Path+"\x00"+x.Name, y.Path+"\x00"+y.Name)
	})
	return r
}

// SameAs reports whether two are one artifact, whatever their content.
func (r Released) SameAs(o Released) bool {
	return r.Kind == o.Kind && r.Path == o.Path && r.Name == o.Name
}

// Encode returns the record as artifacts.json has it. Lists are there if they are empty, too.
func (r Release) Encode() ([]byte, error) {
	if r.Patches == nil {
		r.Patches = []ReleasedPatch{}
	}
	if r.Artifacts == nil {
		r.Artifacts = []Released{}
	}
	data, err := json.MarshalIndent(r, "", "  ")
	return append(data, '\n'), err
}

// ReadRelease reads artifacts.json in the folder of a release, or at a path that names the
// file itself, and checks what every reader relies on.
func ReadRelease(at string) (Release, error) {
	if filepath.Base(at) != ReleaseFile && !strings.HasSuffix(at, ".json") {
		at = filepath.Join(at, ReleaseFile)
	}
	var r Release
	data, err := os.ReadFile(at)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return r, fmt.Errorf("%s does not exist: want the folder of a release, as mage release makes it", at)
	}
	if err != nil {
		return r, err
	}
	if err := json.Unmarshal(data, &r); err != nil {
		return r, fmt.Errorf("%s is damaged, or no record of a release: %w", at, err)
	}
	if r.Schema != ReleaseSchema {
		return r, fmt.Errorf("%s: its schema is %d, and this Slipway reads %d: use the Slipway that made it",
			at, r.Schema, ReleaseSchema)
	}
	for _, a := range r.Artifacts {
		if !filepath.IsLocal(filepath.FromSlash(a.Path)) {
			return r, fmt.Errorf("%s: the path %q leads out of the release", at, a.Path)
		}
	}
	return r, nil
}
