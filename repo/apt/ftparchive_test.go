package apt

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/internal/testkit"
)

// TestFtparchive compares the indexes with those that apt's program writes of the same debs.
func TestFtparchive(t *testing.T) {
	testkit.Need(t, "apt-ftparchive")
	dir := t.TempDir()
	var packages []Package
	for i, text := range []string{
		control("captain", "1.36.9+acme.1-1"), control("captain", "1.36.10-1"), control("bosun", "2:1-1"),
	} {
		deb := writeDeb(t, text, "usr/bin/", fmt.Sprintf("usr/bin/%d", i/2), "usr/share/ship/log")
		p, err := Read(t.Context(), deb)
		if err != nil {
			t.Fatal(err)
		}
		to := filepath.Join(dir, filepath.FromSlash(strings.TrimPrefix(p.Path, Root+"/")))
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(deb, to); err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
	ours, err := choose(packages, "amd64")
	if err != nil {
		t.Fatal(err)
	}
	theirs := func(args ...string) string {
		cmd := exec.Command("apt-ftparchive", args...)
		cmd.Dir, cmd.Env = dir, []string{"PATH=" + testkit.Path(), "LC_ALL=C", "APT_CONFIG=/dev/null"}
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	got := stanzas(string(packagesOf(ours)))
	want := stanzas(theirs("--md5=no", "--sha1=no", "--sha512=no", "packages", "pool"))
	if !slices.Equal(got, want) {
		t.Errorf("Packages is\n%s\nwant\n%s", got, want)
	}
	// It knows sections from a file of its own alone.
	files := strings.ReplaceAll(string(contentsOf(ours)), "admin/", "")
	if got, want := owners(files), owners(theirs("contents", "pool")); !slices.Equal(got, want) {
		t.Errorf("Contents is\n%q\nwant\n%q", got, want)
	}
}

// owners returns the lines of Contents: a file, and its packages in order.
func owners(text string) []string {
	var out []string
	for line := range strings.Lines(text) {
		fields := strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(" \t\n,", r) })
		slices.Sort(fields[1:])
		out = append(out, strings.Join(fields, " "))
	}
	return out
}

// stanzas returns the paragraphs of Packages, and the lines of each, in an order of their own.
func stanzas(text string) []string {
	var out []string
	for stanza := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		lines := strings.Split(stanza, "\n")
		slices.Sort(lines)
		out = append(out, strings.Join(lines, "\n"))
	}
	slices.Sort(out)
	return out
}
