package installer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// A machine is a host with a systemd that keeps what it is told in memory.
type machine struct {
	t       *testing.T
	dir     string
	calls   []string
	enabled map[string]bool
	running map[string]string // unit to the files that it was started with
}

func newMachine(t *testing.T) *machine {
	m := &machine{t: t, dir: t.TempDir(), enabled: map[string]bool{}, running: map[string]string{}}
	for _, dir := range []string{"var/lib", "etc", "usr/bin", "usr/lib/systemd/system", "run/systemd/system"} {
		if err := os.MkdirAll(filepath.Join(m.dir, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("usr/lib", filepath.Join(m.dir, "lib")); err != nil {
		t.Fatal(err)
	}
	m.write("/etc/hostname", "galley\n", 0o644)
	return m
}

func (m *machine) path(at string) string { return filepath.Join(m.dir, filepath.FromSlash(at)) }

func (m *machine) write(at, content string, mode fs.FileMode) {
	m.t.Helper()
	name := m.path(at)
	err := os.MkdirAll(filepath.Dir(name), 0o755)
	if err := errors.Join(err, os.WriteFile(name, []byte(content), mode), os.Chmod(name, mode)); err != nil {
		m.t.Fatal(err)
	}
}

func (m *machine) read(at string) string {
	data, err := os.ReadFile(m.path(at))
	if err != nil {
		return err.Error()
	}
	return string(data)
}

func (m *machine) program(unit string) string {
	return m.read("/usr/lib/systemd/system/"+unit) + m.read("/usr/libexec/crew") + m.read("/etc/cook/menu")
}

func (m *machine) systemd(_ context.Context, offline bool, program string, args ...string) (string, error) {
	if _, err := os.Stat(m.path("/run/systemd/system")); offline != (err != nil) {
		m.t.Errorf("systemctl %q is called with offline = %v", args, offline)
	}
	if program != "systemctl" {
		m.calls = append(m.calls, program+" "+strings.Join(args, " "))
		return "", nil
	}
	if args[0] == "--version" || args[0] == "show" {
		return "systemd 252", nil
	}
	is := func(yes bool, a, b string) (string, error) {
		if yes {
			return a + "\n", nil
		}
		return b + "\n", errors.New("exit status 1")
	}
	if !strings.HasPrefix(args[0], "is-") {
		m.calls = append(m.calls, strings.Join(args, " "))
	}
	for _, unit := range args[1:] {
		if _, err := os.Stat(m.path("/usr/lib/systemd/system/" + unit)); err != nil {
			return "", fmt.Errorf("unit file %s does not exist", unit)
		}
		_, runs := m.running[unit]
		switch args[0] {
		case "is-enabled":
			return is(m.enabled[unit], "enabled", "disabled")
		case "is-active":
			return is(runs, "active", "inactive")
		case "enable":
			m.enabled[unit] = true
		case "disable":
			delete(m.enabled, unit)
		case "stop":
			delete(m.running, unit)
		case "start":
			if !runs {
				m.running[unit] = m.program(unit)
			}
		case "restart":
			m.running[unit] = m.program(unit)
		case "try-restart":
			if runs {
				m.running[unit] = m.program(unit)
			}
		default:
			m.t.Errorf("systemctl %q", args)
		}
	}
	return "", nil
}

func (m *machine) installer(image fs.FS, out *bytes.Buffer) Installer {
	m.t.Helper()
	root, err := os.OpenRoot(m.dir)
	if err != nil {
		m.t.Fatal(err)
	}
	m.t.Cleanup(func() { root.Close() })
	return Installer{Image: image, Root: root, Out: out, Systemd: m.systemd,
		Facts: Facts{Hostname: "other", Arch: "amd64", Address: "192.0.2.7", Addresses: []string{"192.0.2.7"}}}
}

// install installs, fails the test if that fails, and returns what was told.
func (m *machine) install(i *img, role string) string {
	m.t.Helper()
	var out bytes.Buffer
	if err := m.installer(i.fs(m.t), &out).Install(m.t.Context(), role); err != nil {
		m.t.Fatalf("Install(): %v\n%s", err, &out)
	}
	return out.String()
}

func (m *machine) uninstall() string {
	m.t.Helper()
	var out bytes.Buffer
	if err := m.installer(image("1.0").fs(m.t), &out).Uninstall(m.t.Context()); err != nil {
		m.t.Fatalf("Uninstall(): %v\n%s", err, &out)
	}
	return out.String()
}

// snapshot describes the tree and the units. With stamps it also tells files
// that were written again from those that were not.
func (m *machine) snapshot(stamps bool) string {
	m.t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(m.dir, func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "%s %v", strings.TrimPrefix(name, m.dir), info.Mode())
		switch {
		case info.Mode().IsRegular():
			data, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			fmt.Fprintf(&b, " %q", data)
		case info.Mode()&fs.ModeSymlink != 0:
			target, err := os.Readlink(name)
			if err != nil {
				return err
			}
			b.WriteString(" -> " + target)
		}
		if stamps {
			fmt.Fprintf(&b, " %d %s", info.Sys().(*syscall.Stat_t).Ino, info.ModTime())
		}
		b.WriteString("\n")
		return nil
	})
	if err != nil {
		m.t.Fatal(err)
	}
	fmt.Fprintf(&b, "enabled %q\n", slices.Sorted(maps.Keys(m.enabled)))
	for _, unit := range slices.Sorted(maps.Keys(m.running)) {
		fmt.Fprintf(&b, "%s runs %q\n", unit, m.running[unit])
	}
	return b.String()
}

// differ returns the lines that only one of two texts has.
func differ(got, want string) string {
	var b strings.Builder
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for _, line := range g {
		if !slices.Contains(w, line) {
			b.WriteString("+ " + line + "\n")
		}
	}
	for _, line := range w {
		if !slices.Contains(g, line) {
			b.WriteString("- " + line + "\n")
		}
	}
	return b.String()
}

func check(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s:\n%s", what, differ(got, want))
	}
}

// settled makes a machine whose files are in the way: an older program, a link,
// a file that is the same, the operator's own options, and a unit that runs.
func settled(t *testing.T) *machine {
	m := newMachine(t)
	m.write("/usr/libexec/crew", "somebody's own", 0o700)
	m.write("/usr/lib/systemd/system/cook.service", "[Service]\nExecStart=/bin/true\n", 0o600)
	m.write("/usr/share/cook/old", "old", 0o644)
	m.write("/etc/default/cook", "NAME=mine\n", 0o600)
	if err := os.Symlink("nowhere", m.path("/usr/bin/cook")); err != nil {
		t.Fatal(err)
	}
	m.enabled["cook.service"] = true
	m.running["cook.service"] = m.program("cook.service")
	return m
}
