package bootstrap

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/internal/run"
	"github.com/slipway-build/slipway/internal/testkit"
	"github.com/slipway-build/slipway/release/sign"
	"github.com/slipway-build/slipway/release/sign/signtest"
)

// public returns the public keys of names, as an Input has them.
func public(t *testing.T, names ...string) []byte {
	t.Helper()
	var all []byte
	for _, name := range names {
		data, err := os.ReadFile(signtest.OpenPGP(t, name).Public)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, data...)
	}
	return all
}

// signer returns what signs with the keys of names.
func signer(t *testing.T, names ...string) *sign.Signer {
	t.Helper()
	var files []string
	for _, name := range names {
		files = append(files, signtest.OpenPGP(t, name).Secret)
	}
	s, err := sign.Open(context.Background(), sign.Settings{Keys: files, Time: signtest.Release, Env: run.Env{}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// sample is a repository that is served from a folder of the client's.
func sample(t *testing.T, keys ...string) Input {
	t.Helper()
	return Input{
		Name: "acme", Origin: "Acme", Label: "Acme's ships", URL: "file:///srv/acme", Maintainer: "Mate <mate@example.org>",
		Suites: []Suite{{"ship-1.36", true}, {"ship-1.37", false}}, Packages: []string{"captain"},
		Keys: public(t, keys...), Version: 1, Time: signtest.Release,
	}
}

// made makes the packages of an input.
func made(t *testing.T, in Input, by *sign.Signer) Packages {
	t.Helper()
	p, err := Make(context.Background(), in, t.TempDir(), by)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// host runs a tool of this machine, and returns what it writes.
func host(t *testing.T, dir string, args ...string) []byte {
	t.Helper()
	testkit.Need(t, args[0])
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir, cmd.Env = dir, []string{"PATH=" + testkit.Path(), "LC_ALL=C", "HOME=" + t.TempDir()}
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", strings.Join(args, " "), err, out, &said)
	}
	return out
}

// TestMake holds that the packages are the same bytes each time, and well-formed.
func TestMake(t *testing.T) {
	in := sample(t, "captain", "mate")
	by := signer(t, "captain")
	p := made(t, in, by)
	slices.Reverse(in.Suites)
	again := made(t, in, by)
	for _, files := range [][2]string{{p.Deb, again.Deb}, {p.RPM, again.RPM}} {
		one, err1 := os.ReadFile(files[0])
		two, err2 := os.ReadFile(files[1])
		if err1 != nil || err2 != nil || !bytes.Equal(one, two) {
			t.Errorf("%s is other bytes the second time: %v, %v", filepath.Base(files[0]), err1, err2)
		}
	}
	if base := filepath.Base(p.Deb); base != "acme-archive-keyring_1-1_all.deb" {
		t.Errorf("the deb is %s", base)
	}
	if base := filepath.Base(p.RPM); base != "acme-release-1-1.noarch.rpm" {
		t.Errorf("the rpm is %s", base)
	}
	in.Keys = nil
	if _, err := Make(context.Background(), in, t.TempDir(), by); err == nil {
		t.Error("there is a keyring package without a key")
	}
}

func TestLinters(t *testing.T) {
	in := sample(t, "captain")
	in.URL = "https://packages.example.org"
	p := made(t, in, signer(t, "captain"))
	t.Run("lintian", func(t *testing.T) {
		if out := host(t, "", "lintian", "--fail-on=none", p.Deb); len(out) > 0 {
			t.Errorf("lintian says:\n%s", out)
		}
	})
	t.Run("rpm", func(t *testing.T) {
		db, key := t.TempDir(), filepath.Join(t.TempDir(), "key")
		if err := os.WriteFile(key, public(t, "captain"), 0o644); err != nil {
			t.Fatal(err)
		}
		host(t, "", "rpm", "--dbpath", db, "--import", key)
		host(t, "", "rpm", "--dbpath", db, "--checksig", p.RPM)
		const want = "/etc/yum.repos.d/acme-ship-1.36.repo 17\n/etc/yum.repos.d/acme-ship-1.37.repo 17\n" // noreplace
		got := host(t, "", "rpm", "-qp", "--qf", "[%{FILENAMES} %{FILEFLAGS}\n]", p.RPM)
		if !strings.Contains(string(got), want) {
			t.Errorf("its files and their flags are\n%s, want among them\n%s", got, want)
		}
	})
}
