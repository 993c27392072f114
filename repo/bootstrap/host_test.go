//go:build acceptance

package bootstrap

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/deb"
	"github.com/slipway-build/slipway/packaging"
	"github.com/slipway-build/slipway/release/sign/signtest"
	"github.com/slipway-build/slipway/rpm"
)

// captain writes a package of a version to a folder, and returns its path.
func captain(t *testing.T, dir, version string, as formatWriter) string {
	t.Helper()
	path, err := write(packaging.Package{
		Name: "captain", Distro: version, Revision: 1, Summary: "steers", Description: "Steers.", License: "MIT",
		Maintainer: "Mate <mate@example.org>", Date: signtest.Born, Compression: "gzip", Section: "misc",
		Files: []packaging.File{{Path: "/usr/share/captain/version", Mode: 0o644, Data: []byte(version)}},
	}, dir, as)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// A client is a system below a folder.
type client struct {
	t    *testing.T
	root string
}

// try runs a command of the shell in the system. Nobody answers a question of it.
func (c client) try(command string) (string, error) {
	c.t.Helper()
	cmd := exec.Command("chroot", c.root, "sh", "-ec", command)
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", "HOME=/srv", "DEBIAN_FRONTEND=noninteractive"}
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// run runs a command that must succeed.
func (c client) run(command string) string {
	c.t.Helper()
	out, err := c.try(command)
	if err != nil {
		c.t.Fatalf("%s: %v\n%s", command, err, out)
	}
	return out
}

// refuse runs a command that must fail, and say a text.
func (c client) refuse(command, text string) {
	c.t.Helper()
	if out, err := c.try(command); err == nil || !strings.Contains(out, text) {
		c.t.Fatalf("%s: %v: it does not fail with %q:\n%s", command, err, text, out)
	}
}

// put writes a file of the system.
func (c client) put(path string, data []byte) {
	c.t.Helper()
	at := filepath.Join(c.root, path)
	if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
		c.t.Fatal(err)
	}
	if err := os.WriteFile(at, data, 0o644); err != nil {
		c.t.Fatal(err)
	}
}

// copy puts files of this machine into a folder of the system.
func (c client) copy(dir string, files ...string) {
	c.t.Helper()
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			c.t.Fatal(err)
		}
		c.put(filepath.Join(dir, filepath.Base(f)), data)
	}
}

var (
	asDeb formatWriter = deb.Write
	asRPM formatWriter = rpm.Write
)
