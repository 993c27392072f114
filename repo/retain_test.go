package repo

import (
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/repo/settings"
	"github.com/slipway-build/slipway/repo/state"
	"github.com/slipway-build/slipway/repo/tree"
	"github.com/slipway-build/slipway/repo/yum"
)

// TestRetained holds that what a snapshot needs that can be gone back to stays, and nothing else.
func TestRetained(t *testing.T) {
	older := state.Snapshot{ID: "20261101T000000Z", Tree: "aa", Suites: []state.Suite{{Name: "ship-1.4", Revision: "r1"}},
		Channels: map[string][]state.Member{"stable": {{Fork: "ship-1.4", Version: "1.4.1", Record: "one"}}}}
	oldest := older
	oldest.ID, oldest.Tree, oldest.Suites = "20261001T000000Z", "bb", []state.Suite{{Name: "ship-1.4", Revision: "r0"}}
	oldest.Channels = map[string][]state.Member{"stable": {{Fork: "ship-1.4", Version: "1.4.0", Record: "nil"}}}
	s := &store{kept: []state.Snapshot{older, oldest}, records: map[string]state.Record{
		"one": {Files: []tree.Entry{{Path: "apt/pool/11/captain.deb"}}},
		"nil": {Files: []tree.Entry{{Path: "apt/pool/00/captain.deb"}}},
	}}
	for _, path := range []string{
		"apt/pool/11/captain.deb", "apt/pool/00/captain.deb", "apt/pool/22/captain.deb",
		"rpm/ship-1.4/r1/repodata/repomd.xml",
		"rpm/ship-1.4/r0/repodata/repomd.xml", "apt/snapshots/20261101T000000Z/dists/ship-1.4/InRelease",
		"apt/snapshots/20261001T000000Z/dists/ship-1.4/InRelease", "state/snapshots/20261001T000000Z.json",
		"state/trees/aa.json.gz", "state/trees/bb.json.gz", "state/records/one.json.gz", "state/records/nil.json.gz",
		"apt/dists/ship-1.4/main/by-hash/SHA256/11",
	} {
		s.listing = append(s.listing, tree.Entry{Path: path, Class: tree.Content})
	}
	s.listing = append(s.listing, tree.Entry{Path: "index.json", Class: tree.Commit})
	next := state.Snapshot{Kept: []string{"20261126T000000Z", older.ID}}
	var got []string
	for _, f := range s.retained(next, []tree.File{{Entry: tree.Entry{Path: "apt/pool/22/captain.deb"}}}) {
		got = append(got, f.Path)
	}
	want := []string{
		"apt/pool/11/captain.deb", "rpm/ship-1.4/r1/repodata/repomd.xml",
		"apt/snapshots/20261101T000000Z/dists/ship-1.4/InRelease", "state/snapshots/20261001T000000Z.json",
		"state/trees/aa.json.gz", "state/records/one.json.gz",
	}
	if !slices.Equal(got, want) {
		t.Errorf("what stays is\n%q, want\n%q", got, want)
	}
}

// TestRetainedWithoutItsSource holds that a copy is content by itself once what it was made of goes.
func TestRetainedWithoutItsSource(t *testing.T) {
	at := "apt/snapshots/20261101T000000Z/pool/captain.deb"
	s := &store{kept: []state.Snapshot{{ID: "20261101T000000Z"}}, listing: []tree.Entry{
		{Path: at, Class: tree.Content, Alias: "apt/pool/captain.deb"},
	}}
	next := state.Snapshot{Kept: []string{"20261101T000000Z"}}
	if got := s.retained(next, nil); len(got) != 1 || got[0].Alias != "" {
		t.Errorf("the copy is %+v, want it without an alias", got)
	}
}

// TestEnabled holds that nobody gets another minor version by an upgrade of the bootstrap packages.
func TestEnabled(t *testing.T) {
	records := map[string]state.Record{
		"ship": {Release: artifact.Release{Name: "ship"}}, "mate": {Release: artifact.Release{Name: "mate"}},
	}
	of := func(name, channel, record string) *suite {
		return &suite{name: name, channel: channel, members: []state.Member{{Record: record}}}
	}
	known := []state.Shipped{{Name: "ship-1.4", Project: "ship", Enabled: true}}
	all := []*suite{
		of("mate-2.0", "stable", "mate"), of("ship-1.4", "stable", "ship"), of("ship-1.4-candidate", "candidate", "ship"),
		of("ship-1.5", "stable", "ship"),
	}
	for name, c := range map[string]struct {
		enabled []string
		known   []state.Shipped
		suites  []*suite
		want    []string
	}{
		"the first of each project": {nil, nil, all, []string{"mate-2.0", "ship-1.4"}},
		"a later minor":             {nil, known, all, []string{"mate-2.0", "ship-1.4"}},
		"as repo.yaml says":         {[]string{"ship-1.5"}, known, all, []string{"ship-1.5"}},
		"one that is gone":          {nil, known, all[3:], nil},
	} {
		in := composition{store: &store{records: records}, settings: settings.Settings{
			Channels: []string{"candidate", "stable"}, Enabled: c.enabled,
		}}
		var got []string
		for _, s := range in.enabled(slices.Clone(c.known), c.suites) {
			if s.Enabled {
				got = append(got, s.Name)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q are enabled, want %q", name, got, c.want)
		}
	}
}

func TestCheckSigners(t *testing.T) {
	const key = "96FC6AF8378080F8AAD13CB5B8B0A0DB425BDC32"
	trusted := &state.Bootstrap{Trusted: []string{strings.ToLower(key)}}
	for name, c := range map[string]struct {
		signer string
		b      *state.Bootstrap
		ok     bool
	}{
		"by its fingerprint":     {key, trusted, true},
		"by its ID":              {key[24:], trusted, true},
		"by another":             {"A5D8668BD42AA3B3", trusted, false},
		"an unsigned repository": {"A5D8668BD42AA3B3", nil, true},
	} {
		err := checkSigners([]yum.Package{{Name: "captain", Signer: c.signer}}, c.b)
		if (err == nil) != c.ok || err != nil && !strings.Contains(err.Error(), c.signer) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestIdentity holds what clients would refuse to see changed.
func TestIdentity(t *testing.T) {
	before := state.Snapshot{ID: "20261101T000000Z", Identity: state.Identity{Name: "acme", Origin: "Acme", Label: "Acme",
		URL: "https://packages.example.org"}}
	for name, c := range map[string]struct {
		now  settings.Settings
		says string
	}{
		"the same":     {settings.Settings{Name: "acme", Origin: "Acme", Label: "Acme"}, ""},
		"another URL":  {settings.Settings{Name: "acme", Origin: "Acme", Label: "Acme", URL: "https://example.org"}, ""},
		"a new origin": {settings.Settings{Name: "acme", Origin: "Other", Label: "Acme"}, `origin is "Other"`},
		"a new label":  {settings.Settings{Name: "acme", Origin: "Acme", Label: "Other"}, `label is "Other"`},
		"a new name":   {settings.Settings{Name: "other", Origin: "Acme", Label: "Acme"}, `name is "other"`},
	} {
		_, err := identity(c.now, before)
		if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", name, err, c.says)
		}
	}
	if _, err := identity(settings.Settings{Name: "other"}, state.Snapshot{}); err != nil {
		t.Errorf("of a new repository: %v", err)
	}
}
