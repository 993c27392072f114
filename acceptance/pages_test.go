//go:build acceptance

package acceptance

import (
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/internal/docscript"
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

// TestGentooPage makes the ebuilds that docs/gentoo.md shows, in a clean clone: those
// of etcd, and of one more revision of flannel.
func TestGentooPage(t *testing.T) {
	for _, tool := range []string{"patch", "rsync"} {
		testkit.Need(t, tool)
	}
	dir := clone(t)
	shown(t, "docs/gentoo.md", mage(t, dir, "ebuild", "-fork=etcd-3.7"))
	overlay := filepath.Join(filepath.Dir(dir), "acme-overlay")
	mustRun(t, "", "git", "init", "-q", overlay)
	d := openDocument(t, "gentoo.md", docscript.Shell{Dir: dir, Env: os.Environ()})
	d.shown("ebuild -fork=etcd-3.7")
	d.run("rsync")
	mustRun(t, dir, "diff", "-r", "-x.git", "dist/overlay", overlay)
	mustRun(t, overlay, "git", "status")
	mage(t, dir, "ebuild", "-fork=flannel-0.28")
	mustRun(t, dir, "sed", "-i", `s/^version: .*/version: 0.28.4+slipway.2/`, "forks/flannel-0.28/fork.yaml")
	mage(t, dir, "patches:lock", "-fork=flannel-0.28")
	shown(t, "docs/gentoo.md", mage(t, dir, "ebuild", "-fork=flannel-0.28"))
	d.shown("ebuild -fork=flannel-0.28")
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
	first := firstLine.FindString(out)
	_, printed, found := strings.Cut(strings.Join(docscript.Lasting(strings.Split(out, "\n")), "\n"), first+"\n")
	if first == "" || !found {
		t.Fatalf("a run for %s names no fork:\n%s", page, out)
	}
	golden.Check(t, at, []byte(showing(t, string(data), first+"\n", printed)))
}

// firstLine is what a command says of its fork.
var firstLine = regexp.MustCompile(`(?m)^\S+  \S+  from .*$`)

// showing returns a page that shows, from start to the end of that block, what was printed.
// If nothing but times and the order of distfiles differs, the page stays as it is.
func showing(t *testing.T, page, start, printed string) string {
	t.Helper()
	before, rest, found := strings.Cut(page, start)
	block, after, ends := strings.Cut(rest, "```\n")
	if !found || !ends {
		t.Fatalf("the page does not show %q", start)
	}
	if timeless(printed) == timeless(block) {
		printed = block
	}
	return before + start + printed + "```\n" + after
}

var times = regexp.MustCompile(`\b(\d+m)?\d+(\.\d)?s\b`)

// timeless returns the lines of a text without their times, and the blanks that align them. Distfiles are sorted: they
// are packed at the same time, and each is printed when it is done.
func timeless(s string) string {
	var lines, distfiles []string
	for line := range strings.Lines(times.ReplaceAllString(s, "")) {
		line = strings.Join(strings.Fields(line), " ")
		switch {
		case strings.HasPrefix(line, "distfile "):
			distfiles = append(distfiles, line)
		case line != "":
			lines = append(lines, line)
		}
	}
	slices.Sort(distfiles)
	return strings.Join(append(lines, distfiles...), "\n")
}
