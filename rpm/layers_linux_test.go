package rpm

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/internal/testkit"
	"github.com/slipway-build/slipway/packaging"
)

// TestTakeOver has this machine's rpm upgrade a package from one that had its options in a
// configuration file. The packages are below /srv, which is a temporary folder for them alone.
func TestTakeOver(t *testing.T) {
	for _, tool := range []string{"rpm", "unshare"} {
		testkit.Need(t, tool)
	}
	if os.Getuid() != 0 {
		t.Skip("rpm, which has to be root, installs packages")
	}
	const (
		former = "# Arguments.\nBOSUN_ARGS=\"\n--call=all\n--deck=fore\n--crew=mate\n\"\nBOSUN_PIPE=\"tin\"\n"
		note   = "# What differs from the defaults of the package, as an upgrade took it over.\n"
	)
	tool, err := os.ReadFile(filepath.Join("..", "packaging", "options.sh"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, edit string
		changes    string // in etc/bosun
		files      string // in etc
		left       string // after a removal
	}{
		{"unedited", ":", "", "", ""},
		{"another value and one less", "sed -i 's/--call=all/--call=none/; /--crew/d' etc/bosun",
			note + "BOSUN_ARGS=\"\n!--crew\n--call=none\n\"\n", "bosun bosun.rpmsave", "bosun bosun.rpmsave"},
		{"a variable", "sed -i s/tin/silver/ etc/bosun", note + "BOSUN_PIPE=\"silver\"\n", "bosun bosun.rpmsave",
			"bosun bosun.rpmsave"},
		{"a comment", "echo '# mine' >>etc/bosun", "", "bosun.rpmsave", "bosun.rpmsave"},
		{"no file", "rm etc/bosun", "", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			const root = "/srv"
			dir := t.TempDir()
			for i, files := range [][]packaging.File{
				{{Path: root + "/etc/bosun", Kind: packaging.Config, Mode: 0o644, Data: []byte(former)}},
				{{Path: root + "/lib/bosun", Mode: 0o755, Data: tool}},
				{{Path: root + "/lib/bosun", Mode: 0o755, Data: tool}},
			} {
				p := packaging.Package{Name: "bosun", Distro: []string{"1.0", "1.1", "1.2"}[i], Files: files}
				if i > 0 {
					p.Layers = []packaging.Layer{{Path: root + "/etc/bosun", Tool: root + "/lib/bosun", Former: former}}
				}
				if err := os.Mkdir(filepath.Join(dir, p.Distro), 0o755); err != nil {
					t.Fatal(err)
				}
				write(t, filepath.Join(dir, p.Distro), p)
			}
			cmd := exec.Command("unshare", "--mount", "sh", "-ec", `mount --bind "$0" /srv; cd /srv
db=$PWD/db; mkdir bin
printf '#!/bin/sh\nexec %s --dbpath %s "$@"\n' "$(command -v rpm)" "$db" >bin/rpm; chmod +x bin/rpm
upgrade() { rpm --dbpath "$db" --define "_install_script_path $PWD/bin:$PATH" --nodeps --nosignature -U $1/bosun.rpm; }
check() { ls etc 2>/dev/null | xargs; [ ! -e etc/bosun ] || cat etc/bosun; }
upgrade 1.0; `+c.edit+`
upgrade 1.1; check >first
upgrade 1.2; check >second
rpm --dbpath "$db" -V --nodeps bosun
rpm --dbpath "$db" -e bosun; ls etc 2>/dev/null | xargs >removed`, dir)
			cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			for file, want := range map[string]string{
				"first": c.files + "\n" + c.changes, "second": c.files + "\n" + c.changes, "removed": c.left + "\n",
			} {
				if got, _ := os.ReadFile(filepath.Join(dir, file)); string(got) != want {
					t.Errorf("%s: %q, want %q\n%s", file, got, want, out)
				}
			}
			if told := strings.Contains(string(out), "has only your changes"); told != (c.changes != "") {
				t.Errorf("it tells of changes: %v\n%s", told, out)
			}
		})
	}
}
