package deb

import (
	"bytes"
	"net/mail"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/slipway-build/slipway/internal/testkit"
	"github.com/slipway-build/slipway/packaging"
)

// maintainers are as fork.yaml has them, and as a control file does.
var maintainers = []struct{ name, maintainer, want string }{
	{"Mate", "Mate <mate@example.org>", "Mate <mate@example.org>"},
	{"Jane M. Doe", "Jane M. Doe <j@example.org>", "Jane M. Doe <j@example.org>"},
	{"Doe, Jane", "Doe, Jane <j@example.org>", `"Doe, Jane" <j@example.org>`},
	{"Doe, Jane", `"Doe, Jane" <j@example.org>`, `"Doe, Jane" <j@example.org>`},
	{"Ship; Crew: All", "Ship; Crew: All <j@example.org>", `"Ship; Crew: All" <j@example.org>`},
	{"mate@example.org", "mate@example.org <mate@example.org>", `"mate@example.org" <mate@example.org>`},
	{`Jane "JD" Doe, Jr.`, `Jane "JD" Doe, Jr. <j@example.org>`, `"Jane \"JD\" Doe, Jr." <j@example.org>`},
	{`back\slash`, `back\slash <j@example.org>`, `"back\\slash" <j@example.org>`},
	{`half "quoted`, `half "quoted <j@example.org>`, `"half \"quoted" <j@example.org>`},
	{"[crew]", "[crew] <j@example.org>", `"[crew]" <j@example.org>`},
	{"half (quoted", "half (quoted <j@example.org>", `"half (quoted" <j@example.org>`},
	{"Jörg Käse", "Jörg Käse <j@example.org>", "Jörg Käse <j@example.org>"},
	{"山田, 太郎", "山田, 太郎 <j@example.org>", `"山田, 太郎" <j@example.org>`},
	{"O'Neil-Ray", "O'Neil-Ray <j@example.org>", "O'Neil-Ray <j@example.org>"},
	{"Acme Team", "Acme Team (packages) <j@example.org>", "Acme Team (packages) <j@example.org>"}, // a comment
}

// TestMailbox also has a reader of RFC 5322 find one person of that name.
func TestMailbox(t *testing.T) {
	for _, c := range maintainers {
		got := mailbox(c.maintainer)
		if got != c.want {
			t.Errorf("%s is written as %s, want %s", c.maintainer, got, c.want)
		}
		people, err := mail.ParseAddressList(got)
		if err != nil || len(people) != 1 || people[0].Name != c.name {
			t.Errorf("%s is read as %v (%v), want %s alone", got, people, err, c.name)
		}
	}
}

// TestChangelogIsRead has Debian's reader find the maintainer and each change.
func TestChangelogIsRead(t *testing.T) {
	testkit.Need(t, "dpkg-parsechangelog")
	changes := []string{
		"a call", "käse: 100% `more` $HOME \\ \"x\"", "-- Mate <mate@example.org>  Sun, 09 Sep 2001 01:46:40 +0000",
		"bosun (1.0-1) stable; urgency=low", "* a star", ".", "two\n\nlines", strings.Repeat("all hands ", 40) + "-- deck",
		"closes: #1", "[ Mate ]",
	}
	for i, c := range maintainers {
		p := packaging.Package{Name: "bosun", Distro: "1.5.0~rc.1+acme.2", Revision: 2, Changes: changes,
			Maintainer: c.maintainer, Date: time.Unix(1e9, 0)}
		for field, want := range map[string]string{
			"Maintainer": c.want, "Source": "bosun", "Version": "1.5.0~rc.1+acme.2-2", "Timestamp": "1000000000",
			"Changes": "bosun (1.5.0~rc.1+acme.2-2) stable; urgency=medium * " +
				strings.Join(strings.Fields(strings.Join(changes, " * ")), " "),
		} {
			if i > 0 && field != "Maintainer" {
				continue // it has been read
			}
			cmd := exec.Command("dpkg-parsechangelog", "-l", "-", "-S", field)
			cmd.Stdin = bytes.NewReader(changelog(p))
			out, err := cmd.CombinedOutput()
			got := strings.Join(strings.Fields(strings.ReplaceAll(string(out), "\n.\n", "\n")), " ")
			if err != nil || got != want {
				t.Errorf("%s is read as %q (%v), want %q, of\n%s", field, got, err, want, changelog(p))
			}
		}
	}
}

var fields = []struct{ value, want string }{
	{"", "F: \n"},
	{"one line", "F: one line\n"},
	{" blanks about it\t", "F: blanks about it\n"},
	{"colon: and # and $x", "F: colon: and # and $x\n"},
	{"one\ntwo", "F: one\n two\n"},
	{"one\n\ntwo\n\n", "F: one\n .\n two\n"},
	{"one\n \t \n\f\ntwo", "F: one\n .\n .\n two\n"},
	{"one\r\ntwo\r\n", "F: one\n two\n"},
	{"one\n  indented\n\ttoo", "F: one\n   indented\n \ttoo\n"},
	{"one\n.\n.so man\n...", "F: one\n  .\n  .so man\n  ...\n"},
	{"one\nDepends: evil", "F: one\n Depends: evil\n"},
	{"\ntwo", "F: \n two\n"},
	{"käse\n日本", "F: käse\n 日本\n"},
}

func TestField(t *testing.T) {
	for _, c := range fields {
		if got := field("F", c.value); got != c.want {
			t.Errorf("%q is written as\n%q, want\n%q", c.value, got, c.want)
		}
	}
}

// FuzzField has dpkg-deb read the field of a control file, and what comes after it.
func FuzzField(f *testing.F) {
	testkit.Need(f, "dpkg-deb")
	for _, c := range fields {
		f.Add(c.value)
	}
	f.Fuzz(func(t *testing.T, value string) {
		if strings.ContainsRune(value, 0) {
			t.Skip("no text")
		}
		control := "Package: bosun\nVersion: 1\nArchitecture: all\nMaintainer: M <m@example.org>\n" +
			field("Description", "calls\n"+value) + "Section: last\n"
		cmd := exec.Command("sh", "-ec", `
mkdir -p p/DEBIAN; cat >p/DEBIAN/control; dpkg-deb --build p p.deb >/dev/null; dpkg-deb -f p.deb Description
dpkg-deb -f p.deb Section; dpkg-deb -f p.deb | grep -c '^[A-Z][A-Za-z-]*:'`)
		cmd.Dir, cmd.Stdin = t.TempDir(), strings.NewReader(control)
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.HasPrefix(string(out), "calls\n") || !strings.HasSuffix(string(out), "\nlast\n6\n") {
			t.Errorf("dpkg-deb reads %q of\n%s(%v)", out, control, err)
		}
	})
}
