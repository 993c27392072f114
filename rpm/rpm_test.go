package rpm

import (
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/internal/scripts"
	"github.com/slipway-build/slipway/packaging"
)

const unitDir = "/usr/lib/systemd/system/"

const reload = "systemctl daemon-reload >/dev/null 2>&1 || :"

// TestScripts holds what each scriptlet does for what a package has: lines of it,
// in their order. One that has nothing to do is empty.
func TestScripts(t *testing.T) {
	none := map[string][]string{}
	install := []byte("[Service]\n[Install]\n") // a unit that can be enabled
	for _, c := range []struct {
		name string
		pkg  packaging.Package
		want map[string][]string
	}{
		{"nothing", packaging.Package{}, none},
		{"a program", packaging.Package{Files: []packaging.File{{Path: "/usr/bin/bosun"}}}, none},
		{"state, which rpm leaves", packaging.Package{State: []string{"/var/lib/b"}}, none},
		{"a unit that can be enabled",
			packaging.Package{Files: []packaging.File{{Path: unitDir + "b.service", Data: install}}},
			map[string][]string{
				"post": {`if [ "$1" -eq 1 ]; then`, "systemctl --no-reload preset b.service >/dev/null 2>&1 || :", reload},
				"preun": {`if [ "$1" -eq 0 ]; then`, "systemctl --no-reload disable b.service >/dev/null 2>&1 || :",
					"if [ -d /run/systemd/system ]; then", "systemctl stop b.service >/dev/null 2>&1 || :"},
				"postun": {reload},
			}},
		{"a unit with a backslash",
			packaging.Package{Files: []packaging.File{{Path: unitDir + `a\x2db.mount`, Data: install}}},
			map[string][]string{
				"post":   {`systemctl --no-reload preset 'a\x2db.mount' >/dev/null 2>&1 || :`},
				"preun":  {`systemctl --no-reload disable 'a\x2db.mount' >/dev/null 2>&1 || :`},
				"postun": {reload},
			}},
		{"templates and an instance",
			packaging.Package{Restart: []string{"b@.service"}, Files: []packaging.File{
				{Path: unitDir + "b@.service", Data: install}, {Path: unitDir + "b@c.service", Data: install},
			}},
			map[string][]string{
				"post": {"systemctl --no-reload preset b@.service b@c.service >/dev/null 2>&1 || :", reload},
				"preun": {"systemctl --no-reload disable b@.service b@c.service >/dev/null 2>&1 || :",
					"systemctl stop 'b@*.service' b@c.service >/dev/null 2>&1 || :"},
				"postun": {reload, "systemctl try-restart 'b@*.service' >/dev/null 2>&1 || :"},
			}},
		{"a drop-in", packaging.Package{Files: []packaging.File{{Path: unitDir + "b.service.d/x.conf"}}},
			map[string][]string{"post": {reload}, "postun": {reload}}},
		{"a service to restart",
			packaging.Package{Restart: []string{"b.service"}, Files: []packaging.File{{Path: unitDir + "b.service"}}},
			map[string][]string{
				"post":   {reload},
				"preun":  {`if [ "$1" -eq 0 ]; then`, "systemctl stop b.service >/dev/null 2>&1 || :"},
				"postun": {reload, `if [ "$1" -ge 1 ]; then`, "systemctl try-restart b.service >/dev/null 2>&1 || :"},
			}},
		{"users and folders",
			packaging.Package{Files: []packaging.File{
				{Path: "/usr/lib/sysusers.d/b.conf"}, {Path: "/usr/lib/tmpfiles.d/c++.conf"},
			}},
			map[string][]string{"post": {"systemd-sysusers b.conf", "systemd-tmpfiles --create c++.conf || :"}}},
		{"a file that is retired", packaging.Package{Retired: []string{"/etc/b"}}, map[string][]string{
			"post": {"retire() {", "retire /etc/b"},
		}},
		{"a retired file with a space", packaging.Package{Retired: []string{"/etc/a b"}},
			map[string][]string{"post": {"retire '/etc/a b'"}}},
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
		"rum = 1.2-3":                   "rum = 1.2-3",
		"rum >= 1.2":                    "rum >= 1.2",
		"rum < 1.2":                     "rum < 1.2",
		"iptables >= 1.4.21 | nftables": "iptables >= 1.4.21", // a spec file has no alternatives
	} {
		if got := relations([]packaging.Relation{r}); !slices.Equal(got, []string{want}) {
			t.Errorf("%s is written as %q, want %q", r, got, want)
		}
	}
	if got := relations(nil); got != nil {
		t.Errorf("no relation is written as %q", got)
	}
}

// TestFolders holds which folders a package lists besides its files.
func TestFolders(t *testing.T) {
	for _, c := range []struct {
		name  string
		files []packaging.File
		want  []string
	}{
		{"none", nil, nil},
		{"files in folders of the system", []packaging.File{{Path: "/usr/bin/b"}, {Path: unitDir + "b.service"},
			{Path: "/usr/share/man/man5/b.5.gz"}, {Path: "/usr/share/man/man7/b.7.gz"}}, nil},
		{"files in folders that only root can read",
			[]packaging.File{{Path: "/etc/sudoers.d/b"}, {Path: "/etc/polkit-1/rules.d/b"}, {Path: "/usr/lib64/b"}}, nil},
		{"a file in a folder of the package", []packaging.File{{Path: "/usr/share/b/x"}}, []string{"/usr/share/b"}},
		{"a file deep below", []packaging.File{{Path: "/usr/libexec/b/c/d/x"}},
			[]string{"/usr/libexec/b/c/d", "/usr/libexec/b/c", "/usr/libexec/b"}},
		{"two files in one folder", []packaging.File{{Path: "/etc/b/x"}, {Path: "/etc/b/y"}}, []string{"/etc/b"}},
		{"a folder that the package has",
			[]packaging.File{{Path: "/etc/b/x"}, {Path: "/etc/b", Kind: packaging.Folder}}, nil},
		{"a drop-in", []packaging.File{{Path: unitDir + "b.service.d/x.conf"}}, []string{unitDir + "b.service.d"}},
	} {
		var got []string
		for _, f := range folders(packaging.Package{Files: c.files}) {
			if f.Kind != packaging.Folder || f.Mode != 0o755 {
				t.Errorf("%s: %s is a %v of mode %04o", c.name, f.Path, f.Kind, f.Mode)
			}
			got = append(got, f.Path)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: the folders are %q, want %q", c.name, got, c.want)
		}
	}
}

func TestCapital(t *testing.T) {
	for in, want := range map[string]string{
		"calls the crew": "Calls the crew", "Calls": "Calls", "übt": "Übt", "日本": "日本",
		"3 calls": "3 calls", "c": "C",
	} {
		if got := capital(in); got != want {
			t.Errorf("capital(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestChanges(t *testing.T) {
	for _, c := range []struct {
		changes []string
		want    string
	}{
		{nil, ""},
		{[]string{"a call", `another: "aye" 100%{nil}`}, "- a call\n- another: \"aye\" 100%{nil}"},
		{[]string{"two\n- lines", " blanks\t here "}, "- two - lines\n- blanks here"},
	} {
		if got := changes(packaging.Package{Changes: c.changes}); got != c.want {
			t.Errorf("the changes %q are written as\n%s\nwant\n%s", c.changes, got, c.want)
		}
	}
}
