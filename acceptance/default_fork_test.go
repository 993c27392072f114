//go:build acceptance

// Package acceptance runs the project the way its reader would, on the real
// Kubernetes: `go test -tags=acceptance -timeout=80m ./acceptance`. It takes
// the time of three cold compiles, less what Go's build cache has. With SLIPWAY_TEST_REBUILD=1 it also builds the
// release of the default fork again, from nothing.
package acceptance

import (
	"bytes"
	"debug/elf"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
)

const fork = "kubernetes-1.36"

// clone returns a clean clone of this checkout, its uncommitted changes left
// behind.
func clone(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "slipway")
	mustRun(t, "", "git", "clone", "-q", "..", dir)
	return dir
}

func mustRun(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	out, err := command(dir, name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

func command(dir, name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	return cmd
}

// targets is the program that `go tool mage` compiles and runs. Every clone would compile the same for itself; where
// commands of pages are run, it does.
var targets struct {
	once sync.Once
	at   string
}

// compiled returns the program.
func compiled(t *testing.T) string {
	t.Helper()
	targets.once.Do(func() {
		dir := clone(t)
		at, err := os.MkdirTemp("", "slipway-mage-")
		if err != nil {
			t.Fatal(err)
		}
		mustRun(t, dir, "go", "tool", "mage", "-compile", filepath.Join(at, "mage"))
		targets.at = filepath.Join(at, "mage")
	})
	if targets.at == "" {
		t.Fatal("mage is not compiled: see the first test that needs it")
	}
	return targets.at
}

// mage runs targets in a clone, as `go tool mage` does.
func mage(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := command(dir, compiled(t), args...)
	cmd.Env = append(os.Environ(), "MAGEFILE_SLIPWAY_COMMAND=go tool mage")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("mage %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

func binary(dir, goarch string) string {
	return filepath.Join(dir, "dist", fork, "bin", "linux_"+goarch, "hyperkube")
}

// TestDefaultFork is the promise of the README: one command makes a hyperkube
// that runs and says what it is, for this machine and for another, the same
// bytes wherever it is built.
func TestDefaultFork(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("runs what it builds, which is for Linux")
	}
	dir := clone(t)
	out := mage(t, dir, "cross")
	t.Log(out)
	shown(t, "README.md", out)
	hyperkube := binary(dir, runtime.GOARCH)
	version := forkVersion(t, dir)

	if got, want := mustRun(t, dir, hyperkube, "kubelet", "--version"), "Kubernetes v"+version+"\n"; got != want {
		t.Errorf("hyperkube kubelet --version: %q, want %q", got, want)
	}
	checkKubectl(t, dir, hyperkube, version)
	checkNames(t, dir, hyperkube)

	if out := mage(t, dir, "cross", "-v"); strings.Contains(out, "go build") || !strings.Contains(out, "kept") {
		t.Errorf("a second run compiled again:\n%s", out)
	}

	other := map[string]string{"amd64": "arm64", "arm64": "amd64"}[runtime.GOARCH]
	t.Log(mage(t, dir, "cross", "-arch="+other))
	checkMachine(t, binary(dir, other), other)

	again := clone(t)
	mage(t, again, "cross")
	if !sameFile(t, hyperkube, binary(again, runtime.GOARCH)) {
		t.Errorf("built in two folders, hyperkube is not the same bytes")
	}
}

func forkVersion(t *testing.T, dir string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "forks", fork, "fork.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return string(regexp.MustCompile(`(?m)^version: (\S+)$`).FindSubmatch(data)[1])
}

// checkKubectl asks a link named kubectl what it is.
func checkKubectl(t *testing.T, dir, hyperkube, version string) {
	t.Helper()
	link := filepath.Join(dir, "dist", "kubectl")
	if err := os.Symlink(hyperkube, link); err != nil {
		t.Fatal(err)
	}
	var got struct {
		ClientVersion struct{ GitVersion, GitCommit, GitTreeState, Major, Minor, BuildDate string }
	}
	out := mustRun(t, dir, link, "version", "--client", "-o", "json")
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatalf("%v in\n%s", err, out)
	}
	var record struct{ Commit, Date string }
	data, err := os.ReadFile(filepath.Join(filepath.Dir(hyperkube), "build.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &record); err != nil {
		t.Fatal(err)
	}
	v := got.ClientVersion
	if v.GitVersion != "v"+version || v.GitCommit != record.Commit || v.GitTreeState != "clean" ||
		v.BuildDate != record.Date || v.Major+"."+v.Minor != "1.36" {
		t.Errorf("kubectl says it is %+v; build.json says commit %s of %s", v, record.Commit, record.Date)
	}
	if len(record.Commit) != 40 {
		t.Errorf("commit %q is not 40 hex digits", record.Commit)
	}
}

// checkNames sees that every program answers to its name and its name of 2017.
func checkNames(t *testing.T, dir, hyperkube string) {
	t.Helper()
	help := mustRun(t, dir, hyperkube, "--help")
	for _, names := range [][]string{
		{"kube-apiserver", "apiserver"}, {"kube-controller-manager", "controller-manager"}, {"kube-scheduler", "scheduler"},
		{"kube-proxy", "proxy"}, {"kubelet"}, {"kubeadm"}, {"kubectl"},
	} {
		for _, name := range names {
			if !strings.Contains(help, name) {
				t.Errorf("hyperkube --help does not list %s", name)
			}
			if out := mustRun(t, dir, hyperkube, name, "--help"); !strings.Contains(out, names[0]) {
				t.Errorf("hyperkube %s --help is not the help of %s:\n%s", name, names[0], out)
			}
		}
	}
	if err := command(dir, hyperkube, "no-such-program").Run(); err == nil {
		t.Error("hyperkube no-such-program succeeded")
	}
}

func checkMachine(t *testing.T, file, goarch string) {
	t.Helper()
	f, err := elf.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if want := map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64}[goarch]; f.Machine != want {
		t.Errorf("%s is for %s, want %s", file, f.Machine, want)
	}
}

func sameFile(t *testing.T, a, b string) bool {
	t.Helper()
	x, err := os.ReadFile(a)
	if err != nil {
		t.Fatal(err)
	}
	y, err := os.ReadFile(b)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Equal(x, y)
}

// TestExample builds and runs the example project as its owner would.
func TestExample(t *testing.T) {
	dir := filepath.Join(clone(t), "examples", "acme")
	t.Log(mustRun(t, dir, "go", "tool", "mage", "cross"))
	runner := filepath.Join(dir, "dist", "kubernetes", "bin", runtime.GOOS+"_"+runtime.GOARCH, "kube-log-runner")
	if got, want := mustRun(t, dir, runner, "-version"), "Kubernetes v1.36.1+acme.1\n"; got != want {
		t.Errorf("kube-log-runner -version: %q, want %q", got, want)
	}
}

// TestComponents builds every component that can be named, each for the
// systems it is for, from the trees as they are in this checkout.
func TestComponents(t *testing.T) {
	dir := clone(t)
	bin := filepath.Join(dir, "dist", fork, "bin")
	for _, set := range []struct{ platform, components string }{
		{"linux/" + runtime.GOARCH, "kube-apiserver,kube-controller-manager,kube-scheduler,kube-proxy,kubelet," +
			"kubeadm,kubectl,kubectl-convert,kube-log-runner,kube-aggregator,apiextensions-apiserver,mounter"},
		{"darwin/arm64", "kubectl"},
		{"windows/amd64", "kubectl"},
	} {
		mage(t, dir, "cross", "-platforms="+set.platform, "-components="+set.components)
		for _, c := range strings.Split(set.components, ",") {
			name := c
			if strings.HasPrefix(set.platform, "windows/") {
				name += ".exe"
			}
			if _, err := os.Stat(filepath.Join(bin, strings.ReplaceAll(set.platform, "/", "_"), name)); err != nil {
				t.Error(err)
			}
		}
	}
}
