package repo

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/slipway-build/slipway/release/sign"
	"github.com/slipway-build/slipway/repo/apt"
	"github.com/slipway-build/slipway/repo/bootstrap"
	"github.com/slipway-build/slipway/repo/settings"
	"github.com/slipway-build/slipway/repo/state"
	"github.com/slipway-build/slipway/repo/tree"
	"github.com/slipway-build/slipway/repo/yum"
)

// bootstrap makes what clients start with, or takes it as it is, and adds its packages to the
// suites. An unsigned repository has none.
func (c composition) bootstrap(ctx context.Context, next *state.Snapshot, suites []*suite) ([]tree.File, error) {
	if !c.signer.OpenPGP() {
		return nil, nil
	}
	in, now, err := c.introduction(suites)
	if err != nil {
		return nil, err
	}
	var deb, rpm tree.File
	if had := c.next.Bootstrap; had != nil && had.Digest == now.Digest {
		now = *had
		deb, rpm, err = c.shipped(now)
	} else {
		deb, rpm, err = c.introduce(ctx, in, &now)
	}
	if err != nil {
		return nil, err
	}
	for _, s := range suites {
		s.debs = append(s.debs, now.Deb)
		s.rpms = append(s.rpms, *now.RPM)
	}
	next.Bootstrap = &now
	files, err := bootstrap.Files(in)
	return slices.Concat(files, []tree.File{deb, rpm}, bootstrap.Aliases(in.Name, deb, rpm)), err
}

// introduction returns what the packages have to say, and what the state will remember of that.
func (c composition) introduction(suites []*suite) (bootstrap.Input, state.Bootstrap, error) {
	now := state.Bootstrap{Version: 1, Date: date(c.next).Format(time.RFC3339)}
	var before bootstrap.Keys
	if had := c.next.Bootstrap; had != nil {
		now.Version, now.Suites = had.Version+1, slices.Clone(had.Suites)
		before.Shipped = had.Trusted
	}
	for _, k := range c.store.before.Keys {
		before.Signing = append(before.Signing, k.Fingerprint)
	}
	var err error
	if now.Keys, now.Trusted, err = c.trusted(); err != nil {
		return bootstrap.Input{}, now, err
	}
	warnings, err := bootstrap.Rotate(before, bootstrap.Keys{Signing: c.fingerprints(), Shipped: now.Trusted})
	for _, w := range warnings {
		c.events.Note(w)
	}
	if err != nil {
		return bootstrap.Input{}, now, err
	}
	in := bootstrap.Input{
		Name: c.settings.Name, Origin: c.settings.Origin, Label: cmp.Or(c.settings.Description, c.settings.Label),
		URL: c.settings.URL, Maintainer: c.settings.Maintainer, Keys: now.Keys, Version: now.Version, Time: date(c.next),
	}
	in.Packages = c.pinned(suites)
	now.Suites = c.enabled(now.Suites, suites)
	for _, s := range now.Suites {
		in.Suites = append(in.Suites, bootstrap.Suite{Name: s.Name, Enabled: s.Enabled})
	}
	now.Digest = in.Digest()
	return in, now, in.Check()
}

// pinned returns the names of the debs in all suites, sorted.
func (c composition) pinned(suites []*suite) []string {
	var names []string
	for _, s := range suites {
		for _, p := range s.debs {
			names = append(names, p.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// enabled returns the suites that packages know, sorted by name. A new one of the last channel is
// switched on if no other of its project is, so that nobody gets another minor version by an upgrade.
func (c composition) enabled(known []state.Shipped, suites []*suite) []state.Shipped {
	for _, s := range suites {
		if slices.ContainsFunc(known, func(k state.Shipped) bool { return k.Name == s.name }) {
			continue
		}
		project := c.store.records[s.members[0].Record].Release.Name
		taken := slices.ContainsFunc(known, func(k state.Shipped) bool { return k.Project == project && k.Enabled })
		last := s.channel == c.settings.Channels[len(c.settings.Channels)-1]
		known = append(known, state.Shipped{Name: s.name, Project: project, Enabled: last && !taken})
	}
	if len(c.settings.Enabled) > 0 {
		for i, k := range known {
			known[i].Enabled = slices.Contains(c.settings.Enabled, k.Name)
		}
	}
	known = slices.DeleteFunc(known, func(k state.Shipped) bool {
		return !slices.ContainsFunc(suites, func(s *suite) bool { return s.name == k.Name })
	})
	slices.SortFunc(known, func(a, b state.Shipped) int { return strings.Compare(a.Name, b.Name) })
	return known
}

// trusted returns the keys that clients are to have, and their fingerprints: those that sign,
// and those of repo.yaml.
func (c composition) trusted() (armored []byte, fingerprints []string, err error) {
	armored, _, err = c.signer.PublicKeys()
	if err != nil {
		return nil, nil, err
	}
	fingerprints = c.fingerprints()
	for _, name := range c.settings.Keys {
		file := filepath.Join(c.project, filepath.FromSlash(name))
		data, err := os.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil, fmt.Errorf("%s: keys: there is no file %s: want a file with a public key", settings.File, name)
		}
		if err != nil {
			return nil, nil, err
		}
		v, err := sign.OpenVerifier([]string{file})
		if err != nil {
			return nil, nil, fmt.Errorf("%s: keys: %w", settings.File, err)
		}
		for _, by := range v.Fingerprints() {
			if !slices.Contains(fingerprints, by.Fingerprint) {
				fingerprints = append(fingerprints, by.Fingerprint)
			}
		}
		armored = append(bytes.TrimRight(armored, "\n"), append([]byte("\n"), data...)...)
	}
	return armored, fingerprints, nil
}

// fingerprints are those of the OpenPGP keys that sign, the first first.
func (c composition) fingerprints() []string {
	var out []string
	for _, k := range c.next.Keys {
		out = append(out, k.Fingerprint)
	}
	return out
}

// introduce makes the next version of the packages.
func (c composition) introduce(
	ctx context.Context, in bootstrap.Input, now *state.Bootstrap,
) (deb, rpm tree.File, err error) {
	made, err := bootstrap.Make(ctx, in, c.scratch, c.signer)
	if err != nil {
		return deb, rpm, err
	}
	if now.Deb, err = apt.Read(ctx, made.Deb); err != nil {
		return deb, rpm, err
	}
	of, err := yum.Read(ctx, made.RPM)
	if err != nil {
		return deb, rpm, err
	}
	now.RPM = &of
	if deb, err = small(now.Deb.Path, made.Deb); err == nil {
		rpm, err = small(of.Path, made.RPM)
	}
	return deb, rpm, err
}

func small(to, from string) (tree.File, error) {
	data, err := os.ReadFile(from)
	return tree.Of(tree.Content, to, data), err
}

// shipped returns the packages as they were made.
func (c composition) shipped(b state.Bootstrap) (deb, rpm tree.File, err error) {
	if deb, err = c.store.small(b.Deb.Path); err == nil {
		rpm, err = c.store.small(b.RPM.Path)
	}
	return deb, rpm, err
}
