//go:build acceptance && linux

package acceptance

import (
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/internal/docscript"
	"github.com/slipway-build/slipway/internal/testkit"
	"github.com/slipway-build/slipway/release/reproduce"
	"github.com/slipway-build/slipway/release/sign"
	"github.com/slipway-build/slipway/release/sign/signtest"
)

// upstreamServer is what kubernetes-server-linux-ARCH.tar.gz of Kubernetes 1.36 has in
// kubernetes/server/bin.
var upstreamServer = []string{
	"apiextensions-apiserver", "kube-aggregator", "kube-apiserver", "kube-apiserver.docker_tag", "kube-apiserver.tar",
	"kube-controller-manager", "kube-controller-manager.docker_tag", "kube-controller-manager.tar", "kube-log-runner",
	"kube-proxy", "kube-proxy.docker_tag", "kube-proxy.tar", "kube-scheduler", "kube-scheduler.docker_tag",
	"kube-scheduler.tar", "kubeadm", "kubectl", "kubectl-convert", "kubectl.docker_tag", "kubectl.tar", "kubelet",
	"mounter",
}

// notInFork are those of them that the default fork does not build: hyperkube has neither
// these programs nor an image of kubectl alone.
var notInFork = []string{"apiextensions-apiserver", "kube-aggregator", "kube-log-runner", "kubectl-convert",
	"kubectl.docker_tag", "kubectl.tar", "mounter"}

// wholeRebuild is the variable that has the rebuild of the default fork tested too, which
// compiles all of Kubernetes once more, from nothing.
const wholeRebuild = "SLIPWAY_TEST_REBUILD"

// TestReleaseDefaultFork releases the default fork for this machine, signed.
func TestReleaseDefaultFork(t *testing.T) {
	testkit.Need(t, "skopeo")
	dir, p := clone(t), newPublisher(t)
	args := []string{"release", "-arch=" + runtime.GOARCH, p.secret()}
	t.Log(mage(t, dir, args...))
	r := openRelease(t, filepath.Join(dir, "dist", fork, "release"), p)
	if again := mage(t, dir, args...); !wasKept(again, "release") {
		t.Errorf("released again, something is made:\n%s", again)
	}
	says(t, "the report", mage(t, dir, "release:verify", r.dir, p.public()), "ok      signatures ", "ok      binaries ")
	t.Run("tarballs", func(t *testing.T) { r.servers(t, forkTag(t, dir)) })
	version := strings.ReplaceAll(forkVersion(t, dir), "+", "%2B")
	hyperkube := "sbom/bin/linux_" + runtime.GOARCH + "/hyperkube"
	for _, ending := range []string{".cdx.json", ".spdx.json"} {
		says(t, hyperkube+ending, read(t, r.at(hyperkube+ending)), "pkg:golang/k8s.io/kubernetes@v"+version,
			"pkg:golang/k8s.io/api@v0.36.1")
	}
	if os.Getenv(wholeRebuild) != "" {
		says(t, "the rebuild", mage(t, dir, "release:reproduce"), "artifacts, byte for byte")
	}
}

// TestReleaseEtcd releases another fork, builds it again, and publishes it in repositories.
func TestReleaseEtcd(t *testing.T) {
	dir, p, of := clone(t), newPublisher(t), "-fork=etcd-3.7"
	t.Log(mage(t, dir, "release", of, "-arch="+runtime.GOARCH, p.secret()))
	r := filepath.Join(dir, "dist", "etcd-3.7", "release")
	says(t, "the report", mage(t, dir, "release:verify", r, p.public()), "ok      signatures ", "ok      binaries ")
	t.Run("rebuild", func(t *testing.T) { rebuiltByOthers(t, dir, r, p) })
	t.Run("repository", func(t *testing.T) { openRepository(t, dir, p).lives() })
}

// rebuiltByOthers builds a release again, and verifies that two others say that they did, as docs/release.md says.
func rebuiltByOthers(t *testing.T, dir, from string, p publisher) {
	d := openDocument(t, "release.md", docscript.Shell{Dir: dir, Env: os.Environ()})
	d.run("release:reproduce -fork=etcd-3.7\n")
	var report reproduce.Report
	said := read(t, filepath.Join(dir, "dist", "etcd-3.7", "reproduce", "report.json"))
	if err := json.Unmarshal([]byte(said), &report); err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(dir, "FOLDER")
	mustRun(t, dir, "cp", "-r", from, folder)
	mustRun(t, dir, "cp", p.sigstore.Public, "release.pub")
	for _, name := range []string{"alice", "bob"} {
		pair := signtest.PEM(t)
		mustRun(t, dir, "cp", pair.Public, name+".pub")
		s := must(sign.Open(t.Context(), sign.Settings{Keys: []string{pair.Secret}, Time: signtest.Release}))
		put(t, filepath.Join(folder, "rebuilds", name+bundled), string(must(report.Attest(t.Context(), s.Attest))), 0o644)
	}
	d.run("-rebuilders=2")
	mustRun(t, dir, "rm", "-r", "FOLDER", "release.pub", "alice.pub", "bob.pub")
}

// wasKept reports whether the line of a stage says that it had nothing to do.
func wasKept(out, stage string) bool {
	for line := range strings.Lines(out) {
		if words := strings.Fields(line); len(words) > 1 && words[0] == stage {
			return words[len(words)-1] == "kept"
		}
	}
	return false
}

// servers holds the server tarball against upstream's, and has skopeo read its images.
func (r released) servers(t *testing.T, tag string) {
	root := t.TempDir()
	mustRun(t, root, "tar", "-xzf", r.at("tarballs/kubernetes-server-linux-"+runtime.GOARCH+".tar.gz"))
	bin := filepath.Join(root, "kubernetes", "server", "bin")
	want := append(slices.DeleteFunc(slices.Clone(upstreamServer), func(name string) bool {
		return slices.Contains(notInFork, name)
	}), "hyperkube")
	slices.Sort(want)
	if got := strings.Fields(mustRun(t, bin, "ls")); !slices.Equal(got, want) {
		t.Errorf("server/bin has\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	mustRun(t, filepath.Join(root, "kubernetes"), "ls", "addons", "LICENSES/LICENSE", "kubernetes-src.tar.gz", "version")
	if out := mustRun(t, bin, "./kubelet", "--version"); out != "Kubernetes "+strings.ReplaceAll(tag, "_", "+")+"\n" {
		t.Errorf("the kubelet says that it is %s", out)
	}
	for _, image := range []string{"kube-apiserver", "kube-controller-manager", "kube-proxy", "kube-scheduler"} {
		at := filepath.Join(bin, image)
		if target, err := os.Readlink(at); err != nil || target != "hyperkube" {
			t.Errorf("%s is a link to %q, want hyperkube: %v", image, target, err)
		}
		if got := strings.TrimSpace(read(t, at+".docker_tag")); got != tag {
			t.Errorf("%s.docker_tag is %q, want %q", image, got, tag)
		}
		says(t, image, mustRun(t, "", "skopeo", "inspect", "--config",
			"docker-archive:"+at+".tar:registry.k8s.io/"+image+"-"+runtime.GOARCH+":"+tag),
			`"architecture": "`+runtime.GOARCH+`"`, `/`+image+`"`)
	}
}
