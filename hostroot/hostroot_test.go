package hostroot

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/slipway-build/slipway/images"
	"github.com/slipway-build/slipway/installer"
	"github.com/slipway-build/slipway/packaging"
)

// ship is a project with two roles: crew is a multi-name program that is in another
// layer already, bosun is not.
func ship() Input {
	sum := strings.Repeat("ab", 32)
	return Input{
		Name: "ship", Version: "1.4.1", Arch: "amd64", UserDir: "files/installer",
		Roles: map[string]images.Role{
			"mate":   {Packages: []string{"cook"}},
			"master": {Packages: []string{"cook", "bosun"}, Units: []string{"cook.service"}, Check: "/usr/sbin/look"},
		},
		Programs: map[string]Program{"/dist/crew": {sum, "/bin/crew"}, "/dist/bosun": {SHA256: sum}},
		Packages: []packaging.Package{
			{Name: "crew", Files: []packaging.File{
				{Path: "/usr/libexec/ship/crew", Mode: 0o755, Source: "/dist/crew"},
				{Path: "/usr/share/man/man8/crew.8.gz", Mode: 0o644},
			}},
			{Name: "cook", Files: []packaging.File{
				{Path: "/usr/bin/cook", Kind: packaging.Link, Mode: 0o777, Target: "../libexec/ship/crew"},
				{Path: "/usr/bin/chef", Kind: packaging.Link, Mode: 0o777, Target: "/usr/bin/cook"},
				{Path: "/usr/lib/systemd/system/cook.service", Mode: 0o644,
					Data: []byte("ExecStart=-/usr/bin/cook --bin=/usr/bin/cooks -x=/usr/libexec/ship/crew\n")},
				{Path: "/etc/default/cook", Kind: packaging.Config, Mode: 0o640, Data: []byte("peas\n")},
				{Path: "/var/lib/cook", Kind: packaging.Folder, Mode: 0o700},
			}},
			{Name: "bosun", Files: []packaging.File{{Path: "/usr/sbin/bosun", Mode: 0o755, Source: "/dist/bosun"},
				{Path: "/usr/sbin/look", Mode: 0o755, Data: []byte("#!/bin/sh\n")}}},
		},
		User: fstest.MapFS{
			"all/etc/ship/ca.crt":         {Data: []byte("all\n"), Mode: 0o600},
			"mate/etc/default/cook.tmpl":  {Data: []byte("{{.Hostname}}\n")},
			"mate/etc/ship/ca.crt":        {Data: []byte("mate's\n")},
			"master/opt/bin/whistle":      {Data: []byte("#!/bin/sh\n"), Mode: 0o755},
			"master/etc/ship/deep/er/one": {},
		},
	}
}

// describe tells what a role gets, a line an entry.
func describe(t *testing.T, files []images.File, role string) string {
	t.Helper()
	var m installer.Manifest
	at := map[string]images.File{}
	for _, f := range files {
		at[f.Path] = f
	}
	if err := json.Unmarshal(at["/"+installer.ManifestName].Data, &m); err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, e := range m.Files {
		if len(e.Roles) > 0 && !slices.Contains(e.Roles, role) {
			continue
		}
		line := fmt.Sprintf("%s %o", e.Path, e.Mode)
		if e.Target != "" {
			line += " -> " + e.Target
		}
		if f, ok := at["/"+e.From]; e.From != "" {
			line += fmt.Sprintf(" %s%s %t %q", e.From, f.Source, ok, f.Data)
		}
		if e.Config {
			line += " config"
		}
		if e.Template {
			line += " template"
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

func TestLay(t *testing.T) {
	files, err := ship().Lay()
	if err != nil {
		t.Fatal(err)
	}
	const both = `/etc/systemd/system/cook.service 644 tree/all/etc/systemd/system/cook.service true ` +
		`"ExecStart=-/opt/bin/cook --bin=/usr/bin/cooks -x=/opt/libexec/ship/crew\n"
/opt/bin/chef 0 -> /opt/bin/cook
/opt/bin/cook 0 -> ../libexec/ship/crew
`
	for role, want := range map[string]string{
		"mate": `/etc/default/cook 644 tree/mate/etc/default/cook true "{{.Hostname}}\n" config template
/etc/ship/ca.crt 644 tree/mate/etc/ship/ca.crt true "mate's\n" config
` + both + `/opt/libexec/ship/crew 755 bin/crew false ""
/var/lib/cook 700`,
		"master": `/etc/default/cook 640 tree/all/etc/default/cook true "peas\n" config
/etc/ship/ca.crt 644 tree/all/etc/ship/ca.crt true "all\n" config
/etc/ship/deep/er/one 644 tree/master/etc/ship/deep/er/one true "" config
` + both + `/opt/bin/whistle 755 tree/master/opt/bin/whistle true "#!/bin/sh\n"
/opt/libexec/ship/crew 755 bin/crew false ""
/opt/sbin/bosun 755 tree/all/opt/sbin/bosun/dist/bosun true ""
/opt/sbin/look 755 tree/all/opt/sbin/look true "#!/bin/sh\n"
/var/lib/cook 700`,
	} {
		if got := describe(t, files, role); got != want {
			t.Errorf("a %s gets\n%s\nwant\n%s", role, got, want)
		}
	}
	again, err := ship().Lay()
	if a, b := fmt.Sprintf("%+v", files), fmt.Sprintf("%+v", again); err != nil || a != b {
		t.Errorf("Lay() = %s, and then %s, %v", a, b, err)
	}
}

// TestLayAll has a host be everything: it has the files for each role.
func TestLayAll(t *testing.T) {
	in := ship()
	in.Roles[all] = images.Role{Packages: []string{"cook"}}
	files, err := in.Lay()
	if err != nil {
		t.Fatal(err)
	}
	got := describe(t, files, all)
	for _, want := range []string{"tree/mate/etc/default/cook ", "tree/mate/etc/ship/ca.crt ",
		"tree/master/etc/ship/deep/er/one ", "tree/master/opt/bin/whistle ", "/opt/bin/cook 0 -> "} {
		if !strings.Contains(got, want) {
			t.Errorf("a host that is everything has no %s:\n%s", want, got)
		}
	}
	if mate := describe(t, files, "mate"); strings.Contains(mate, "whistle") {
		t.Errorf("a mate has what is a master's:\n%s", mate)
	}
}

func TestRefused(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Input)
		want   string
	}{
		"a role that is unknown": {func(in *Input) { in.User = fstest.MapFS{"cook/etc/x": {}} },
			"files/installer/cook is not the name of a role: want a dir called master, mate, or all for all roles"},
		"a program that is unknown": {func(in *Input) { delete(in.Programs, "/dist/bosun") },
			"package bosun: /usr/sbin/bosun: unknown program /dist/bosun"},
		"a path of the installer's": {func(in *Input) { in.User = fstest.MapFS{"all/var/lib/slipway/x": {}} },
			"/var/lib/slipway/x: /var/lib/slipway is the installer's own"},
		"a check that no package has": {
			func(in *Input) { in.Roles["mate"] = images.Role{Packages: []string{"cook"}, Check: "/usr/sbin/look"} },
			"checks of mate: /opt/sbin/look is not a file of the role"},
		"a file below a file": {func(in *Input) { in.User = fstest.MapFS{"all/etc/default/cook/x": {}} },
			"/etc/default/cook/x is below /etc/default/cook, which is a file"},
	} {
		in := ship()
		c.change(&in)
		if _, err := in.Lay(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: Lay() = %v, want %q", name, err, c.want)
		}
	}
}

func TestRelocate(t *testing.T) {
	for at, want := range map[string]string{
		"/usr/bin/cook":                        "/opt/bin/cook",
		"/usr/sbin/bosun":                      "/opt/sbin/bosun",
		"/usr/libexec/ship/crew":               "/opt/libexec/ship/crew",
		"/usr/lib/systemd/system/cook.service": "/etc/systemd/system/cook.service",
		"/usr/lib/sysusers.d/cook.conf":        "/etc/sysusers.d/cook.conf",
		"/usr/lib/systemd/system-generators/c": "/etc/systemd/system-generators/c",
		"/usr/lib/tmpfiles.d/cook.conf":        "/etc/tmpfiles.d/cook.conf",
		"/etc/default/cook":                    "/etc/default/cook",
		"/var/lib/cook":                        "/var/lib/cook",
		"/usr/share/man/man8/cook.8.gz":        "",
		"/usr/lib/cook":                        "",
		"/usr/lib/ship/cook.options":           "/opt/lib/ship/cook.options",
		"/usr/lib/cook.options":                "",
	} {
		if got := relocate(at); got != want {
			t.Errorf("relocate(%s) = %q, want %q", at, got, want)
		}
	}
}

func TestRename(t *testing.T) {
	moved := map[string]string{
		"/usr/bin/cook": "/opt/bin/cook", "/usr/bin/a@b": "/opt/bin/a@b", "/usr/share/x": "", "/usr/bin/c": "/opt/bin/c",
		"/usr/bin/c++": "/opt/bin/c++", "/usr/libexec/fore and aft": "/opt/libexec/fore and aft",
		`/usr/lib/systemd/system/a\x2db.mount`: `/etc/systemd/system/a\x2db.mount`, "/usr/bin/Käpt'n": "/opt/bin/Käpt'n",
	}
	for text, want := range map[string]string{
		"":                                    "",
		"/usr/bin/cook":                       "/opt/bin/cook",
		"x=/usr/bin/cook --y":                 "x=/opt/bin/cook --y",
		"/usr/bin/cook:/usr/bin/a@b":          "/opt/bin/cook:/opt/bin/a@b",
		"/usr/bin/cooks":                      "/usr/bin/cooks",
		"/usr/bin/cook/x":                     "/usr/bin/cook/x",
		"/usr/share/x":                        "/usr/share/x",
		"/usr/bin/c++ /usr/bin/c /usr/bin/c+": "/opt/bin/c++ /opt/bin/c /usr/bin/c+",
		`ExecStart="/usr/libexec/fore and aft" /usr/bin/cook`: `ExecStart="/opt/libexec/fore and aft" /opt/bin/cook`,
		"/usr/lib/systemd/system/a\\x2db.mount\n":             "/etc/systemd/system/a\\x2db.mount\n",
		"/usr/bin/Käpt'n, /usr/bin/cooké":                     "/opt/bin/Käpt'n, /usr/bin/cooké",
		"/usr//usr/bin/cook /usr/":                            "/usr//usr/bin/cook /usr/",
	} {
		if got := string(rename([]byte(text), moved)); got != want {
			t.Errorf("rename(%q) = %q, want %q", text, got, want)
		}
	}
}
