package repo

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/slipway-build/slipway/event"
	"github.com/slipway-build/slipway/internal/gitrepo"
	"github.com/slipway-build/slipway/release/sign"
	"github.com/slipway-build/slipway/repo/apt"
	"github.com/slipway-build/slipway/repo/downloads"
	"github.com/slipway-build/slipway/repo/settings"
	"github.com/slipway-build/slipway/repo/state"
	"github.com/slipway-build/slipway/repo/tree"
	"github.com/slipway-build/slipway/repo/yum"
)

// A composition is what the next snapshot's files are made of.
type composition struct {
	store    *store // the repository as it is
	project  string // its folder
	scratch  string // an empty folder
	events   event.Sink
	git      gitrepo.Git
	settings settings.Settings
	signer   *sign.Signer
	next     state.Snapshot // its suites are those of the snapshot before
	resign   bool           // make all indexes again
}

// compose returns the files of the next snapshot, and the snapshot with its suites.
func (c composition) compose(ctx context.Context) (state.Snapshot, []tree.File, error) {
	next := c.next
	if err := checkChannels(c.settings, c.store.before, next); err != nil {
		return next, nil, err
	}
	suites, err := c.wanted()
	if err != nil {
		return next, nil, err
	}
	files, err := c.bootstrap(ctx, &next, suites)
	if err != nil {
		return next, nil, err
	}
	next.Suites = nil
	for _, s := range suites {
		made, more, err := c.suite(ctx, s, next)
		if err != nil {
			return next, nil, fmt.Errorf("suite %s: %w", s.name, err)
		}
		next.Suites, files = append(next.Suites, made), append(files, more...)
	}
	for _, sum := range next.Records() {
		for _, e := range c.store.records[sum].Files {
			files = append(files, tree.File{Entry: e})
		}
	}
	pointers, err := c.pointers()
	if err != nil {
		return next, nil, err
	}
	ebuilds, heads, err := c.overlay(ctx)
	if err != nil {
		return next, nil, err
	}
	next.Overlay = heads
	pages, err := c.pages(next, suites)
	if err != nil {
		return next, nil, err
	}
	files, err = tree.Merge(files, pointers, ebuilds, pages)
	return next, files, err
}

// A suite is what the indexes of one are made of.
type suite struct {
	name, channel string
	members       []state.Member
	debs          []apt.Package
	rpms          []yum.Package
	advisories    []yum.Advisory
	time          time.Time // of the newest release in it
}

// wanted returns the suites that the channels make, sorted by name.
func (c composition) wanted() ([]*suite, error) {
	at := map[string]*suite{}
	for channel, members := range c.next.Channels {
		for _, m := range members {
			r := c.store.records[m.Record]
			when, err := time.Parse(time.RFC3339, r.Release.Date)
			if err != nil {
				return nil, fmt.Errorf("%s %s: its record has no date: %w", m.Fork, m.Version, err)
			}
			for _, base := range r.Suites {
				name := c.settings.Suite(base, channel)
				if at[name] == nil {
					at[name] = &suite{name: name, channel: channel}
				}
				at[name].add(m, r, when)
			}
		}
	}
	all := make([]*suite, 0, len(at))
	for _, s := range at {
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b *suite) int { return strings.Compare(a.name, b.name) })
	return all, nil
}

func (s *suite) add(m state.Member, r state.Record, when time.Time) {
	s.members = append(s.members, m)
	s.debs, s.rpms = append(s.debs, r.Debs...), append(s.rpms, r.RPMs...)
	s.advisories = append(s.advisories, r.Advisory...)
	if when.After(s.time) {
		s.time = when
	}
}

// suite makes the indexes of a suite, or takes them as they are if nothing of theirs changed.
func (c composition) suite(ctx context.Context, s *suite, next state.Snapshot) (state.Suite, []tree.File, error) {
	inputs, err := c.inputs(s)
	if err != nil {
		return state.Suite{}, nil, err
	}
	if had, ok := c.next.Suite(s.name); ok && had.Inputs == inputs && !c.resign {
		files, err := c.carry(s, had)
		return had, files, err
	}
	now := state.Suite{Name: s.name, Channel: s.channel, Inputs: inputs, Date: date(next).Format(time.RFC3339)}
	debs, err := c.debs(ctx, s)
	if err != nil {
		return now, nil, err
	}
	if err := checkSigners(s.rpms, next.Bootstrap); err != nil {
		return now, nil, err
	}
	rpms, revision, err := c.rpms(ctx, s)
	now.Revision = revision
	return now, append(debs, rpms...), err
}

// date is the time of a snapshot, which its indexes have.
func date(s state.Snapshot) time.Time {
	t, err := state.Time(s.ID)
	if err != nil {
		panic(err) // Snapshot.Next made it
	}
	return t
}

// inputs is the digest of all that decides the bytes of a suite, but its time.
func (c composition) inputs(s *suite) (string, error) {
	names := []string{}
	for _, p := range s.debs {
		names = append(names, p.Path)
	}
	for _, p := range s.rpms {
		names = append(names, p.Path)
	}
	slices.Sort(names)
	data, err := json.Marshal([]any{
		s.name, names, s.advisories, c.next.Identity, c.settings.Description, c.settings.ValidDays,
		c.settings.Metadata, c.next.Keys,
	})
	digest := sha256.Sum256(data)
	return hex.EncodeToString(digest[:]), err
}

func (c composition) debs(ctx context.Context, s *suite) ([]tree.File, error) {
	if len(s.debs) == 0 {
		return nil, nil
	}
	a := apt.Suite{
		Name: s.name, Origin: c.next.Identity.Origin, Label: c.next.Identity.Label, Description: c.settings.Description,
		Date: date(c.next), Snapshots: c.next.Identity.URL + "/apt/snapshots/@SNAPSHOTID@/", Snapshot: c.next.ID,
		Packages: s.debs,
	}
	if c.settings.ValidDays > 0 {
		a.ValidUntil = a.Date.AddDate(0, 0, c.settings.ValidDays)
	}
	return apt.Indexes(ctx, a, c.signer)
}

func (c composition) rpms(ctx context.Context, s *suite) ([]tree.File, string, error) {
	if len(s.rpms) == 0 {
		return nil, "", nil
	}
	if err := yum.Check(s.name, s.rpms, len(c.next.Keys) > 0); err != nil {
		return nil, "", err
	}
	return yum.Metadata(ctx, yum.Repository{
		Name: s.name, URL: c.next.Identity.URL, Time: s.time, Zstd: c.settings.Metadata == "zstd",
		Packages: s.rpms, Advisories: s.advisories,
	}, c.signer)
}

// checkSigners refuses rpms that are signed by a key that clients do not have.
func checkSigners(rpms []yum.Package, b *state.Bootstrap) error {
	for _, p := range rpms {
		if b == nil || p.Signer == "" { // yum.Check tells of one without a signature
			continue
		}
		known := slices.ContainsFunc(b.Trusted, func(fingerprint string) bool {
			return strings.HasSuffix(strings.ToUpper(fingerprint), p.Signer)
		})
		if !known {
			return fmt.Errorf("%s is signed by key %s, which clients of the repository do not have\n"+
				"  Release it with a key of the repository, or list its public key under keys in %s", p.NEVRA(), p.Signer,
				settings.File)
		}
	}
	return nil
}

// carry takes the files of a suite as they are, and gives it a dated tree of the next snapshot.
func (c composition) carry(s *suite, had state.Suite) ([]tree.File, error) {
	var files []tree.File
	last := path.Join("apt/snapshots", c.next.Parent) + "/"
	for _, e := range c.store.listing {
		f := tree.File{Entry: e}
		switch {
		case strings.HasPrefix(e.Path, path.Join(last, "dists", s.name)+"/"):
			f.Path = c.dated(strings.TrimPrefix(e.Path, last))
		case !s.has(e.Path, had.Revision):
			continue
		}
		if e.Class == tree.Commit || f.Path != e.Path && e.Alias == "" {
			var err error
			if f.Data, err = c.store.read(e); err != nil {
				return nil, err
			}
		}
		files = append(files, f)
	}
	for _, p := range s.debs {
		files = append(files, tree.File{Entry: tree.Entry{
			Path: c.dated(strings.TrimPrefix(p.Path, "apt/")), Alias: p.Path, Size: p.Size, SHA256: p.SHA256,
			Class: tree.Content,
		}})
	}
	return files, nil
}

// dated returns where a path of apt is in the dated tree of the next snapshot.
func (c composition) dated(rel string) string { return path.Join("apt/snapshots", c.next.ID, rel) }

// has reports whether a path is one of the suite as it is, with that revision of yum's metadata.
func (s *suite) has(file, revision string) bool {
	yum := path.Join("rpm", s.name)
	for _, folder := range []string{path.Join("apt/dists", s.name), path.Join(yum, revision), path.Join(yum, "latest")} {
		if strings.HasPrefix(file, folder+"/") && (folder != yum) {
			return true
		}
	}
	return file == yum+"/mirrorlist"
}

// pointers makes the files that name the newest versions among the downloads.
func (c composition) pointers() ([]tree.File, error) {
	folders := map[string]map[string][]string{}
	for channel, members := range c.next.Channels {
		for _, m := range members {
			folder := c.store.records[m.Record].Downloads
			if folders[folder] == nil {
				folders[folder] = map[string][]string{}
			}
			folders[folder][channel] = append(folders[folder][channel], m.Version)
		}
	}
	var all []tree.File
	for folder, channels := range folders {
		files, err := downloads.Pointers(folder, channels, c.settings.Channels[0])
		if err != nil {
			return nil, err
		}
		all = append(all, files...)
	}
	return all, nil
}
