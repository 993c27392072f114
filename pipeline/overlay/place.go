package overlay

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/cross"
	"github.com/slipway-build/slipway/ebuilds"
	"github.com/slipway-build/slipway/filetree"
)

// A made is a distfile in the cache.
type made struct {
	stored
	of   distfile
	kept bool
}

// distfileEvent is the stage that events tell of distfiles as.
const distfileEvent = "distfile"

// done is what the events say of it.
func (m made) done() build.Done {
	return build.Done{Detail: fmt.Sprintf("%d bytes", m.Size), Kept: m.kept}
}

// of returns where a distfile is placed, relative to the project.
func (p place) of(m made) string { return filepath.Join(p.distfiles, m.Name) }

// makeAll makes distfiles, several at a time, and returns them in the same order.
func makeAll(ctx context.Context, s *build.Session, list []distfile) ([]made, error) {
	out := make([]made, len(list))
	var group errgroup.Group // without a context: what the others finish is kept
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, d := range slices.Backward(list) { // programs are last, and take longest
		group.Go(func() (err error) {
			out[i], err = makeTold(ctx, s, d)
			return err
		})
	}
	return out, group.Wait()
}

// makeTold makes a distfile, and tells of it.
func makeTold(ctx context.Context, s *build.Session, d distfile) (m made, err error) {
	err = s.Stage(distfileEvent, d.name, "", func() (build.Done, error) {
		if m, err = makeOne(ctx, s, d); err != nil {
			return build.Done{}, err
		}
		return m.done(), nil
	})
	return m, err
}

// makeOne makes a distfile in the cache.
func makeOne(ctx context.Context, s *build.Session, d distfile) (made, error) {
	out, kept, err := build.Do(ctx, s, distfileStage, d)
	if err != nil {
		return made{}, fmt.Errorf("%s: %w", d.name, err)
	}
	return made{out, d, kept}, nil
}

// placeAll places distfiles in their folder, several at a time, and returns them
// as they are there, in the same order.
func placeAll(ctx context.Context, s *build.Session, at place, list []made) ([]made, error) {
	out := make([]made, len(list))
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, m := range list {
		group.Go(func() (err error) {
			out[i], err = at.put(ctx, s, m)
			return err
		})
	}
	return out, group.Wait()
}

// put makes a file in the folder of distfiles one with that in the cache, unless it is
// up to date. If the one in the cache is damaged, it is made again.
func (p place) put(ctx context.Context, s *build.Session, m made) (made, error) {
	d := s.Dist()
	for again := false; !d.Intact(p.of(m), m.Size, m.SHA256); again = true {
		if again {
			if err := build.Forget(s, distfileStage, m.of); err != nil {
				return m, err
			}
			var err error
			if m, err = makeTold(ctx, s, m.of); err != nil {
				return m, err
			}
		}
		if err := d.Link(filepath.Join(m.dir, m.Name), p.of(m), filetree.Regular); err != nil {
			return m, err
		}
	}
	return m, nil
}

// withDistfiles returns the fork with distfiles added.
func withDistfiles(f ebuilds.Fork, list ...made) ebuilds.Fork {
	out := map[string]ebuilds.Distfile{}
	maps.Copy(out, f.Distfiles)
	for _, m := range list {
		out[m.of.role] = m.Distfile
	}
	f.Distfiles = out
	return f
}

// fetchedArtifacts returns distfiles as artifacts.
func fetchedArtifacts(at place, p plan, list []made) artifact.Set {
	out := make(artifact.Set, len(list))
	for i, m := range list {
		out[i] = artifact.Artifact{
			Kind: artifact.Distfile, Name: m.Name, Path: at.of(m), Size: m.Size, Digest: "sha256:" + m.SHA256,
			Kept: m.kept,
		}
		for _, t := range p.targets {
			if m.of.role == t.keyword { // the programs of one platform
				out[i].Platform, out[i].Holds = t.platform, holds(p.components)
			}
		}
	}
	return artifact.Of(out)
}

// holds returns the names of components, which are sorted.
func holds(components []cross.Component) []string {
	out := make([]string, len(components))
	for i, c := range components {
		out[i] = c.Name
	}
	return out
}
