package repo

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/repo/downloads"
	"github.com/slipway-build/slipway/repo/overlay"
	"github.com/slipway-build/slipway/repo/page"
	"github.com/slipway-build/slipway/repo/page/index"
	"github.com/slipway-build/slipway/repo/state"
	"github.com/slipway-build/slipway/repo/tree"
	"github.com/slipway-build/slipway/version"
)

// pages returns what a reader starts at.
func (c composition) pages(next state.Snapshot, suites []*suite) ([]tree.File, error) {
	in := page.Input{
		Name: next.Identity.Name, Origin: next.Identity.Origin, Description: c.settings.Description, URL: next.Identity.URL,
		Snapshot: next.ID, Dated: true, Channels: c.settings.Channels, Keyring: next.Bootstrap != nil,
		Package:   next.Bootstrap != nil,
		Downloads: c.downloads(), Images: c.images(),
	}
	for _, k := range next.Keys {
		in.Keys = append(in.Keys, page.Key(k))
	}
	for _, s := range suites {
		had, _ := next.Suite(s.name)
		in.Suites = append(in.Suites, c.shownSuite(s, had))
	}
	for _, one := range append([]state.Snapshot{next}, c.store.kept...) {
		if slices.Contains(next.Kept, one.ID) {
			in.Snapshots = append(in.Snapshots, c.shownSnapshot(one))
		}
	}
	in.Overlay = c.gentoo(next)
	data, err := page.Index(in)
	if err != nil {
		return nil, err
	}
	html, err := page.HTML(in)
	return []tree.File{tree.Of(tree.Commit, index.File, data), tree.Of(tree.Commit, page.File, html)}, err
}

func (c composition) shownSuite(s *suite, had state.Suite) page.Suite {
	out := page.Suite{Name: s.name, Channel: s.channel, Revision: had.Revision, Forks: forks(s.members)}
	for _, p := range s.debs {
		out.Debs = append(out.Debs, p.Architecture)
	}
	for _, p := range s.rpms {
		out.RPMs = append(out.RPMs, p.Architecture)
	}
	out.Debs, out.RPMs = distinct(out.Debs), distinct(out.RPMs)
	return out
}

// forks groups releases, which are sorted, by their forks and minor versions.
func forks(members []state.Member) []page.Fork {
	var out []page.Fork
	for _, m := range members {
		of := minor(m.Version)
		i := slices.IndexFunc(out, func(f page.Fork) bool { return f.ID == m.Fork && f.Minor == of })
		if i < 0 {
			i, out = len(out), append(out, page.Fork{ID: m.Fork, Minor: of})
		}
		out[i].Versions = append(out[i].Versions, m.Version)
	}
	return out
}

func (c composition) shownSnapshot(s state.Snapshot) page.Snapshot {
	out := page.Snapshot{ID: s.ID, Time: date(s).Format(time.RFC3339), Verb: s.Change.Verb, Args: s.Change.Args,
		Revisions: map[string]string{}}
	for _, suite := range s.Suites {
		if suite.Revision != "" {
			out.Revisions[suite.Name] = suite.Revision
		}
	}
	for channel, members := range s.Channels {
		for _, m := range members {
			if r := c.store.records[m.Record]; len(r.Debs) > 0 {
				for _, base := range r.Suites {
					out.Debs = append(out.Debs, c.settings.Suite(base, channel))
				}
			}
		}
	}
	out.Debs = distinct(out.Debs)
	return out
}

// downloads are those of each fork in each channel.
func (c composition) downloads() []page.Download {
	var out []page.Download
	for _, channel := range c.settings.Channels {
		members := c.next.Channels[channel]
		for _, f := range forks(members) {
			i := slices.IndexFunc(members, func(m state.Member) bool { return m.Fork == f.ID && m.Version == f.Versions[0] })
			r := c.store.records[members[i].Record]
			d := page.Download{Fork: f, Channel: channel, Folder: r.Downloads, Pointer: downloads.Pointer(channel, f.Minor)}
			if binaries := r.Release.Kind(artifact.Binary); len(binaries) > 0 {
				d.Program, d.Platform = binaries[0].Name, binaries[0].Platform
			}
			out = append(out, d)
		}
	}
	return out
}

// images are those of all releases, by the tags that mage push gives them.
func (c composition) images() []page.Image {
	if c.settings.Images == "" {
		return nil
	}
	var out []page.Image
	for _, sum := range c.next.Records() {
		r := c.store.records[sum].Release
		v, err := version.Parse(r.Version)
		if err != nil {
			continue
		}
		for _, a := range r.Kind(artifact.Image) {
			out = append(out, page.Image{
				Name: a.Name, Repository: path.Join(c.settings.Images, a.Name), Tag: v.Tag(), Digest: a.Digest,
			})
		}
	}
	return out
}

// gentoo is the overlay, as any release that has one names it.
func (c composition) gentoo(next state.Snapshot) page.Overlay {
	for _, sum := range c.next.Records() {
		name, ok := c.store.records[sum].Overlay["profiles/repo_name"]
		if !ok {
			continue
		}
		client := overlay.Client{Name: strings.TrimSpace(string(name)), URL: next.Identity.URL}
		return page.Overlay{Name: client.Name, Conf: string(client.ReposConf())}
	}
	return page.Overlay{}
}

// minor returns the minor version of a version: 1.36.
func minor(of string) string {
	v, err := version.Parse(of)
	if err != nil {
		return of
	}
	f := v.Fields()
	return fmt.Sprintf("%d.%d", f.Major, f.Minor)
}

func distinct(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}
