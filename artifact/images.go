package artifact

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// ImagesFile is the name of the record beside the images of a layout.
const ImagesFile = "images.json"

// Images is images.json: the images of the layout that it lies in.
type Images struct {
	Fork    string       `json:"fork"`
	Version string       `json:"version"`
	Tag     string       `json:"tag"`
	Images  []ImageIndex `json:"images"` // sorted by name
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

// ReadImages reads images.json in dir. Its error is fs.ErrNotExist where there is
// none.
func ReadImages(dir string) (Images, error) {
	var i Images
	name := filepath.Join(dir, ImagesFile)
	data, err := os.ReadFile(name)
	if err != nil {
		return i, err
	}
	if err := json.Unmarshal(data, &i); err != nil {
		return i, fmt.Errorf("%s: %w", name, err)
	}
	return i, nil
}
