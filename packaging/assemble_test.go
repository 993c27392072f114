package packaging

import (
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/slipway-build/slipway/platform"
	"github.com/slipway-build/slipway/version"
)

// ship is what the packages of a small project are assembled from: captain is a
// program of many names, that is cook and bosun, too.
func ship(t *testing.T) Input {
	t.Helper()
	v, err := version.Parse("1.4.1+acme.2")
	if err != nil {
		t.Fatal(err)
	}
	own, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return Input{
		Family: Debian(), Version: v, Platform: platform.Platform{OS: "linux", Arch: runtime.GOARCH}, Date: time.Unix(1e9, 0).UTC(),
		Changes: []string{"all new"}, Settings: Settings{Maintainer: "Mate <mate@example.org>"}.Defaulted(),
		Programs: []string{"captain", "anchor"}, Binaries: map[string]string{"captain": own, "anchor": own},
		Docs: map[string]Doc{"cook": {Help: []byte("cook cooks\n.at sea\n"), Completions: map[string][]byte{"bash": []byte("complete cook\n")}}},
		Tree: func(name string) ([]byte, error) {
			if name == "LICENSE" {
				return []byte("as you like\n"), nil
			}
			return nil, fs.ErrNotExist
		},
		Sources: fstest.MapFS{
			"cook.service": {Data: []byte("[Unit]\nDescription=the cook\n[Service]\nEnvironmentFile=-{{.Options}}/cook\nExecStart=/usr/bin/cook\n\n[Service]\n[Install]\nWantedBy=multi-user.target\n")},
			"cook.options": {Data: []byte("# {{.Version}}\nCOOK_ARGS=\"\n--salt\n--rum\n\"\nCOOK_MORE=\"\"\n")},
			"cook.conf":    {Data: []byte("u cook - \"the cook\"\n")},
			"bosun.sh":     {Data: []byte("#!/bin/sh\necho {{.Major}}\n")},
		},
		UserDir: "forks/ship/files",
		Recipes: Recipes{
			Homepage: "https://example.org", License: "MIT", Copyright: "2026 Mate", Section: "admin",
			Multicall: []Multicall{{Component: "captain", Package: "captain", Path: "/usr/libexec/ship/captain", Programs: map[string]string{"cook": "cook", "bosun": "boatswain"}}},
			Packages: []Recipe{
				{Name: "captain", Summary: "all of the crew", Description: "All.", Programs: map[string]string{"captain": "/usr/libexec/ship/captain"}},
				{Name: "cook", Summary: "cooks", Description: "The cook.", Programs: map[string]string{"cook": "/usr/bin/cook"},
					Files: map[string]string{
						"/usr/lib/systemd/system/cook.service": "cook.service", "{{.Options}}/cook": "cook.options",
						"/usr/lib/sysusers.d/cook.conf": "cook.conf", "/var/lib/cook/": "", "/usr/share/cook/terms": "tree:LICENSE",
					},
					Man: map[string]string{"cook": "8"}, Completions: map[string][]string{"cook": {"bash"}}, Restart: []string{"cook.service"},
					Relations: Relations{Depends: []Relation{"mount"}, Recommends: []Relation{"conntrack | rum >= 1.2", "salt"}, Provides: []Relation{"peas = self"}},
				},
				{Name: "bosun", Summary: "whistles", Description: "The bosun.", Programs: map[string]string{"bosun": "/usr/bin/bosun"}, Files: map[string]string{"/usr/sbin/whistle": "bosun.sh"}},
				{Name: "bosun", Versions: "<1.4", Summary: "whistled", Description: "Once.", Programs: map[string]string{"bosun": "/usr/bin/bosun"}},
				{Name: "crew", Summary: "both", Description: "Both (metapackage).", Requires: []string{"cook", "bosun"}, Relations: Relations{Depends: []Relation{"cook = self", "bosun = self"}}},
				{Name: "purser", Summary: "counts", Description: "Counts.", Programs: map[string]string{"purser": "/usr/bin/purser"}},
			},
		},
	}
}

func assembled(t *testing.T, in Input) map[string]Package {
	t.Helper()
	recipes, err := in.Select(nil)
	if err != nil {
		t.Fatal(err)
	}
	list, err := in.Assemble(recipes, nil)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]Package{}
	for _, p := range list {
		out[p.Name] = p
	}
	return out
}

// listed describes a package's files, a line each.
func listed(p Package) string {
	var b strings.Builder
	for _, f := range p.Files {
		b.WriteString(f.Path)
		switch f.Kind {
		case Link:
			b.WriteString(" -> " + f.Target)
		case Folder:
			b.WriteString("/")
		case Config:
			b.WriteString(" config")
		}
		if f.Mode == 0o755 && f.Kind != Folder {
			b.WriteString(" x")
		}
		b.WriteString("\n")
	}
	return b.String()
}

func TestAssemble(t *testing.T) {
	packages := assembled(t, ship(t))
	for name, want := range map[string]string{
		"captain": "/usr/libexec/ship/boatswain -> captain\n/usr/libexec/ship/captain x\n/usr/libexec/ship/cook -> captain\n",
		"cook": "/etc/default/cook config\n/usr/bin/cook -> ../libexec/ship/cook\n/usr/lib/systemd/system/cook.service\n/usr/lib/sysusers.d/cook.conf\n" +
			"/usr/share/bash-completion/completions/cook\n/usr/share/cook/terms\n/usr/share/man/man8/cook.8.gz\n/var/lib/cook/\n",
		"bosun": "/usr/bin/bosun x\n/usr/sbin/whistle x\n",
		"crew":  "",
	} {
		if got := listed(packages[name]); got != want {
			t.Errorf("%s has\n%swant\n%s", name, got, want)
		}
	}
	if len(packages) != 4 {
		t.Errorf("there are %d packages, want 4: nothing builds a purser", len(packages))
	}
	content := func(pkg, path, want string) {
		f, _ := packages[pkg].lookup(path)
		if got := string(f.Data); !strings.Contains(got, want) {
			t.Errorf("%s of %s is %q, want %q in it", path, pkg, got, want)
		}
	}
	content("cook", "/usr/lib/systemd/system/cook.service", "EnvironmentFile=-/etc/default/cook\n")
	content("cook", "/etc/default/cook", "# 1.4.1+acme.2\n")
	content("cook", "/usr/share/cook/terms", "as you like\n")
	content("bosun", "/usr/bin/bosun", "\nexec /usr/libexec/ship/captain boatswain \"$@\"\n")
	content("bosun", "/usr/sbin/whistle", "echo 1\n")
	page, _ := packages["cook"].lookup("/usr/share/man/man8/cook.8.gz")
	z, err := gzip.NewReader(bytes.NewReader(page.Data))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if want := ".TH COOK 8 2001-09-09 \"cook 1.4.1+acme.2\"\n.SH NAME\ncook \\- cooks\n.SH DESCRIPTION\n.nf\ncook cooks\n\\&.at sea\n.fi\n"; err != nil || string(text) != want {
		t.Errorf("the manual page is %q, %v, want %q", text, err, want)
	}
	cook := packages["cook"]
	if got := cook.Units(); !slices.Equal(got, []string{"cook.service"}) {
		t.Errorf("cook's units are %q", got)
	}
	if packages["captain"].Platform.Arch != runtime.GOARCH || packages["crew"].Platform.Arch != "" {
		t.Error("a package of programs is for their architecture, and a metapackage for all")
	}
}

func TestRelations(t *testing.T) {
	in := ship(t)
	check := func(name string, got []Relation, want ...Relation) {
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	cook := assembled(t, in)["cook"].Relations
	check("Debian depends", cook.Depends, "captain = 1.4.1+acme.2-1", "systemd | systemd-standalone-sysusers", "mount")
	check("Debian recommends", cook.Recommends, "conntrack | rum >= 1.2", "salt")
	check("Debian provides", cook.Provides, "peas = 1.4.1+acme.2-1")
	check("the crew", assembled(t, in)["crew"].Relations.Depends, "cook = 1.4.1+acme.2-1", "bosun = 1.4.1+acme.2-1")
	in.Family = Fedora()
	cook = assembled(t, in)["cook"].Relations
	check("Fedora depends", cook.Depends, "captain = 1.4.1+acme.2-1", "systemd")
	check("Fedora recommends", cook.Recommends, "conntrack-tools", "salt")

	in = ship(t)
	in.Programs, in.Binaries["cook"] = []string{"cook"}, in.Binaries["captain"]
	alone := assembled(t, in)
	check("a program by itself", alone["cook"].Relations.Conflicts, "captain")
	if f, _ := alone["cook"].lookup("/usr/bin/cook"); f.Kind != Regular || f.Source == "" || len(alone) != 1 {
		t.Errorf("a program by itself is %+v of %d packages", f, len(alone))
	}
	in.Programs = append(in.Programs, "captain")
	if _, ok := assembled(t, in)["bosun"]; !ok {
		t.Error("who builds one program of many by itself has the others no more")
	}
}

func TestOptionsAndFiles(t *testing.T) {
	in := ship(t)
	in.Settings.Options = map[string]map[string]string{"cook": {"COOK_ARGS": `--say="aye"`}}
	in.Settings.Replace = map[string][]string{"cook": {"/usr/lib/systemd/system/cook.service"}}
	in.User = fstest.MapFS{
		"cook/usr/lib/systemd/system/cook.service": {Data: []byte("[Unit]\n\n[Service]\nExecStart=/usr/bin/cook --own\n")},
		"cook/etc/cook/menu":                       {Data: []byte("peas\n")},
		"cook/usr/share/cook/ring":                 {Data: []byte("ring"), Mode: 0o755},
	}
	cook := assembled(t, in)["cook"]
	for at, want := range map[string]File{
		"/etc/default/cook":                    {Kind: Config, Mode: 0o644, Data: []byte("# 1.4.1+acme.2\nCOOK_ARGS=\"--say=\\\"aye\\\"\"\nCOOK_MORE=\"\"\n")},
		"/usr/lib/systemd/system/cook.service": {Mode: 0o644, Data: []byte("[Unit]\n\n[Service]\nExecStart=/usr/bin/cook --own\n")},
		"/etc/cook/menu":                       {Kind: Config, Mode: 0o644, Data: []byte("peas\n")},
		"/usr/share/cook/ring":                 {Mode: 0o755, Data: []byte("ring")},
	} {
		if got, _ := cook.lookup(at); got.Kind != want.Kind || got.Mode != want.Mode || !bytes.Equal(got.Data, want.Data) {
			t.Errorf("%s is %v %v %q, want %v %v %q", at, got.Kind, got.Mode, got.Data, want.Kind, want.Mode, want.Data)
		}
	}
}

func TestAssembleRefuses(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*Input)
		want   string
	}{
		{"a version that distributions order otherwise", func(in *Input) { in.Version, _ = version.Parse("1.4.1-rc1+acme.1") }, `version 1.4.1-rc1+acme.1 cannot be a package's`},
		{"an unknown variable", func(in *Input) { in.Settings.Options = map[string]map[string]string{"cook": {"COOK_ARG": ""}} }, "packages.options.cook: no variable COOK_ARG: it has COOK_ARGS, COOK_MORE"},
		{"nobody who answers for them", func(in *Input) { in.Settings.Maintainer = "" }, "set packages.maintainer in fork.yaml"},
		{"options of no package", func(in *Input) { in.Settings.Options = map[string]map[string]string{"mate": {"X": ""}} }, `packages.options: no package "mate": the fork comes to captain, cook, bosun, crew`},
		{"a file over one that is made", func(in *Input) { in.User = fstest.MapFS{"cook/etc/default/cook": {}} }, "forks/ship/files/cook/etc/default/cook would replace what Slipway makes: if it is to, add /etc/default/cook to packages.replace.cook in fork.yaml"},
		{"a replacement that is not there", func(in *Input) { in.Settings.Replace = map[string][]string{"cook": {"/etc/default/cook"}} }, "packages.replace.cook: there is no forks/ship/files/cook/etc/default/cook to stand for it"},
		{"a replacement of nothing", func(in *Input) {
			in.Settings.Replace = map[string][]string{"cook": {"/etc/menu"}}
			in.User = fstest.MapFS{"cook/etc/menu": {}}
		}, "packages.replace.cook: the package has no /etc/menu but the fork's own"},
		{"files of no package", func(in *Input) { in.User = fstest.MapFS{"mate/etc/x": {}} }, `forks/ship/files: no package "mate"`},
		{"a binary that is not there", func(in *Input) { delete(in.Binaries, "captain") }, "package captain: component captain is not built for linux/"},
		{"a source that is not there", func(in *Input) { in.Sources = fstest.MapFS{} }, "package cook: /usr/lib/systemd/system/cook.service: open cook.service"},
		{"a file that the tree lacks", func(in *Input) { in.Recipes.Packages[1].Files["/usr/share/cook/terms"] = "tree:TERMS" }, "package cook: /usr/share/cook/terms: "},
		{"a template that is none", func(in *Input) { in.Sources.(fstest.MapFS)["cook.conf"].Data = []byte("{{.Nothing}}") }, "package cook: /usr/lib/sysusers.d/cook.conf: "},
		{"a binary that needs a library", func(in *Input) { in.Binaries["captain"] = "/bin/bash" }, "package captain: /usr/libexec/ship/captain: it is linked with libtinfo.so.6, and no package is known that has it"},
	} {
		in := ship(t)
		c.change(&in)
		recipes, err := in.Select(nil)
		if err != nil {
			t.Fatal(err)
		}
		if c.name == "a binary that needs a library" {
			if _, err := os.Stat("/bin/bash"); err != nil || runtime.GOOS != "linux" {
				continue
			}
		}
		if err = in.Check(); err == nil {
			_, err = in.Assemble(recipes, nil)
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

func TestSelect(t *testing.T) {
	in := ship(t)
	if r, err := in.Select([]string{"bosun"}); err != nil || len(r) != 1 || r[0].Summary != "whistles" {
		t.Errorf("Select(bosun) = %v, %v", r, err)
	}
	for names, want := range map[string]string{
		"mate":   `no package "mate": the fork comes to captain, cook, bosun, crew`,
		"purser": "package purser needs the component purser: add it to build.components of fork.yaml",
	} {
		if _, err := in.Select([]string{names}); err == nil || err.Error() != want {
			t.Errorf("Select(%s) = %v, want %q", names, err, want)
		}
	}
	in.Programs = []string{"anchor"}
	if _, err := in.Select(nil); err == nil || !strings.Contains(err.Error(), "comes to no package") {
		t.Errorf("a fork of an anchor alone: %v", err)
	}
}
