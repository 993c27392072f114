package installer

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"
)

func symlink(t *testing.T, m *machine, target, at string) {
	t.Helper()
	if err := os.Symlink(target, m.path(at)); err != nil {
		t.Fatal(err)
	}
}

// TestInstallRefuses holds that each fault is reported, and that nothing changes.
func TestInstallRefuses(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*machine, *img, *Installer)
		want   []string
	}{
		{"another architecture", func(_ *machine, _ *img, in *Installer) { in.Facts.Arch = "arm64" },
			[]string{"the image is for amd64 and the host is arm64"}},
		{"damaged files", func(_ *machine, i *img, _ *Installer) {
			i.files["root/usr/libexec/crew"].Data = []byte("crew!")
			delete(i.files, "root/etc/cook/ring")
		}, []string{"root/usr/libexec/crew of the image: is damaged: its sha256 is ",
			"open root/etc/cook/ring: file does not exist"}},
		{"a damaged template", func(_ *machine, i *img, _ *Installer) { i.files["root/etc/default/cook"].Data = []byte("x") },
			[]string{"root/etc/default/cook of the image: is damaged"}},
		{"facts that are not known", func(_ *machine, _ *img, in *Installer) { in.Facts.Address = "" },
			[]string{`/etc/default/cook: template: root/etc/default/cook:1:21: executing "root/etc/default/cook" ` +
				`at <.Address>: map has no entry for key "Address"`}},
		{"a template that is none",
			func(_ *machine, i *img, _ *Installer) { i.add("/etc/x", "a\n{{.Hostname\n", 0o644, tmpl) },
			[]string{"/etc/x: template: root/etc/x:3: unclosed action started at root/etc/x:2"}},
		{"things in the way", func(m *machine, _ *img, _ *Installer) {
			m.write("/etc/cook/ring/in", "", 0o600)
			m.write("/var/lib/cook", "", 0o600)
			m.write("/usr/libexec", "", 0o600)
		}, []string{"/etc/cook/ring is a folder on the host and a file in the image",
			"/var/lib/cook is a file on the host and a folder in the image",
			"/usr/libexec is a file, and a folder is needed for /usr/libexec/crew"}},
		{"no place to save to", func(m *machine, _ *img, _ *Installer) {
			for _, at := range []string{"/etc/cook/ring", "/usr/libexec/crew"} {
				m.write(at, "mine", 0o600)
				m.write(at+".slipway-saved", "mine", 0o600)
			}
		}, []string{"/etc/cook/ring would have to be saved, and /etc/cook/ring.slipway-saved is there already",
			"/usr/libexec/crew would have to be saved"}},
		{"one file under two names",
			func(_ *machine, i *img, _ *Installer) { i.add("/lib/systemd/system/cook.service", "", 0o644) },
			[]string{"/lib/systemd/system/cook.service and /usr/lib/systemd/system/cook.service " +
				"are one and the same on this host"}},
		{"links in a circle", func(m *machine, i *img, _ *Installer) {
			symlink(m.t, m, "b", "/etc/a")
			symlink(m.t, m, "a", "/etc/b")
			i.add("/etc/a/x", "", 0o644)
		}, []string{"/etc/a/x: its links form a loop"}},
		{"a damaged record", func(m *machine, _ *img, _ *Installer) { m.write(RecordPath("ship"), "{", 0o644) },
			[]string{"/var/lib/slipway/ship.json is damaged"}},
		{"no host", func(m *machine, _ *img, _ *Installer) { os.RemoveAll(m.path("/var/lib")) },
			[]string{"has no folder /var/lib: mount the host's root there"}},
		{"no systemctl", func(_ *machine, _ *img, in *Installer) {
			in.Systemd = func(context.Context, bool, string, ...string) (string, error) { return "", fs.ErrNotExist }
		}, []string{"file does not exist"}},
		{"a host that is not fit", func(_ *machine, i *img, in *Installer) {
			checked(i)
			in.Systemd = answers(in.Systemd, "/etc/ship/join.env:2: WIND is not a number\n", errors.New("exit status 2"))
		}, []string{"/etc/ship/join.env:2: WIND is not a number"}},
		{"a damaged check", func(_ *machine, i *img, _ *Installer) {
			checked(i)
			i.files["root/usr/bin/look"].Data = []byte("x")
		}, []string{"root/usr/bin/look of the image: is damaged"}},
	} {
		m, i := newMachine(t), ship()
		var out bytes.Buffer
		in := m.installer(i.files, &out)
		c.change(m, i, &in)
		in.Image = i.fs(t)
		before := m.snapshot(true)
		err := in.Install(t.Context(), "mate")
		for _, want := range c.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: Install() = %v, want %q", c.name, err, want)
			}
		}
		check(t, c.name+" changes the host", m.snapshot(true), before)
	}
}

// checked gives an image a script that looks at hosts, for the role mate.
func checked(i *img) *img {
	i.manifest.Checks = map[string]string{"mate": "/usr/bin/look"}
	return i.add("/usr/bin/look", "#!/bin/sh\nlook at \"$1\"\n", 0o755)
}

// answers has the shell of a host say something, and fail with an error.
func answers(run Systemd, says string, err error) Systemd {
	return func(ctx context.Context, offline bool, program string, args ...string) (string, error) {
		if program == "sh" {
			return says, err
		}
		return run(ctx, offline, program, args...)
	}
}

// TestCheck has a host looked at before anything is changed: by the image's script, which the host need not have.
func TestCheck(t *testing.T) {
	m := newMachine(t)
	var out bytes.Buffer
	in := m.installer(checked(ship()).fs(t), &out)
	if err := in.Install(t.Context(), "mate"); err != nil {
		t.Fatal(err)
	}
	check(t, "the first call", m.calls[0], "sh -c exec 2>&1\n#!/bin/sh\nlook at \"$1\"\n /usr/bin/look --check")
	in.Systemd = answers(in.Systemd, "there is no wind\n", nil)
	out.Reset()
	if err := in.Install(t.Context(), ""); err != nil || out.String() !=
		"there is no wind\nthere was nothing to do\nship 1.0 is installed as mate\n" {
		t.Errorf("Install() = %v, and tells\n%s", err, &out)
	}
	m.calls = nil
	m.uninstall()
	m.install(checked(ship()), "master")
	if calls := strings.Join(m.calls, "\n"); strings.Contains(calls, "look") {
		t.Errorf("a role without a check calls\n%s", calls)
	}
}

func TestRoles(t *testing.T) {
	m := newMachine(t)
	var out bytes.Buffer
	in := m.installer(ship().fs(t), &out)
	for _, role := range []string{"", "captain"} {
		if err := in.Install(t.Context(), role); err == nil ||
			!strings.Contains(err.Error(), `the image has master, mate; choose one with -role`) {
			t.Errorf("Install(%q) = %v", role, err)
		}
	}
	i := ship()
	delete(i.manifest.Units, "mate")
	m.install(i, "")
	if !strings.Contains(m.read("/etc/default/cook"), "master") {
		t.Error("the only role of an image is not taken")
	}
}

// TestLinksOfTheHost has links on the host that lead out of it, as seen from
// without: they mean what they mean to the host.
func TestLinksOfTheHost(t *testing.T) {
	out := t.TempDir()
	m := newMachine(t)
	m.write("/mnt/state/keep", "", 0o600)
	symlink(t, m, "/mnt/state", "/etc/cook")
	symlink(t, m, out, "/etc/default")                           // absolute, to a place that only we have
	symlink(t, m, "../../../../../../../../etc", "/usr/libexec") // above the root is the root
	symlink(t, m, out+"/menu", "/mnt/state/menu")
	before := m.snapshot(false)
	m.install(ship(), "mate")
	if entries, err := os.ReadDir(out); err != nil || len(entries) > 0 {
		t.Fatalf("the installer wrote %v out of the host (%v)", entries, err)
	}
	for at, want := range map[string]string{
		"/mnt/state/ring": "ring 1", out + "/cook": "NAME=galley 192.0.2.7 mate\n", "/etc/crew": "crew 1",
		"/mnt/state/menu.new": "peas\n",
	} {
		if got := m.read(at); got != want {
			t.Errorf("%s is %q, want %q", at, got, want)
		}
	}
	first := m.snapshot(true)
	m.install(ship(), "")
	check(t, "a second install", m.snapshot(true), first)
	m.uninstall()
	check(t, "uninstalling", m.snapshot(false), before)
}

// TestFoldersMoved has the host's folders become links between two installs.
func TestFoldersMoved(t *testing.T) {
	m := newMachine(t)
	m.install(ship(), "mate")
	m.write("/mnt/keep", "", 0o600)
	if err := os.Rename(m.path("/etc/cook"), m.path("/mnt/cook")); err != nil {
		t.Fatal(err)
	}
	symlink(t, m, "/mnt/cook", "/etc/cook")
	if out := m.install(ship2(), ""); strings.Contains(out, "save ") || m.read("/mnt/cook/menu") != "beans\n" {
		t.Errorf("the menu is %q, and it is told\n%s", m.read("/mnt/cook/menu"), out)
	}
	m.uninstall()
	if _, err := os.Stat(m.path("/mnt/cook/menu")); err == nil {
		t.Error("the menu stays")
	}
}

func TestManifestCheck(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*img)
		want   string
	}{
		{"nothing in it", func(i *img) { i.manifest = Manifest{} },
			"it has no name\nmanifest.json: it has no version\nmanifest.json: it has no arch\nmanifest.json: it has no roles"},
		{"a path that leads out", func(i *img) { i.add("/etc/../../x", "", 0o644) },
			"/etc/../../x: want an absolute path without . or .."},
		{"a relative path", func(i *img) { i.add("etc/x", "", 0o644) }, "etc/x: want an absolute path"},
		{"the root", func(i *img) { i.entry(Entry{Path: "/", Mode: 0o755}) }, "/: want an absolute path"},
		{"a source that leads out", func(i *img) { i.add("/etc/x", "", 0o644, func(e *Entry) { e.From = "../x" }) },
			"/etc/x: from ../x leads out of the image"},
		{"a file and a link", func(i *img) { i.add("/etc/x", "", 0o644, func(e *Entry) { e.Target = "x" }) },
			"/etc/x: it is both a file and a link"},
		{"no digest", func(i *img) { i.add("/etc/x", "", 0o644, func(e *Entry) { e.SHA256 = "" }) },
			"/etc/x: sha256 is not 64 hex digits"},
		{"a template of a link", func(i *img) { i.entry(Entry{Path: "/etc/x", Target: "y", Template: true}) },
			"/etc/x: only a file can have a sha256"},
		{"a setuid file", func(i *img) { i.add("/etc/x", "", 0o4755) }, "/etc/x: mode has more than permission bits"},
		{"no mode", func(i *img) { i.add("/etc/x", "", 0) }, "/etc/x: it has no mode"},
		{"an unknown role", func(i *img) { i.add("/etc/x", "", 0o644, func(e *Entry) { e.Roles = []string{"boy"} }) },
			"/etc/x: it is for a role that units lacks"},
		{"twice", func(i *img) { i.entry(Entry{Path: "/usr/bin/cook", Target: "x"}) },
			"/usr/bin/cook is listed twice for role master"},
		{"below a file", func(i *img) { i.add("/usr/bin/cook/x", "", 0o644) },
			"/usr/bin/cook/x is below /usr/bin/cook, which is a link"},
		{"the installer's folder", func(i *img) { i.add("/var/lib/slipway/x", "", 0o644) },
			"/var/lib/slipway/x: /var/lib/slipway is the installer's own"},
		{"the installer's suffix", func(i *img) { i.add("/etc/x.slipway-saved", "", 0o644) },
			"/etc/x.slipway-saved: names that end so are the installer's own"},
		{"an option for a unit", func(i *img) { i.manifest.Units["mate"] = []string{"--root=x.service"} },
			`units of mate: "--root=x.service" cannot be a unit's name`},
		{"a role that is none", func(i *img) { i.manifest.Units["a b"] = nil }, `units: "a b" cannot be a role's name`},
	} {
		i := ship()
		c.change(i)
		if _, err := i.manifest.Encode(); err == nil || !strings.Contains(err.Error(), "manifest.json: "+c.want) {
			t.Errorf("%s: Encode() = %v, want %q", c.name, err, c.want)
		}
	}
	for data, want := range map[string]string{
		`{"nam":""}`: `unknown field "nam"`, `{`: "unexpected EOF", `{}`: "it has no name",
	} {
		if _, err := ReadManifest(fstest.MapFS{ManifestName: {Data: []byte(data)}}); err == nil ||
			!strings.Contains(err.Error(), want) {
			t.Errorf("ReadManifest(%s) = %v, want %q", data, err, want)
		}
	}
	if _, err := ReadManifest(fstest.MapFS{}); err == nil ||
		!strings.Contains(err.Error(), "is this the installer's image?") {
		t.Errorf("ReadManifest() of nothing = %v", err)
	}
}

// TestUnitNames encodes manifests with units whose names systemd-escape writes.
func TestUnitNames(t *testing.T) {
	for _, unit := range []string{`var-lib-bosun\x2dplugins.mount`, "bosun@deck.service", `bosun@main\x2ddeck.service`} {
		i := ship()
		i.manifest.Units["mate"] = []string{unit}
		if _, err := i.manifest.Encode(); err != nil {
			t.Errorf("%s: Encode() = %v", unit, err)
		}
	}
}

func TestEncode(t *testing.T) {
	one, two := ship(), ship()
	first := two.manifest.Files[0]
	two.manifest.Files = append(two.manifest.Files[1:], first)
	a, aerr := one.manifest.Encode()
	b, berr := two.manifest.Encode()
	if aerr != nil || berr != nil || !bytes.Equal(a, b) {
		t.Errorf("one manifest in another order has other bytes (%v, %v)", aerr, berr)
	}
	m, err := ReadManifest(fstest.MapFS{ManifestName: {Data: a}})
	if err != nil || len(m.Files) != len(one.manifest.Files) || m.Files[0].Path != "/etc/cook/menu" || !m.Files[0].Config {
		t.Errorf("what is read is %+v (%v)", m, err)
	}
}
