package testkit

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Systemd returns what systemd itself reads of a unit in dirs, the first of which
// wins: the state of the unit as "systemd --test" dumps it, a setting a line. It
// does not have to run on this machine.
func Systemd(t testing.TB, unit string, dirs ...string) []string {
	t.Helper()
	const program = "/usr/lib/systemd/systemd"
	if _, err := os.Stat(program); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	targets := t.TempDir() // that every unit depends on
	for _, name := range []string{"sysinit.target", "basic.target", "shutdown.target"} {
		if err := os.WriteFile(filepath.Join(targets, name), []byte("[Unit]\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	args := []string{program, "--test", "--system", "--unit=" + unit}
	if os.Getuid() == 0 { // it refuses to run as root
		Need(t, "setpriv")
		args = append([]string{"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
			"--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"}, args...)
	}
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = []string{"PATH=" + Path(), "HOME=/nonexistent",
		"SYSTEMD_UNIT_PATH=" + strings.Join(append(dirs, targets), ":")}
	out, err := cmd.CombinedOutput()
	_, of, found := strings.Cut(string(out), "-> Unit "+unit+":\n")
	if err != nil || !found {
		t.Fatalf("%s does not read %s: %v\n%s", program, unit, err, out)
	}
	of, _, _ = strings.Cut(of, "-> Unit ")
	var lines []string
	for line := range strings.Lines(of) {
		lines = append(lines, strings.TrimSpace(line))
	}
	return lines
}
