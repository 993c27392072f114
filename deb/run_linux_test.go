package deb

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/internal/scripts"
	"github.com/slipway-build/slipway/internal/testkit"
	"github.com/slipway-build/slipway/packaging"
)

// script writes a maintainer script of bosun to a file that each shell can be given.
func script(t *testing.T, p packaging.Package, name string) string {
	t.Helper()
	p.Name, p.Distro, p.Revision = "bosun", "1.5.0", 1
	text, err := scripts.Fill(p, name, templates[name])
	if err != nil {
		t.Fatal(err)
	}
	at := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(at, []byte("set -e\n"+text+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	return at
}

// TestPurge purges the state folder var/lib/b of a system below a temporary folder, in
// which others have mounted something.
func TestPurge(t *testing.T) {
	if exec.Command("unshare", "--mount", "true").Run() != nil {
		t.Skip("unshare, which needs root, is not to be had")
	}
	const mounted = ": something is mounted there\n"
	for _, c := range []struct {
		name, setup string
		left, said  string // left are the files and links; $R is the system's root
	}{
		{"nothing mounted", "touch b/x b/.x; mkdir -p 'b/a b/*/.[c]'; ln -s ../kept b/link", "", ""},
		{"no folder", "rmdir b", "", ""},
		{"a volume of the same file system",
			"mkdir -p b/pods/1/v b/pods/2; touch b/pods/2/x; mount --bind kept b/pods/1/v",
			"b/pods/1/v/cargo", "$R/var/lib/b/pods/1/v" + mounted},
		{"a volume of another", "mkdir b/v; mount -t tmpfs none b/v; touch b/v/x b/y", "b/v/x", "$R/var/lib/b/v" + mounted},
		{"two of them, one in the other",
			"mkdir b/v; mount -t tmpfs none b/v; mkdir b/v/w; mount --bind kept b/v/w; touch b/v/x",
			"b/v/w/cargo b/v/x", "$R/var/lib/b/v" + mounted},
		{"the same point twice", "mkdir b/v; mount --bind kept b/v; mount --bind other b/v", "b/v/freight",
			"$R/var/lib/b/v" + mounted},
		{"on the folder itself", "mount --bind kept b", "b/cargo", "$R/var/lib/b" + mounted},
		{"above the folder", "mount --bind . .; cd .; mkdir b/v; touch b/v/x", "", ""},
		{"on a file", "touch b/x b/y; mount --bind kept/cargo b/x", "b/x", "$R/var/lib/b/x" + mounted},
		{"beside the folder, with a name that begins alike", "mkdir bc; mount --bind kept bc; touch b/x", "bc/cargo", ""},
		{"blanks, quotes and wildcards",
			`mkdir -p 'b/a  "b'\''/$x*?['; mount --bind kept 'b/a  "b'\''/$x*?['; touch 'b/a  y'`,
			`b/a__"b'/$x*?[/cargo`, `$R/var/lib/b/a  "b'/$x*?[` + mounted},
		{"backslashes", `mkdir -p 'b/v\x2dw\040\\'; mount --bind kept 'b/v\x2dw\040\\'; touch b/v`, `b/v\x2dw\040\\/cargo`,
			`$R/var/lib/b/v\x2dw\040\\` + mounted},
		{"tabs and ends of lines", "mkdir 'b/a\t\nb\n'; mount --bind kept 'b/a\t\nb\n'; touch 'b/a\t\nb'",
			"b/a__b_/cargo", "$R/var/lib/b/a\t\nb\n" + mounted},
		{"hidden names",
			"mkdir -p b/.a/..b b/...c; mount --bind kept b/.a/..b; mount --bind other b/...c; touch b/.x b/.a/..y",
			"b/...c/freight b/.a/..b/cargo", "$R/var/lib/b/.a/..b" + mounted + "bosun: left $R/var/lib/b/...c" + mounted},
		{"below a mount that hides it", "mkdir -p b/v/w; mount --bind kept b/v/w; mount --bind other b/v; touch b/x",
			"b/v/freight", "$R/var/lib/b/v" + mounted},
		{"a link in it to a volume", "mkdir v; mount --bind kept v; ln -s ../v b/link", "v/cargo", ""},
		{"a link instead of the folder", "rmdir b; ln -s kept b", "b", "$R/var/lib/b: it is a link\n"},
		{"a dangling link", "rmdir b; ln -s nothing b", "b", "$R/var/lib/b: it is a link\n"},
		{"a link above the folder", "mkdir b/w; mount --bind kept b/w; touch b/x; cd ..; mv lib l; ln -s l lib",
			"b/w/cargo", "$R/var/l/b/w" + mounted},
		{"a link above it that leads out of the root",
			"touch b/x; cd ..; mv lib $DPKG_ROOT.out; ln -s $DPKG_ROOT.out lib", "b/x",
			"$R/var/lib/b: it is outside of $R\n"},
		{"a list of mounts that cannot be read", "touch b/x; mount -t tmpfs none /proc", "b/x",
			"$R/var/lib/b: what is mounted there is not known without /proc\n"},
		{"one that is empty", "touch b/x; mount -t tmpfs none /proc; mkdir /proc/self; : >/proc/self/mountinfo", "b/x",
			"$R/var/lib/b: what is mounted there is not known without /proc\n"},
		{"a file that cannot be removed", "touch b/x; mount --bind . .; mount -o remount,bind,ro $PWD", "b/x",
			"$R/var/lib/b: it cannot be removed\n"},
	} {
		postrm := script(t, packaging.Package{State: []string{"/var/lib/b"}}, "postrm")
		for _, sh := range []string{"dash", "bash"} {
			t.Run(c.name+" "+sh, func(t *testing.T) {
				testkit.Need(t, sh)
				root, err := filepath.EvalSymlinks(t.TempDir())
				if err != nil {
					t.Fatal(err)
				}
				cmd := exec.Command("unshare", "--mount", "--propagation=private", "sh", "-ec", `
mkdir -p var/lib/b var/lib/kept var/lib/other; touch var/lib/kept/cargo var/lib/other/freight; cd var/lib
exec 3>"$DPKG_ROOT/said"; (`+c.setup+`); "$0" "$1" purge 2>&3
find . ! -type d -print0 | tr ' \t\n\0' '___\n' | sed 's/^..//' | sort`, sh, postrm)
				cmd.Dir, cmd.Env = root, append(os.Environ(), "DPKG_ROOT="+root, "LC_ALL=C")
				out, err := cmd.CombinedOutput()
				said, _ := os.ReadFile(filepath.Join(root, "said"))
				want := strings.Fields(c.left + " kept/cargo other/freight")
				slices.Sort(want)
				got := strings.TrimSpace(strings.ReplaceAll(string(out), "\n", " "))
				if err != nil || got != strings.Join(want, " ") {
					t.Errorf("left are %s (%v), want %s", got, err, strings.Join(want, " "))
				}
				told := strings.ReplaceAll(c.said, "$R", root)
				if told != "" {
					told = "bosun: left " + told
				}
				if heard := regexp.MustCompile(`(?m)^rm: .*\n`).ReplaceAllString(string(said), ""); heard != told {
					t.Errorf("it says\n%s\nwant\n%s", said, told)
				}
			})
		}
	}
}

// TestRetire has the postinst meet a file at a path that is retired, with the
// dpkg-query of this machine on a database that knows bosun and mate.
func TestRetire(t *testing.T) {
	testkit.Need(t, "dpkg-query")
	const unknown = "bosun: left $R$F: dpkg-query cannot tell who owns it\n"
	renamed := []string{".dpkg-bak"}
	for _, c := range []struct {
		name, file string
		owned      string   // a path that mate has
		setup      string   // run before the script, with the database in $DPKG_ADMINDIR
		left       []string // what is beside the file after it, by what its name has in addition
		said       string
	}{
		{"nobody's", "/etc/b", "", "", renamed, ""},
		{"nobody's, where others have names that begin alike", "/etc/b", "/etc/b.conf", "", renamed, ""},
		{"mate's", "/etc/b", "/etc/b", "", []string{""}, ""},
		{"blanks and quotes", `/etc/a  "b' $x`, "", "", renamed, ""},
		{"mate's, with blanks and quotes", `/etc/a  "b' $x`, `/etc/a  "b' $x`, "", []string{""}, ""},
		{"wildcards that would match mate's", `/etc/*[b]?`, "/etc/cb1", "", renamed, ""},
		{"mate's, with wildcards", `/etc/*[b]?\`, `/etc/*[b]?\`, "", []string{""}, ""},
		{"an earlier copy", "/etc/b", "", "touch etc/b.dpkg-bak", []string{".dpkg-bak", ".dpkg-bak.~1~"}, ""},
		{"a link, as one that masks a unit", "/etc/b", "", "ln -sf /dev/null etc/b", []string{""}, ""},
		{"a dangling link", "/etc/b", "", "ln -sf nothing etc/b", []string{""}, ""},
		{"no file", "/etc/b", "", "rm etc/b", nil, ""},
		{"no database", "/etc/b", "", `rm -r "$DPKG_ADMINDIR"`, []string{""}, unknown},
		{"a database without bosun", "/etc/b", "", `: >"$DPKG_ADMINDIR/status"`, []string{""}, unknown},
		{"a database that cannot be read", "/etc/b", "", `echo '!' >>"$DPKG_ADMINDIR/status"`, []string{""}, unknown},
		{"no dpkg-query", "/etc/b", "", "rm bin/dpkg-query", []string{""}, unknown},
		{"one that is killed", "/etc/b", "", `echo '[ "$1" = -W ] || kill -9 $$' >bin/dpkg-query`, []string{""}, unknown},
		{"one that is out of memory", "/etc/b", "", `echo '[ "$1" = -W ] || exit 2' >bin/dpkg-query`, []string{""}, unknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			root := t.TempDir()
			postinst := script(t, packaging.Package{Retired: []string{c.file}}, "postinst")
			cmd := exec.Command("sh", "-ec", `
info=$DPKG_ADMINDIR/info; mkdir -p etc bin "$info" "$DPKG_ADMINDIR/updates"; : >"$DPKG_ROOT$F"
for p in bosun mate; do
	printf 'Package: %s\nStatus: install ok installed\nMaintainer: M <m@example.org>\n' $p
	printf 'Architecture: all\nVersion: 1\nDescription: d\n\n'
	: >"$info/$p.list"
done >"$DPKG_ADMINDIR/status"
printf '/.\n%s\n' "${OWNED:-/etc}" >"$info/mate.list"
ln -s "$(command -v mv)" bin
printf '#!/bin/sh\nexec %s "$@"\n' "$(command -v dpkg-query)" >bin/dpkg-query; chmod +x bin/dpkg-query
echo "#!/bin/sh" >bin/dpkg-maintscript-helper; chmod +x bin/dpkg-maintscript-helper
`+c.setup+`
PATH=$PWD/bin exec /bin/sh "$0" configure 1`, postinst)
			cmd.Dir = root
			cmd.Env = append(os.Environ(), "DPKG_ROOT="+root, "F="+c.file, "OWNED="+c.owned, "DPKG_ADMINDIR="+root+"/db")
			out, err := cmd.CombinedOutput()
			said := strings.NewReplacer("$R", root, "$F", c.file).Replace(c.said)
			if err != nil || string(out) != said {
				t.Errorf("it says\n%s(%v), want\n%s", out, err, said)
			}
			var left []string
			entries, _ := os.ReadDir(filepath.Join(root, "etc"))
			for _, e := range entries {
				left = append(left, strings.TrimPrefix("/etc/"+e.Name(), c.file))
			}
			if !slices.Equal(left, c.left) {
				t.Errorf("left are %q, want %q", left, c.left)
			}
		})
	}
}
