package targets_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/internal/testfork"
	"github.com/slipway-build/slipway/scaffold"
)

// A project as init writes it locks and builds, with the patches that it was given. Completing its go.mod needs a
// network, so a test of the README does that.
func TestInitIsBuilt(t *testing.T) {
	t.Parallel()
	p := emptyProject(t, t.TempDir())
	t.Cleanup(func() { removable(p.path(".home")) })
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	series := shipProfile(t, p.path("profiles"))
	_, err = scaffold.Write(t.Context(), scaffold.Request{
		Dir: p.dir, Module: "example.org/harbour/forks", Profile: "ship", Name: "ship-1.4", Version: "1.4.1",
		Maintainer: "Mate <mate@example.org>", Components: []string{"bosun", "deckhand"}, Slipway: root,
		Patches: []string{filepath.Join(series, "0001-crew.patch"), filepath.Join(series, "0002-bosun.patch")},
		Env:     append(p.env, "PATH="+untidyGo(t)+":/usr/bin:/bin"),
	})
	if err != nil {
		t.Fatal(err)
	}
	p.must(t, "patches:lock")
	out := p.must(t, "cross")
	if want := "ship-1.4  1.4.1+harbour.1  from example.org/ship@v1.4.1, 2 patches"; !strings.Contains(out, want) {
		t.Errorf("cross does not say %q:\n%s", want, out)
	}
	for _, name := range []string{"bosun", "deckhand"} {
		if _, err := os.Stat(p.built(name)); err != nil {
			t.Error(err)
		}
	}
}

// shipProfile writes to dir the sample's profile, which says what module it is published as, and returns a folder
// with the sample's patches.
func shipProfile(t *testing.T, dir string) (series string) {
	t.Helper()
	sample := t.TempDir()
	if err := testfork.WriteProject(sample); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(sample, "profiles"))); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, "ship.yaml")
	profile, err := os.ReadFile(name)
	profile = append(profile, "modules:\n  - {path: example.org/ship}\n"...)
	if err := errors.Join(err, os.WriteFile(name, profile, 0o644)); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(sample, "forks", "ship-1.4", "patches")
}

// untidyGo returns a folder with a go command that does nothing where it is to complete a go.mod.
func untidyGo(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	script := "#!/bin/sh\n[ \"$1 $2\" = 'mod tidy' ] || exec '" + filepath.Join(inYard(t).goBin, "go") + "' \"$@\"\n"
	if err := os.WriteFile(filepath.Join(dir, "go"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}
