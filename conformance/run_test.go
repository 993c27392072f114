package conformance

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/build/buildtest"
	"github.com/slipway-build/slipway/internal/testkit"
	"github.com/slipway-build/slipway/pipeline/e2e"
	"github.com/slipway-build/slipway/platform"
)

// Programs that print what those of a suite would.
const (
	kubectl = `#!/bin/sh
echo '{"items": [{"metadata": {"name": "n1"}, "status": {"nodeInfo": {"architecture": "amd64", "osImage": "Debian",
	"kernelVersion": "6.1.0", "containerRuntimeVersion": "containerd://2.1.0", "kubeletVersion": "v1.4.1"}}}]}'
`
	ginkgo = `#!/bin/sh
for arg; do case $arg in --output-dir=*) dir=${arg#*=} ;; esac; done
printf '%s\n' "$@" >"$dir/args"
echo "Will run 2 of 9 specs"
echo "<testsuites/>" >"$dir/junit_01.xml"
cat "${0%/*}/report" >"$dir/report.json"
exit 1
`
	failed = `[{"SpecReports": [
 {"ContainerHierarchyTexts": ["[sig] Ships"], "LeafNodeType": "It", "LeafNodeText": "should float", "State": "passed"},
 {"ContainerHierarchyTexts": ["[sig] Ships"], "LeafNodeType": "It", "LeafNodeText": "should dive", "State": "failed",
  "Failure": {"Message": "wet"}},
 {"ContainerHierarchyTexts": ["[sig] Ships"], "LeafNodeType": "It", "LeafNodeText": "should fly", "State": "failed",
  "Failure": {"Message": "too heavy"}}]}]`
)

// open opens a session on the sample project, whose profile knows of one failure.
func open(t *testing.T) (buildtest.Project, *build.Session) {
	t.Helper()
	project := buildtest.Pinned(t, buildtest.Silent)
	project.Write(t, "profiles/ship/conformance.yaml", `suites: []
expected: [{test: "[sig] Ships should dive", reason: They do not.}]
`)
	return project, project.Open(t, nil)
}

// newRun returns a run on the sample project, whose tests are those of a report.
func newRun(t *testing.T, s *build.Session, report string, r Request) run {
	t.Helper()
	r.Now = func() time.Time { return time.Unix(1700000000, 0) }
	r.Focus = "Ships"
	programs, dir := t.TempDir(), t.TempDir()
	for name, text := range map[string]string{"kubectl": kubectl, "ginkgo": ginkgo, "report": report} {
		if err := os.WriteFile(filepath.Join(programs, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return run{Testing: Testing{fork: s.Fork(), request: r}, s: s, dir: dir,
		suite: e2e.Suite{Dir: programs, Platform: platform.Platform{OS: "linux", Arch: "amd64"}}}
}

// TestRun has a test fail: the files are there, and the error says where.
func TestRun(t *testing.T) {
	testkit.Need(t, "sh")
	project, s := open(t)
	r := newRun(t, s, failed, Request{Kubeconfig: "admin.conf", Registry: "registry.example.org/team", Processes: 3})
	set, err := r.run(t.Context(), r.given())
	const says = "1 of 3 tests passed, 1 failed as expected, 1 failed: see dist/ship-1.4/conformance/summary.md"
	if err == nil || err.Error() != says {
		t.Errorf("run() says %v, want %s", err, says)
	}
	if len(set) != 3 {
		t.Errorf("run() returns %v", set)
	}
	summary, err := os.ReadFile(project.Path("dist/ship-1.4/conformance/summary.md"))
	if err != nil || !strings.Contains(string(summary), "\n- `[sig] Ships should fly`: too heavy\n") {
		t.Errorf("%s, %v", summary, err)
	}
	args, err := os.ReadFile(r.file("args"))
	for _, want := range []string{"--procs=3\n", "--focus=Ships\n", "--kubeconfig=admin.conf\n"} {
		if err != nil || !strings.Contains(string(args), want) {
			t.Errorf("Ginkgo is called with\n%s, %v\nwant %s", args, err, want)
		}
	}

	t.Log("the upstream, where all passes")
	r = newRun(t, s, strings.ReplaceAll(failed, `"failed"`, `"passed"`), Request{Upstream: true})
	f := s.Fork().Unpatched()
	if r.s, err = s.On(t.Context(), f, s.Lock()); err != nil {
		t.Fatal(err)
	}
	if _, err := r.run(t.Context(), r.given()); err != nil {
		t.Error(err)
	}
	summary, err = os.ReadFile(project.Path("dist/ship-1.4-upstream/conformance/summary.md"))
	const want = "\n## Different from the fork\n\n- `[sig] Ships should dive`: passed here, failed as expected there\n" +
		"- `[sig] Ships should fly`: passed here, failed there\n"
	if err != nil || !strings.Contains(string(summary), want) {
		t.Errorf("%s, %v", summary, err)
	}
}

// TestRunRefuses has runs that leave no results, and what was there stays.
func TestRunRefuses(t *testing.T) {
	testkit.Need(t, "sh")
	project, s := open(t)
	project.Write(t, "dist/ship-1.4/conformance/summary.md", "earlier")
	r := newRun(t, s, "[]", Request{})
	if _, err := r.run(t.Context(), r.given()); err == nil || !strings.Contains(err.Error(), "no test ran") {
		t.Errorf("no test: %v", err)
	}
	r = newRun(t, s, failed, Request{})
	r.suite.Platform.Arch = "arm64"
	if _, err := r.run(t.Context(), r.given()); err == nil || !strings.Contains(err.Error(),
		"node n1 is of architecture amd64, and the images of the tests are for arm64: give -arch=amd64") {
		t.Errorf("another architecture: %v", err)
	}
	if data, err := os.ReadFile(project.Path("dist/ship-1.4/conformance/summary.md")); string(data) != "earlier" {
		t.Errorf("what was there is %q, %v", data, err)
	}
}

// TestSubmit makes the folder for k8s-conformance.
func TestSubmit(t *testing.T) {
	s := buildtest.Pinned(t, buildtest.Silent).Open(t, nil)
	r := newRun(t, s, failed, Request{})
	files := map[string][]byte{logFile: []byte("log"), junitFile: []byte("xml")}
	if err := r.submit(files); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"e2e.log": "log", "junit_01.xml": "xml", "PRODUCT.yaml": "vendor: Mate\n",
		"README.md": "go tool mage fork:conformance -fork=ship-1.4"} {
		if got := string(files["v1.4/ship/"+name]); !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

// TestUnpatched has a session on the fork as it is without its patches.
func TestUnpatched(t *testing.T) {
	_, s := open(t)
	if s.Fork().Patches() == 0 {
		t.Fatal("the sample project has no patches")
	}
	before, err := unpatched(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	trees, err := before.Trees(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if n := before.Fork().Patches(); n != 0 || trees.Patched.Tree.Digest() != trees.Upstream.Tree.Digest() {
		t.Errorf("%d patches, a tree of %s, and %s of the upstream", n, trees.Patched.Tree.Digest(),
			trees.Upstream.Tree.Digest())
	}
	if id := before.Fork().ID; id != "ship-1.4-upstream" || s.Fork().ID != "ship-1.4" {
		t.Errorf("the fork is %s, and %s before", id, s.Fork().ID)
	}
}
