package series

import (
	"context"
	"fmt"
	"path"
	"slices"

	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/lock"
	"github.com/slipway-build/slipway/patches"
	"github.com/slipway-build/slipway/source"
)

// insteadOf returns the patches of the patch library that are others for the fork then
// than for the session's, by their names, and says so.
func insteadOf(s *build.Session, then fork.Fork) (map[string]patches.Patch, error) {
	now, err := s.Fork().Shared()
	if err != nil {
		return nil, err
	}
	shared, err := then.Shared()
	if err != nil {
		return nil, err
	}
	out := map[string]patches.Patch{}
	for _, p := range shared {
		same := func(o patches.Patch) bool { return o.Name == p.Name && o.SHA256() == p.SHA256() }
		if !slices.ContainsFunc(now, same) {
			p.Exclude = then.Upstream.Exclude
			out[p.Name] = p
			s.Note(fmt.Sprintf("%s is another patch for %s than for %s", p.Name, then.Upstream, s.Fork().Upstream))
		}
	}
	return out, nil
}

// seriesOn returns the fork's series as it is on an upstream, to which the fork may be
// about to move: the patch library can have others for it.
func seriesOn(ctx context.Context, s *build.Session, up source.Upstream) (build.Series, error) {
	if shared, err := s.Fork().Shared(); err != nil {
		return build.Series{}, err
	} else if len(shared) == 0 || up.Pin() == s.Fork().Upstream.Pin() {
		return s.Series(ctx)
	}
	then, err := s.Fork().On(up)
	if err != nil {
		return build.Series{}, err
	}
	there, err := s.On(ctx, then, lock.Lock{})
	if err != nil {
		return build.Series{}, err
	}
	return there.Series(ctx)
}

// sayFreed says which series of the patch library the fork no longer names, as its
// patches become now.
func sayFreed(s *build.Session, before build.Series, now []patches.Patch) {
	kept, _ := keptRanges(before, now)
	for _, c := range s.Fork().Carried[kept:] {
		if c.Library != "" {
			s.Note(c.Library + " is no longer in fork.yaml: the work tree changes its patches, or what is before them; " +
				"what it has of them are files of the fork now")
		}
	}
}

// sharedAsFile returns a patch of the patch library as a file of the fork: by the name that
// it has there, unless another patch has that.
func sharedAsFile(p patches.Patch, position int, others []patches.Patch) patches.Patch {
	name := path.Base(p.Name)
	if named(others, name) {
		mail, _ := p.Mail()
		name = freeName(position, mail.Subject, others)
	}
	return patches.Patch{Name: name, Strip: p.Strip, Data: p.Data}
}
