package ebuilds

import (
	"encoding/json"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/internal/golden"
	"github.com/slipway-build/slipway/internal/testkit"
	"github.com/slipway-build/slipway/packaging"
	"github.com/slipway-build/slipway/platform"
)

// ship is an overlay with one fork: bosun is a daemon, mate a name for it.
func ship() Overlay {
	d := func(name string) Distfile {
		return Distfile{name, 1, strings.Repeat("5", 128), strings.Repeat("b", 128)}
	}
	return Overlay{Name: "acme", Maintainer: "Mate <mate@example.org>", Forks: []Fork{{
		Project: Project{
			Category: "app-misc", Name: "ship", Summary: "Sails any sea", Remote: "github:example/ship",
			Flags: map[string]string{"bosun": "+bosun", "mate": "mate"}, Accounts: map[string]int{"bosun": 491}, Rivals: []string{"app-misc/boat"},
		},
		Version: "1.4.1_p1", Summary: "Sails any sea", Homepage: "https://example.org", License: []string{"MIT"}, Linked: []string{"BSD", "ISC"}, Year: 2026, Arches: []string{"amd64", "arm64"},
		BaseURL: "https://example.org/distfiles", Touched: map[string]string{"crew.go": strings.Repeat("a", 64)},
		Series: []Patch{{Name: "0001-crew.patch", Strip: 1, Data: []byte("--- a/crew.go\n+++ b/crew.go\n@@ -1 +1 @@\n-crew\n+Crew\n")}},
		Build:  Build{Go: "1.26.0", Flags: []string{"-trimpath", "-ldflags=-s -w -X 'a=it''s'"}, Components: []Component{{Name: "bosun", Main: "cmd/bosun"}}},
		Distfiles: map[string]Distfile{
			"source": d("ship-1.4.1.tar.xz"), "deps": d("ship-1.4.1_p1-deps.tar.xz"), "files": d("ship-1.4.1_p1-files.tar.xz"),
			"amd64": d("ship-1.4.1_p1-amd64.tar.xz"), "arm64": d("ship-1.4.1_p1-arm64.tar.xz"),
		},
		Packages: []packaging.Package{
			{
				Name: "bosun", Summary: "calls the crew", Platform: platform.Platform{OS: "linux", Arch: "amd64"},
				Files: []packaging.File{
					{Path: "/etc/default/bosun", Kind: packaging.Config, Mode: 0o644, Data: []byte("BOSUN_ARGS=\"\"\n")},
					{Path: "/usr/bin/bosun", Mode: 0o755, Source: "/built/bosun"},
					{Path: "/usr/lib/systemd/system/bosun.service", Mode: 0o644, Data: []byte(bosunUnit)},
					{Path: "/usr/lib/sysusers.d/bosun.conf", Mode: 0o644, Data: []byte("u bosun -\n")},
					{Path: "/usr/lib/tmpfiles.d/bosun.conf", Mode: 0o644, Data: []byte("d /var/lib/bosun 0700 bosun bosun\n")},
					{Path: "/usr/share/bash-completion/completions/bosun", Mode: 0o644, Data: []byte("complete bosun\n")},
				},
				Relations: packaging.Relations{Depends: []packaging.Relation{"net-misc/whistle >= 1.0"}, Recommends: []packaging.Relation{"app-misc/rum | app-misc/grog", "tobacco"}},
			},
			{Name: "mate", Summary: "helps the bosun", Relations: packaging.Relations{Depends: []packaging.Relation{"bosun = 1.4.1+acme.1-1"}}},
		},
	}}}
}

const bosunUnit = `[Unit]
Description=The bosun
After=network-online.target captain.service
Before=deckhand.service
AssertPathExists=/etc/orders

[Service]
Type=notify
User=bosun
EnvironmentFile=-/etc/default/bosun
ExecStart=/usr/bin/bosun --loud $BOSUN_ARGS
ExecStartPost=/usr/bin/bosun muster
LimitNOFILE=65536
RuntimeDirectory=bosun

[Install]
WantedBy=multi-user.target
`

// TestOverlay shows an overlay and the init script of its daemon, whole.
func TestOverlay(t *testing.T) {
	o := ship()
	tree, _, err := o.Merge(nil)
	if err != nil {
		t.Fatal(err)
	}
	files, err := o.Forks[0].Unpacked()
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range files {
		tree["the distfile of files/"+name] = data
	}
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(tree)) {
		b.WriteString("== " + name + "\n" + string(tree[name]))
	}
	golden.Check(t, filepath.Join("testdata", "overlay.golden"), []byte(b.String()))
}

// TestCheck seeds defects, each of which has to be told of.
func TestCheck(t *testing.T) {
	const (
		source = "app-misc/ship/ship-1.4.1_p1.ebuild"
		binary = "app-misc/ship-bin/ship-bin-1.4.1_p1.ebuild"
		meta   = "app-misc/ship/metadata.xml"
	)
	for _, c := range []struct{ name, old, with, want string }{
		{source, "EAPI=8", "EAPI=9", "is not of EAPI 8"},
		{source, "# Copyright 2026", "# Made 2026", "has no copyright line"},
		{source, " systemd", "", "uses systemd, which it does not inherit"},
		{source, " tmpfiles", "", "uses tmpfiles, which it does not inherit"},
		{source, "inherit go-env", "inherit go-env desktop", "inherits desktop, which there is not"},
		{binary, "inherit shell-completion", "inherit go-module shell-completion", "inherits go-module and uses nothing of it"},
		{source, "Sails any sea", strings.Repeat("sea ", 25), "has a DESCRIPTION of 99 characters"},
		{source, "https://example.org\"", "example.org\"", "HOMEPAGE: example.org is no page"},
		{source, `LICENSE="MIT"`, `LICENSE="Expat"`, "LICENSE: there is no Expat"},
		{source, `SLOT="0"`, `SLOT=""`, "has no SLOT"},
		{source, "~arm64", "~aarch64", "KEYWORDS: there is no ~aarch64"},
		{source, "strip test", "strip check", "RESTRICT: there is no check"},
		{binary, "mirror strip", "mirror", "lets Portage strip it"},
		{source, "net-misc/whistle-1.0", "net-misc/whistle", "has an operator without a version"},
		{source, ">=net-misc/whistle", "net-misc/whistle", "a version without an operator"},
		{source, "net-misc/whistle", "whistle", "is no atom"},
		{source, "net-misc/whistle-1.0", "net-misc/whistle-1.0rc", `"1.0rc" is no version`},
		{source, "( app-misc/rum", "( ( app-misc/rum", "RDEPEND: its groups are not closed"},
		{source, "if use bosun", "if use boatswain", "there is no USE flag boatswain"},
		{source, "mate? ( bosun )", "maat? ( bosun )", "REQUIRED_USE: there is no USE flag maat"},
		{source, `IUSE="+bosun mate"`, `IUSE="+bosun mate purser"`, "metadata.xml does not describe the USE flag purser"},
		{source, `"${WORKDIR}"/files/bosun/etc/conf.d`, `${WORKDIR}/files/bosun/etc/conf.d`, "${WORKDIR} is not quoted"},
		{source, "\teapply_user\n", "", "src_prepare calls no eapply_user"},
		{source, "eapply -p1 -F0", "eapply -p1", "applies a patch with fuzz"},
		{source, "0001-crew.patch", "0002-crew.patch", "files has no ship-1.4.1_p1-0002-crew.patch"},
		{source, "src_compile() {\n", "src_compile() {\n    :\n", "is indented by spaces"},
		{source, "SLOT=\"0\"\n", "SLOT=\"0\" \n", "ends in white space"},
		{source, "src_install() {", "\n\nsrc_install() {", "has empty lines where none belong"},
		{source, "SLOT=\"0\"\nKEYWORDS=\"~amd64 ~arm64\"", "KEYWORDS=\"~amd64 ~arm64\"\nSLOT=\"0\"", "and not in Gentoo's"},
		{source, "${P}-deps.tar.xz", "${P}-mods.tar.xz", "has no sums of ship-1.4.1_p1-mods.tar.xz"},
		{meta, "<use>", "<flags>", "element <flags> closed by </use>"},
		{meta, "<name>Mate</name>", "<mail>Mate</mail>", "has <mail> where none belongs"},
		{meta, "mate\">", "maat\">", "metadata.xml does not describe the USE flag mate"},
		{meta, "</use>", "<flag name=\"cook\">Cooks</flag></use>", "describes the USE flag cook, which no ebuild has"},
		{"app-misc/ship/files/ship-1.4.1_p1-0001-crew.patch", "+Crew", strings.Repeat("+Crew\n", 4000), "more than 20480 belong in a distfile"},
		{"profiles/repo_name", "acme\n", "", "is empty"},
		{"app-misc/ship/Manifest", "EBUILD", "EBUILDS", "has no line, or another, for ship-1.4.1_p1.ebuild"},
		{"app-misc/ship/Manifest", "DIST ship-1.4.1.tar.xz", "DIST ship-1.4.0.tar.xz", "has no sums of ship-1.4.1.tar.xz"},
	} {
		o := ship()
		tree, _, err := o.Merge(nil)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(tree[c.name]), c.old) {
			t.Fatalf("%s has no %q", c.name, c.old)
		}
		tree[c.name] = []byte(strings.ReplaceAll(string(tree[c.name]), c.old, c.with))
		written, err := tree.record()
		if err != nil {
			t.Fatal(err)
		}
		if filepath.Base(c.name) != "Manifest" {
			written[c.name] = mark(tree[c.name])
			if tree[recordName], err = json.Marshal(written); err != nil {
				t.Fatal(err)
			}
			if err := o.manifests(tree, tree); err != nil {
				t.Fatal(err)
			}
		}
		if err := tree.Check(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s with %q for %q: Check() = %v, want %q", c.name, c.with, c.old, err, c.want)
		}
	}
}

func TestProjectValidate(t *testing.T) {
	testkit.Faults(t, "a project", Project{
		Category: "misc", Name: "a ship", Summary: `says "hi"`, Flags: map[string]string{"x": "-x"}, Accounts: map[string]int{"y": 0}, Rivals: []string{"boat"},
	}.Validate(), "category: ", "name: ", "summary: ", "flags.x: ", "accounts.y: ", "rivals[0]: ")
	testkit.Faults(t, "settings", Settings{Distfiles: "example.org", Repository: "a b"}.Validate(), "distfiles: ", "repository: ")
	if faults := (Settings{Distfiles: "https://example.org/x"}).Defaulted().Validate(); len(faults) > 0 {
		t.Error(faults)
	}
}

func TestLicenses(t *testing.T) {
	modules := map[string][]string{"example.com/a@v1.0.0": {"MIT", "BSD-3-Clause"}, "example.com/b@v1.0.0": {"Apache-2.0", "MIT"}}
	if got, err := Licenses(modules, []string{"Apache-2.0"}); err != nil || !slices.Equal(got, []string{"BSD", "MIT"}) {
		t.Errorf("Licenses() = %v, %v", got, err)
	}
	modules["example.com/c@v1.0.0"] = []string{"Beerware-9"}
	if _, err := Licenses(modules, nil); err == nil || err.Error() != "module example.com/c@v1.0.0 is under Beerware-9, and what Gentoo calls that is not known" {
		t.Errorf("Licenses() = %v", err)
	}
}
