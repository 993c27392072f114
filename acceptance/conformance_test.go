//go:build acceptance && linux

package acceptance

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/conformance/report"
	"github.com/slipway-build/slipway/internal/docscript"
	"github.com/slipway-build/slipway/internal/testkit"
)

// long are conformance tests that wait for a minute or more, or have to run alone, by parts of their names.
// dev:conformance runs all.
var long = []string{
	`\[Serial\]`, `\[Slow\]`, `\[StatefulSetBasic\]`, "liveness probe", "restart count", "never be ready",
	"updates should be reflected in volume", "CronJob should (replace|schedule)",
	"ResourceQuota should apply changes", "issue 500 podspec updates", "watch on custom resource definition",
}

// TestConformance runs the conformance tests that are quick on a cluster of packages of this project's forks. All have
// to pass, or to fail for a reason that is known.
func TestConformance(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("starts machines, for which it has to be root")
	}
	for _, tool := range []string{"mmdebstrap", "systemd-nspawn", "nsenter", "ip"} {
		testkit.Need(t, tool)
	}
	_, _, dir := debs(t)
	openDocument(t, "conformance.md", docscript.Shell{Dir: dir,
		Env: append(os.Environ(), "SKIP="+strings.Join(long, "|"))}).run("fork:conformance")

	at := filepath.Join(dir, "dist", fork, "conformance")
	data, err := os.ReadFile(filepath.Join(at, "results.json"))
	var s report.Summary
	if err == nil {
		err = json.Unmarshal(data, &s)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Log(s.Run.Counts(), "in", s.Took)
	tree := filepath.Join(dir, "dist", ".cache", "patched", fork, "tree")
	for _, name := range quick(t, tree) {
		if !slices.ContainsFunc(s.Run.Tests, func(t report.Test) bool { return t.Name == name && t.State == report.Passed }) {
			t.Errorf("did not pass: %s", name)
		}
	}
	for _, name := range []string{"summary.md", "junit_01.xml", "e2e.log", "report.json"} {
		if info, err := os.Stat(filepath.Join(at, name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// quick returns the names of the conformance tests of a tree, without the long ones.
func quick(t *testing.T, tree string) []string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(tree, "test", "conformance", "testdata", "conformance.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	names, err := report.Wanted(data)
	if err != nil {
		t.Fatal(err)
	}
	skip := regexp.MustCompile(strings.Join(long, "|"))
	return slices.DeleteFunc(names, skip.MatchString)
}
