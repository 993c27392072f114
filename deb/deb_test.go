package deb

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slipway-build/slipway/internal/scripts"
	"github.com/slipway-build/slipway/packaging"
)

const unitDir = "/usr/lib/systemd/system/"

// install is a unit that can be enabled.
var install = []byte("[Service]\n[Install]\n")

// TestScripts holds what each maintainer script does for what a package has:
// lines of it, in their order. One that has nothing to do is empty.
func TestScripts(t *testing.T) {
	none := map[string][]string{}
	for _, c := range []struct {
		name string
		pkg  packaging.Package
		want map[string][]string
	}{
		{"nothing", packaging.Package{}, none},
		{"a program", packaging.Package{Files: []packaging.File{{Path: "/usr/bin/bosun"}}}, none},
		{"a unit that can be enabled",
			packaging.Package{Files: []packaging.File{{Path: unitDir + "b.service", Data: install}}},
			map[string][]string{
				"postinst": {
					"configure|abort-upgrade|abort-deconfigure|abort-remove)",
					"deb-systemd-helper unmask b.service >/dev/null || true",
					"if deb-systemd-helper --quiet was-enabled b.service; then",
					"systemctl --system daemon-reload >/dev/null || true",
				},
				"prerm": {"deb-systemd-invoke stop b.service >/dev/null || true"},
				"postrm": {
					"systemctl --system daemon-reload >/dev/null || true",
					"deb-systemd-helper purge b.service >/dev/null || true",
				},
			}},
		{"a template with a backslash",
			packaging.Package{Restart: []string{`a\x2db@.service`},
				Files: []packaging.File{{Path: unitDir + `a\x2db@.service`, Data: install}}},
			map[string][]string{
				"postinst": {
					`if deb-systemd-helper --quiet was-enabled 'a\x2db@.service'; then`,
					`deb-systemd-invoke try-restart 'a\\x2db@*.service' >/dev/null || true`,
				},
				"prerm":  {`deb-systemd-invoke stop 'a\\x2db@*.service' >/dev/null || true`},
				"postrm": {`deb-systemd-helper purge 'a\x2db@.service' >/dev/null || true`},
			}},
		{"a drop-in", packaging.Package{Files: []packaging.File{{Path: unitDir + "b.service.d/x.conf"}}}, map[string][]string{
			"postinst": {"systemctl --system daemon-reload >/dev/null || true"},
			"postrm":   {"systemctl --system daemon-reload >/dev/null || true"},
		}},
		{"a service to restart",
			packaging.Package{Restart: []string{"b.service"}, Files: []packaging.File{{Path: unitDir + "b.service"}}},
			map[string][]string{
				"postinst": {`if [ -n "$2" ]; then`, "deb-systemd-invoke try-restart b.service >/dev/null || true"},
				"prerm":    {"deb-systemd-invoke stop b.service >/dev/null || true"},
				"postrm":   {"systemctl --system daemon-reload >/dev/null || true"},
			}},
		{"users and folders",
			packaging.Package{Files: []packaging.File{
				{Path: "/usr/lib/sysusers.d/b.conf"}, {Path: "/usr/lib/tmpfiles.d/b.conf"},
			}},
			map[string][]string{"postinst": {
				`systemd-sysusers ${DPKG_ROOT:+--root="$DPKG_ROOT"} b.conf`,
				`systemd-tmpfiles ${DPKG_ROOT:+--root="$DPKG_ROOT"} --create b.conf || true`,
			}}},
		{"state", packaging.Package{State: []string{"/var/lib/b", "/var/lib/c++"}}, map[string][]string{
			"postrm": {`if [ "$1" = purge ]; then`, `purge /var/lib/b`, `purge /var/lib/c++`},
		}},
		{"state with a name that the shell would read", packaging.Package{State: []string{`/var/lib/$a "b" \c`}},
			map[string][]string{"postrm": {`purge '/var/lib/$a "b" \c'`}}},
		{"a file that is retired", packaging.Package{Retired: []string{"/etc/b"}}, map[string][]string{
			"preinst": {`dpkg-maintscript-helper rm_conffile /etc/b -- "$@"`},
			"postinst": {
				`dpkg-maintscript-helper rm_conffile /etc/b -- "$@"`,
				`if [ "$1" = configure ]; then`, "retire /etc/b /etc/b",
			},
			"prerm":  {`dpkg-maintscript-helper rm_conffile /etc/b -- "$@"`},
			"postrm": {`dpkg-maintscript-helper rm_conffile /etc/b -- "$@"`},
		}},
		{"a retired file with wildcards", packaging.Package{Retired: []string{`/etc/a*[b]?\`}}, map[string][]string{
			"preinst":  {`dpkg-maintscript-helper rm_conffile '/etc/a*[b]?\' -- "$@"`},
			"postinst": {`retire '/etc/a*[b]?\' '/etc/a\*\[b]\?\\'`},
			"prerm":    {`dpkg-maintscript-helper rm_conffile '/etc/a*[b]?\' -- "$@"`},
			"postrm":   {`dpkg-maintscript-helper rm_conffile '/etc/a*[b]?\' -- "$@"`},
		}},
		{"a retired file with a space", packaging.Package{Retired: []string{"/etc/a b"}}, map[string][]string{
			"preinst":  {`dpkg-maintscript-helper rm_conffile '/etc/a b' -- "$@"`},
			"postinst": {`retire '/etc/a b' '/etc/a b'`},
			"prerm":    {`dpkg-maintscript-helper rm_conffile '/etc/a b' -- "$@"`},
			"postrm":   {`dpkg-maintscript-helper rm_conffile '/etc/a b' -- "$@"`},
		}},
	} {
		for kind, text := range templates {
			got, err := scripts.Fill(c.pkg, kind, text)
			if err != nil {
				t.Fatal(err)
			}
			if (got == "") != (c.want[kind] == nil) || !inOrder(got, c.want[kind]) {
				t.Errorf("%s of %s is\n%s\nwant in it\n%s", kind, c.name, got, strings.Join(c.want[kind], "\n"))
			}
		}
	}
}

// inOrder reports whether lines are among those of text, in their order.
func inOrder(text string, lines []string) bool {
	all := strings.Split(text, "\n")
	for _, line := range lines {
		i := slices.IndexFunc(all, func(l string) bool { return strings.TrimSpace(l) == line })
		if i < 0 {
			return false
		}
		all = all[i+1:]
	}
	return true
}

func TestRelations(t *testing.T) {
	for r, want := range map[packaging.Relation]string{
		"rum":                           "rum",
		"rum = 1.2-3":                   "rum (= 1.2-3)",
		"rum >= 1.2":                    "rum (>= 1.2)",
		"rum <= 1.2":                    "rum (<= 1.2)",
		"rum < 1.2":                     "rum (<< 1.2)",
		"rum > 1.2":                     "rum (>> 1.2)",
		"iptables >= 1.4.21 | nftables": "iptables (>= 1.4.21) | nftables",
		"a < 1 | b > 2 | c":             "a (<< 1) | b (>> 2) | c",
	} {
		if got := relations([]packaging.Relation{r}); !slices.Equal(got, []string{want}) {
			t.Errorf("%s is written as %q, want %q", r, got, want)
		}
	}
	if got := relations(nil); got != nil {
		t.Errorf("no relation is written as %q", got)
	}
}

func TestCopyright(t *testing.T) {
	const head = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n" +
		"Source: https://example.org\n\nFiles: *\nCopyright: 2026 Mate\nLicense: "
	for _, c := range []struct{ license, text, want string }{
		{"MIT", "as you like\n\n  it \n", "MIT\n as you like\n .\n   it\n"},
		{"MIT", "", "MIT\n"},
		{"Apache-2.0", "a long text\n",
			"Apache-2.0\n On Debian systems, the text of this license is in\n /usr/share/common-licenses/Apache-2.0.\n"},
	} {
		p := packaging.Package{
			Homepage: "https://example.org", Copyright: "2026 Mate", License: c.license, LicenseText: []byte(c.text),
		}
		if got := string(copyright(p)); got != head+c.want {
			t.Errorf("copyright under %s is\n%s\nwant\n%s", c.license, got, head+c.want)
		}
	}
}

func TestChangelog(t *testing.T) {
	long := strings.Repeat("all hands ", 9)
	for _, c := range []struct {
		changes, closes []string
		urgency, want   string
	}{
		{nil, nil, "medium", "\n"},
		{[]string{"a call", "another"}, nil, "medium", "  * a call\n  * another\n\n"},
		{[]string{"a call (CVE-2025-13281)"}, []string{"CVE-2025-13281"}, "high", "  * a call (CVE-2025-13281)\n\n"},
		{[]string{long}, nil, "medium", "  * " + strings.Repeat("all hands ", 7) + "all\n    hands all hands\n\n"},
	} {
		p := packaging.Package{Name: "bosun", Distro: "1.5.0", Revision: 2, Changes: c.changes, Closes: c.closes,
			Maintainer: "Mate <mate@example.org>", Date: time.Unix(1e9, 0).In(time.FixedZone("", 3600))}
		want := "bosun (1.5.0-2) stable; urgency=" + c.urgency + "\n\n" + c.want +
			" -- Mate <mate@example.org>  Sun, 09 Sep 2001 01:46:40 +0000\n"
		if got := string(changelog(p)); got != want {
			t.Errorf("the changelog is\n%s\nwant\n%s", got, want)
		}
	}
}

func TestPapers(t *testing.T) {
	p := packaging.Package{Name: "bosun", Distro: "1.5.0", Revision: 1, Retired: []string{"/etc/b"},
		Overrides: []packaging.Override{{Tag: "no-whistle", Reason: "It is in another package."}}}
	files, err := papers(p)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range files {
		names = append(names, f.Path)
	}
	if want := []string{"/usr/share/doc/bosun/changelog.Debian.gz", "/usr/share/doc/bosun/copyright",
		"/usr/share/lintian/overrides/bosun"}; !slices.Equal(names, want) {
		t.Errorf("the files are %q, want %q", names, want)
	}
	want := "# It is not uploaded to Debian's archive.\nbosun: initial-upload-closes-no-bugs\n" +
		"# The lines are those that debhelper would write.\n" +
		"bosun: maintainer-script-should-not-use-dpkg-maintscript-helper\n" +
		"# It is in another package.\nbosun: no-whistle\n"
	if got := string(files[2].Data); got != want {
		t.Errorf("the overrides are\n%s\nwant\n%s", got, want)
	}
}
