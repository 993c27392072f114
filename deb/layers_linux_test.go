package deb

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/slipway-build/slipway/internal/testkit"
	"github.com/slipway-build/slipway/packaging"
)

const former = "# Arguments.\nBOSUN_ARGS=\"\n--call=all\n--deck=fore\n--crew=mate\n\"\nBOSUN_PIPE=\"tin\"\n"

// bosuns writes bosun as it was, with its options in a configuration file, and two versions
// that have them in layers, and returns the files.
func bosuns(t *testing.T) []string {
	t.Helper()
	tool, err := os.ReadFile(filepath.Join("..", "packaging", "options.sh"))
	if err != nil {
		t.Fatal(err)
	}
	defaults := func(text string) []packaging.File {
		return []packaging.File{
			{Path: "/usr/lib/crew/bosun.options", Mode: 0o644, Data: []byte(text)},
			{Path: "/usr/libexec/crew/bosun-options", Mode: 0o755, Data: tool},
		}
	}
	var out []string
	for i, files := range [][]packaging.File{
		{{Path: "/etc/default/bosun", Kind: packaging.Config, Mode: 0o644, Data: []byte(former)}},
		defaults(strings.Replace(former, "--deck=fore", "--deck=aft", 1)),
		defaults(strings.Replace(former, "--deck=fore", "--deck=mid", 1)),
	} {
		p := packaging.Package{
			Name: "bosun", Distro: fmt.Sprintf("1.%d", i), Revision: 1, Summary: "calls", Description: "All.",
			Maintainer: "Mate <mate@example.org>", Date: time.Unix(1e9, 0), Compression: "gzip", Files: files,
			License: "MIT", Section: "misc",
		}
		if i > 0 {
			p.Layers = []packaging.Layer{{Path: "/etc/default/bosun", Defaults: "/usr/lib/crew/bosun.options",
				Tool: "/usr/libexec/crew/bosun-options", Former: former}}
		}
		at := filepath.Join(t.TempDir(), "bosun.deb")
		f, err := os.Create(at)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Write(p, f, t.TempDir()); err != nil {
			t.Fatal(err)
		}
		f.Close()
		out = append(out, at)
	}
	return out
}

// TestTakeOver has this machine's dpkg, without a terminal, upgrade a package from one that
// had its options in a configuration file.
func TestTakeOver(t *testing.T) {
	testkit.Need(t, "dpkg")
	if os.Getuid() != 0 {
		t.Skip("dpkg, which has to be root, installs packages")
	}
	const note = "# What differs from the defaults of the package, as an upgrade took it over.\n"
	debs := bosuns(t)
	for _, c := range []struct {
		name, edit string
		changes    string // in /etc/default/bosun
		files      string // in /etc/default
	}{
		{"unedited", ":", "", ""},
		{"another value", "sed -i s/--call=all/--call=none/ $F",
			note + "BOSUN_ARGS=\"\n--call=none\n\"\n", "bosun bosun.dpkg-bak"},
		{"a flag more and one less", "sed -i 's/--crew=mate/--rum=\"a b\"/' $F; sed -i '/^--rum/s/\"/\\\\\"/g' $F",
			note + "BOSUN_ARGS=\"\n!--crew\n--rum=\\\"a b\\\"\n\"\n", "bosun bosun.dpkg-bak"},
		{"a variable, and one more", "sed -i s/tin/silver/ $F; echo GOGC=50 >>$F",
			note + "BOSUN_PIPE=\"silver\"\nGOGC=\"50\"\n", "bosun bosun.dpkg-bak"},
		{"a variable less", "sed -i /PIPE/d $F", note + "BOSUN_PIPE=\"\"\n", "bosun bosun.dpkg-bak"},
		{"a comment", "echo '# mine' >>$F", "", "bosun.dpkg-bak"},
		{"what is no list of flags", "echo 'BOSUN_ARGS=\"all hands\"' >>$F", note + "BOSUN_ARGS=\"all hands\"\n",
			"bosun bosun.dpkg-bak"},
		{"no file", "rm $F", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			root := t.TempDir()
			script := `
mkdir -p $R/var/lib/dpkg/info $R/var/lib/dpkg/updates; : >$R/var/lib/dpkg/status
install() { dpkg --root=$R --force-script-chrootless --force-depends --log=/dev/null -i $1 </dev/null; }
install ` + debs[0] + `
` + c.edit + `
install ` + debs[1] + `
check() { ls $R/etc/default | xargs; [ ! -e $F ] || cat $F; }
check >$R/first
install ` + debs[2] + `
check >$R/second
install ` + debs[2] + `
check >$R/third
dpkg --root=$R --force-script-chrootless --log=/dev/null --purge bosun
ls $R/etc/default 2>/dev/null >$R/purged || :`
			cmd := exec.Command("sh", "-ec", script)
			cmd.Env = append(os.Environ(), "R="+root, "F="+root+"/etc/default/bosun", "DEBIAN_FRONTEND=noninteractive")
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			for file, want := range map[string]string{
				"first": c.files + "\n" + c.changes, "second": c.files + "\n" + c.changes,
				"third": c.files + "\n" + c.changes, "purged": "",
			} {
				if got, _ := os.ReadFile(filepath.Join(root, file)); string(got) != want {
					t.Errorf("%s: %q, want %q\n%s", file, got, want, out)
				}
			}
			told := strings.Contains(string(out), "bosun: /etc/default/bosun has only your changes")
			if told != (c.changes != "") {
				t.Errorf("it tells of changes: %v\n%s", told, out)
			}
		})
	}
}
