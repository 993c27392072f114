package packaging

import (
	"os"
	osexec "os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/internal/testkit"
)

// names are those of files in the folder of units, and whether a package may have them.
var names = map[string]bool{
	"cook.service":               true,
	"Cook_1:a.b-c.service":       true,
	"cook@.service":              true,
	"cook@galley.service":        true,
	"cook@a@b.service":           true,
	`dev-disk\x2dby.mount`:       true,
	"cook.socket":                true,
	"cook.timer":                 true,
	"cook.target":                true,
	"cook.service.d/10-x.conf":   true,
	"cook@.service.d/x.conf":     true,
	"cook-.service.d/x.conf":     true,
	"service.d/x.conf":           true,
	"-.slice.d/x.conf":           true,
	"-.mount.wants/cook.service": true,
	"a.target.wants/cook.path":   true,
	"a.target.upholds/cook.path": true,

	"cook":                                false,
	"cook.conf":                           false,
	"cook.service.bak":                    false,
	".service":                            false,
	"@a.service":                          false,
	"-cook.service":                       false,
	"-.mount":                             false,
	"c++.service":                         false,
	"the cook.service":                    false,
	"$HOME.service":                       false,
	"`id`.service":                        false,
	"cook's.service":                      false,
	`"cook".service`:                      false,
	"cook;id.service":                     false,
	"käse.service":                        false,
	"cook.service/x":                      false,
	"the cook.service.d/x.conf":           false,
	"conf.d/x.conf":                       false,
	strings.Repeat("x", 247) + ".service": true,
	strings.Repeat("x", 248) + ".service": false,
}

func TestRuleOfUnitNames(t *testing.T) {
	for name, valid := range names {
		first, _, _ := strings.Cut(name, "/")
		var want []string
		if !valid {
			want = []string{unitDir + name + `: "` + strings.ReplaceAll(first, `"`, `\"`) + `" is not a unit's name`}
		}
		same(t, name, unitNames(checked{}, Package{Files: []File{{Path: unitDir + name}}}), want...)
	}
}

// TestUnitNamesAreReadBySystemd holds the rule against what systemd takes for a unit.
func TestUnitNamesAreReadBySystemd(t *testing.T) {
	testkit.Need(t, "systemd-analyze")
	for name, valid := range names {
		if strings.ContainsAny(name, "/") || strings.HasPrefix(name, "-") || len(name) > unitNameSize {
			continue // a folder, what the rule refuses besides, and what no file system takes
		}
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, name), []byte("[Unit]\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		out, _ := osexec.Command("systemd-analyze", "verify", "--man=no", filepath.Join(dir, name)).CombinedOutput()
		if taken := !strings.Contains(string(out), "Failed to prepare filename"); taken != valid {
			t.Errorf("%s: the rule says %v, and systemd\n%s", name, valid, out)
		}
	}
}

func TestRuleOfNamesInScripts(t *testing.T) {
	for _, c := range []struct {
		name string
		pkg  Package
		want []string
	}{
		{"nothing", Package{}, nil},
		{"a restart", Package{Restart: []string{"cook.service"}}, nil},
		{"a restart of no unit", Package{Restart: []string{"cook.service; id", "cook"}}, []string{
			`an upgrade would restart "cook.service; id", which is not a unit's name`,
			`an upgrade would restart "cook", which is not a unit's name`,
		}},
		{"users and folders", Package{Files: []File{{Path: sysusersDir + "a.conf"}, {Path: tmpfilesDir + "b-c.conf"}}}, nil},
		{"options for users and folders",
			Package{Files: []File{{Path: sysusersDir + "-a.conf"}, {Path: tmpfilesDir + "-b.conf"}}},
			[]string{
				"/usr/lib/sysusers.d/-a.conf: a name that starts with a dash would be read as an option",
				"/usr/lib/tmpfiles.d/-b.conf: a name that starts with a dash would be read as an option",
			}},
		{"users and folders that systemd does not read",
			Package{Files: []File{{Path: sysusersDir + "a"}, {Path: sysusersDir + "a/b.conf"}, {Path: tmpfilesDir + "README"}}},
			[]string{
				"/usr/lib/sysusers.d/a: systemd only reads files right in /usr/lib/sysusers.d/ whose names end with .conf",
				"/usr/lib/sysusers.d/a/b.conf: systemd only reads files right in /usr/lib/sysusers.d/ whose names end with .conf",
				"/usr/lib/tmpfiles.d/README: systemd only reads files right in /usr/lib/tmpfiles.d/ whose names end with .conf",
			}},
	} {
		same(t, c.name, unitNames(checked{}, c.pkg), c.want...)
	}
}

func TestRuleOfState(t *testing.T) {
	const (
		path   = `" is not a path from the root`
		whole  = ": a purge removes all of it: want a folder such as /var/lib/cook"
		system = ": a purge removes all of it, and it belongs to the system"
	)
	for dir, want := range map[string]string{
		"/var/lib/cook":         "",
		"/var/lib/ship/cook":    "",
		"/var/cache/cook":       "",
		"/var/log/cook":         "",
		"/var/opt/cook":         "",
		"/var/spool/cook":       "",
		"/var/lib/private/cook": "",
		"/var/lib/c++":          "",
		"/var/lib/the cook":     "",
		"/var/lib/$HOME":        "",
		"/var/lib/`id`":         "",
		`/var/lib/a\b"c'd`:      "",
		"/var/lib/dpkg2":        "",
		"/usr/libexec/cook/add": "",

		"":                   `state "` + path,
		"cook":               `state "cook` + path,
		"var/lib/cook":       `state "var/lib/cook` + path,
		"/":                  `state "/` + path,
		"/var/lib/cook/":     `state "/var/lib/cook/` + path,
		"/var/lib//cook":     `state "/var/lib//cook` + path,
		"/var/lib/../lib/x":  `state "/var/lib/../lib/x` + path,
		"/var/lib/.":         `state "/var/lib/.` + path,
		"/var/lib/a\nb":      `state "/var/lib/a\nb` + path,
		"/var/lib/a\x00b":    `state "/var/lib/a\x00b` + path,
		"/var":               "state /var" + whole,
		"/var/lib":           "state /var/lib" + whole,
		"/var/log":           "state /var/log" + whole,
		"/var/cook":          "state /var/cook" + whole,
		"/var/run/cook":      "state /var/run/cook" + whole,
		"/var/mail/cook":     "state /var/mail/cook" + whole,
		"/etc":               "state /etc" + whole,
		"/etc/cook":          "state /etc/cook" + whole,
		"/usr":               "state /usr" + whole,
		"/usr/lib/cook":      "state /usr/lib/cook" + whole,
		"/usr/libexec":       "state /usr/libexec" + whole,
		"/usr/libexec/cook":  "state /usr/libexec/cook" + whole,
		"/home/cook":         "state /home/cook" + whole,
		"/root":              "state /root" + whole,
		"/varlib/lib/cook":   "state /varlib/lib/cook" + whole,
		"/srv/var/lib/cook":  "state /srv/var/lib/cook" + whole,
		"/var/lib/dpkg":      "state /var/lib/dpkg" + system,
		"/var/lib/dpkg/info": "state /var/lib/dpkg/info" + system,
		"/var/lib/rpm":       "state /var/lib/rpm" + system,
		"/var/lib/systemd":   "state /var/lib/systemd" + system,
		"/var/lib/private":   "state /var/lib/private" + system,
		"/var/cache/apt":     "state /var/cache/apt" + system,
		"/var/log/journal":   "state /var/log/journal" + system,
		"/var/spool/cron":    "state /var/spool/cron" + system,
	} {
		var all []string
		if want != "" {
			all = []string{want}
		}
		same(t, dir, state(checked{}, Package{Name: "cook", State: []string{dir}}), all...)
	}
}

func TestRuleOfRetired(t *testing.T) {
	for at, want := range map[string]string{
		"/etc/systemd/system/cook.service": "",
		"/etc/cook.conf":                   "",
		"/etc/the cook (old) $1+?":         "",
		"/etc/the cook's": `retired "/etc/the cook's" has a character that dpkg-maintscript-helper reads as ` +
			`a part of a pattern, one of ' * [ \`,
		"/etc/[cook]": `retired "/etc/[cook]" has a character that dpkg-maintscript-helper reads as ` +
			`a part of a pattern, one of ' * [ \`,
		"/etc":                 `retired "/etc" is not a path below /etc`,
		"/etc/":                `retired "/etc/" is not a path below /etc`,
		"/etc/../usr/bin/cook": `retired "/etc/../usr/bin/cook" is not a path below /etc`,
		"/usr/bin/cook":        `retired "/usr/bin/cook" is not a path below /etc`,
		"etc/cook":             `retired "etc/cook" is not a path below /etc`,
	} {
		var all []string
		if want != "" {
			all = []string{want}
		}
		same(t, at, retired(checked{}, Package{Retired: []string{at}}), all...)
	}
}

// The rules in tables above are among those that every package has to pass.
func TestRulesOfScriptsAreChecked(t *testing.T) {
	catches(t, nil, []fault{
		{"cook", func(p *Package) { p.State = []string{"/var"} },
			"state /var: a purge removes all of it: want a folder such as /var/lib/cook"},
		{"cook", func(p *Package) { p.Retired = []string{"/usr/bin/cook"} },
			`retired "/usr/bin/cook" is not a path below /etc`},
		{"cook", unit("the cook.target", "[Unit]\n"),
			unitDir + `the cook.target: "the cook.target" is not a unit's name`},
	})
}
