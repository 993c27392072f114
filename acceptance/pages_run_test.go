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

// A document is a page of docs whose blocks are run as soon as what they need is there.
type document struct {
	t    *testing.T
	page *docscript.Page
}

// openDocument opens a page for the test that its marks name, which has to run every block that names it.
func openDocument(t *testing.T, name string, shell docscript.Shell) document {
	t.Helper()
	testkit.Need(t, "bash")
	test, _, _ := strings.Cut(t.Name(), "/")
	text, err := os.ReadFile(filepath.Join("..", "docs", name))
	if err != nil {
		t.Fatal(err)
	}
	page, err := docscript.Open(name, string(text), test, shell)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if left := page.Left(); len(left) > 0 && !t.Failed() && !t.Skipped() {
			t.Errorf("%s: not run are %q", name, left)
		}
	})
	return document{t, page}
}

// onAMD64 skips a test whose commands name what is made on an amd64 machine.
func onAMD64(t *testing.T) {
	t.Helper()
	if runtime.GOARCH != "amd64" {
		t.Skip("the page shows an amd64 machine")
	}
}

// run runs the next block that has a text. What follows rests on its commands, not on what they print, which may be
// otherwise if this is no amd64 machine.
func (d document) run(text string) {
	d.t.Helper()
	results, faults, err := d.page.Run(d.t.Context(), text)
	if err != nil {
		d.t.Fatal(err)
	}
	for _, r := range results {
		d.t.Logf("%6.1f s  %s\n%s", r.Seconds, r.Command, strings.Join(r.Printed, "\n"))
	}
	all := strings.Join(faults, "\n")
	switch {
	case strings.Contains(all, ": failed\n"):
		d.t.Fatal(all)
	case all != "" && runtime.GOARCH == "amd64":
		d.t.Error(all)
	}
}

// shown notes that the test has run a block already.
func (d document) shown(text string) {
	d.t.Helper()
	if _, err := d.page.Take(text); err != nil {
		d.t.Fatal(err)
	}
}

// visitor is the environment of somebody with a home of their own, who has the caches of this machine.
func visitor(t *testing.T, home string, path ...string) []string {
	t.Helper()
	env := append(testkit.GitEnv(home), "MAGEFILE_CACHE="+filepath.Join(home, "magefile"),
		"PATH="+strings.Join(append(path, testkit.Path()), string(os.PathListSeparator)))
	settings := mustRun(t, "", "go", "env", "GOENV", "GOCACHE", "GOMODCACHE", "GOPATH", "GOPROXY", "GOFLAGS")
	for i, value := range strings.Split(strings.TrimSuffix(settings, "\n"), "\n") {
		env = append(env, []string{"GOENV", "GOCACHE", "GOMODCACHE", "GOPATH", "GOPROXY", "GOFLAGS"}[i]+"="+value)
	}
	return env
}
