package repo

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/repo/publish"
	"github.com/slipway-build/slipway/repo/publish/folder"
	"github.com/slipway-build/slipway/repo/settings"
	"github.com/slipway-build/slipway/repo/state"
)

// TestCheckChannels holds that settings leave clients the suites that they have.
func TestCheckChannels(t *testing.T) {
	ship := []state.Member{{Fork: "ship-1.4", Version: "1.4.1"}}
	before := state.Snapshot{
		Channels: map[string][]state.Member{"candidate": ship, "stable": ship, "lts": nil},
		Suites: []state.Suite{
			{Name: "ship-1.4", Channel: "stable"}, {Name: "ship-1.4-candidate", Channel: "candidate"},
		},
	}
	for name, c := range map[string]struct {
		channels []string
		says     string // of the error; "": there is none
	}{
		"as they were":              {channels: []string{"candidate", "stable"}},
		"one more before":           {channels: []string{"nightly", "candidate", "stable"}},
		"one more between":          {channels: []string{"candidate", "beta", "stable"}},
		"one more after":            {channels: []string{"candidate", "stable", "lts"}, says: "ship-1.4-stable"},
		"the other way round":       {channels: []string{"stable", "candidate"}, says: "Leave the last channel the last"},
		"one with releases removed": {channels: []string{"stable"}, says: "candidate has releases, and is not among them"},
		"the last removed":          {channels: []string{"candidate"}, says: "stable has releases, and is not among them"},
	} {
		err := checkChannels(settings.Settings{Channels: c.channels}, before, before)
		if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", name, err, c.says)
		}
	}
}

// TestPromotable holds that a promotion that would do nothing is an error.
func TestPromotable(t *testing.T) {
	c := change{settings: settings.Settings{Channels: []string{"nightly", "candidate", "stable"}}}
	c.next.Channels = map[string][]state.Member{"candidate": {{Fork: "ship-1.4", Version: "1.4.1"}}}
	for _, p := range []struct{ from, to, fork, says string }{
		{from: "candidate", to: "stable"},
		{from: "candidate", to: "stable", fork: "ship-1.4"},
		{from: "candidate", to: "stable", fork: "mate-2.0", says: "channel candidate has no release of mate-2.0"},
		{from: "nightly", to: "stable", says: "channel nightly has no release to promote"},
		{from: "candidate", to: "candidate", says: "cannot be promoted to itself"},
		{from: "candidate", to: "lts", says: `unknown channel "lts"`},
		{from: "", to: "stable", says: `unknown channel ""`},
	} {
		err := c.promotable(p.from, p.to, p.fork)
		if (err == nil) != (p.says == "") || err != nil && !strings.Contains(err.Error(), p.says) {
			t.Errorf("from %q to %q of %q: %v, want %q", p.from, p.to, p.fork, err, p.says)
		}
	}
}

// TestNotWithin holds that dist/repo is not published into itself, by whatever name.
func TestNotWithin(t *testing.T) {
	dir := t.TempDir()
	root := filepath.Join(dir, "repo")
	if err := os.Mkdir(root, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(root, filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	for target, refused := range map[string]bool{
		"repo": true, "repo/below/it": true, "link": true, "link/below": true,
		"repo2": false, "other/repo": false, "..repo": false, ".": false,
	} {
		if err := notWithin(root, filepath.Join(dir, target)); (err != nil) != refused {
			t.Errorf("-to=%s: %v, want an error: %v", target, err, refused)
		}
	}
}

// TestUnread holds that a repository that lost its head is not taken for one that is new.
func TestUnread(t *testing.T) {
	for name, c := range map[string]struct {
		folder string
		err    error
		says   string // of the error; "": there is none
	}{
		"nothing yet":  {folder: "state"},
		"without head": {folder: "state/snapshots", says: "state/head.json is damaged: it is missing\n  Put it back"},
		"no listing": {folder: "state", err: &publish.DamageError{Path: "state/trees/aa.json.gz", Err: fs.ErrNotExist},
			says: "state/trees/aa.json.gz is damaged: it is missing\n  Put it back"},
	} {
		root := t.TempDir()
		if err := os.MkdirAll(filepath.Join(root, filepath.FromSlash(c.folder)), 0o755); err != nil {
			t.Fatal(err)
		}
		target, err := folder.At(root)
		if err != nil {
			t.Fatal(err)
		}
		s := &store{root: root, target: target}
		if err := s.unread(c.err); (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", name, err, c.says)
		}
	}
}

// TestOpenNames holds what is taken for the path of a folder, and what for a URL.
func TestOpenNames(t *testing.T) {
	for at, says := range map[string]string{
		"": "-to is missing", " ": "-to is missing", "ftp://example.org/acme": "unknown scheme ftp",
		"http://example.org/%zz": "is not a URL",
	} {
		_, err := (Keeper{}).open(context.Background(), nil, "to", at)
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("-to=%s: %v, want %q", at, err, says)
		}
	}
}
