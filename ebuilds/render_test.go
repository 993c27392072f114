package ebuilds

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/internal/golden"
	"github.com/slipway-build/slipway/internal/testkit"
	"github.com/slipway-build/slipway/packaging"
)

// TestRender compares whole ebuilds of forks that differ from ship. To add one, add
// a row and run the tests with -update.
func TestRender(t *testing.T) {
	for _, c := range []struct {
		golden string
		from   Overlay
		change func(*Fork)
		name   string
	}{
		{"plain", ship(), plain, source},
		{"gopath", ship(), func(f *Fork) {
			plain(f)
			f.Build.GOPATH = "example.org/ship"
			delete(f.Distfiles, "deps") // a tree from before modules has its own
		}, source},
		{"edits", ship(), func(f *Fork) {
			f.Edits = map[string][]byte{"go.mod": []byte("module ship\n")}
			f.Series[0].Git = true
			f.Distfiles["patches"] = dist("ship-1.4.1_p1-patches.tar.xz")
		}, source},
		{"many_names", captain(), func(*Fork) {}, source},
		{"many_names_bin", captain(), func(*Fork) {}, binary},
		{"links", captain(), func(f *Fork) {
			f.PIE = true
			f.Packages[1].Platform = linux
			f.Packages[1].Files = []packaging.File{{Path: "/usr/bin/mate", Kind: packaging.Link, Target: "captain"}}
			f.Build.Components = append(f.Build.Components, Component{Name: "mate", Main: "./cmd/mate", Part: "captain"})
		}, source},
		{"many_names_meta", captain(), func(*Fork) {}, meta},
	} {
		c.change(&c.from.Forks[0])
		tree, _ := merge(t, c.from, nil)
		golden.Check(t, filepath.Join("testdata", c.golden+".ebuild"), tree[c.name])
	}
}

// linked has bosun linked with a library.
func linked(f *Fork) {
	p := &f.Packages[0]
	p.Libraries = []packaging.Relation{"sys-libs/libseccomp"}
	p.Relations.Depends = append(p.Relations.Depends, p.Libraries...)
}

// plain leaves of a fork one program that is always installed.
func plain(f *Fork) {
	f.Project.Flags, f.Project.Rivals = nil, nil
	f.Packages = []packaging.Package{{Name: "bosun", Platform: linux, Files: []packaging.File{program("/usr/bin/bosun")}}}
	f.Series, f.Touched, f.Linked = nil, nil, nil
}

// TestRenderLines has single lines of ebuilds. To add a case, add a row: what is
// different from ship, the ebuild, and a part that it has then.
func TestRenderLines(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*Fork)
		ebuild string
		want   string
	}{
		{"the year of the copyright", func(f *Fork) { f.Year = 2031 }, source, "# Copyright 2031 Slipway authors\n"},
		{"also of accounts", func(f *Fork) { f.Year = 2031 }, user, "# Copyright 2031 Slipway authors\n"},
		{"the id of a user", func(f *Fork) { f.Project.Accounts["bosun"] = 77 }, user, "\nACCT_USER_ID=77\n"},
		{"the id of a group", func(f *Fork) { f.Project.Accounts["bosun"] = 77 }, groupEbuild, "\nACCT_GROUP_ID=77\n"},
		{"several licenses", func(f *Fork) { f.License = []string{"MIT", "ZLIB"} }, source, "\nLICENSE=\"MIT ZLIB\"\n"},
		{"nothing is linked", func(f *Fork) { f.Linked = nil }, source, "\nLICENSE=\"MIT\"\nSLOT="},
		{"one architecture", func(f *Fork) { f.Arches = []string{"riscv"} }, source, "\nKEYWORDS=\"~riscv\"\n"},
		{"one architecture, precompiled", func(f *Fork) {
			f.Arches = []string{"riscv"}
			f.Distfiles["riscv"] = dist("ship-1.4.1_p1-riscv.tar.xz")
		}, binary, "\n\triscv? ( https://example.org/distfiles/ship-1.4.1_p1-riscv.tar.xz )\n\"\n"},
		{"keywords of a precompiled one", func(f *Fork) { f.Arches = f.Arches[:1] }, binary, "\nKEYWORDS=\"-* ~amd64\"\n"},
		{"flags are sorted without their +", func(f *Fork) { f.Project.Flags["bosun"] = "+zeal" }, source,
			"\nIUSE=\"mate +zeal\"\n"},
		{"another Go", func(f *Fork) { f.Build.Go = "1.27.1" }, source, "\nBDEPEND=\">=dev-lang/go-1.27.1\"\n"},
		{"a library that is linked", linked, source,
			"\n\tbosun? ( acct-group/bosun acct-user/bosun )\n\tbosun? ( sys-libs/libseccomp )\n\"\n"},
		{"is found by pkg-config", linked, source, "\nBDEPEND=\"\n\t>=dev-lang/go-1.26.0\n\tvirtual/pkgconfig\n\"\n"},
		{"and is not needed to install", linked, binary, "\nDEPEND=\"bosun? ( acct-group/bosun acct-user/bosun )\"\n"},
		{"rivals block", func(f *Fork) { f.Project.Rivals = []string{"a-b/c"} }, binary, "\n\t!a-b/c\n\t!app-misc/ship\n"},
		{"the upstream's own tarball", func(f *Fork) { f.Distfiles["source"] = dist("v1.4.1.tar.xz") }, source,
			"\n\thttps://example.org/distfiles/v1.4.1.tar.xz\n"},
		{"and its folder", func(f *Fork) { f.Distfiles["source"] = dist("v1.4.1.tar.xz") }, source,
			"\nHOMEPAGE=\"https://example.org\"\nSRC_URI=\""},
		{"a file of another revision", func(f *Fork) { f.atVersion(f.Version, 2) },
			"app-misc/ship/ship-1.4.1_p1-r2.ebuild", "\n\thttps://example.org/distfiles/${PF}-files.tar.xz\n"},
		{"a folder of distfiles with a slash", func(f *Fork) { f.BaseURL += "/" }, binary,
			"\n\thttps://example.org/distfiles/ship-1.4.1_p1-files.tar.xz\n"},
		{"a patch without folders to strip", func(f *Fork) { f.Series[0].Strip = 0 }, source,
			"\n\teapply -p0 -F0 -- \"${FILESDIR}/${P}-0001-crew.patch\"\n"},
		{"a patch for git", func(f *Fork) { f.Series[0].Git = true }, source,
			"\n\tGIT_CEILING_DIRECTORIES=\"${WORKDIR}\" git apply -p1 --whitespace=nowarn -- " +
				"\"${FILESDIR}/${P}-0001-crew.patch\" || die\n"},
		{"which needs git", func(f *Fork) { f.Series[0].Git = true }, source, "\n\tdev-vcs/git\n"},
		{"a precompiled one may be stripped by nobody", func(*Fork) {}, binary, "\nRESTRICT=\"mirror strip\"\n"},
		{"a metapackage has its own description", func(f *Fork) { f.Project.Summary = "Sails" }, meta,
			"\nDESCRIPTION=\"Metapackage: Sails\"\n"},
		{"a metapackage takes what is recommended", func(f *Fork) {
			f.Packages[1].Relations.Recommends = []packaging.Relation{"app-misc/pipe"}
		}, meta, "[bosun,mate] app-misc/ship-bin[bosun,mate] ) app-misc/pipe )\"\n"},
		{"and the others do not", func(f *Fork) {
			f.Packages[1].Relations.Recommends = []packaging.Relation{"app-misc/pipe"}
		}, source, ">=net-misc/whistle-1.0 )\n\t!app-misc/boat\n"},
		{"what is only recommended is told", func(*Fork) {}, source,
			"\n\t\toptfeature \"bosun\" app-misc/rum app-misc/grog\n"},
		{"and what it is for", func(f *Fork) {
			f.Project.Features = []Feature{{Package: "bosun", For: "a \"happy\" crew", Any: []string{"app-misc/rum"}}}
		}, binary, "\n\t\toptfeature \"a \\\"happy\\\" crew\" app-misc/rum\n\tfi\n"},
		{"also what is not recommended", func(f *Fork) {
			f.Project.Features = []Feature{{Package: "bosun", For: "shanties", Any: []string{"media-sound/flute"}}}
		}, source, "\t\toptfeature \"shanties\" media-sound/flute\n\t\toptfeature \"bosun\" app-misc/rum app-misc/grog\n"},
		{"notes at the first install", func(f *Fork) {
			f.Project.Notes = map[string][]string{"bosun": {"Ahoy.", "Costs $1."}}
		}, source, "\t\tif [[ -z ${REPLACING_VERSIONS} ]]; then\n\t\t\telog \"Ahoy.\"\n\t\t\telog \"Costs \\$1.\"\n\t\tfi\n"},
		{"another holder", func(f *Fork) { f.Copyright = "Acme's fleet" }, source,
			"# Copyright 2026 Acme's fleet\n# Distributed under the terms of the GNU General Public License v2\n\nEAPI=8\n"},
		{"another notice, also of accounts", func(f *Fork) { f.Notice = "SPDX-License-Identifier: MIT" }, user,
			"# Copyright 2026 Slipway authors\n# SPDX-License-Identifier: MIT\n\nEAPI=8\n"},
		{"and of metapackages", func(f *Fork) { f.Notice = "SPDX-License-Identifier: MIT" }, meta,
			"# SPDX-License-Identifier: MIT\n\nEAPI=8\n\nDESCRIPTION"},
		{"a USE flag for PIE", func(f *Fork) { f.PIE = true }, source, "\nIUSE=\"+bosun mate +pie\"\n"},
		{"which what is compiled has not", func(f *Fork) { f.PIE = true }, binary, "\nIUSE=\"+bosun mate\"\n"},
		{"a USE flag with needs", crewFlag, source,
			"\nRDEPEND=\"\n\t${DEPEND}\n\tbosun? ( >=net-misc/whistle-1.0 deck? ( sec-policy/deck ) )\n"},
		{"also precompiled", crewFlag, binary, "\n\tbosun? ( >=net-misc/whistle-1.0 deck? ( sec-policy/deck ) )\n"},
		{"is declared", crewFlag, source, "\nIUSE=\"+bosun deck mate\"\n"},
		{"and has a build tag", func(f *Fork) { crewFlag(f); f.Build.Flags = []string{"-tags=crew"} }, source,
			" -tags=\"$(usev deck crew)\" )\n"},
		{"programs with symbols", func(f *Fork) { f.Build.Flags = []string{"-ldflags=-X a=-s"} }, source,
			"\nBDEPEND=\">=dev-lang/go-1.26.0\"\n\nsrc_unpack"},
		{"before modules there is nothing that says so of CFLAGS", func(f *Fork) {
			f.Build.GOPATH = "example.org/ship"
			delete(f.Distfiles, "deps")
		}, source, "\nQA_FLAGS_IGNORED=\".*\"\n"},
		{"patches of one kind are applied together", func(f *Fork) {
			f.Series = append(f.Series, Patch{"2.patch", 1, []byte(crewPatch), false},
				Patch{"3.patch", 0, []byte(crewPatch), false})
		}, source, "\teapply -p1 -F0 -- \"${FILESDIR}/${P}-0001-crew.patch\" \\\n\t\t\"${FILESDIR}/${P}-2.patch\"\n" +
			"\teapply -p0 -F0 -- \"${FILESDIR}/${P}-3.patch\"\n"},
	} {
		o := ship()
		c.change(&o.Forks[0])
		tree, _ := merge(t, o, nil)
		if !strings.Contains(string(tree[c.ebuild]), c.want) {
			t.Errorf("%s: %s has no %q:\n%s", c.name, c.ebuild, c.want, tree[c.ebuild])
		}
	}
}

// crewFlag gives a fork a USE flag with a build tag.
func crewFlag(f *Fork) {
	f.Project.Use = []Use{{Flag: "deck", Tag: "crew", Summary: "Crew on deck", Package: "bosun",
		Needs: []string{"sec-policy/deck"}}}
}

// quoted are words with what bash makes of them unquoted.
var quoted = []struct{ word, want string }{
	{"-trimpath", "-trimpath"},
	{"-tags=a", "-tags=a"},
	{"./cmd/bosun", "./cmd/bosun"},
	{"a@v1.0+b:c%d_e", "a@v1.0+b:c%d_e"},
	{"-tags=a,b", "'-tags=a,b'"},
	{"two words", "'two words'"},
	{"a\ttab", "'a\ttab'"},
	{"it's", `'it'\''s'`},
	{"'", `''\'''`},
	{"$HOME", "'$HOME'"},
	{"`id`", "'`id`'"},
	{`back\slash`, `'back\slash'`},
	{`say "ahoy"`, `'say "ahoy"'`},
	{"*", "'*'"},
	{"a?", "'a?'"},
	{"[a]", "'[a]'"},
	{"{a,b}", "'{a,b}'"},
	{"a;b|c&d", "'a;b|c&d'"},
	{"<a>", "'<a>'"},
	{"(a)", "'(a)'"},
	{"#a", "'#a'"},
	{"!a", "'!a'"},
	{"~", "'~'"},
	{"a,b", "'a,b'"},
	{"a^b", "'a^b'"},
	{"a\nb", "'a\nb'"},
	{"", "''"},
}

func TestQuote(t *testing.T) {
	for _, c := range quoted {
		if got := quote(c.word); got != c.want {
			t.Errorf("quote(%s) = %s, want %s", c.word, got, c.want)
		}
	}
}

// TestBashReadsQuotes has bash read what quote writes.
func TestBashReadsQuotes(t *testing.T) {
	testkit.Need(t, "bash")
	var script, want strings.Builder
	script.WriteString("printf '%s\\n'")
	for _, c := range quoted {
		script.WriteString(" " + quote(c.word))
		want.WriteString(c.word + "\n")
	}
	got, err := exec.Command("bash", "-c", script.String()).CombinedOutput()
	if err != nil || string(got) != want.String() {
		t.Errorf("bash reads %s, %v, want %s", got, err, want.String())
	}
}

// TestBashReadsEbuilds has bash parse every ebuild and init script.
func TestBashReadsEbuilds(t *testing.T) {
	testkit.Need(t, "bash")
	for _, o := range []Overlay{ship(), captain()} {
		tree, _ := merge(t, o, nil)
		files, err := o.Forks[0].Unpacked()
		if err != nil {
			t.Fatal(err)
		}
		tree["init"] = files["files/bosun/etc/init.d/bosun"]
		for _, name := range append(tree.Ebuilds(), "init") {
			cmd := exec.Command("bash", "-n")
			cmd.Stdin = strings.NewReader(string(tree[name]))
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%s: %v\n%s", name, err, out)
			}
		}
	}
}
