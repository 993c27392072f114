package repo

import (
	"context"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/slipway-build/slipway/repo/overlay"
	"github.com/slipway-build/slipway/repo/state"
	"github.com/slipway-build/slipway/repo/tree"
)

// overlay brings the git repository of ebuilds to the channels' releases, and returns its files, and
// its commits by channel.
func (c composition) overlay(ctx context.Context) ([]tree.File, map[string]string, error) {
	u := overlay.Update{Maintainer: c.settings.Maintainer, Time: date(c.next), Signer: c.signer}
	all := map[string]overlay.Release{} // by their records
	for _, channel := range c.settings.Channels {
		b := overlay.Branch{Name: channel}
		for _, m := range c.next.Channels[channel] {
			if r := c.store.records[m.Record]; len(r.Overlay) > 0 {
				b.Releases = append(b.Releases, inOverlay(r))
				all[m.Record] = inOverlay(r)
			}
		}
		if len(b.Releases) > 0 || c.store.hasBranch(channel) {
			u.Branches = append(u.Branches, b)
		}
	}
	if len(u.Branches) == 0 {
		return nil, nil, nil
	}
	releases := slices.Collect(maps.Values(all))
	if _, err := overlay.Distfiles(releases); err != nil {
		return nil, nil, err
	}
	if c.next.Change.Verb == "add" { // what is there already was said when it was added
		for _, w := range overlay.Warnings(releases, c.next.Identity.URL) {
			c.events.Note(w)
		}
	}
	r := overlay.Repository{Git: c.git, Dir: filepath.Join(c.scratch, "overlay.git")}
	if err := r.Restore(ctx, c.store.get); err != nil {
		return nil, nil, err
	}
	if _, err := r.Commit(ctx, u); err != nil {
		return nil, nil, err
	}
	heads, err := r.Heads(ctx)
	if err != nil {
		return nil, nil, err
	}
	files, err := r.Files(ctx)
	return files, heads, err
}

// inOverlay returns a release as the overlay takes it.
func inOverlay(r state.Record) overlay.Release {
	when, _ := time.Parse(time.RFC3339, r.Release.Date) // wanted has parsed it
	o := overlay.Release{Fork: r.Release.Fork, Version: r.Release.Version, Date: when, Files: r.Overlay}
	for _, e := range r.Files {
		if strings.HasPrefix(e.Path, "distfiles/") {
			o.Distfiles = append(o.Distfiles, tree.File{Entry: e})
		}
	}
	return o
}

// hasBranch reports whether the overlay has had a branch of a channel.
func (s *store) hasBranch(channel string) bool {
	return slices.ContainsFunc(s.kept, func(one state.Snapshot) bool {
		return slices.ContainsFunc(one.Channels[channel], func(m state.Member) bool {
			return len(s.records[m.Record].Overlay) > 0
		})
	})
}

// get returns a file of the repository, as long as its listing has it.
func (s *store) get(_ context.Context, file string) ([]byte, error) {
	f, err := s.small(file)
	return f.Data, err
}
