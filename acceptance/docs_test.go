//go:build acceptance

package acceptance

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/mod/module"
	"golang.org/x/mod/zip"

	"github.com/slipway-build/slipway/internal/docscript"
	"github.com/slipway-build/slipway/internal/testkit"
)

// TestReadme runs the README's commands as its reader would, in a clean clone, and holds what
// they print against what the page shows.
func TestReadme(t *testing.T) {
	dir := clone(t)
	runPage(t, filepath.Join(dir, "README.md"), dir)
}

// publishModule writes a clone of Slipway into a module proxy on disk, as a version of its own.
func publishModule(t *testing.T, dir, proxy string) {
	t.Helper()
	m := module.Version{Path: "github.com/slipway-build/slipway", Version: "v0.0.1"}
	at := filepath.Join(proxy, filepath.FromSlash(m.Path), "@v")
	mod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err := errors.Join(err, os.MkdirAll(at, 0o755)); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"list": m.Version + "\n", m.Version + ".mod": string(mod), m.Version + ".info": `{"Version":"` + m.Version + `"}`,
	} {
		if err := os.WriteFile(filepath.Join(at, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	out, err := os.Create(filepath.Join(at, m.Version+".zip"))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(zip.CreateFromVCS(out, m, dir, "HEAD", ""), out.Close()); err != nil {
		t.Fatal(err)
	}
}

// runPage runs what a page does not mark, from a folder on. The sums that pages show are those of an amd64 machine.
func runPage(t *testing.T, page, dir string, env ...string) {
	t.Helper()
	testkit.Need(t, "bash")
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	blocks, err := docscript.Read(string(text))
	if err != nil {
		t.Fatal(err)
	}
	steps := docscript.ToRun(blocks)
	if len(steps) == 0 {
		t.Fatalf("%s has nothing to run", page)
	}
	bin := filepath.Join(t.TempDir(), "bin") // for what the page installs
	all := append(os.Environ(), "GOBIN="+bin, "PATH="+bin+string(os.PathListSeparator)+testkit.Path(), "LC_ALL=C",
		"GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@example.org",
		"GIT_COMMITTER_NAME=Ada", "GIT_COMMITTER_EMAIL=ada@example.org")
	results, err := docscript.Shell{Dir: dir, Env: append(all, env...)}.Run(t.Context(), steps)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		t.Logf("%6.1f s  %s\n%s", r.Seconds, r.Command, strings.Join(r.Printed, "\n"))
		if fault := r.Fault(filepath.Base(page)); fault != "" && (r.Failed || runtime.GOARCH == "amd64") {
			t.Error(fault)
		}
	}
}
