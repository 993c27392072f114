package overlay

import (
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/repo/tree"
)

// fetching returns a release with distfiles: PATH and content by turns.
func fetching(v string, files ...string) Release {
	r := Release{Fork: "ship-1.4", Version: v}
	for f := range slices.Chunk(files, 2) {
		r.Distfiles = append(r.Distfiles, tree.Of(tree.Content, f[0], []byte(f[1])))
	}
	return r
}

func TestDistfiles(t *testing.T) {
	there := fetching("1.4.1+acme.1", "distfiles/ship-1.4.1.tar.xz", "upstream")
	there.Distfiles[0].Data = nil // it is published
	for name, c := range map[string]struct {
		releases []Release
		want     []string // paths, and "=" where there is content
		fault    string
	}{
		"each once": {[]Release{
			fetching("1.4.1+acme.1", "distfiles/ship-1.4.1.tar.xz", "upstream", "distfiles/b", "1"),
			fetching("1.4.1+acme.2", "distfiles/ship-1.4.1.tar.xz", "upstream", "distfiles/a", "2"),
		}, []string{"distfiles/a=", "distfiles/b=", "distfiles/ship-1.4.1.tar.xz="}, ""},
		"one with content": {[]Release{there, fetching("1.4.1+acme.2", "distfiles/ship-1.4.1.tar.xz", "upstream")},
			[]string{"distfiles/ship-1.4.1.tar.xz="}, ""},
		"published": {[]Release{there}, []string{"distfiles/ship-1.4.1.tar.xz"}, ""},
		"other content": {[]Release{there, fetching("1.4.1+acme.2", "distfiles/ship-1.4.1.tar.xz", "another")}, nil,
			"ship-1.4 1.4.1+acme.1 and ship-1.4 1.4.1+acme.2 have other files at distfiles/ship-1.4.1.tar.xz"},
		"elsewhere": {[]Release{fetching("1.4.1+acme.1", "distfiles/sub/x", "1")}, nil, "is not in distfiles"},
	} {
		files, err := Distfiles(c.releases)
		if c.fault != "" {
			if err == nil || !strings.Contains(err.Error(), c.fault) {
				t.Errorf("%s: the error is %v, want one with %q", name, err, c.fault)
			}
			continue
		}
		var got []string
		for _, f := range files {
			path := f.Path
			if f.Data != nil {
				path += "="
			}
			got = append(got, path)
		}
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: the files are %q, %v, want %q", name, got, err, c.want)
		}
	}
}

func TestWarnings(t *testing.T) {
	releases := []Release{ship(t, "1.4.1_p1")}
	for url, want := range map[string]string{
		"https://packages.example.org":  "",
		"https://packages.example.org/": "",
		"https://example.org/repo": "ebuilds of ship-1.4 1.4.1+acme.1 fetch from https://packages.example.org/distfiles: " +
			"copy the repository's distfiles there, or set ebuilds.distfiles in fork.yaml to " +
			"https://example.org/repo/distfiles for the next version",
	} {
		if got := strings.Join(Warnings(releases, url), "\n"); got != want {
			t.Errorf("%s: the warnings are %q, want %q", url, got, want)
		}
	}
}

func TestReposConf(t *testing.T) {
	const head = "[acme]\nlocation = /var/db/repos/acme\nsync-type = git\n" +
		"sync-uri = https://packages.example.org/overlay.git\nclone-depth = 0\nsync-depth = 0\nauto-sync = yes\n"
	for _, c := range []struct {
		client Client
		want   string
	}{
		{Client{Name: "acme", URL: "https://packages.example.org/"}, head},
		{Client{Name: "acme", URL: "https://packages.example.org", Branch: "candidate", Key: "/etc/portage/acme.asc"},
			head + "sync-git-clone-extra-opts = --branch candidate\nsync-git-verify-commit-signature = yes\n" +
				"sync-openpgp-key-path = /etc/portage/acme.asc\nsync-openpgp-key-refresh = no\n"},
	} {
		if got := string(c.client.ReposConf()); got != c.want {
			t.Errorf("%+v: the file is\n%s\nwant\n%s", c.client, got, c.want)
		}
	}
}
