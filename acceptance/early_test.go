//go:build acceptance && linux

package acceptance

import (
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/internal/docscript"
	"github.com/slipway-build/slipway/internal/testfork"
	"github.com/slipway-build/slipway/internal/testkit"
)

// What a fork of 2017 is built with, and where it runs: the suite of the C library that
// it is linked with, of its images' base and of the hosts, and the media types that the
// Docker of these hosts asks for, of a list and of an image.
const (
	oldSuite  = "bullseye"
	indexType = "application/vnd.docker.distribution.manifest.list.v2+json"
	imageType = "application/vnd.docker.distribution.manifest.v2+json"

	earlyYAML = `name: kubernetes
version: 1.4.12+acme.1
upstream:
  git: upstream/kubernetes
  commit: COMMIT
  tag: v1.4.12
build:
  components: [hyperkube]
  platforms: [linux/ARCH]
  commit_of: fork
  c:
    linux/ARCH:
      cc: gcc
      debian:
        suites: [MIRROR SUITE]
        keyring: keys.gpg
        packages: [libc6-dev]
packages:
  maintainer: Mate <mate@example.org>
images:
  format: docker
  registry: REGISTRY/team
  debian:
    suites: [MIRROR SUITE]
    keyring: keys.gpg
    set: upstream
    packages: [rsync]
  add:
    hyperkube:
      links: {/nsenter: /usr/bin/nsenter}
      from: [{fork: cni-plugins-1.9, folder: /opt/cni/bin}]
`
)

// TestEarlyFork takes a company's branch of a Kubernetes from before modules to hosts:
// carried by its commits, moved to the next minor version, built with cgo, imaged,
// pushed, and deployed as Kargo does it.
func TestEarlyFork(t *testing.T) {
	for _, tool := range []string{"gcc", "docker-registry", "mmdebstrap", "runc", "unshare", "curl", "ip"} {
		testkit.Need(t, tool)
	}
	if _, err := os.Stat(keyring); err != nil || os.Getuid() != 0 {
		t.Skip("wants Debian's keys, and to be root")
	}
	registry := newServer(t)
	registry.start("")
	e := newEarly(t, registry)
	e.carried()
	e.rebased()
	e.imaged()
	deployed(t, e)
}

// An early is a project with a fork of 2017.
type early struct {
	t        *testing.T
	dir      string
	registry *server
}

func newEarly(t *testing.T, registry *server) early {
	t.Helper()
	e := early{t, clone(t), registry}
	if err := testfork.WriteEarly(filepath.Join(e.dir, "upstream")); err != nil {
		t.Fatal(err)
	}
	mustRun(t, filepath.Join(e.dir, "upstream"), "sh", "make.sh")
	mustRun(t, e.dir, "cp", keyring, "keys.gpg")
	yaml := strings.NewReplacer("COMMIT", e.commit("v1.4.12"), "ARCH", runtime.GOARCH, "REGISTRY", registry.host,
		"MIRROR", testkit.DebianArchive(t), "SUITE", oldSuite).Replace(earlyYAML)
	if err := os.MkdirAll(e.at("forks/early"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(e.at("forks/early/fork.yaml"), []byte(yaml), 0o644); err != nil {
		t.Fatal(err)
	}
	return e
}

func (e early) at(name string) string { return filepath.Join(e.dir, name) }

// commit returns the id of a revision of upstream's repository.
func (e early) commit(rev string) string {
	e.t.Helper()
	return strings.TrimSpace(mustRun(e.t, e.at("upstream/kubernetes"), "git", "rev-parse", rev+"^{commit}"))
}

// mage runs a target for the fork.
func (e early) mage(target string, args ...string) string {
	e.t.Helper()
	return mage(e.t, e.dir, append([]string{target, "-fork=early"}, args...)...)
}

// says checks that a text has parts.
func says(t *testing.T, what, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%s has no %q:\n%s", what, part, text)
		}
	}
}

// carried takes the commits of the branch by their range. The binary has what all of
// them change, and says which of the company's commits it is.
func (e early) carried() {
	e.mage("patches:import", "-from=upstream/kubernetes", "-commits=v1.4.12..acme", "-merges=first-parent")
	openDocument(e.t, "fork.md", docscript.Shell{Dir: e.dir, Env: append(os.Environ(), "FORK=early")}).run("sysroot.lock")
	tip := e.commit("acme")
	says(e.t, "hyperkube", e.hyperkube("--version"), "v1.4.12+acme.1 "+tip+" clean", "cinder 10", "[openstack balancer:2]")
	record := e.record()
	if record.Commit != tip || record.CommitOf != "fork" || record.Upstream != e.commit("v1.4.12") {
		e.t.Errorf("build.json has the commits %+v, want that of the branch and of v1.4.12", record)
	}
}

// rebased moves the fork to the next minor version, which has one of its commits.
// No commit of the company's has that tree.
func (e early) rebased() {
	says(e.t, "the report", e.mage("patches:rebase", "-onto=1.5.2"),
		"upstream  cinder: wait longer", "applies  apiserver: say whose", "applies  Merge the load balancer",
		"moved    kubelet: say whose", "(offset +3)")
	says(e.t, "the rebase", e.mage("patches:rebase", "-onto=1.5.2", "-write"),
		"build.commit_of: the fork carries no commits")
	out, err := command(e.dir, compiled(e.t), "cross", "-fork=early").CombinedOutput()
	if err == nil {
		e.t.Error("patches that no branch has are built as a commit of the fork")
	}
	says(e.t, "the error", string(out), "fork.yaml:10: build.commit_of: the fork carries no commits")
	mustRun(e.t, e.dir, "sed", "-i", "s/commit_of: fork/commit_of: tree/", "forks/early/fork.yaml")
	e.mage("cross")
	says(e.t, "hyperkube", e.hyperkube("--version"), "v1.5.2+acme.1", "cinder 10", "[openstack balancer:2]")
	says(e.t, "the kubelet", e.hyperkube("kubelet", "--pod-manifest-path=forks"), "of acme, infra")
	if record := e.record(); record.CommitOf != "tree" || record.Upstream != e.commit("v1.5.2") {
		e.t.Errorf("build.json has the commits %+v, want the upstream's to be v1.5.2", record)
	}
}

// imaged makes the images and pushes them.
func (e early) imaged() {
	e.mage("patches:lock")
	e.mage("image")
	e.registry.run(e.dir, compiled(e.t), "push", "-fork=early")
	e.mage("deploy:kubespray")
}

// hyperkube runs the binary on this machine.
func (e early) hyperkube(args ...string) string {
	e.t.Helper()
	return mustRun(e.t, e.dir, e.at("dist/early/bin/linux_"+runtime.GOARCH+"/hyperkube"), args...)
}

// commits are what build.json says of them.
type commits struct {
	Commit   string `json:"commit"`
	CommitOf string `json:"commit_of"`
	Upstream string `json:"upstream_commit"`
}

func (e early) record() commits {
	e.t.Helper()
	var c commits
	data, err := os.ReadFile(e.at("dist/early/bin/linux_" + runtime.GOARCH + "/build.json"))
	if err != nil || json.Unmarshal(data, &c) != nil {
		e.t.Fatalf("build.json: %v\n%s", err, data)
	}
	return c
}
