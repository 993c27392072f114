package ebuilds

import (
	"fmt"
	"path"
	"strings"
	"testing"
)

// A defect is a change to a file of ship's overlay that breaks one rule. To add
// one, add a row: the file, a text in it, what takes its place, and all that Check
// says of it, a line for each message.
type defect struct{ name, old, with, want string }

func TestCheckEbuilds(t *testing.T) {
	for _, d := range []defect{
		{source, "# Copyright 2026", "# Made 2026", "does not begin with a copyright line"},
		{source, "EAPI=8", "EAPI=9", "is not of EAPI 8"},
		{source, "\nEAPI=8", "\n EAPI=8", "line 4 is indented with spaces: want tabs\nis not of EAPI 8"},
		{source, "SLOT=\"0\"\n", "SLOT=\"0\" \n", "line 22 ends in white space\nhas no SLOT"},
		{source, "src_compile() {\n", "src_compile() {\n    :\n", "line 56 is indented with spaces: want tabs"},
		{source, "src_install() {", "\nsrc_install() {", "has an extra empty line"},
		{source, "app-misc/grog\n\tfi\n}\n", "app-misc/grog\n\tfi\n}", "does not end with a newline"},
		{source, "SLOT=\"0\"\nKEYWORDS=\"~amd64 ~arm64\"", "KEYWORDS=\"~amd64 ~arm64\"\nSLOT=\"0\"",
			"has its variables in the order DESCRIPTION HOMEPAGE SRC_URI S LICENSE KEYWORDS SLOT IUSE REQUIRED_USE RESTRICT " +
				"DEPEND RDEPEND BDEPEND: want DESCRIPTION HOMEPAGE SRC_URI S LICENSE SLOT KEYWORDS IUSE REQUIRED_USE RESTRICT " +
				"DEPEND RDEPEND BDEPEND"},
		{binary, `RESTRICT="mirror strip"`, `RESTRICT="mirror"`,
			"lets Portage strip precompiled programs: RESTRICT has no strip"},
		{source, "src_install() {\n", "src_install() {\n\tdoins 'bosun'\\''s' $D 'x'\n", "${D} is not quoted"},
	} {
		d.check(t)
	}
}

func TestCheckVariables(t *testing.T) {
	for _, d := range []defect{
		{source, "DESCRIPTION=\"Sails any sea\"\n", "", "has no DESCRIPTION"},
		{source, "HOMEPAGE=\"https://example.org\"\n", "", "has no HOMEPAGE"},
		{source, `SLOT="0"`, `SLOT=""`, "has no SLOT"},
		{meta, `LICENSE="metapackage"`, `LICENSE=""`, "has no LICENSE"},
		{binary, `KEYWORDS="-* ~amd64 ~arm64"`, `KEYWORDS=""`, "has no KEYWORDS"},
		{user, `DESCRIPTION="User of bosun"`, `DESCRIPTION=""`, "has no DESCRIPTION"},
		{source, "Sails any sea", strings.Repeat("sea ", 25), "DESCRIPTION has 99 characters: want at most 80"},
		{source, "https://example.org\"", "example.org\"", "HOMEPAGE: example.org is not the URL of a page"},
		{source, `LICENSE="MIT"`, `LICENSE="Expat"`, "LICENSE: unknown word Expat"},
		{source, "BSD ISC", "BSD Expat", "LICENSE: unknown word Expat"},
		{source, "~arm64", "~aarch64", "KEYWORDS: unknown architecture ~aarch64"},
		{source, "strip test", "strip check", "RESTRICT: unknown word check"},
	} {
		d.check(t)
	}
}

func TestCheckInherit(t *testing.T) {
	for _, d := range []defect{
		{source, " systemd ", " ", "uses systemd without inheriting it"},
		{source, " tmpfiles\n", "\n", "uses tmpfiles without inheriting it"},
		{source, " shell-completion ", " ", "uses shell-completion without inheriting it"},
		{source, " go-module ", " ", "uses go-module without inheriting it"},
		{source, "inherit go-env ", "inherit ", "uses go-env without inheriting it"},
		{source, "inherit go-env", "inherit go-env desktop", "inherits the unknown eclass desktop"},
		{binary, "inherit optfeature ", "inherit ", "uses optfeature without inheriting it"},
		{binary, "inherit optfeature", "inherit go-module optfeature", "inherits go-module without using it"},
		{user, "inherit acct-user", "inherit acct-group",
			"inherits acct-group without using it\nuses acct-user without inheriting it"},
		{groupEbuild, "ACCT_GROUP_ID=491", "ACCT_ID=491", "inherits acct-group without using it"},
	} {
		d.check(t)
	}
}

func TestCheckDependencies(t *testing.T) {
	for _, d := range []defect{
		{source, "net-misc/whistle-1.0", "net-misc/whistle", "RDEPEND: >=net-misc/whistle has an operator without a version"},
		{source, ">=net-misc/whistle", "net-misc/whistle",
			"RDEPEND: net-misc/whistle-1.0 has a version without an operator"},
		{source, ">=net-misc/whistle-1.0", "whistle", "RDEPEND: whistle is not an atom"},
		{source, ">=dev-lang/go-1.26.0", ">>dev-lang/go-1.26.0", "BDEPEND: >>dev-lang/go-1.26.0 is not an atom"},
		{source, "acct-user/bosun", "user:bosun", "DEPEND: user:bosun is not an atom"},
		{source, "net-misc/whistle-1.0", "net-misc/whistle-1.0rc",
			`RDEPEND: >=net-misc/whistle-1.0rc: "1.0rc" is not the version of an ebuild`},
		{source, "( >=net-misc", "( ( >=net-misc", "RDEPEND: a parenthesis has no counterpart"},
		{source, "whistle-1.0 )", "whistle-1.0", "RDEPEND: a parenthesis has no counterpart"},
		{source, "whistle-1.0 )", "whistle-1.0 ) ) (", "RDEPEND: a parenthesis has no counterpart"},
		{source, "mate? ( bosun )", "mate? ( bosun", "REQUIRED_USE: a parenthesis has no counterpart"},
		{binary, "-amd64.tar.xz )", "-amd64.tar.xz", "SRC_URI: a parenthesis has no counterpart"},
	} {
		d.check(t)
	}
}

func TestCheckFlags(t *testing.T) {
	const metadata = "app-misc/ship/metadata.xml"
	for _, d := range []defect{
		{source, "mate? ( bosun )", "maat? ( bosun )", "REQUIRED_USE: the USE flag maat is not in IUSE"},
		{source, "mate? ( bosun )", "!maat? ( bosun )", "REQUIRED_USE: the USE flag maat is not in IUSE"},
		{source, "bosun? ( acct-", "boatswain? ( acct-", "DEPEND: the USE flag boatswain is not in IUSE"},
		{source, "bosun? ( acct-", "amd64? ( acct-", "DEPEND: the USE flag amd64 is not in IUSE"},
		{source, "bosun? ( >=", "boatswain? ( >=", "RDEPEND: the USE flag boatswain is not in IUSE"},
		{source, "\tif use bosun; then\n\t\ttmpfiles_", "\tif use boatswain; then\n\t\ttmpfiles_",
			"tests the USE flag boatswain, which is not in IUSE"},
		{source, "local flags=(", "local flags=( $(usex deck a b)", "tests the USE flag deck, which is not in IUSE"},
		{source, "local flags=(", "local flags=( \"$(usev deck a)\"", "tests the USE flag deck, which is not in IUSE"},
		{binary, "amd64? (", "pdp11? (", "SRC_URI: the USE flag pdp11 is not in IUSE"},
		{source, `IUSE="+bosun mate"`, `IUSE="+bosun mate purser"`, "metadata.xml does not describe the USE flag purser"},
		{metadata, "<flag name=\"mate\">Install mate: helps the bosun</flag>", "",
			source + ": metadata.xml does not describe the USE flag mate"},
		{metadata, "</use>", "<flag name=\"cook\">Cooks</flag></use>", "describes the USE flag cook, which no ebuild has"},
	} {
		d.check(t)
	}
}

func TestCheckPatches(t *testing.T) {
	for _, d := range []defect{
		{source, "\teapply_user\n", "", "src_prepare does not call eapply_user"},
		{source, "eapply -p1 -F0", "eapply -p1",
			`applies a patch with fuzz: eapply -p1 -- "${FILESDIR}/${P}-0001-crew.patch"`},
		{source, "0001-crew.patch", "0002-crew.patch", "applies files/ship-1.4.1_p1-0002-crew.patch, which is missing"},
		{source, `"${FILESDIR}/${P}-0001-crew.patch"`, `${FILESDIR}/0001-crew.patch`, "${FILESDIR} is not quoted"},
		{source, `"${WORKDIR}"/files/series`, `${WORKDIR}/files/series`, "${WORKDIR} is not quoted"},
		{source, `"${WORKDIR}"/files/series`, `$WORKDIR/files/series`, "${WORKDIR} is not quoted"},
	} {
		d.check(t)
	}
}

func TestCheckOtherFiles(t *testing.T) {
	const (
		metadata = "app-misc/ship/metadata.xml"
		patch    = "app-misc/ship/files/ship-1.4.1_p1-0001-crew.patch"
		manifest = "app-misc/ship/Manifest"
	)
	for _, d := range []defect{
		{metadata, "<use>", "<flags>", "has <flags> in the wrong place\nhas <flag> in the wrong place\n" +
			"has <flag> in the wrong place\nXML syntax error on line 14: element <flags> closed by </use>"},
		{metadata, "<name>Mate</name>", "<mail>Mate</mail>", "has <mail> in the wrong place"},
		{"app-misc/metadata.xml", "longdescription", "description", "has <description> in the wrong place"},
		{patch, "+Crew", strings.Repeat("+Crew\n", 4000),
			"has 24047 bytes: a file of more than 20480 belongs in a distfile"},
		{"profiles/repo_name", "acme\n", "", "is empty"},
		{manifest, "EBUILD ship", "EBUILDS ship", "has no line for ship-1.4.1_p1.ebuild, or a wrong one"},
		{manifest, "ship-1.4.1_p1-0001-crew.patch 52", "ship-1.4.1_p1-0001-crew.patch 53",
			"has no line for ship-1.4.1_p1-0001-crew.patch, or a wrong one"},
		{manifest, "DIST ship-1.4.1.tar.xz", "DIST ship-1.4.0.tar.xz",
			"has no line for ship-1.4.1.tar.xz, which ship-1.4.1_p1.ebuild fetches"},
		{manifest, "DIST ship-1.4.1.tar.xz 1 BLAKE2B", "DIST", `"DIST ` + strings.Repeat("b", 128) + " SHA512 " +
			strings.Repeat("5", 128) + `" is not a Manifest line` +
			"\nhas no line for ship-1.4.1.tar.xz, which ship-1.4.1_p1.ebuild fetches"},
		{source, "${P}-deps.tar.xz", "${P}-mods.tar.xz",
			manifest + ": has no line for ship-1.4.1_p1-mods.tar.xz, which ship-1.4.1_p1.ebuild fetches"},
	} {
		d.check(t)
	}
}

// check merges ship, makes the change as if Merge had written it, and compares
// what Check says.
func (d defect) check(t *testing.T) {
	t.Helper()
	o := ship()
	tree, _ := merge(t, o, nil)
	tree.replace(t, d.name, d.old, d.with)
	if path.Base(d.name) != "Manifest" {
		tree.accept(t, o, d.name)
	}
	var want []string
	for line := range strings.SplitSeq(d.want, "\n") {
		if !strings.HasPrefix(line, "app-misc/") {
			line = d.name + ": " + line
		}
		want = append(want, line)
	}
	if got := errorText(tree.Check()); got != strings.Join(want, "\n") {
		t.Errorf("%s with %.60q for %.60q: Check() =\n%s\nwant\n%s", d.name, d.with, d.old, got, strings.Join(want, "\n"))
	}
}

func TestCheckNames(t *testing.T) {
	for name, want := range map[string]string{
		"app-misc/ship/ship-1.4.1_p1.ebuild":     "",
		"app-misc/ship/ship-1.4.1_p1-r3.ebuild":  "",
		"app-misc/ship/ship-1.4.1+acme.1.ebuild": "has the wrong name: want ship-VERSION.ebuild",
		"app-misc/ship/boat-1.4.1.ebuild":        "has the wrong name: want ship-VERSION.ebuild",
		"app-misc/ship/ship.ebuild":              "has the wrong name: want ship-VERSION.ebuild",
	} {
		var got string
		ebuild{name: name}.checkName(func(format string, args ...any) { got += fmt.Sprintf(format, args...) })
		if got != want {
			t.Errorf("%s %q, want %q", name, got, want)
		}
	}
}

// TestCheckAtoms has each form of an atom that the specification has, and some
// that it does not have.
func TestCheckAtoms(t *testing.T) {
	for _, c := range []struct{ value, want string }{
		{"app-misc/rum", ""},
		{"!app-misc/rum !!app-misc/rum", ""},
		{">=app-misc/rum-1.0 <=app-misc/rum-2 >app-misc/rum-1 <app-misc/rum-2", ""},
		{"=app-misc/rum-1.0_rc1-r2 ~app-misc/rum-1.0", ""},
		{"app-misc/rum:0 app-misc/rum:0= app-misc/rum[dark,-sweet,spiced?]", ""},
		{"|| ( app-misc/rum app-misc/grog )", ""},
		{"dark? ( app-misc/rum ) ${DEPEND}", ""},
		{"app-misc/rum-punch", ""},
		{"rum", "X: rum is not an atom"},
		{"App-misc/rum", "X: App-misc/rum is not an atom"},
		{"app-misc/rum[]", "X: app-misc/rum[] is not an atom"},
		{"=app-misc/rum", "X: =app-misc/rum has an operator without a version"},
		{"app-misc/rum-1", "X: app-misc/rum-1 has a version without an operator"},
		{") app-misc/rum (", "X: a parenthesis has no counterpart"},
	} {
		var got string
		checkAtoms("X", c.value, func(format string, args ...any) { got += fmt.Sprintf(format, args...) })
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.value, got, c.want)
		}
	}
}

// TestCheckSkips shows that Check is about what Merge wrote.
func TestCheckSkips(t *testing.T) {
	o := ship()
	tree, _ := merge(t, o, nil)
	tree["app-misc/raft/raft-1.ebuild"] = []byte("EAPI=7 \n")
	tree.replace(t, source, "EAPI=8", "EAPI=9")
	if err := o.manifests(tree, tree); err != nil {
		t.Fatal(err)
	}
	if err := tree.Check(); err != nil {
		t.Errorf("Check() of files that were changed by hand = %v", err)
	}
	tree[recordName] = []byte("{")
	if got := errorText(tree.Check()); got != "metadata/slipway.json: unexpected end of JSON input" {
		t.Errorf("Check() with a broken record = %q", got)
	}
}
