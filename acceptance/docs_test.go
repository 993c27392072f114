//go:build acceptance

package acceptance

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/internal/docscript"
	"github.com/slipway-build/slipway/internal/testkit"
)

// TestReadme runs the README's commands as its reader would, in a clean clone, and holds what
// they print against what the page shows.
func TestReadme(t *testing.T) {
	dir := clone(t)
	runPage(t, filepath.Join(dir, "README.md"), dir)
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
