//go:build acceptance

package acceptance

import (
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/internal/golden"
	"github.com/slipway-build/slipway/internal/testkit"
)

// TestPackagesPage makes the packages that docs/packages.md shows, in a clean clone.
func TestPackagesPage(t *testing.T) {
	testkit.Need(t, "lintian")
	dir := clone(t)
	shown(t, "docs/packages.md", mage(t, dir, "deb", "-fork=etcd-3.7"))
	debs, _ := filepath.Glob(filepath.Join(dir, "dist", "etcd-3.7", "deb", "*", "*.deb"))
	lintian(t, debs)
}

// lintian has Debian's linter find nothing in packages. Debian's archive takes no zstd
// yet; dpkg does since 1.21.18.
func lintian(t *testing.T, debs []string) {
	t.Helper()
	args := append([]string{"--allow-root", "--no-cfg", "--suppress-tags=malformed-deb-archive",
		"--fail-on=error,warning"}, debs...)
	if out := mustRun(t, "", "lintian", args...); out != "" || len(debs) == 0 {
		t.Errorf("of %d packages lintian finds\n%s", len(debs), out)
	}
}

// shown holds what a command printed, from the line that names the fork on, against the
// page that shows it. Its times, which differ from run to run, may be others. With
// -update the page shows what was printed.
func shown(t *testing.T, page, out string) {
	t.Helper()
	if runtime.GOARCH != "amd64" {
		return // the pages show an amd64 machine
	}
	at := filepath.Join("..", page)
	data, err := os.ReadFile(at)
	if err != nil {
		t.Fatal(err)
	}
	first := regexp.MustCompile(`(?m)^\S+  \S+  from .*$`).FindString(out)
	before, rest, found := strings.Cut(string(data), first+"\n")
	block, after, ends := strings.Cut(rest, "```\n")
	if first == "" || !found || !ends {
		t.Fatalf("%s does not show a run that begins with %q", page, first)
	}
	_, printed, _ := strings.Cut(out, first+"\n")
	if timeless(printed) == timeless(block) {
		printed = block
	}
	golden.Check(t, at, []byte(before+first+"\n"+printed+"```\n"+after))
}

var times = regexp.MustCompile(`\b(\d+m)?\d+(\.\d)?s\b`)

// timeless returns a text without its times, and the blanks that align them.
func timeless(s string) string {
	return strings.Join(strings.Fields(times.ReplaceAllString(s, "")), " ")
}
