package tarball

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/build/buildtest"
	"github.com/slipway-build/slipway/internal/testkit"
)

// earlyRepository returns a git repository with a bit of each folder of a Kubernetes from
// before modules.
func earlyRepository(t *testing.T) string {
	t.Helper()
	testkit.Need(t, "git")
	const salt, gce = "cluster/saltbase/salt/", "cluster/gce/"
	files := map[string]string{
		"cmd/kube-apiserver/main.go": "package main\n", "cmd/kube-proxy/main.go": "package main\n",
		"cmd/kubectl/main.go": "package main\n", "pkg/version/base.go": "package version\n\nvar (\n" +
			"\tbuildDate, gitCommit, gitTreeState, gitVersion string\n)\n",
		"Godeps/LICENSES": "licenses", "README.md": "read me", "Vagrantfile": "vagrant", "docs/a.md": "a", "examples/b": "b",
		"third_party/htpasswd/COPYING": "c", "federation/cluster/d": "d", "federation/manifests/e": "e",
		"federation/deploy/f": "f", "cluster/kube-up.sh": "#!/bin/sh\n", gce + "cos": ">gci",
		"cluster/addons/dns/skydns-rc.yaml.in": "dns", "cluster/addons/dns/README.md": "no", "cluster/addons/demo.yaml": "no",
		gce + "gci/configure-helper.sh": "gci", gce + "gci/health-monitor.sh": "health",
		gce + "gci/mounter/mounter":        "mounter",
		gce + "trusty/configure-helper.sh": "trusty", gce + "coreos/kube-manifests/addons/g.yaml": "g",
		salt + "kube-addons/init.sls": "init", salt + "kube-admission-controls/limit-range/limit-range.yaml": "limit",
	}
	for _, file := range []string{"cluster-autoscaler/cluster-autoscaler.manifest", "etcd/etcd.manifest",
		"kube-addons/kube-addon-manager.yaml", "kube-apiserver/abac-authz-policy.jsonl",
		"kube-apiserver/kube-apiserver.manifest",
		"kube-controller-manager/kube-controller-manager.manifest", "kube-scheduler/kube-scheduler.manifest",
		"l7-gcp/glbc.manifest", "e2e-image-puller/e2e-image-puller.manifest", "rescheduler/rescheduler.manifest",
		"kube-proxy/kube-proxy.manifest", "kube-registry-proxy/kube-registry-proxy.yaml", "fluentd-es/fluentd-es.yaml",
		"fluentd-gcp/fluentd-gcp.yaml", "fluentd-gcp-gci/fluentd-gcp-gci.yaml"} {
		files[salt+file] = file
	}
	repo := testkit.Lay(t, files)
	testkit.Git(t, repo, "init", "-q")
	testkit.Git(t, repo, "add", "-A")
	testkit.Git(t, repo, "update-index", "--chmod=+x", "cluster/kube-up.sh")
	testkit.Git(t, repo, "commit", "-q", "-m", "As it was")
	return repo
}

// TestReleaseOfEarlyKubernetes makes what the build of a Kubernetes from before modules
// left, of a repository with a bit of each folder.
func TestReleaseOfEarlyKubernetes(t *testing.T) {
	repo := earlyRepository(t)
	p := buildtest.New(t, map[string]string{
		"forks/ship-1.4/fork.yaml": fmt.Sprintf("name: kubernetes\nversion: 1.5.2+acme.1\nupstream:\n  git: %s\n  commit: %s"+
			"build:\n  components: [kube-apiserver, kube-proxy, kubectl]\n  platforms: [linux/amd64]\n",
			repo, testkit.Git(t, repo, "rev-parse", "HEAD")),
	})
	if err := os.RemoveAll(p.Path("forks/ship-1.4/patches")); err != nil {
		t.Fatal(err)
	}
	p.Pin(t)
	var events buildtest.Events
	set, err := Release(t.Context(), p.Open(t, &events), ReleaseRequest{Platforms: []string{"all"}})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := made(set), "kubernetes-client-linux-amd64.tar.gz kubernetes-manifests.tar.gz "+
		"kubernetes-node-linux-amd64.tar.gz kubernetes-salt.tar.gz kubernetes-server-linux-amd64.tar.gz "+
		"kubernetes-src.tar.gz kubernetes.tar.gz"; got != want || len(notes(&events)) > 0 {
		t.Errorf("%s, %q, want %s", got, notes(&events), want)
	}
	dir := p.Path("dist/ship-1.4/tarballs")
	for file, want := range map[string]string{
		"kubernetes-server-linux-amd64.tar.gz": "LICENSES addons/ kubernetes-src.tar.gz server/bin/kube-apiserver+ " +
			"server/bin/kube-proxy+ server/bin/kubectl+",
		"kubernetes-node-linux-amd64.tar.gz":   "LICENSES kubernetes-src.tar.gz node/bin/kube-proxy+ node/bin/kubectl+",
		"kubernetes-client-linux-amd64.tar.gz": "client/bin/kubectl+",
		"kubernetes-salt.tar.gz": "saltbase/salt/kube-addons/dns/skydns-rc.yaml.in " +
			"saltbase/salt/kube-addons/init.sls",
		"kubernetes-manifests.tar.gz": "addons/g.yaml fluentd-es.yaml gci-trusty/dns/skydns-rc.yaml.in " +
			"gci-trusty/etcd.manifest gci-trusty/gci-configure-helper.sh gci-trusty/limit-range/limit-range.yaml " +
			"kube-proxy.manifest",
		"kubernetes.tar.gz": "LICENSES README.md Vagrantfile _output/release-tars -> ../server client/README " +
			"cluster/gce/cos -> gci cluster/kube-up.sh+ docs/a.md examples/b federation/deploy/f " +
			"server/kubernetes-manifests.tar.gz server/kubernetes-salt.tar.gz third_party/htpasswd/COPYING version",
	} {
		names, contents := members(t, filepath.Join(dir, file))
		for want := range strings.SplitSeq(strings.ReplaceAll(want, " -> ", ">"), " ") {
			if want = "kubernetes/" + strings.ReplaceAll(want, ">", " -> "); !slices.Contains(names, want) {
				t.Errorf("%s has no %s: %q", file, want, names)
			}
		}
		for name := range contents {
			if strings.Contains(name, "demo") && file != "kubernetes.tar.gz" ||
				strings.Contains(name, "saltbase") && file == "kubernetes.tar.gz" {
				t.Errorf("%s has %s", file, name)
			}
		}
	}
	inner, err := os.ReadFile(filepath.Join(dir, "kubernetes-salt.tar.gz"))
	_, contents := members(t, filepath.Join(dir, "kubernetes.tar.gz"))
	if err != nil || contents["kubernetes/server/kubernetes-salt.tar.gz"] != string(inner) ||
		contents["kubernetes/version"] != "v1.5.2+acme.1\n" {
		t.Errorf("the tarball in kubernetes.tar.gz, or its version %q, is wrong, %v", contents["kubernetes/version"], err)
	}
}
