package tarball

import (
	"context"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/build"
)

// A ReleaseRequest says which release tarballs to make.
type ReleaseRequest struct {
	// Tarballs are kinds of the profile's tarballs.yaml, as server or src. Empty: all that the
	// fork has the programs and the files for.
	Tarballs  []string
	Platforms []string // as linux/arm64, or all; empty: this machine's
	// Images is the folder with the layout of the fork's images, relative to the project, as
	// dist/FORK/images. Empty: the tarballs have no images.
	Images string
}

// Release writes release tarballs as upstream names and fills them to dist/FORK/tarballs,
// those that are not up to date.
func Release(ctx context.Context, s *build.Session, r ReleaseRequest) (artifact.Set, error) {
	return nil, nil
}

// CheckRelease returns what is known to keep Release from doing its work.
func CheckRelease(s *build.Session, r ReleaseRequest) error { return nil }
