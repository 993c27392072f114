package release

import (
	"fmt"
	"slices"

	"github.com/slipway-build/slipway/artifact"
)

// images returns the images of a release, as its layout has them.
func (b builder) images() ([]artifact.Released, error) {
	made := b.in.Made.Kind(artifact.Image)
	if len(made) == 0 {
		return nil, nil
	}
	record, err := artifact.ReadImages(b.dir, layoutDir, b.in.Fork.ID, b.in.Fork.Version)
	if err != nil {
		return nil, err
	}
	var out []artifact.Released
	for _, image := range record.Images {
		one := artifact.Released{
			Kind: artifact.Image, Name: image.Name, Format: format(record.Format), Path: layoutDir, Digest: image.Digest,
			Images: image.Platforms,
		}
		for _, p := range image.Platforms {
			one.Size += p.Size
		}
		at := slices.IndexFunc(made, func(a artifact.Artifact) bool {
			return a.Name == image.Name && a.Digest == image.Digest
		})
		if at < 0 {
			return nil, fmt.Errorf("%s has the image %s as another than was just made: try again",
				b.in.Fork.Dist(layoutDir), image.Name)
		}
		one.Holds = made[at].Holds
		out = append(out, one)
	}
	return out, nil
}
