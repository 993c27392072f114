package packaging

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

func TestContentsAdd(t *testing.T) {
	for _, c := range []struct {
		files []File
		want  string
	}{
		{nil, ""},
		{[]File{{Path: "/a"}, {Path: "/b"}}, ""},
		{[]File{{Path: "/a"}, {Path: "/a"}}, "/a is in it twice: as a regular file and as a regular file"},
		{[]File{{Path: "/a", Kind: Folder}, {Path: "/a", Kind: Link}}, "/a is in it twice: as a folder and as a link"},
		{[]File{{Path: "/a", Kind: Config}, {Path: "/a"}},
			"/a is in it twice: as a configuration file and as a regular file"},
	} {
		fails(t, listed(c.files), contents{}.add(c.files), c.want)
	}
}

func TestProgramFiles(t *testing.T) {
	for _, c := range []struct {
		name     string
		programs []string
		recipe   Recipe
		want     string
		needs    []Relation
		err      string
	}{
		{"none", []string{"captain"}, Recipe{Name: "crew"}, "", nil, ""},
		{"a binary", []string{"captain", "anchor"},
			Recipe{Name: "anchor", Programs: map[string]string{"anchor": "/usr/bin/a"}},
			"/usr/bin/a x\n", nil, ""},
		{"the binary of many names", []string{"captain"},
			Recipe{Name: "captain", Programs: map[string]string{"captain": "/usr/libexec/ship/captain"}},
			"/usr/libexec/ship/captain x\n/usr/libexec/ship/boatswain -> captain\n/usr/libexec/ship/cook -> captain\n", nil, ""},
		{"a link", []string{"captain"}, Recipe{Name: "cook", Programs: map[string]string{"cook": "/usr/bin/cook"}},
			"/usr/bin/cook -> ../libexec/ship/cook\n", []Relation{"captain = self"}, ""},
		{"a link and a script", []string{"captain"},
			Recipe{Name: "both", Programs: map[string]string{"cook": "/opt/cook", "bosun": "/opt/bosun"}},
			"/opt/bosun x\n/opt/cook -> ../usr/libexec/ship/cook\n", []Relation{"captain = self", "captain = self"}, ""},
		{"a program that is not built", []string{"captain", "purser"},
			Recipe{Name: "purser", Programs: map[string]string{"purser": "/usr/bin/purser"}},
			"", nil, "component purser is not built for linux/arm64"},
	} {
		in := ship(t)
		in.Programs, in.Platform.Arch = c.programs, "arm64"
		files, needs, err := in.programFiles(c.recipe)
		fails(t, c.name, err, c.err)
		same(t, c.name, needs, c.needs...)
		if got := listed(files); got != c.want {
			t.Errorf("%s:\n%swant\n%s", c.name, got, c.want)
		}
	}
}

func TestCalled(t *testing.T) {
	for _, c := range []struct{ path, name, to, want string }{
		{"/usr/libexec/ship/captain", "cook", "/usr/libexec/ship/cook", "link cook"},
		{"/usr/libexec/ship/captain", "cook", "/usr/bin/cook", "link ../libexec/ship/cook"},
		{"/opt/captain", "cook", "/cook", "link opt/cook"},
		{"/opt/captain", "chef", "/usr/bin/cook", "#!/bin/sh\nexec /opt/captain chef \"$@\"\n"},
		{"/opt/the ship/captain", "it's", "/usr/bin/cook", "#!/bin/sh\nexec '/opt/the ship/captain' 'it'\\''s' \"$@\"\n"},
	} {
		m := Multicall{Path: c.path, Programs: map[string]string{"cook": c.name}}
		f := m.called("cook", c.to)
		got := string(f.Data)
		if f.Kind == Link {
			got = "link " + f.Target
		}
		if got != c.want || f.Path != c.to {
			t.Errorf("%s called as %s at %s is %s: %q, want %q", c.path, c.name, c.to, f.Path, got, c.want)
		}
	}
}

func TestPlaced(t *testing.T) {
	for _, c := range []struct{ path, data, want string }{
		{"/usr/share/x", "text", "regular file 0644"},
		{"/usr/share/x", "#!/bin/sh\n", "regular file 0755"},
		{"/usr/share/x", "", "regular file 0644"},
		{"/etc/x", "text", "configuration file 0644"},
		{"/etc/cron.daily/x", "#!/bin/sh\n", "configuration file 0755"},
		{"/etcetera", "text", "regular file 0644"},
	} {
		f := placed(c.path, []byte(c.data))
		if got := fmt.Sprintf("%v %04o", f.Kind, f.Mode); got != c.want {
			t.Errorf("%s with %q is a %s, want a %s", c.path, c.data, got, c.want)
		}
	}
}

func TestAddUserFiles(t *testing.T) {
	const service = "/usr/lib/systemd/system/cook.service"
	for _, c := range []struct {
		name    string
		user    fstest.MapFS
		replace []string
		want    string // what is in the package then, with content
		err     string
	}{
		{"none", fstest.MapFS{}, nil, service + "=made\n", ""},
		{"files",
			fstest.MapFS{"cook/etc/menu": {Data: []byte("peas")}, "cook/usr/bin/ring": {Data: []byte("ring"), Mode: 0o755}}, nil,
			"/etc/menu=peas config\n/usr/bin/ring=ring x\n" + service + "=made\n", ""},
		{"a script", fstest.MapFS{"cook/usr/bin/ring": {Data: []byte("#!ring")}}, nil,
			"/usr/bin/ring=#!ring x\n" + service + "=made\n", ""},
		{"files of another package", fstest.MapFS{"cookie/etc/menu": {}, "bosun/etc/menu": {}}, nil, service + "=made\n", ""},
		{"a replacement", fstest.MapFS{"cook" + service: {Data: []byte("mine")}}, []string{service}, service + "=mine\n", ""},
		{"a replacement that is not allowed", fstest.MapFS{"cook" + service: {}}, nil, "",
			"forks/ship/files/cook" + service + " would replace what Slipway makes: " +
				"to allow that, add " + service + " to packages.replace.cook in fork.yaml"},
		{"a replacement of nothing", fstest.MapFS{"cook/etc/menu": {}}, []string{"/etc/menu"}, "",
			"packages.replace.cook: the package has no /etc/menu to replace: remove it"},
		{"a missing replacement", fstest.MapFS{"cook/etc/menu": {}}, []string{service}, "",
			"packages.replace.cook: forks/ship/files/cook" + service + " is missing"},
	} {
		in := ship(t)
		in.User, in.Settings.Replace = c.user, map[string][]string{"cook": c.replace}
		files := contents{service: {Path: service, Mode: 0o644, Data: []byte("made")}}
		err := in.addUserFiles("cook", files)
		fails(t, c.name, err, c.err)
		if got := held(files); err == nil && got != c.want {
			t.Errorf("%s:\n%swant\n%s", c.name, got, c.want)
		}
	}
}

// held describes files with their content, a line each.
func held(files contents) string {
	var lines []string
	for _, f := range files {
		content := "=" + string(f.Data)
		lines = append(lines, strings.Replace(listed([]File{f}), f.Path, f.Path+content, 1))
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}

// TestImages holds that an image is a file of a package for one platform, and none of a
// package whose files serve all.
func TestImages(t *testing.T) {
	const at = "/usr/libexec/cook/stove.tar"
	for _, c := range []struct {
		family Family
		want   string
	}{{Debian(), "stove for " + runtime.GOARCH}, {Fedora(), "stove for " + runtime.GOARCH}, {Gentoo(), ""}} {
		in := ship(t)
		in.Family, in.Images = c.family, []string{"stove"}
		in.Image = func(name string) ([]byte, error) { return []byte(name + " for " + in.Platform.Arch), nil }
		in.Recipes.Packages[1].Files[at] = "image:stove"
		same(t, c.family.Name, in.Recipes.Packages[1].Images(), "stove")
		for _, p := range assemble(t, in, "captain", "cook") {
			if f, ok := p.lookup(at); p.Name == "cook" && (string(f.Data) != c.want || ok != (c.want != "")) {
				t.Errorf("%s: it has %q (%v), want %q", c.family.Name, f.Data, ok, c.want)
			}
		}
	}
}
