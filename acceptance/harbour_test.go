//go:build acceptance && linux

package acceptance

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/internal/testfork"
	"github.com/slipway-build/slipway/internal/testkit"
	"github.com/slipway-build/slipway/release/sign/signtest"
)

// cve is what a patch of the sample fork says that it fixes.
const cve = "CVE-2026-1234"

// What the sample project has besides: release tarballs with programs, images and
// sources, as those of Kubernetes have them, and a statement on a vulnerability.
const (
	shipTarballs = `tarballs:
  - {kind: crew, file: "ship-crew-{{.OS}}-{{.Arch}}.tar.gz", folder: ship, platforms: [linux]}
  - {kind: src, file: ship-src.tar.gz, portable: true}
contents:
  - {in: [crew], to: bin, programs: [captain, bosun]}
  - {in: [crew], to: bin, images: [ship], reference: "ship.example.org/{{.Image}}-{{.Arch}}"}
  - {in: [crew], tarballs: [src]}
  - {in: [crew], to: version, text: "v{{.Version}}\n"}
  - {in: [src], tree: .}
`
	shipVEX = `vex:
  - vulnerability: CVE-2026-4321
    status: not_affected
    justification: vulnerable_code_not_in_execute_path
    components: [bosun]
`
)

// A harbour is a machine with a checkout of the sample project, whose fork is ship-1.4.
type harbour struct {
	t    *testing.T
	dir  string // of the project
	mage string // the program
	env  []string
}

// newHarbour makes the project and pins its fork.
func newHarbour(t *testing.T) harbour {
	t.Helper()
	root := t.TempDir()
	h := harbour{t, filepath.Join(root, "ship"), compiled(t), nil}
	proxy := filepath.Join(root, "proxy")
	cache := strings.TrimSpace(mustRun(t, "", "go", "env", "GOCACHE"))
	h.env = append(testfork.Env(proxy, filepath.Join(root, "home"), cache),
		"PATH="+testkit.Path())
	for _, err := range []error{testfork.WriteProxy(proxy), testfork.WriteProject(h.dir),
		os.WriteFile(h.at("profiles/ship/tarballs.yaml"), []byte(shipTarballs), 0o644)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	mustRun(t, h.dir, "sed", "-i", "s/^The fork sails.*/&\\n\\nCVE: "+cve+"/", "forks/ship-1.4/patches/0001-crew.patch")
	mustRun(t, h.dir, "sh", "-ec", `printf %s "$0" >> forks/ship-1.4/fork.yaml; echo /dist > .gitignore`, shipVEX)
	h.run("patches:lock")
	for _, args := range [][]string{{"init", "-q"}, {"add", "-A"}, {"commit", "-q", "-m", "Pin the ship"},
		{"remote", "add", "origin", origin}} {
		testkit.Git(t, h.dir, args...)
	}
	return h
}

// origin is where every checkout of the project is from, as a provenance tells.
const origin = "https://git.example.org/ship.git"

// with returns the machine for a part of the test.
func (h harbour) with(t *testing.T) harbour {
	h.t = t
	return h
}

// other returns another machine with a checkout of the same commit.
func (h harbour) other() harbour {
	h.t.Helper()
	dir := filepath.Join(h.t.TempDir(), "ship")
	testkit.Git(h.t, filepath.Dir(dir), "clone", "-q", h.dir, dir)
	testkit.Git(h.t, dir, "remote", "set-url", "origin", origin)
	h.dir = dir
	return h
}

func (h harbour) at(name string) string { return filepath.Join(h.dir, filepath.FromSlash(name)) }

// release is where the fork's release is made.
func (h harbour) release() string { return h.at("dist/ship-1.4/release") }

func (h harbour) command(args ...string) *exec.Cmd {
	cmd := command(h.dir, h.mage, args...)
	cmd.Env = h.env
	return cmd
}

// run runs targets, which must succeed.
func (h harbour) run(args ...string) string {
	h.t.Helper()
	out, err := h.command(args...).CombinedOutput()
	if err != nil {
		h.t.Fatalf("mage %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// fails runs a target, which must fail, and say why.
func (h harbour) fails(args []string, why ...string) {
	h.t.Helper()
	out, err := h.command(args...).CombinedOutput()
	if err == nil {
		h.t.Errorf("mage %s succeeds:\n%s", strings.Join(args, " "), out)
	}
	says(h.t, "mage "+args[0], string(out), why...)
}

// A publisher has the keys that releases are signed with.
type publisher struct{ openPGP, sigstore signtest.Pair }

// newPublisher makes an OpenPGP key of RSA, and a sigstore key of ECDSA.
func newPublisher(t *testing.T) publisher {
	t.Helper()
	return publisher{signtest.OpenPGP(t, "captain"), signtest.PEM(t)}
}

// secret is the flag with which the publisher signs, public that with which others verify.
func (p publisher) secret() string { return "-key=" + p.openPGP.Secret + "," + p.sigstore.Secret }
func (p publisher) public() string { return "-key=" + p.openPGP.Public + "," + p.sigstore.Public }
