// Package tarball writes a fork's patched source as a tarball, and the tarballs that its
// upstream releases. The same fork makes the same bytes.
package tarball

import (
	"context"
	"fmt"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/cross"
	"github.com/slipway-build/slipway/internal/near"
	"github.com/slipway-build/slipway/tarballs"
)

// A Request says how to write the tarball.
type Request struct {
	Format string // tar.xz or tar.gz
}

// Check returns what is wrong with the request.
func (r Request) Check() error {
	if r.Format != "tar.xz" && r.Format != "tar.gz" {
		return near.Unknown(r.Format, []string{"tar.xz", "tar.gz"}, "-format=%s: want tar.xz or tar.gz", r.Format)
	}
	return nil
}

// Run writes NAME-VERSION.FORMAT to dist/FORK/export.
func Run(ctx context.Context, s *build.Session, r Request) (artifact.Set, error) {
	if err := r.Check(); err != nil {
		return nil, err
	}
	s.Announce()
	trees, err := s.Trees(ctx)
	if err != nil {
		return nil, err
	}
	date, err := s.Date(trees.Upstream.Time)
	if err != nil {
		return nil, err
	}
	if err := trees.Patched.Verify(ctx, nil); err != nil {
		return nil, fmt.Errorf("%w\n  To lay it out again: mage clean", err)
	}
	root := s.Fork().Name + "-" + s.Fork().Version
	a := artifact.Artifact{
		Kind: artifact.Source, Name: root, Format: r.Format, Path: s.Fork().Dist("export", root+"."+r.Format),
	}
	err = s.Stage("source", r.Format, "", func() (build.Done, error) {
		return build.Done{}, s.Dist().Replace(a.Path, func(dst string) error {
			if err := tarballs.Write(ctx, dst, root, trees.Patched, date); err != nil {
				return err
			}
			var sum string
			a.Size, sum, err = cross.Sum(dst)
			a.Digest = "sha256:" + sum
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	return s.Report(a), nil
}
