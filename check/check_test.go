package check_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/build/buildtest"
	"github.com/slipway-build/slipway/check"
)

// found returns the faults of the sample project after it was changed, a line each.
func found(t *testing.T, p buildtest.Project) string {
	t.Helper()
	r, err := check.Run(t.Context(), check.Request{Project: p.Project, Env: p.Env})
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, c := range r.Checks {
		for _, f := range c.Faults {
			message, _, _ := strings.Cut(f.Message, "\n")
			fmt.Fprintf(&b, "%s: %s:%d: %s [%s]\n", c.Name, f.File, f.Line, message, f.Remedy)
		}
	}
	return b.String()
}

// TestRun breaks the sample project in one way each, and holds what is said.
func TestRun(t *testing.T) {
	const fork = "forks/ship-1.4/"
	const pin = "[To pin this fork as it is now: mage patches:lock -fork=ship-1.4]"
	edit := func(file, old, text string) func(*testing.T, buildtest.Project) {
		return func(t *testing.T, p buildtest.Project) {
			t.Helper()
			data, err := os.ReadFile(p.Path(file))
			if err != nil || !strings.Contains(string(data), old) {
				t.Fatalf("%s has no %q: %v", file, old, err)
			}
			p.Write(t, file, strings.Replace(string(data), old, text, 1))
		}
	}
	write := func(file, text string) func(*testing.T, buildtest.Project) {
		return func(t *testing.T, p buildtest.Project) { p.Write(t, file, text) }
	}
	for _, c := range []struct {
		about  string
		breaks func(*testing.T, buildtest.Project)
		want   string // what the faults contain, each behind a line break; "" for no fault
	}{
		{"nothing is wrong", func(*testing.T, buildtest.Project) {}, ""},
		{"an unknown component", edit(fork+"fork.yaml", "captain, deckhand", "captian, deckhand"),
			"fork.yaml: " + fork + `fork.yaml:6: build.components[0]: unknown component "captian": ship has `},
		{"programs that make no image", edit(fork+"fork.yaml", "captain, deckhand", "deckhand"), ""},
		{"two faults of a file", edit(fork+"fork.yaml", "platforms: [linux/amd64", "platform: [linux/amd46"),
			"fork.yaml: " + fork + "fork.yaml:7: build.platform: unknown key; known here: "},
		{"YAML that is none", edit(fork+"fork.yaml", "name: ship", "name: ship: mate"),
			"fork.yaml: " + fork + "fork.yaml:1: mapping values are not allowed in this context"},
		{"a series that the library does not have",
			edit(fork+"fork.yaml", "build:", "patches: [slipway:hyperkub]\nbuild:"),
			"fork: " + fork + `fork.yaml:5: patches[0]: unknown series "slipway:hyperkub": Slipway has no series for `},
		{"a patch that is missing", write(fork+"patches/series", "0001-crew.patch\nlost.patch\n"),
			"patches: " + fork + "patches/series:2: "},
		{"a patch that is none", write(fork+"patches/0001-crew.patch", "--- a/x\n+++ b/x\n@@ -1 +1 @@\nodd\n"),
			"patches: " + fork + "patches/0001-crew.patch:4: "},
		{"a patch that was changed", edit(fork+"patches/0001-crew.patch", "early", "late"),
			"fork.lock: :0: " + fork + "patches/0001-crew.patch is not the patch that " + fork + "fork.lock:"},
		{"another upstream", edit(fork+"fork.yaml", "ship@v1.4.1", "ship@v1.4.1-rc.1"), "fork.yaml: "},
		{"no lock", func(t *testing.T, p buildtest.Project) {
			if err := os.Remove(p.Path(fork + "fork.lock")); err != nil {
				t.Fatal(err)
			}
		}, "fork.lock: :0: " + fork + "fork.lock is missing " + pin},
		{"a lock that was edited", edit(fork+"fork.lock", "tree ", "Tree "),
			"fork.lock: " + fork + `fork.lock:`},
		{"a package's options", edit(fork+"fork.yaml", "packages:\n", "packages:\n  options: {captain: {PURSER: x}}\n"),
			"packages.options.captain: unknown variable PURSER"},
		{"an image that there is none of", edit(fork+"fork.yaml", "packages:\n",
			"images: {add: {mates: {links: {/x: y}}}}\npackages:\n"),
			"fork.yaml: " + fork + `fork.yaml:8: images.add.mates: unknown image "mates"`},
		{"packages of a base that nobody pinned", edit(fork+"fork.yaml", "packages:\n",
			"images: {debian: {suites: [http://deb.example.org/debian trixie], packages: [base-files], keyring: k.pgp}}\n"+
				"packages:\n"), "base.lock: "},
		{"vex that contradicts a patch", func(t *testing.T, p buildtest.Project) {
			edit(fork+"fork.yaml", "packages:\n", "vex:\n  - {vulnerability: CVE-2025-13281, status: affected, action: wait}\n"+
				"packages:\n")(t, p)
			edit(fork+"patches/0001-crew.patch", "---\n", "CVE: CVE-2025-13281\n---\n")(t, p)
		}, "vex: " + fork + "fork.yaml:9: vex[0].status: CVE-2025-13281 is affected here, and fixed by a line CVE: of 0001"},
		{"a sysroot that is not there", edit(fork+"fork.yaml", "packages:\n",
			"  c: {linux/amd64: {cc: gcc, sysroot: ./old}}\npackages:\n"),
			"sysroots: " + fork + "fork.yaml:8: build.c.linux/amd64.sysroot: open "},
		{"a sysroot without headers", func(t *testing.T, p buildtest.Project) {
			edit(fork+"fork.yaml", "packages:\n", "  c: {linux/amd64: {cc: gcc, sysroot: ./forks}}\npackages:\n")(t, p)
		}, "the sysroot is not complete: usr/include/stdlib.h is missing: "},
		{"variables of Kubespray for an image that there is none of", write("profiles/ship/kubespray.yaml",
			"vars: [{text: '{{image \"captian\"}}'}]\n"),
			`kubespray: :0: profiles/ship/kubespray.yaml: unknown image "captian"; for 1.4.1+test.1, the profile has `},
		{"variables of Kubespray for a program that no row lists", write("profiles/ship/kubespray.yaml",
			"vars: [{text: '{{url \"captain\" \"amd64\"}}'}]\n"),
			`kubespray: :0: profiles/ship/kubespray.yaml: unknown program "captain"; for 1.4.1+test.1, the profile has none`},
		{"variables of Kubespray that are no YAML", write("profiles/ship/kubespray.yaml", "vars: [{text: 'a: b: c'}]\n"),
			"kubespray: :0: profiles/ship/kubespray.yaml does not make valid YAML: "},
		{"variables of Kubespray that can be written", write("profiles/ship/kubespray.yaml",
			"vars: [{programs: [captain], text: '{{image \"ship\"}}: {{url \"captain\" \"amd64\"}}'}]\n"), ""},
		{"repo.yaml without a name", write("repo.yaml", "origin: Acme\n"), "repo.yaml: repo.yaml:1: name: "},
		{"a profile that cannot be read", write("profiles/tug.yaml", "odd: x\n"),
			"profiles/tug.yaml: profiles/tug.yaml:1: odd: unknown key"},
		{"a second default", func(t *testing.T, p buildtest.Project) {
			text := "default: true\n" + buildtest.Silent[fork+"fork.yaml"]
			p.Write(t, fork+"fork.yaml", text)
			p.Write(t, "forks/tug/fork.yaml", text)
		}, "forks: :0: forks/ship-1.4/fork.yaml and forks/tug/fork.yaml both say default: true"},
	} {
		t.Run(c.about, func(t *testing.T) {
			p := buildtest.Pinned(t, buildtest.Silent)
			if err := os.RemoveAll(p.Path("dist")); err != nil {
				t.Fatal(err)
			}
			c.breaks(t, p)
			got := found(t, p)
			if c.want == "" && got != "" || !strings.Contains(got, c.want) {
				t.Errorf("the faults are\n%swant\n%s", got, c.want)
			}
			if _, err := os.Stat(filepath.Join(p.Dir, "dist")); err == nil {
				t.Error("it made dist")
			}
		})
	}
}

// TestLines holds that a report can be read, and what names of files cannot do to a terminal.
func TestLines(t *testing.T) {
	r := check.Report{Checks: []check.Check{
		{Fork: "ship", Name: "fork.yaml", Found: "ship 1.4.1"},
		{Fork: "ship", Name: "fork.lock", Faults: []check.Fault{
			{File: "forks/ship/fork.lock", Line: 3, Message: "it is of \x1b[2J\nanother",
				Remedy: "To pin it: mage patches:lock"}}},
		{Name: "repo.yaml", Skipped: "the project has none"},
	}}
	const want = `ship
  ok     fork.yaml      ship 1.4.1
  FAULT  fork.lock      1 fault
         forks/ship/fork.lock:3: it is of \x1b[2J
         another
           To pin it: mage patches:lock
the project
  -      repo.yaml      the project has none`
	if got := strings.Join(r.Lines(), "\n"); got != want || r.Faults() != 1 {
		t.Errorf("Lines() =\n%s\nwant\n%s", got, want)
	}
}
