package ebuilds

import (
	"encoding/json"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/packaging"
	"github.com/slipway-build/slipway/platform"
)

// The paths of ship's ebuilds.
const (
	source      = "app-misc/ship/ship-1.4.1_p1.ebuild"
	binary      = "app-misc/ship-bin/ship-bin-1.4.1_p1.ebuild"
	meta        = "app-misc/ship-meta/ship-meta-1.4.1_p1.ebuild"
	user        = "acct-user/bosun/bosun-0.ebuild"
	groupEbuild = "acct-group/bosun/bosun-0.ebuild"
)

// ship is an overlay with one fork: bosun is a daemon, mate a name for it. Each
// call returns a new one, which a test may change.
func ship() Overlay {
	return Overlay{Name: "acme", Maintainer: "Mate <mate@example.org>", Forks: []Fork{shipFork()}}
}

func shipFork() Fork {
	return Fork{
		Project: Project{
			Category: "app-misc", Name: "ship", Summary: "Sails any sea", Remote: "github:example/ship",
			Flags:    map[string]string{"bosun": "+bosun", "mate": "mate"},
			Accounts: map[string]int{"bosun": 491},
			Rivals:   []string{"app-misc/boat"},
		},
		Version: "1.4.1_p1", Summary: "Sails any sea", Homepage: "https://example.org",
		License: []string{"MIT"}, Linked: []string{"BSD", "ISC"}, Year: 2026, Arches: []string{"amd64", "arm64"},
		BaseURL: "https://example.org/distfiles", Touched: map[string]string{"crew.go": strings.Repeat("a", 64)},
		Series: []Patch{{Name: "0001-crew.patch", Strip: 1, Data: []byte(crewPatch)}},
		Build: Build{
			Go: "1.26.0", Flags: []string{"-trimpath", "-ldflags=-s -w -X 'a=it''s'"},
			Env:        []string{"GOAMD64=v1", "GOARM64=v8.0,lse", "GOEXPERIMENT=,"},
			Components: []Component{{Name: "bosun", Main: "./cmd/bosun"}},
		},
		Distfiles: map[string]Distfile{
			"source": dist("ship-1.4.1.tar.xz"), "deps": dist("ship-1.4.1_p1-deps.tar.xz"),
			"files": dist("ship-1.4.1_p1-files.tar.xz"),
			"amd64": dist("ship-1.4.1_p1-amd64.tar.xz"), "arm64": dist("ship-1.4.1_p1-arm64.tar.xz"),
		},
		Packages: []packaging.Package{bosun(), {
			Name: "mate", Summary: "helps the bosun",
			Relations: packaging.Relations{Depends: []packaging.Relation{"bosun = 1.4.1+acme.1-1"}},
		}},
	}
}

const crewPatch = "--- a/crew.go\n+++ b/crew.go\n@@ -1 +1 @@\n-crew\n+Crew\n"

// dist is a distfile whose sums are easy to tell from others.
func dist(name string) Distfile {
	return Distfile{Name: name, Size: 1, SHA512: strings.Repeat("5", 128), BLAKE: strings.Repeat("b", 128)}
}

var linux = platform.Platform{OS: "linux", Arch: "amd64"}

// text is a file of a package with the given content.
func text(path, data string) packaging.File {
	return packaging.File{Path: path, Mode: 0o644, Data: []byte(data)}
}

// program is a file of a package that was compiled.
func program(path string) packaging.File {
	return packaging.File{Path: path, Mode: 0o755, Source: "/built" + path[strings.LastIndex(path, "/"):]}
}

func bosun() packaging.Package {
	return packaging.Package{
		Name: "bosun", Summary: "calls the crew", Platform: linux,
		Files: []packaging.File{
			{Path: "/etc/default/bosun", Kind: packaging.Config, Mode: 0o644, Data: []byte("BOSUN_ARGS=\"\"\n")},
			program("/usr/bin/bosun"),
			text("/usr/lib/systemd/system/bosun.service", bosunUnit),
			text("/usr/lib/sysusers.d/bosun.conf", "u bosun -\n"),
			text("/usr/lib/tmpfiles.d/bosun.conf", "d /var/lib/bosun 0700 bosun bosun\n"),
			text("/usr/share/bash-completion/completions/bosun", "complete bosun\n"),
		},
		Relations: packaging.Relations{
			Depends:    []packaging.Relation{"net-misc/whistle >= 1.0"},
			Recommends: []packaging.Relation{"app-misc/rum | app-misc/grog", "tobacco"},
		},
	}
}

const bosunUnit = `[Unit]
Description=The bosun
After=network-online.target captain.service
Before=deckhand.service
AssertPathExists=/etc/orders

[Service]
Type=notify
User=bosun
Restart=on-failure
EnvironmentFile=-/etc/default/bosun
ExecStart=/usr/bin/bosun --loud $BOSUN_ARGS
ExecStartPost=/usr/bin/bosun muster
LimitNOFILE=65536
RuntimeDirectory=bosun

[Install]
WantedBy=multi-user.target
`

// captain returns ship with a program of many names: captain contains bosun, and
// the package bosun has a link to it.
func captain() Overlay {
	o := ship()
	f := &o.Forks[0]
	f.Packages[0].Files[1] = packaging.File{Path: "/usr/bin/bosun", Kind: packaging.Link, Target: "captain"}
	f.Packages[0].Relations.Depends = []packaging.Relation{"captain = 1.4.1+acme.1-1"}
	f.Packages = append(f.Packages, packaging.Package{
		Name: "captain", Summary: "commands the ship", Platform: linux,
		Files: []packaging.File{program("/usr/bin/captain")},
	})
	f.Project.Flags["captain"] = "captain"
	f.Build.Components = []Component{
		{Name: "captain", Main: "./cmd/captain"}, {Name: "bosun", Main: "./cmd/bosun", Part: "captain"},
	}
	return o
}

// merge merges an overlay, which must pass its checks.
func merge(t *testing.T, o Overlay, old Tree) (Tree, []string) {
	t.Helper()
	tree, notes, err := o.Merge(old)
	if err != nil {
		t.Fatal(err)
	}
	return tree, notes
}

// replace changes a text of a file, which must have it.
func (t Tree) replace(test *testing.T, name, old, with string) {
	test.Helper()
	if !strings.Contains(string(t[name]), old) {
		test.Fatalf("%s has no %q", name, old)
	}
	t[name] = []byte(strings.ReplaceAll(string(t[name]), old, with))
}

// accept records a file as it is now, and renews all Manifests: as if Merge had
// written it so.
func (t Tree) accept(test *testing.T, o Overlay, name string) {
	test.Helper()
	written, err := t.record()
	if err != nil {
		test.Fatal(err)
	}
	if _, ok := t[name]; ok {
		written[name] = mark(t[name])
	}
	if t[recordName], err = json.Marshal(written); err != nil {
		test.Fatal(err)
	}
	if err := o.manifests(t, t); err != nil {
		test.Fatal(err)
	}
}

// ebuildNames returns the names of an overlay's ebuilds, without folders.
func ebuildNames(t Tree) []string {
	var out []string
	for _, name := range t.Ebuilds() {
		out = append(out, strings.TrimSuffix(path.Base(name), ".ebuild"))
	}
	return out
}

// errorText returns an error's text, and none of nil.
func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
