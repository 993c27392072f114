package profiles

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/tarballs"
	"github.com/slipway-build/slipway/version"
)

// held returns what the tarballs of a kind hold in a version, joined: PROGRAM, IMAGE.tar, a
// path of the tree, [TARBALL], and the paths of the rest.
func held(r tarballs.Recipes, kind string, v version.Version) string {
	out := map[string]bool{}
	for _, c := range r.Of(kind, v) {
		for _, program := range c.Programs {
			out[program] = true
		}
		for _, image := range c.Images {
			out[image+".tar"] = true
		}
		for _, other := range c.Tarballs {
			out["["+other+"]"] = true
		}
		switch {
		case c.Tree != "" && c.Files == nil:
			out[c.Tree] = true
		case c.Text != "", c.Link != "", c.Empty:
			out[c.To] = true
		}
		for _, file := range c.Files {
			out[file[strings.LastIndex(file, "/")+1:]] = true
		}
	}
	return strings.Join(slices.Sorted(maps.Keys(out)), " ")
}

// TestTarballs holds the tarballs of releases against what upstream's scripts of that
// version put into them.
func TestTarballs(t *testing.T) {
	for _, c := range []struct{ project, version, kind, file, held string }{
		{"kubernetes", "1.36.1", "server", "kubernetes-server-{{.OS}}-{{.Arch}}.tar.gz",
			"LICENSES LICENSES/vendor [src] addons apiextensions-apiserver kube-aggregator kube-apiserver " +
				"kube-apiserver.tar kube-controller-manager " +
				"kube-controller-manager.tar kube-log-runner kube-proxy kube-proxy.tar kube-scheduler kube-scheduler.tar kubeadm " +
				"kubectl kubectl-convert kubectl.tar kubelet mounter version"},
		{"kubernetes", "1.36.1", "node", "kubernetes-node-{{.OS}}-{{.Arch}}.tar.gz",
			"LICENSES LICENSES/vendor [src] kube-log-runner kube-proxy kubeadm kubectl kubectl-convert kubelet version"},
		{"kubernetes", "1.36.1", "client", "kubernetes-client-{{.OS}}-{{.Arch}}.tar.gz", "kubectl kubectl-convert"},
		{"kubernetes", "1.36.1", "src", "kubernetes-src.tar.gz", "."},
		{"kubernetes", "1.36.1", "salt", "", ""},
		{"kubernetes", "1.36.1", "full", "kubernetes.tar.gz", "LICENSES LICENSES/vendor README.md [manifests] " +
			"client/README cluster docs hack/lib server/README version"},
		{"kubernetes", "1.5.2", "server", "kubernetes-server-{{.OS}}-{{.Arch}}.tar.gz",
			"Godeps/LICENSES [src] addons hyperkube " +
				"kube-apiserver kube-apiserver.tar kube-controller-manager kube-controller-manager.tar kube-discovery kube-dns " +
				"kube-proxy kube-proxy.tar kube-scheduler kube-scheduler.tar kubeadm kubectl kubefed kubelet"},
		{"kubernetes", "1.5.2", "node", "kubernetes-node-{{.OS}}-{{.Arch}}.tar.gz",
			"Godeps/LICENSES [src] kube-proxy kubectl kubefed kubelet"},
		{"kubernetes", "1.5.2", "salt", "kubernetes-salt.tar.gz", "cluster/addons cluster/saltbase"},
		{"kubernetes", "1.5.2", "full", "kubernetes.tar.gz", "Godeps/LICENSES README.md Vagrantfile [manifests] [salt] " +
			"_output/release-tars client/README cluster docs examples federation/cluster federation/deploy " +
			"federation/manifests server/README third_party/htpasswd version"},
		{"kubernetes", "1.4.12", "node", "", ""},
		{"kubernetes", "1.4.12", "full", "kubernetes.tar.gz", "Godeps/LICENSES README.md Vagrantfile [manifests] [salt] " +
			"[server] _output/release-tars cluster docs examples federation/cluster federation/deploy " +
			"federation/manifests kubectl third_party/htpasswd version"},
		{"etcd", "3.7.3", "release", "etcd-v{{.Version}}-{{.OS}}-{{.Arch}}.tar.gz",
			"Documentation README.md etcd etcdctl etcdctl/README.md etcdctl/READMEv2.md etcdutl etcdutl/README.md"},
		{"etcd", "3.4.30", "release", "etcd-v{{.Version}}-{{.OS}}-{{.Arch}}.tar.gz",
			"Documentation README.md etcd etcdctl etcdctl/README.md etcdctl/READMEv2.md"},
		{"flannel", "0.28.4", "release", "flannel-v{{.Version}}-{{.OS}}-{{.Arch}}.tar.gz",
			"README.md dist/mk-docker-opts.sh flanneld"},
		{"coredns", "1.14.7", "release", "coredns_{{.Version}}_{{.OS}}_{{.Arch}}.tgz", "coredns"},
		{"cni-plugins", "1.9.1", "release", "cni-plugins-{{.OS}}-{{.Arch}}-v{{.Version}}.tgz",
			"LICENSE README.md bandwidth bridge dhcp dummy firewall flannel host-device host-local ipvlan loopback macvlan " +
				"portmap ptp sbr static tap tuning vlan vrf win-bridge win-overlay"},
	} {
		t.Run(fmt.Sprintf("%s %s %s", c.project, c.version, c.kind), func(t *testing.T) {
			r, err := Tarballs(t.TempDir(), c.project)
			v, err2 := version.Parse(c.version)
			if err != nil || err2 != nil {
				t.Fatal(err, err2)
			}
			file := ""
			for _, one := range r.At(v) {
				if one.Kind == c.kind {
					file = one.File
				}
			}
			if file != c.file {
				t.Errorf("its name is %q, want %q", file, c.file)
			}
			if got := held(r, c.kind, v); file != "" && got != c.held {
				t.Errorf("it holds\n%s, want\n%s", got, c.held)
			}
		})
	}
	if r, err := Tarballs(t.TempDir(), "ship"); err != nil || len(r.Tarballs) > 0 {
		t.Errorf("a profile without tarballs.yaml has %v, %v", r, err)
	}
}
