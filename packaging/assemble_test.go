package packaging

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"os"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"
)

func TestAssemble(t *testing.T) {
	packages := assembled(t, ship(t))
	for name, want := range map[string]string{
		"captain": "/usr/libexec/ship/boatswain -> captain\n/usr/libexec/ship/captain x\n/usr/libexec/ship/cook -> captain\n",
		"cook": "/etc/default/cook config\n/usr/bin/cook -> ../libexec/ship/cook\n" +
			"/usr/lib/systemd/system/cook.service\n/usr/lib/sysusers.d/cook.conf\n" +
			"/usr/share/bash-completion/completions/cook\n/usr/share/cook/terms\n" +
			"/usr/share/man/man8/cook.8.gz\n/var/lib/cook/\n",
		"bosun": "/usr/bin/bosun x\n/usr/sbin/whistle x\n",
		"crew":  "",
	} {
		if got := listed(packages[name].Files); got != want {
			t.Errorf("%s has\n%swant\n%s", name, got, want)
		}
	}
	if len(packages) != 4 {
		t.Errorf("there are %d packages, want 4: nothing builds a purser", len(packages))
	}
	if packages["captain"].Platform.Arch != runtime.GOARCH || packages["crew"].Platform.Arch != "" {
		t.Error("a package of programs is for their architecture, and a metapackage for all")
	}
}

func TestAssembleFillsIn(t *testing.T) {
	packages := assembled(t, ship(t))
	for _, c := range []struct{ pkg, path, want string }{
		{"cook", "/usr/lib/systemd/system/cook.service", "EnvironmentFile=-/etc/default/cook\n"},
		{"cook", "/etc/default/cook", "# 1.4.1+acme.2\n"},
		{"cook", "/usr/share/cook/terms", "as you like\n"},
		{"cook", "/usr/share/bash-completion/completions/cook", "complete cook\n"},
		{"bosun", "/usr/bin/bosun", "#!/bin/sh\nexec /usr/libexec/ship/captain boatswain \"$@\"\n"},
		{"bosun", "/usr/sbin/whistle", "echo 1\n"},
	} {
		f, _ := packages[c.pkg].lookup(c.path)
		if got := string(f.Data); !strings.Contains(got, c.want) {
			t.Errorf("%s of %s is %q, want %q in it", c.path, c.pkg, got, c.want)
		}
	}
	page, _ := packages["cook"].lookup("/usr/share/man/man8/cook.8.gz")
	z, err := gzip.NewReader(bytes.NewReader(page.Data))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	want := ".TH COOK 8 2001-09-09 \"cook 1.4.1+acme.2\"\n.SH NAME\ncook \\- cooks\n" +
		".SH DESCRIPTION\n.nf\ncook cooks\n\\&.at sea\n.fi\n"
	if err != nil || string(text) != want {
		t.Errorf("the manual page is %q, %v, want %q", text, err, want)
	}
}

func TestRelations(t *testing.T) {
	alone := func(in *Input) { in.Programs, in.Binaries["cook"] = []string{"cook"}, in.Binaries["captain"] }
	for _, c := range []struct {
		name   string
		change func(*Input)
		pkg    string
		of     func(Relations) []Relation
		want   []Relation
	}{
		{"Debian", func(*Input) {}, "cook", func(r Relations) []Relation { return r.Depends },
			[]Relation{"captain = 1.4.1+acme.2-1", "systemd | systemd-standalone-sysusers", "mount"}},
		{"Debian", func(*Input) {}, "cook", func(r Relations) []Relation { return r.Recommends },
			[]Relation{"conntrack | rum >= 1.2", "salt"}},
		{"Debian", func(*Input) {}, "cook", func(r Relations) []Relation { return r.Provides },
			[]Relation{"peas = 1.4.1+acme.2-1"}},
		{"a metapackage", func(*Input) {}, "crew", func(r Relations) []Relation { return r.Depends },
			[]Relation{"cook = 1.4.1+acme.2-1", "bosun = 1.4.1+acme.2-1"}},
		{"a revision", func(in *Input) { in.Settings.Revision = 7 }, "cook",
			func(r Relations) []Relation { return r.Provides },
			[]Relation{"peas = 1.4.1+acme.2-7"}},
		{"Fedora", func(in *Input) { in.Family = Fedora() }, "cook", func(r Relations) []Relation { return r.Depends },
			[]Relation{"captain = 1.4.1+acme.2-1", "systemd"}},
		{"Fedora", func(in *Input) { in.Family = Fedora() }, "cook", func(r Relations) []Relation { return r.Recommends },
			[]Relation{"conntrack-tools", "salt"}},
		{"Gentoo", func(in *Input) { in.Family = Gentoo() }, "cook", func(r Relations) []Relation { return r.Recommends },
			[]Relation{"net-firewall/conntrack-tools | rum >= 1.2", "salt"}},
		{"links conflict with nothing", func(*Input) {}, "cook", func(r Relations) []Relation { return r.Conflicts }, nil},
		{"a program by itself", alone, "cook", func(r Relations) []Relation { return r.Conflicts }, []Relation{"captain"}},
		{"a program by itself", alone, "cook", func(r Relations) []Relation { return r.Depends },
			[]Relation{"systemd | systemd-standalone-sysusers", "mount"}},
	} {
		in := ship(t)
		c.change(&in)
		same(t, c.name+": "+c.pkg, c.of(assembled(t, in)[c.pkg].Relations), c.want...)
	}
}

func TestCheckRefuses(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*Input)
		want   string
	}{
		{"nothing", func(*Input) {}, ""},
		{"no maintainer", func(in *Input) { in.Settings.Maintainer = "" },
			"packages need a maintainer: set packages.maintainer in fork.yaml, such as Acme <k8s@example.org>"},
		{"options of no package", func(in *Input) {
			in.Settings.Options = map[string]map[string]string{"mate": {"X": ""}}
		}, `packages.options: unknown package "mate"; this fork builds captain, cook, bosun, crew`},
		{"a replacement in no package", func(in *Input) { in.Settings.Replace = map[string][]string{"mate": {"/x"}} },
			`packages.replace: unknown package "mate"; this fork builds captain, cook, bosun, crew`},
		{"files of no package", func(in *Input) { in.User = fstest.MapFS{"mate/etc/x": {}} },
			`forks/ship/files: unknown package "mate"; this fork builds captain, cook, bosun, crew`},
		{"a file in a folder of the administrator",
			func(in *Input) { in.User = fstest.MapFS{"cook/usr/local/bin/x": {}, "cook/etc/a b": {}} },
			"package cook: /usr/local/bin/x is in a folder where packages may not have files"},
		{"a file whose name has two lines", func(in *Input) { in.User = fstest.MapFS{"cook/etc/a\nb": {}} },
			`package cook: "/etc/a\nb" is not a path from the root`},
		{"a file whose name is not UTF-8", func(in *Input) { in.User = fstest.MapFS{"cook/usr/share/a\xffb": {}} },
			`package cook: "/usr/share/a\xffb" is not a path from the root`},
		{"a configuration file whose name ends with a blank", func(in *Input) { in.User = fstest.MapFS{"cook/etc/a ": {}} },
			`package cook: "/etc/a " ends with a blank, which dpkg takes off a configuration file`},
		{"a unit that systemd does not take",
			func(in *Input) { in.User = fstest.MapFS{"cook/usr/lib/systemd/system/c++.service": {}} },
			`package cook: /usr/lib/systemd/system/c++.service: "c++.service" is not a unit's name`},
		{"a file of the profile", func(in *Input) {
			in.Recipes.Packages[1].Files = map[string]string{"/tmp/{{.Family}}": "bosun.sh"}
		},
			"package cook: /tmp/debian is in a folder where packages may not have files"},
		{"a folder of the profile", func(in *Input) { in.Recipes.Packages[1].Files = map[string]string{"/a\tb/": ""} },
			`package cook: "/a\tb" is not a path from the root`},
		{"a source that is missing", func(in *Input) { in.Recipes.Packages[1].Files["/usr/share/x"] = "cook.txt" },
			"package cook: /usr/share/x: open cook.txt: file does not exist"},
		{"a replacement that is not allowed", func(in *Input) { in.User = fstest.MapFS{"cook/usr/bin/cook": {}} },
			"package cook: forks/ship/files/cook/usr/bin/cook would replace what Slipway makes: " +
				"to allow that, add /usr/bin/cook to packages.replace.cook in fork.yaml"},
		{"a replacement of a page", func(in *Input) { in.User = fstest.MapFS{"cook/usr/share/man/man8/cook.8.gz": {}} },
			"package cook: forks/ship/files/cook/usr/share/man/man8/cook.8.gz would replace what Slipway makes: " +
				"to allow that, add /usr/share/man/man8/cook.8.gz to packages.replace.cook in fork.yaml"},
		{"a file below a link", func(in *Input) { in.User = fstest.MapFS{"cook/usr/bin/cook/x": {}} },
			"package cook: /usr/bin/cook/x is below /usr/bin/cook, which is a link"},
		{"a pipe", func(in *Input) { in.User = fstest.MapFS{"cook/etc/x": {Mode: fs.ModeNamedPipe}} },
			"package cook: forks/ship/files: cook/etc/x is neither a file nor a link to one"},
		{"a copyright", func(in *Input) { in.User = fstest.MapFS{"cook/usr/share/doc/cook/copyright": {}} },
			"package cook: /usr/share/doc/cook/copyright is written by Slipway: leave it out"},
		{"two rows of a package", func(in *Input) { in.Version = parsed(t, "1.3.0+acme.1") },
			"package bosun has two rows in packages.yaml for version 1.3.0+acme.1: give each the range of its versions"},
		{"state of the system", func(in *Input) { in.Recipes.Packages[1].State = []string{"/var/lib/dpkg"} },
			"package cook: state /var/lib/dpkg: a purge removes all of it, and it belongs to the system"},
		{"files of the installer", func(in *Input) { in.User = fstest.MapFS{"installer/etc/x": {}} }, ""},
		{"a folder that is not there", func(in *Input) { in.User = os.DirFS("testdata/none") }, ""},
		{"a folder that cannot be read", func(in *Input) { in.User = unreadable{} }, "forks/ship/files: cannot be read"},
		{"a link that leads nowhere", func(in *Input) {
			in.User = fstest.MapFS{"cook/usr/share/x": {Data: []byte("bosun.service"), Mode: fs.ModeSymlink}}
		}, "package cook: forks/ship/files: cook/usr/share/x is a link, but not to a file: " +
			"what is taken is the file that a link of this folder leads to, never a link"},
		{"no package", func(in *Input) { in.Programs = []string{"anchor"} },
			"no package of the profile can be made from the fork's programs: anchor"},
		{"several", func(in *Input) {
			in.Settings.Options = map[string]map[string]string{"mate": {}, "cook": {}}
			in.Settings.Replace = map[string][]string{"mate": {}}
		}, "packages.options: unknown package \"mate\"; this fork builds captain, cook, bosun, crew\n" +
			"packages.replace: unknown package \"mate\"; this fork builds captain, cook, bosun, crew"},
	} {
		in := ship(t)
		c.change(&in)
		fails(t, c.name, in.Check(), c.want)
	}
}

type unreadable struct{}

func (unreadable) Open(string) (fs.File, error) { return nil, errors.New("cannot be read") }

func TestAssembleRefuses(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*Input)
		want   string
	}{
		{"an unknown variable", func(in *Input) {
			in.Settings.Options = map[string]map[string]string{"cook": {"COOK_ARG": ""}}
		}, "package cook: packages.options.cook: unknown variable COOK_ARG; the package has COOK_ARGS, COOK_MORE"},
		{"a missing binary", func(in *Input) { delete(in.Binaries, "captain") },
			"package captain: component captain is not built for linux/" + runtime.GOARCH},
		{"a missing source", func(in *Input) { delete(in.Sources.(fstest.MapFS), "cook.conf") },
			"package cook: /usr/lib/sysusers.d/cook.conf: open cook.conf: file does not exist"},
		{"a file that is not in the tree", func(in *Input) {
			in.Recipes.Packages[1].Files["/usr/share/cook/terms"] = "tree:TERMS"
		}, "package cook: /usr/share/cook/terms: file does not exist"},
		{"an image that there is not", func(in *Input) {
			in.Recipes.Packages[1].Files["/usr/share/stove.tar"] = "image:stove"
		}, "package cook: /usr/share/stove.tar: image:stove: unknown image; " +
			"of the images that consist of Slipway's own programs, this version has none"},
		{"a path that is no template", func(in *Input) { in.Recipes.Packages[2].Files["/{{"] = "bosun.sh" },
			"package bosun: files: template: :1: unclosed action"},
		{"a license that is not in the tree", func(in *Input) { in.Recipes.LicenseFile = "COPYING" },
			"package captain: file does not exist\npackage cook: file does not exist\n" +
				"package bosun: file does not exist\npackage crew: file does not exist"},
		{"two files at one path", func(in *Input) { in.Recipes.Packages[2].Files["/usr/bin/bosun/"] = "" },
			"package bosun: /usr/bin/bosun is in it twice: as a regular file and as a folder"},
		{"a folder of files that cannot be read", func(in *Input) { in.User = unreadable{} },
			"package captain: forks/ship/files: cannot be read\npackage cook: forks/ship/files: cannot be read\n" +
				"package bosun: forks/ship/files: cannot be read\npackage crew: forks/ship/files: cannot be read"},
	} {
		in := ship(t)
		c.change(&in)
		recipes, err := in.Select(nil)
		if err != nil {
			t.Fatal(err)
		}
		_, err = in.Assemble(recipes, nil)
		fails(t, c.name, err, c.want)
	}
}

// What others word is quoted in part.
func TestAssembleRefusesWithAReason(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*Input)
		want   string
	}{
		{"a template that is none", func(in *Input) {
			in.Sources.(fstest.MapFS)["cook.conf"].Data = []byte("{{.Nothing}}")
		}, "package cook: /usr/lib/sysusers.d/cook.conf: template: "},
		{"a version that distributions order otherwise", func(in *Input) { in.Version = parsed(t, "1.4.1-rc1+acme.1") },
			"version 1.4.1-rc1+acme.1 cannot be a package version"},
		{"a binary that is no program", func(in *Input) { in.Binaries["captain"] = "assemble_test.go" },
			"package captain: /usr/libexec/ship/captain: bad magic number"},
	} {
		in := ship(t)
		c.change(&in)
		recipes, err := in.Select(nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err = in.Assemble(recipes, nil); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}
