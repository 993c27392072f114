package rpm

import (
	"cmp"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slipway-build/slipway/internal/testkit"
	"github.com/slipway-build/slipway/packaging"
)

// write writes a package to a folder.
func write(t *testing.T, dir string, p packaging.Package) {
	t.Helper()
	p.Distro, p.Revision = cmp.Or(p.Distro, "1.5.0~rc.1+acme.2"), 1
	p.Summary, p.Description, p.License = "calls the crew", "All hands.", "MIT"
	p.Maintainer, p.Date, p.Compression = "Mate <mate@example.org>", time.Unix(1e9, 0), "gzip:9"
	f, err := os.Create(filepath.Join(dir, p.Name+".rpm"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := Write(p, f, ""); err != nil {
		t.Fatal(err)
	}
}

// TestRetire has the scriptlet meet a file at a path that is retired, with the rpm of
// this machine on a database that knows bosun and mate.
func TestRetire(t *testing.T) {
	testkit.Need(t, "rpm")
	const unknown = "bosun: left $F: rpm cannot tell who owns it\n"
	renamed := []string{".rpmsave"}
	for _, c := range []struct {
		name, file string // the file is in the folder etc
		owned      bool   // by mate
		setup      string // run before the script
		left       []string
		said       string
	}{
		{"nobody's", "b", false, "", renamed, ""},
		{"mate's", "b", true, "", []string{""}, ""},
		{"blanks and quotes", `a  "b' $x`, false, "", renamed, ""},
		{"mate's, with blanks and quotes", `a  "b' $x`, true, "", []string{""}, ""},
		{"wildcards", `*[b]?\`, false, "", renamed, ""},
		{"mate's, with wildcards", `*[b]?\`, true, "", []string{""}, ""},
		{"percent signs", "%{nil}%%", false, "", renamed, ""},
		{"an earlier copy", "b", false, "touch etc/b.rpmsave", []string{".rpmsave", ".rpmsave.~1~"}, ""},
		{"a link, as one that masks a unit", "b", false, "ln -sf /dev/null etc/b", []string{""}, ""},
		{"no file", "b", false, "rm etc/b", nil, ""},
		{"no database", "b", true, "rm -r db", []string{""}, unknown},
		{"a database without bosun", "b", true, "rpm --dbpath $PWD/db -e --justdb bosun", []string{""}, unknown},
		{"a database with an earlier bosun", "b", true,
			"rm -r db; rpm --dbpath $PWD/db -i --justdb --nodeps old/*.rpm", []string{""}, unknown},
		{"a database that is damaged", "b", true, "for f in db/*; do echo '!' >$f; done", []string{""}, unknown},
		{"no rpm", "b", false, "rm bin/rpm", []string{""}, unknown},
		{"one that is killed", "b", false, `echo '[ "$1" = -q ] || exit 137' >bin/rpm`, []string{""}, unknown},
		{"one that fails after its first answer", "b", false,
			`printf '[ $1 = -q ] || { echo "error: cannot open Packages" >&2; exit 1; }\n' >bin/rpm`, []string{""}, unknown},
		{"one that speaks another language", "b", false,
			`printf '[ $1 = -q ] || { [ "$LC_ALL" = C ] && echo "file $2 is not owned by any package"; exit 1; }\n' >bin/rpm`,
			renamed, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir, err := filepath.EvalSymlinks(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			at := filepath.Join(dir, "etc", c.file)
			write(t, dir, packaging.Package{Name: "bosun", Retired: []string{at}})
			if err := os.Mkdir(filepath.Join(dir, "old"), 0o755); err != nil {
				t.Fatal(err)
			}
			write(t, filepath.Join(dir, "old"), packaging.Package{Name: "bosun", Distro: "1.4.0"})
			mate := packaging.Package{Name: "mate"}
			if c.owned {
				mate.Files = []packaging.File{{Path: at, Kind: packaging.Config, Mode: 0o644}}
			}
			write(t, dir, mate)
			cmd := exec.Command("sh", "-ec", `
exec 3>&2 2>/dev/null
mkdir etc bin; : >"$F"; rpm --dbpath $PWD/db -i --justdb --nodeps bosun.rpm mate.rpm
rpm -qp --nosignature --qf '%{postin}' bosun.rpm >post
printf '#!/bin/sh\nexec %s --dbpath %s "$@"\n' "$(command -v rpm)" "$PWD/db" >bin/rpm; chmod +x bin/rpm
ln -s "$(command -v mv)" bin
`+c.setup+`
PATH=$PWD/bin exec /bin/sh post 1 2>&3`)
			cmd.Dir, cmd.Env = dir, append(os.Environ(), "F="+at, "LC_ALL=C.UTF-8")
			out, err := cmd.CombinedOutput()
			if said := strings.ReplaceAll(c.said, "$F", at); err != nil || string(out) != said {
				t.Errorf("it says\n%s(%v), want\n%s", out, err, said)
			}
			var left []string
			entries, _ := os.ReadDir(filepath.Join(dir, "etc"))
			for _, e := range entries {
				left = append(left, strings.TrimPrefix(e.Name(), c.file))
			}
			if !slices.Equal(left, c.left) {
				t.Errorf("left are %q, want %q", left, c.left)
			}
		})
	}
}
