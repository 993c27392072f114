package report

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slipway-build/slipway/conformance/settings"
)

// ginkgos is a report as Ginkgo writes it, shortened.
const ginkgos = `[{"SuiteSucceeded": false, "SpecialSuiteFailureReasons": [], "SpecReports": [
 {"ContainerHierarchyTexts": null, "LeafNodeType": "SynchronizedBeforeSuite", "State": "passed"},
 {"ContainerHierarchyTexts": ["[sig-node] Pods"], "LeafNodeType": "It", "LeafNodeText": "should start [Conformance]",
  "State": "passed", "RunTime": 2000000000},
 {"ContainerHierarchyTexts": ["[sig-node] Pods"], "LeafNodeType": "It", "LeafNodeText": "should stop [Conformance]",
  "State": "timedout", "RunTime": 9000000000, "Failure": {"Message": "too late\nat pods.go:12"}},
 {"ContainerHierarchyTexts": ["[sig-network] DNS"], "LeafNodeType": "It", "LeafNodeText": "should answer [Conformance]",
  "State": "failed", "RunTime": 3000000000, "Failure": {"Message": "no answer"}},
 {"ContainerHierarchyTexts": ["[sig-cloud] Volumes"], "LeafNodeType": "It", "LeafNodeText": "should attach",
  "State": "skipped", "Failure": {"Message": "Only supported for providers [gce]"}},
 {"ContainerHierarchyTexts": ["[sig-cloud] Volumes"], "LeafNodeType": "It", "LeafNodeText": "was not chosen",
  "State": "skipped"}
]}]`

const (
	start  = "[sig-node] Pods should start [Conformance]"
	stop   = "[sig-node] Pods should stop [Conformance]"
	answer = "[sig-network] DNS should answer [Conformance]"
	attach = "[sig-cloud] Volumes should attach"
)

func read(t *testing.T, text string) Run {
	t.Helper()
	r, err := Read(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRead(t *testing.T) {
	r := read(t, ginkgos)
	want := []Test{
		{attach, Skipped, 0, "Only supported for providers [gce]"},
		{answer, Failed, 3 * time.Second, "no answer"},
		{start, Passed, 2 * time.Second, ""},
		{stop, Failed, 9 * time.Second, "too late"},
	}
	if !slices.Equal(r.Tests, want) || len(r.Faults) > 0 || r.OK() {
		t.Errorf("Read() = %+v", r)
	}
	if got := r.Counts(); got != "1 of 3 tests passed, 2 failed, 1 skipped" {
		t.Errorf("Counts() = %s", got)
	}
}

func TestReadFaults(t *testing.T) {
	r := read(t, `[{"SpecialSuiteFailureReasons": ["Suite Timeout Elapsed"], "SpecReports": [
		{"LeafNodeType": "SynchronizedBeforeSuite", "State": "failed", "Failure": {"Message": "no node is ready"}}]}]`)
	want := []string{"SynchronizedBeforeSuite: no node is ready", "Suite Timeout Elapsed"}
	if !slices.Equal(r.Faults, want) || r.OK() {
		t.Errorf("Read() = %+v", r)
	}
	for text, words := range map[string]string{
		"<html>": "not a report of Ginkgo", `[{"SpecReports": null}]`: "no test ran",
	} {
		if _, err := Read(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestWanted(t *testing.T) {
	got, err := Wanted([]byte("- testname: Pods, start\n" +
		"  codename: '[sig-node] Pods should\n    start [Conformance]'\n  release: v1.9\n"))
	if err != nil || !slices.Equal(got, []string{start}) {
		t.Errorf("Wanted() = %q, %v", got, err)
	}
	if _, err := Wanted([]byte("<html>")); err == nil {
		t.Error("a page lists tests")
	}
}

func TestMissing(t *testing.T) {
	got := read(t, ginkgos).Missing([]string{start, stop, attach, "another"})
	if !slices.Equal(got, []string{attach, "another"}) {
		t.Errorf("Missing() = %q", got)
	}
}

func TestJudge(t *testing.T) {
	nodes, err := Nodes([]byte(`{"items": [{"metadata": {"name": "n1"}, "status": {"nodeInfo": {
		"kernelVersion": "6.1.0-38-amd64", "containerRuntimeVersion": "containerd://1.6.20~ds1", "kubeletVersion": "v1.36.1",
		"osImage": "Debian GNU/Linux 12 (bookworm)", "architecture": "amd64"}}}]}`))
	if err != nil || len(nodes) != 1 || nodes[0].Name != "n1" {
		t.Fatal(nodes, err)
	}
	for name, c := range map[string]struct {
		known settings.Known
		want  State
	}{
		"everywhere":         {settings.Known{}, Expected},
		"this runtime":       {settings.Known{Runtime: "containerd <2.0.0"}, Expected},
		"a later runtime":    {settings.Known{Runtime: "containerd >=1.7.0"}, Failed},
		"another runtime":    {settings.Known{Runtime: "cri-o <2.0.0"}, Failed},
		"this kernel":        {settings.Known{Kernel: "<6.3.0"}, Expected},
		"an earlier kernel":  {settings.Known{Kernel: "<6.1.0"}, Failed},
		"runtime and kernel": {settings.Known{Runtime: "containerd <2.0.0", Kernel: "<6.0.0"}, Failed},
	} {
		c.known.Test, c.known.Reason = answer, "known"
		r := read(t, ginkgos).Judge([]settings.Known{c.known}, nodes)
		i := slices.IndexFunc(r.Tests, func(t Test) bool { return t.Name == answer })
		if got := r.Tests[i].State; got != c.want || (got == Expected) != (r.Tests[i].Reason == "known") {
			t.Errorf("%s: %+v", name, r.Tests[i])
		}
	}
	passing := settings.Known{Test: start, Reason: "known"}
	if r := read(t, ginkgos).Judge([]settings.Known{passing}, nodes); len(r.Of(Expected)) > 0 {
		t.Errorf("what passes is expected to fail: %+v", r)
	}
}

func TestCompare(t *testing.T) {
	here, there := read(t, ginkgos), read(t, ginkgos)
	if d := here.Compare(there); len(d) > 0 {
		t.Errorf("a run and itself: %+v", d)
	}
	there.Tests[1].State = Passed
	there.Tests = append(there.Tests[:2:2], Test{Name: "z", State: Passed})
	want := []Difference{
		{answer, Failed, Passed},
		{start, Passed, ""},
		{stop, Failed, ""},
		{"z", "", Passed},
	}
	if got := here.Compare(there); !slices.Equal(got, want) {
		t.Errorf("Compare() = %+v", got)
	}
}
