package build

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/packaging"
	"github.com/slipway-build/slipway/platform"
	"github.com/slipway-build/slipway/profiles"
)

// Image makes an image of a session's fork for one platform, as an archive: for a package that
// has it, or for tests. A session is given one, because it knows no format of images.
type Image func(ctx context.Context, s *Session, name string, on platform.Platform) ([]byte, error)

// Image returns an image of the fork, as an archive. In a dry run, one that would have to
// be made is a *WouldRunError.
func (s *Session) Image(ctx context.Context, name string, on platform.Platform) ([]byte, error) {
	if s.opts.Image == nil {
		return nil, fmt.Errorf("image %s: this program makes no images for packages", name)
	}
	return s.opts.Image(ctx, s, name, on)
}

// containable returns the images of a fork that its packages can have in them, if one of
// its packages has any.
func containable(f fork.Fork, in packaging.Input) ([]string, error) {
	if !slices.ContainsFunc(in.Recipes.Packages, func(r packaging.Recipe) bool { return len(r.Images()) > 0 }) {
		return nil, nil
	}
	recipes, err := profiles.Images(f.Project.Dir, f.Profile)
	if _, ok := errors.AsType[*profiles.MissingError](err); ok {
		return nil, nil
	}
	return recipes.Own(f.Parsed), err
}
