package artifact

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
)

// ImagesFile is the name of the record beside the images of a layout.
const ImagesFile = "images.json"

// Images is images.json: the images of the layout beside it.
type Images struct {
	Fork     string       `json:"fork"`
	Version  string       `json:"version"`
	Tag      string       `json:"tag"`
	Format   string       `json:"format,omitempty"`   // docker; empty is oci
	Registry string       `json:"registry,omitempty"` // that a flag named; empty is images.registry of fork.yaml
	Images   []ImageIndex `json:"images"`             // sorted by name
}

// Platforms returns the platforms of the images, each once.
func (i Images) Platforms() []string {
	var out []string
	for _, image := range i.Images {
		for _, p := range image.Platforms {
			if !slices.Contains(out, p.Platform) {
				out = append(out, p.Platform)
			}
		}
	}
	return out
}

// An ImageIndex is the index of an image, with the image of each platform.
type ImageIndex struct {
	Name      string          `json:"name"`
	Digest    string          `json:"digest"`
	Platforms []PlatformImage `json:"platforms"`
}

// A PlatformImage is the image of one platform.
type PlatformImage struct {
	Platform     string `json:"platform"`
	Digest       string `json:"digest"`
	Size         int64  `json:"size"` // bytes of its layers, compressed
	Uncompressed int64  `json:"full"` // bytes of its layers, uncompressed
}

// ReadImages reads images.json in dir, a folder of the project, and checks that the
// images are of this version of the fork.
func ReadImages(project, dir, fork, version string) (Images, error) {
	var i Images
	data, err := os.ReadFile(filepath.Join(project, dir, ImagesFile))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return i, fmt.Errorf("%s has no images: make them first, mage image -fork=%s", dir, fork)
	case err != nil:
		return i, err
	}
	if err := json.Unmarshal(data, &i); err != nil {
		return i, fmt.Errorf("%s: %w", path.Join(dir, ImagesFile), err)
	}
	if i.Version != version {
		return i, fmt.Errorf("%s has images of %s, but the fork is at %s: make them again, mage image -fork=%s",
			dir, i.Version, version, fork)
	}
	return i, nil
}
