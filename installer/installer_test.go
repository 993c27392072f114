package installer

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// An img is an image in the making.
type img struct {
	manifest Manifest
	files    fstest.MapFS
}

func image(version string) *img {
	return &img{
		Manifest{Name: "ship", Version: version, Arch: "amd64",
			Units: map[string][]string{"mate": {"cook.service"}, "master": {"cook.service", "helm.service"}}},
		fstest.MapFS{},
	}
}

// add adds a file, or changes one that is there. Each change adjusts its entry.
func (m *img) add(at, content string, mode fs.FileMode, change ...func(*Entry)) *img {
	from := "root" + at
	m.files[from] = &fstest.MapFile{Data: []byte(content)}
	digest := sha256.Sum256([]byte(content))
	e := Entry{Path: at, From: from, Mode: mode, SHA256: hex.EncodeToString(digest[:])}
	for _, c := range change {
		c(&e)
	}
	return m.drop(at).entry(e)
}

func (m *img) entry(e Entry) *img {
	m.manifest.Files = append(m.manifest.Files, e)
	return m
}

func (m *img) drop(at string) *img {
	m.manifest.Files = slices.DeleteFunc(m.manifest.Files, func(e Entry) bool { return e.Path == at })
	return m
}

func config(e *Entry)   { e.Config = true }
func tmpl(e *Entry)     { e.Template = true }
func onMaster(e *Entry) { e.Roles = []string{"master"} }

func (m *img) fs(t *testing.T) fs.FS {
	t.Helper()
	data, err := m.manifest.Encode()
	if err != nil {
		t.Fatal(err)
	}
	m.files[ManifestName] = &fstest.MapFile{Data: data}
	return m.files
}

// cookUnit is the unit of cook.
const cookUnit = "[Service]\nEnvironmentFile=-/etc/default/cook\nExecStart=/usr/bin/cook --config=/etc/cook/menu\n"

// ship is the first version of what the tests install: one program under two
// names, units, options, and a certificate.
func ship() *img {
	return image("1.0").
		add("/usr/libexec/crew", "crew 1", 0o755).
		entry(Entry{Path: "/usr/bin/cook", Target: "../libexec/crew"}).
		add("/usr/bin/helm", "#!/bin/sh\nexec /usr/libexec/crew helm \"$@\"\n", 0o755, onMaster).
		add("/usr/lib/systemd/system/cook.service", cookUnit, 0o644).
		add("/usr/lib/systemd/system/helm.service", "[Service]\nExecStart=/usr/bin/helm\n", 0o644, onMaster).
		add("/etc/default/cook", "NAME={{.Hostname}} {{.Address}} {{.Role}}\n", 0o644, config, tmpl).
		add("/etc/cook/menu", "peas\n", 0o640, config).
		add("/etc/cook/ring", "ring 1", 0o600).
		add("/usr/share/cook/old", "old", 0o644).
		entry(Entry{Path: "/var/lib/cook", Mode: 0o700})
}

// ship2 is the version after it.
func ship2() *img {
	m := ship()
	m.manifest.Version = "2.0"
	return m.drop("/usr/share/cook/old").
		add("/usr/libexec/crew", "crew 2", 0o755).
		add("/etc/cook/menu", "beans\n", 0o640, config).
		add("/usr/share/new/thing", "new", 0o644).
		entry(Entry{Path: "/usr/bin/purser", Target: "/usr/libexec/crew"})
}

func TestInstall(t *testing.T) {
	m := newMachine(t)
	before := m.snapshot(false)
	m.install(ship(), "mate")
	for at, want := range map[string]string{
		"/usr/libexec/crew": "crew 1", "/usr/bin/cook": "crew 1", "/etc/default/cook": "NAME=galley 192.0.2.7 mate\n",
		"/etc/cook/menu": "peas\n", "/lib/systemd/system/cook.service": cookUnit,
	} {
		if got := m.read(at); got != want {
			t.Errorf("%s is %q, want %q", at, got, want)
		}
	}
	for at, want := range map[string]fs.FileMode{
		"/usr/libexec": 0o755, "/usr/libexec/crew": 0o755, "/etc/cook/menu": 0o640, "/etc/cook/ring": 0o600,
		"/var/lib/cook": 0o700,
	} {
		if info, err := os.Stat(m.path(at)); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s is %v (%v), want %v", at, info, err, want)
		}
	}
	if _, err := os.Lstat(m.path("/usr/bin/helm")); err == nil {
		t.Error("a mate has a master's file")
	}
	check(t, "the calls", strings.Join(m.calls, "\n"), "daemon-reload\nenable cook.service\nstart cook.service")

	first := m.snapshot(true)
	m.calls = nil
	if out := m.install(ship(), ""); !strings.Contains(out, "nothing to do") {
		t.Errorf("a second install tells\n%s", out)
	}
	check(t, "a second install", m.snapshot(true), first)
	check(t, "its calls", strings.Join(m.calls, "\n"), "")

	m.uninstall()
	check(t, "uninstalling", m.snapshot(false), before)
	check(t, "its calls", strings.Join(m.calls, "\n"), "stop cook.service\ndisable cook.service\ndaemon-reload")
	if out := m.uninstall(); out != "nothing is installed\n" {
		t.Errorf("a second Uninstall() tells %q", out)
	}
}

// TestUsersAndFolders has systemd make what files declare, before the units, and
// where systemd does not run, what a boot would not.
func TestUsersAndFolders(t *testing.T) {
	m := newMachine(t)
	i := ship().
		add("/etc/sysusers.d/ship.conf", "u cook -\n", 0o644).
		add("/etc/tmpfiles.d/ship.conf", "d /var/lib/cook 0700 cook cook\n", 0o644)
	m.install(i, "mate")
	check(t, "the calls", strings.Join(m.calls, "\n"),
		"systemd-sysusers /etc/sysusers.d/ship.conf\nsystemd-tmpfiles --create /etc/tmpfiles.d/ship.conf\n"+
			"daemon-reload\nenable cook.service\nstart cook.service")
	m.calls = nil
	m.install(i, "mate")
	check(t, "the calls of a second install", strings.Join(m.calls, "\n"), "")

	m = newMachine(t)
	if err := os.RemoveAll(m.path("/run/systemd")); err != nil {
		t.Fatal(err)
	}
	m.install(i, "mate")
	check(t, "the calls where systemd does not run", strings.Join(m.calls, "\n"),
		"systemd-sysusers /etc/sysusers.d/ship.conf\nenable cook.service")
}

// TestTwoOnAHost installs under two names, each of which goes without the other.
func TestTwoOnAHost(t *testing.T) {
	m := newMachine(t)
	boat := image("3.0").add("/usr/libexec/oar", "oar", 0o755).entry(Entry{Path: "/var/lib/cook", Mode: 0o700})
	boat.manifest.Name, boat.manifest.Units = "boat", map[string][]string{"crew": {}}
	before := m.snapshot(false)
	m.install(boat, "")
	alone := m.snapshot(false)
	m.install(ship(), "mate")
	m.uninstall()
	check(t, "with the second gone", m.snapshot(false), alone)

	m.install(ship(), "mate")
	var out bytes.Buffer
	if err := m.installer(boat.fs(t), &out).Uninstall(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := m.read("/usr/libexec/crew"); got != "crew 1" {
		t.Errorf("with the first gone, /usr/libexec/crew is %q", got)
	}
	m.uninstall()
	check(t, "with both gone, the first before the second", m.snapshot(false), before)
}

func TestFilesAlreadyThere(t *testing.T) {
	m := settled(t)
	m.running["cook.service"] = "" // restored, it runs again with what is there then
	before, program := m.snapshot(false), m.program("cook.service")
	m.install(ship(), "master")
	for at, want := range map[string]string{
		"/usr/libexec/crew": "crew 1", "/usr/libexec/crew.slipway-saved": "somebody's own",
		"/etc/default/cook":     "NAME=mine\n",
		"/etc/default/cook.new": "NAME=galley 192.0.2.7 master\n", "/usr/bin/cook": "crew 1",
	} {
		if got := m.read(at); got != want {
			t.Errorf("%s is %q, want %q", at, got, want)
		}
	}
	check(t, "the calls", strings.Join(m.calls, "\n"),
		"daemon-reload\nenable cook.service helm.service\nrestart cook.service\nstart helm.service")
	first := m.snapshot(true)
	m.install(ship(), "")
	check(t, "a second install", m.snapshot(true), first)
	m.uninstall()
	if m.running["cook.service"] != program {
		t.Errorf("what ran before runs now with %q, want %q", m.running["cook.service"], program)
	}
	m.running["cook.service"] = ""
	check(t, "uninstalling", m.snapshot(false), before)
}

func TestUpgrade(t *testing.T) {
	m := newMachine(t)
	before := m.snapshot(false)
	m.install(ship(), "master")
	m.write("/etc/default/cook", "NAME=changed\n", 0o644)
	m.calls = nil
	m.install(ship2(), "")
	check(t, "the calls", strings.Join(m.calls, "\n"), "daemon-reload\ntry-restart cook.service helm.service")
	for at, want := range map[string]string{
		"/usr/bin/purser": "no such file", "/usr/libexec/crew": "crew 2", "/etc/cook/menu": "beans\n",
		"/etc/default/cook": "NAME=changed\n", "/etc/default/cook.new": "NAME=galley 192.0.2.7 master\n",
		"/usr/share/cook": "no such file", "/usr/share/new/thing": "new",
	} {
		if got := m.read(at); got != want && !strings.HasSuffix(got, want+" or directory") {
			t.Errorf("%s is %q, want %q", at, got, want)
		}
	}
	if err := os.Rename(m.path("/etc/default/cook.new"), m.path("/etc/default/cook")); err != nil {
		t.Fatal(err)
	}
	m.calls = nil
	if out := m.install(ship2(), ""); strings.Contains(out, "kept") || len(m.calls) > 0 {
		t.Errorf("merged options are told\n%s and call %q", out, m.calls)
	}
	was := m.snapshot(true)
	in := m.installer(ship2().fs(t), new(bytes.Buffer))
	err := in.Install(t.Context(), "mate")
	if err == nil || !strings.Contains(err.Error(), "the role master of ship 2.0") {
		t.Errorf("a master that is to be a mate: %v", err)
	}
	check(t, "a refused change of the role", m.snapshot(true), was)
	in.Replace = true
	if err := in.Install(t.Context(), "mate"); err != nil {
		t.Fatal(err)
	}
	started := strings.Contains(strings.Join(m.calls, " "), "start helm")
	if started || m.running["helm.service"] != "" || m.enabled["helm.service"] {
		t.Errorf("who becomes a mate has helm.service still: %q", m.calls)
	}
	m.uninstall()
	check(t, "uninstalling", m.snapshot(false), before)
}

// TestUpgradeLeavesUnitsAlone has nothing restarted that does not have to be,
// and nothing started that the operator stopped.
func TestUpgradeLeavesUnitsAlone(t *testing.T) {
	m := newMachine(t)
	m.install(ship(), "master")
	m.calls = nil
	m.install(ship().add("/etc/cook/menu", "beans\n", 0o640, config), "")
	check(t, "the cook's menu is new", strings.Join(m.calls, "\n"), "daemon-reload\ntry-restart cook.service")
	delete(m.enabled, "helm.service")
	delete(m.running, "helm.service")
	m.install(ship2(), "")
	if m.enabled["helm.service"] || m.running["helm.service"] != "" {
		t.Error("an upgrade starts a unit that the operator stopped")
	}
}

func TestUninstallKeepsWhatChanged(t *testing.T) {
	m := settled(t)
	m.install(ship(), "mate")
	m.write("/usr/libexec/crew", "changed", 0o755)
	m.write("/etc/cook/menu", "changed", 0o640)
	m.write("/var/lib/cook/log", "log", 0o600)
	out := m.uninstall()
	for at, want := range map[string]string{
		"/usr/libexec/crew": "changed", "/usr/libexec/crew.slipway-saved": "somebody's own", "/etc/cook/menu": "changed",
		"/var/lib/cook/log": "log",
	} {
		if got := m.read(at); got != want {
			t.Errorf("%s is %q, want %q", at, got, want)
		}
	}
	for _, at := range []string{"/etc/cook/menu", "/usr/libexec/crew"} {
		if !strings.Contains(out, "kept "+at+", which was changed since") {
			t.Errorf("%s is not told in\n%s", at, out)
		}
	}
}

func TestDryRun(t *testing.T) {
	m := settled(t)
	var out bytes.Buffer
	dry := func(i *img) Installer {
		in := m.installer(i.fs(t), &out)
		in.DryRun = true
		return in
	}
	before := m.snapshot(true)
	if err := dry(ship()).Install(t.Context(), "mate"); err != nil {
		t.Fatal(err)
	}
	check(t, "a dry install", m.snapshot(true), before)
	for _, want := range []string{"write   /etc/cook/menu\n", "save    /usr/bin/cook\n",
		"link    /usr/bin/cook -> ../libexec/crew\n", "make    /var/lib/cook/\n",
		"systemctl enable cook.service\n", "kept /etc/default/cook, which", "dry run: nothing was changed"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("a dry install does not tell %q:\n%s", want, &out)
		}
	}
	m.install(ship(), "mate")
	m.calls = nil
	before = m.snapshot(true)
	if err := errors.Join(dry(ship2()).Install(t.Context(), ""), dry(ship()).Uninstall(t.Context())); err != nil {
		t.Fatal(err)
	}
	check(t, "a dry upgrade and uninstall", m.snapshot(true), before)
	if len(m.calls) > 0 {
		t.Errorf("dry runs call systemctl %q", m.calls)
	}
}

func TestOffline(t *testing.T) {
	m := newMachine(t)
	if err := os.RemoveAll(m.path("/run/systemd")); err != nil {
		t.Fatal(err)
	}
	if out := m.install(ship(), "mate"); !strings.Contains(out, "nothing was started") {
		t.Errorf("it is not told that nothing was started:\n%s", out)
	}
	m.install(ship2(), "")
	m.uninstall()
	check(t, "the calls", strings.Join(m.calls, "\n"), "enable cook.service\ndisable cook.service")
}

func TestStatus(t *testing.T) {
	m := newMachine(t)
	var out bytes.Buffer
	if err := m.installer(image("1.0").fs(t), &out).Status(t.Context()); err == nil {
		t.Error("Status() of a bare host is no error")
	}
	m.install(ship(), "mate")
	m.write("/etc/cook/menu", "changed", 0o640)
	if err := os.Remove(m.path("/etc/cook/ring")); err != nil {
		t.Fatal(err)
	}
	if err := m.installer(image("1.0").fs(t), &out).Status(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"ship 1.0, mate\n", "changed /etc/cook/menu\n", "missing /etc/cook/ring\n", "cook.service: enabled, active\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("Status() does not tell %q:\n%s", want, &out)
		}
	}
}
