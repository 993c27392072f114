package repo

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/repo/page"
	"github.com/slipway-build/slipway/repo/state"
	"github.com/slipway-build/slipway/repo/tree"
	"github.com/slipway-build/slipway/version"
)

// pages returns what a reader starts at.
func (c composition) pages(next state.Snapshot, suites []*suite) ([]tree.File, error) {
	in := page.Input{
		Name: next.Identity.Name, Origin: next.Identity.Origin, Description: c.settings.Description, URL: next.Identity.URL,
		Snapshot: next.ID, Dated: true, Keyring: next.Bootstrap != nil, Package: next.Bootstrap != nil,
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
	in.Overlay = c.overlayName()
	index, err := page.Index(in)
	if err != nil {
		return nil, err
	}
	html, err := page.HTML(in)
	return []tree.File{tree.Of(tree.Commit, page.IndexFile, index), tree.Of(tree.Commit, page.File, html)}, err
}

func (c composition) shownSuite(s *suite, had state.Suite) page.Suite {
	out := page.Suite{Name: s.name, Channel: s.channel, Revision: had.Revision}
	for _, m := range s.members {
		out.Fork, out.Minor = m.Fork, minor(m.Version)
		out.Versions = append(out.Versions, m.Version)
	}
	for _, p := range s.debs {
		out.Debs = append(out.Debs, p.Architecture)
	}
	for _, p := range s.rpms {
		out.RPMs = append(out.RPMs, p.Architecture)
	}
	out.Debs, out.RPMs = distinct(out.Debs), distinct(out.RPMs)
	return out
}

func (c composition) shownSnapshot(s state.Snapshot) page.Snapshot {
	out := page.Snapshot{ID: s.ID, Verb: s.Change.Verb, Args: s.Change.Args, Revisions: map[string]string{}}
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
	for channel, members := range c.next.Channels {
		for _, m := range members {
			r := c.store.records[m.Record]
			i := slices.IndexFunc(out, func(d page.Download) bool { return d.Fork == m.Fork && d.Channel == channel })
			if i < 0 {
				d := page.Download{
					Folder: r.Downloads, Fork: m.Fork, Channel: channel, Minor: minor(m.Version),
					Pointer: channel + "-" + minor(m.Version) + ".txt",
				}
				if binaries := r.Release.Kind(artifact.Binary); len(binaries) > 0 {
					d.Program, d.Platform = binaries[0].Name, binaries[0].Platform
				}
				out, i = append(out, d), len(out)
			}
			out[i].Versions = append(out[i].Versions, m.Version)
		}
	}
	slices.SortFunc(out, func(a, b page.Download) int {
		return cmp.Or(strings.Compare(a.Fork, b.Fork), strings.Compare(a.Channel, b.Channel))
	})
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

// overlayName is what profiles/repo_name says, of any release that has an overlay.
func (c composition) overlayName() string {
	for _, sum := range c.next.Records() {
		if name, ok := c.store.records[sum].Overlay["profiles/repo_name"]; ok {
			return strings.TrimSpace(string(name))
		}
	}
	return ""
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
