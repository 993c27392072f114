package packaging

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
)

// put returns a change that gives a package a file, instead of one at the same
// path.
func put(f File) func(*Package) {
	return func(p *Package) {
		p.Files = append(slices.DeleteFunc(p.Files, func(o File) bool { return o.Path == f.Path }), f)
		slices.SortFunc(p.Files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	}
}

func unit(name, text string) func(*Package) {
	return put(File{Path: unitDir + name, Mode: 0o644, Data: []byte(text)})
}

// A fault is a change of a package of the ship, and what the rules say of it: ""
// if it is right.
type fault struct {
	pkg    string
	change func(*Package)
	want   string
}

// catches checks the packages of the ship with one fault after another.
func catches(t *testing.T, private []string, faults []fault) {
	t.Helper()
	for _, c := range faults {
		in := ship(t)
		packages := assemble(t, in)
		for i := range packages {
			if packages[i].Name == c.pkg {
				c.change(&packages[i])
			}
		}
		want := c.want
		if want != "" {
			want = "package " + c.pkg + ": " + want
		}
		fails(t, c.pkg, in.check(packages, SearchFor(private)), want)
	}
}

func TestRulesOfFiles(t *testing.T) {
	const (
		foreign = " is in a folder where packages may not have files"
		etc     = ": configuration files belong in /etc, and no others do"
	)
	catches(t, nil, []fault{
		{"cook", func(*Package) {}, ""},
		{"cook", func(p *Package) { p.LicenseText = nil }, "it has no license text"},
		{"cook", func(p *Package) { p.Homepage = "" }, "it has no homepage"},
		{"cook", func(p *Package) { p.Section = "" }, "it has no section"},
		{"cook", func(p *Package) { p.License, p.Copyright = "", "" },
			"it has no copyright\npackage cook: it has no license"},

		{"cook", put(File{Path: "/usr/local/bin/x", Mode: 0o755}), "/usr/local/bin/x" + foreign},
		{"cook", put(File{Path: "/lib/x", Mode: 0o644}), "/lib/x" + foreign},
		{"cook", put(File{Path: "/run/x", Mode: 0o644}), "/run/x" + foreign},
		{"cook", put(File{Path: "/var/tmp/x", Mode: 0o644}), "/var/tmp/x" + foreign},
		{"cook", put(File{Path: "/lib64/x", Mode: 0o644}), "/lib64/x" + foreign},
		{"cook", put(File{Path: "/var/local/x", Mode: 0o644}), "/var/local/x" + foreign},
		{"cook", put(File{Path: "/mnt/x", Mode: 0o644}), "/mnt/x" + foreign},
		{"cook", put(File{Path: "/usr/share/x", Mode: 0o644}), ""},
		{"cook", put(File{Path: "/usr/share/cook/terms/x", Mode: 0o644}),
			"/usr/share/cook/terms/x is below /usr/share/cook/terms, which is a regular file"},
		{"cook", put(File{Path: "/var/lib/cook/x", Mode: 0o644}), ""},
		{"cook", put(File{Path: "/usr/share/doc/cook/README", Mode: 0o644}), ""},
		{"cook", put(File{Path: "/usr/share/licenses/cook/LICENSE", Mode: 0o644}),
			"/usr/share/licenses/cook/LICENSE is written by Slipway: leave it out"},
		{"cook", put(File{Path: "/usr/share/lintian/overrides/cook", Mode: 0o644}),
			"/usr/share/lintian/overrides/cook is written by Slipway: list what you accept in packages.yaml, in overrides"},
		{"cook", put(File{Path: "/library/x", Mode: 0o644}), ""},
		{"cook", put(File{Path: "usr/x", Mode: 0o644}), `"usr/x" is not a path from the root`},
		{"cook", put(File{Path: "/usr/../x", Mode: 0o644}), `"/usr/../x" is not a path from the root`},
		{"cook", put(File{Path: "/usr/x/", Mode: 0o644}), `"/usr/x/" is not a path from the root`},
		{"cook", put(File{Path: "/usr/x\ny", Mode: 0o644}), `"/usr/x\ny" is not a path from the root`},
		{"cook", put(File{Path: "/etc/x", Mode: 0o644}), "/etc/x" + etc},
		{"cook", put(File{Path: "/etc/x", Kind: Config, Mode: 0o644}), ""},
		{"cook", put(File{Path: "/etc/x", Kind: Folder, Mode: 0o755}), ""},
		{"cook", put(File{Path: "/usr/share/x", Kind: Config, Mode: 0o644}), "/usr/share/x" + etc},

		{"cook", put(File{Path: "/usr/share/x", Mode: 0o666}), "/usr/share/x can be written by others (0666)"},
		{"cook", put(File{Path: "/usr/share/x", Mode: 0o775}), "/usr/share/x can be written by others (0775)"},
		{"cook", put(File{Path: "/usr/share/x", Mode: 0o400}), ""},
		{"cook", put(File{Path: "/usr/share/x", Mode: 0o755 | fs.ModeSetuid}),
			"/usr/share/x has a mode beyond permissions (urwxr-xr-x)"},

		{"cook", put(File{Path: "/usr/bin/x", Kind: Link, Mode: 0o777, Target: "y"}),
			"/usr/bin/x points to /usr/bin/y, which is neither in it nor in a package that it depends on"},
		{"cook", put(File{Path: "/usr/bin/x", Kind: Link, Mode: 0o777, Target: "../libexec/ship/captain"}), ""},
		{"cook", put(File{Path: "/usr/bin/x", Kind: Link, Mode: 0o777, Target: "/usr/share/cook/terms"}), ""},
		{"captain", put(File{Path: "/usr/bin/x", Kind: Link, Mode: 0o777, Target: "cook"}),
			"/usr/bin/x points to /usr/bin/cook, which is neither in it nor in a package that it depends on"},
	})
}

func TestRulesOfPrograms(t *testing.T) {
	catches(t, nil, []fault{
		{"captain", put(File{Path: "/usr/bin/x", Mode: 0o755, Source: "check_test.go"}),
			"/usr/bin/x: check_test.go is not a program for Linux: " +
				"bad magic number '[112 97 99 107]' in record at byte 0x0"},
		{"captain", func(p *Package) { p.Platform.Arch = "mips" }, wrongMachine(t, "linux/mips")},
	})
}

// wrongMachine returns what is said of a program of this machine in a package for
// another.
func wrongMachine(t *testing.T, platform string) string {
	t.Helper()
	machine := machines[ship(t).Platform.Arch]
	return fmt.Sprintf("/usr/libexec/ship/captain is a program for %v, not for %s", machine, platform)
}

func TestRulesOfUnits(t *testing.T) {
	const nowhere = ", which is neither in it nor in a package that it depends on"
	catches(t, nil, []fault{
		{"cook", unit("x.service", "[Unit]\n\n[Service]\nExecStart=-/usr/bin/absent --x\n"),
			unitDir + "x.service runs /usr/bin/absent" + nowhere},
		{"cook", unit("x.service", "[Unit]\n\n[Service]\nExecStartPre=/bin/true\nExecStopPost=/usr/bin/absent\n"),
			unitDir + "x.service runs /usr/bin/absent" + nowhere},
		{"cook", unit("x.service", "[Unit]\n\n[Service]\nExecStart=/usr/libexec/ship/captain\nExecStop=!/bin/sh -c x\n"), ""},
		{"cook", unit("x.service", "[Service]\nExecStart = \\\n# the cook\n\t/usr/bin/absent --x\n"),
			unitDir + "x.service runs /usr/bin/absent" + nowhere},
		{"cook", unit("x.service", "[Service]\nExecStart=\"/usr/bin/the absent\" --x\n"),
			unitDir + "x.service runs /usr/bin/the absent" + nowhere},
		{"cook", unit("x.service", " [Service] \nExecStart=\nExecStart='/bin/sh' -c /usr/bin/absent\nExecPaths=/usr\n"), ""},
		{"cook", unit("x.service", "[Service]\nExecStartPre=/sbin/modprobe dummy\nExecReload=/bin/kill -HUP $MAINPID\n"+
			"ExecStart=/usr/bin/env /usr/bin/absent\nExecStopPost=/usr/bin/rm -f /run/x\n"), ""},
		{"cook", unit("x.service", "[Service]\nExecStart=/opt/bin/kill\n"),
			unitDir + "x.service runs /opt/bin/kill" + nowhere},
		{"cook", unit("x.service", "[Unit]\n"), unitDir + "x.service has no section [Service]"},
		{"cook", unit("x.target", "[Unit]\n"), ""},
		{"cook", unit("theirs.service.d/x.conf", "[Service]\nExecStart=/usr/bin/theirs\n"), ""},
		{"cook", unit("cook.service.d/x.conf", "[Service]\nExecStart=/usr/bin/theirs\n"),
			unitDir + "cook.service.d/x.conf runs /usr/bin/theirs" + nowhere},
		{"cook", func(p *Package) { p.Restart = []string{"x.service"} },
			"an upgrade would restart x.service, which is not in it"},
	})
}

func TestRulesOfPackagesTogether(t *testing.T) {
	catches(t, nil, []fault{
		{"cook", func(p *Package) { p.Relations.Depends = append(p.Relations.Depends, Relation("mate = "+p.Release())) },
			"it depends on mate, which this fork does not build: add the programs of mate to build.components, " +
				"or choose other packages with -packages"},
		{"cook", func(p *Package) { p.Relations.Depends = append(p.Relations.Depends, "mate = 1.0") }, ""},
		{"cook", put(File{Path: "/usr/bin/bosun", Mode: 0o755}), "/usr/bin/bosun is in package bosun, too"},
		{"cook", put(File{Path: "/usr/libexec/ship/captain", Mode: 0o755}),
			"/usr/libexec/ship/captain is in package captain, too"},
	})
}

func TestRuleOfPrivatePaths(t *testing.T) {
	home := strings.Join([]string{"", "home", "mate", "ship"}, "/") // so that this program does not contain it
	far := strings.Repeat("x", 1<<20-5)                             // the name begins in one piece and ends in the next
	told := "/usr/share/x contains " + home + ", a folder of the machine that built it"
	catches(t, []string{home}, []fault{
		{"cook", put(File{Path: "/usr/share/x", Mode: 0o644, Data: []byte("made in " + home + " today")}), told},
		{"cook", put(File{Path: "/usr/share/x", Mode: 0o644, Data: []byte(far + home)}), told},
		{"cook", put(File{Path: "/usr/share/x", Mode: 0o644, Data: []byte("/home/mate/shi")}), ""},
		{"cook", put(File{Path: "/usr/share/x", Mode: 0o644, Data: []byte(strings.ToUpper(home))}), ""},
	})
}

// A package of the fork that is not made in this run is taken to have what others
// need of it.
func TestCheckOfSome(t *testing.T) {
	assemble(t, ship(t), "cook", "crew")
}
