package yum

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/internal/run"
	"github.com/slipway-build/slipway/internal/testkit"
	"github.com/slipway-build/slipway/packaging"
	"github.com/slipway-build/slipway/platform"
	"github.com/slipway-build/slipway/release/sign"
	"github.com/slipway-build/slipway/release/sign/signtest"
	"github.com/slipway-build/slipway/rpm"
	"github.com/slipway-build/slipway/version"
)

// captain is a package of the program captain, as a release has it.
func captain(t testing.TB, v string) packaging.Package {
	t.Helper()
	parsed, err := version.Parse(v)
	if err != nil {
		t.Fatal(err)
	}
	return packaging.Package{
		Name: "captain", Version: parsed, Distro: v, Revision: 1, Platform: platform.Platform{OS: "linux", Arch: "amd64"},
		Summary: "steers & <sails>", Description: "Steers.\n\n\"Sails\", too.", Homepage: "https://example.org/?a=b&c",
		License: "Apache-2.0", Maintainer: "Mate <mate@example.org>", Date: signtest.Born, Compression: "gzip",
		Relations: packaging.Relations{Depends: []packaging.Relation{"mate >= 1", "mate >= 1"}},
		Changes:   []string{"Steer to starboard", "Sink no more (CVE-2026-0001)"},
		Files: []packaging.File{
			{Path: "/usr/bin/captain", Mode: 0o755, Data: []byte("captain " + v + "\n")},
			{Path: "/etc/captain/options", Mode: 0o644, Kind: packaging.Config, Data: []byte("A=b\n")},
			{Path: "/usr/share/captain/chart & <map>", Mode: 0o644, Data: []byte("x")},
		},
	}
}

// write writes an rpm to dir.
func write(t testing.TB, dir string, p packaging.Package) string {
	t.Helper()
	var out bytes.Buffer
	name, err := rpm.Write(p, &out, "")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, name)
	put(t, file, out.Bytes())
	return file
}

func put(t testing.TB, file string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

func get(t testing.TB, file string) []byte {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// signer opens keys.
func signer(t testing.TB, keys ...signtest.Pair) *sign.Signer {
	t.Helper()
	var files []string
	for _, k := range keys {
		files = append(files, k.Secret)
	}
	env := run.Env{"PATH=" + testkit.Path(), "HOME=" + t.TempDir()}
	s, err := sign.Open(context.Background(), sign.Settings{Keys: files, Time: signtest.Release, Env: env})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// signed signs an rpm, and returns what is read of it.
func signed(t testing.TB, by *sign.Signer, file string) Package {
	t.Helper()
	if _, err := by.RPM(context.Background(), file); err != nil {
		t.Fatal(err)
	}
	return read(t, file)
}

func read(t testing.TB, file string) Package {
	t.Helper()
	p, err := Read(context.Background(), file)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// try runs a program of this machine, and returns what it printed.
func try(t testing.TB, dir string, args ...string) (string, error) {
	t.Helper()
	testkit.Need(t, args[0])
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir = dir
	cmd.Env = []string{"PATH=" + testkit.Path(), "LC_ALL=C.UTF-8", "TZ=UTC", "HOME=" + dir}
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// tool is try, and fails the test where the program fails.
func tool(t testing.TB, dir string, args ...string) string {
	t.Helper()
	out, err := try(t, dir, args...)
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}
