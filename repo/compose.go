package repo

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/slipway-build/slipway/release/sign"
	"github.com/slipway-build/slipway/repo/apt"
	"github.com/slipway-build/slipway/repo/downloads"
	"github.com/slipway-build/slipway/repo/settings"
	"github.com/slipway-build/slipway/repo/state"
	"github.com/slipway-build/slipway/repo/tree"
	"github.com/slipway-build/slipway/repo/yum"
)

// A composition is the next state of a repository, as it becomes files.
type composition struct {
	settings settings.Settings
	signer   *sign.Signer
	now      time.Time
	before   state.Snapshot
	listing  []tree.Entry // of before
	records  map[string]state.Record
	resign   bool                                      // sign all indexes again
	read     func(e tree.Entry) ([]byte, error)        // a file of the repository as it is
	next     state.Snapshot
	files    []tree.File
}

// compose makes all files of the next snapshot but those of the state.
func (c *composition) compose(ctx context.Context) error {
	for _, step := range []func(context.Context) error{c.packages, c.suites, c.downloads} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// packages are what records have: they are there already, but for those of a new record.
func (c *composition) packages(context.Context) error {
	for _, sum := range c.next.Records() {
		for _, e := range c.records[sum].Files {
			c.files = append(c.files, tree.File{Entry: e})
		}
	}
	return nil
}

// A suite is what one suite is made of.
type suite struct {
	name, channel string
	debs          []apt.Package
	rpms          []yum.Package
	advisories    []yum.Advisory
	time          time.Time // of the newest release in it
}

// wanted returns the suites that the channels make, sorted by name.
func (c *composition) wanted() ([]*suite, error) {
	at := map[string]*suite{}
	for channel, members := range c.next.Channels {
		for _, m := range members {
			r := c.records[m.Record]
			when, err := time.Parse(time.RFC3339, r.Release.Date)
			if err != nil {
				return nil, fmt.Errorf("%s %s: its record has no date: %w", m.Fork, m.Version, err)
			}
			for _, base := range r.Suites {
				name := c.settings.Suite(base, channel)
				if at[name] == nil {
					at[name] = &suite{name: name, channel: channel}
				}
				s := at[name]
				s.debs, s.rpms = append(s.debs, r.Debs...), append(s.rpms, r.RPMs...)
				s.advisories = append(s.advisories, r.Advisory...)
				if when.After(s.time) {
					s.time = when
				}
			}
		}
	}
	all := make([]*suite, 0, len(at))
	for _, s := range at {
		if c.next.Bootstrap != nil {
			s.debs = append(s.debs, c.next.Bootstrap.Deb)
			if c.next.Bootstrap.RPM != nil {
				s.rpms = append(s.rpms, *c.next.Bootstrap.RPM)
			}
		}
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b *suite) int { return strings.Compare(a.name, b.name) })
	return all, nil
}

// suites makes the indexes of suites that changed, and takes those of others as they are.
func (c *composition) suites(ctx context.Context) error {
	all, err := c.wanted()
	if err != nil {
		return err
	}
	c.next.Suites = nil
	for _, s := range all {
		inputs, err := c.inputs(s)
		if err != nil {
			return err
		}
		had, ok := c.before.Suite(s.name)
		if ok && had.Inputs == inputs && !c.resign {
			c.next.Suites = append(c.next.Suites, had)
			if err := c.carry(had, s); err != nil {
				return err
			}
			continue
		}
		now := state.Suite{Name: s.name, Channel: s.channel, Inputs: inputs, Date: c.date().Format(time.RFC3339)}
		if now.Revision, err = c.index(ctx, s); err != nil {
			return fmt.Errorf("suite %s: %w", s.name, err)
		}
		c.next.Suites = append(c.next.Suites, now)
	}
	return nil
}

// date is the time of the snapshot, which its indexes have.
func (c *composition) date() time.Time {
	t, err := state.Time(c.next.ID)
	if err != nil {
		panic(err) // Next made it
	}
	return t
}

// inputs is the digest of all that decides the bytes of a suite, but its time.
func (c *composition) inputs(s *suite) (string, error) {
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

// index makes the indexes of a suite, and returns the revision of its yum metadata.
func (c *composition) index(ctx context.Context, s *suite) (revision string, err error) {
	if err := yum.Check(s.name, s.rpms, len(c.next.Keys) > 0); err != nil {
		return "", err
	}
	if len(s.debs) > 0 {
		a := apt.Suite{
			Name: s.name, Origin: c.next.Identity.Origin, Label: c.next.Identity.Label, Description: c.settings.Description,
			Date: c.date(), Snapshots: c.next.Identity.URL + "/apt/snapshots/@SNAPSHOTID@/", Snapshot: c.next.ID, Packages: s.debs,
		}
		if c.settings.ValidDays > 0 {
			a.ValidUntil = a.Date.AddDate(0, 0, c.settings.ValidDays)
		}
		files, err := apt.Indexes(ctx, a, c.signer)
		if err != nil {
			return "", err
		}
		c.files = append(c.files, files...)
	}
	if len(s.rpms) > 0 {
		files, revision, err := yum.Metadata(ctx, yum.Repository{
			Name: s.name, URL: c.next.Identity.URL, Time: s.time, Zstd: c.settings.Metadata == "zstd",
			Packages: s.rpms, Advisories: s.advisories,
		}, c.signer)
		c.files = append(c.files, files...)
		return revision, err
	}
	return "", nil
}

// carry takes the files of a suite as they are, and gives it a dated tree of the new snapshot.
func (c *composition) carry(s state.Suite, of *suite) error {
	dated := path.Join("apt/snapshots", c.before.ID) + "/"
	for _, e := range c.listing {
		switch {
		case e.Until != "":
		case strings.HasPrefix(e.Path, "apt/dists/"+s.Name+"/"), strings.HasPrefix(e.Path, "rpm/"+s.Name+"/"):
			f := tree.File{Entry: e}
			if e.Class == tree.Commit {
				var err error
				if f.Data, err = c.read(e); err != nil {
					return err
				}
			}
			c.files = append(c.files, f)
		case strings.HasPrefix(e.Path, dated+"dists/"+s.Name+"/"):
			c.files = append(c.files, c.redate(e, dated))
		}
	}
	for _, p := range of.debs {
		c.files = append(c.files, tree.File{Entry: tree.Entry{
			Path: path.Join("apt/snapshots", c.next.ID, strings.TrimPrefix(p.Path, "apt/")), Alias: p.Path, Class: tree.Content,
			Size: p.Size, SHA256: p.SHA256,
		}})
	}
	return nil
}

func (c *composition) redate(e tree.Entry, dated string) tree.File {
	e.Alias = e.Path
	e.Path = path.Join("apt/snapshots", c.next.ID, strings.TrimPrefix(e.Path, dated))
	return tree.File{Entry: e}
}

// downloads makes the files that name the newest versions.
func (c *composition) downloads(context.Context) error {
	byFolder := map[string]map[string][]string{}
	for channel, members := range c.next.Channels {
		for _, m := range members {
			folder := c.records[m.Record].Downloads
			if byFolder[folder] == nil {
				byFolder[folder] = map[string][]string{}
			}
			byFolder[folder][channel] = append(byFolder[folder][channel], m.Version)
		}
	}
	for folder, channels := range byFolder {
		files, err := downloads.Pointers(folder, channels, c.settings.Channels[0])
		if err != nil {
			return err
		}
		c.files = append(c.files, files...)
	}
	return nil
}

// readFile returns a file of the repository that its listing has, if it is what that says.
func (k Keeper) readFile(e tree.Entry) ([]byte, error) {
	data, err := os.ReadFile(k.path(e.Path))
	if err != nil {
		return nil, err
	}
	if digest := sha256.Sum256(data); hex.EncodeToString(digest[:]) != e.SHA256 {
		return nil, fmt.Errorf("%s/%s is not as it was published: somebody changed it\n"+
			"  To put it back: mage repo:rollback with the current snapshot", Dir, e.Path)
	}
	return data, nil
}
