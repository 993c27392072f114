//go:build acceptance && linux

package acceptance

import (
	"math"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/internal/testkit"
	"github.com/slipway-build/slipway/lab"
)

// TestVirtualMachine has a Debian with a kernel of its own become the single host of docs/cluster.md, and looks at
// what only such a host shows: control groups of version 2, modules, and settings of the kernel.
func TestVirtualMachine(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("starts a virtual machine of amd64, with packages of this machine's architecture")
	}
	for _, tool := range []string{"apt-ftparchive", "qemu-system-x86_64", "mke2fs"} {
		testkit.Need(t, tool)
	}
	l := openLab(t, "vm", "203.0.113.0/24")
	first, _, _ := debs(t)
	root, err := l.Base(t.Context(), lab.Kernel, "ca-certificates", "containerd", "openssl", "busybox-static")
	if err != nil {
		t.Fatal(err)
	}
	asReader(t, root)
	offer(t, root, first)
	m, err := l.BootVM(t.Context(), "n3", root, "203.0.113.11")
	if err != nil {
		t.Fatal(err)
	}
	n := node{m, t}
	alone(n)
	cooks(n, "pod/mate")
	kernel(n)
}

// alone walks the section of docs/cluster.md about a single host, with words of its commands replaced by others.
func alone(n node, words ...string) {
	n.t.Helper()
	w := newWalk(n.t, filepath.Join("..", "docs", "cluster.md"), "TestVirtualMachine")
	w.nodes[n.Name], w.words = n, strings.NewReplacer(words...)
	n.t.Cleanup(w.tell)
	w.until(math.MaxInt)
}

// kernel checks what a node wants of a kernel, and that nothing is wrong.
func kernel(n node) {
	n.t.Helper()
	n.is("stat -f -c %T /sys/fs/cgroup; cut -d/ -f1-3 /proc/$(pgrep -x -f 'sleep 1d')/cgroup",
		"cgroup2fs\n0::/kubepods.slice/kubepods-besteffort.slice")
	n.is("cd /sys/module; ls -d br_netfilter overlay", "br_netfilter\noverlay")
	n.is("cd /proc/sys/net; cat ipv4/ip_forward bridge/bridge-nf-call-iptables bridge/bridge-nf-call-ip6tables", "1\n1\n1")
	n.is("/usr/libexec/kubernetes/host-checks", "")
	n.is("systemctl --failed --no-legend", "")
	n.is("systemctl is-active kubernetes-master.target kubelet kube-proxy", "active\nactive\nactive")
}

// cooks has pods answer to who asks their Service: a pod itself, or another one, which works only where packets on a
// bridge are filtered.
func cooks(n node, asker string) {
	n.t.Helper()
	n.sh("export CONTAINERD_NAMESPACE=k8s.io; " + shell)
	n.sh(kube + `wait --for=create serviceaccount/default --timeout=3m
kubectl create deployment cook --image=example.org/shell:1 -- /bin/sh -c \
	'echo cooking; while :; do echo aye | nc -l -p 80; done'
kubectl create service clusterip cook --clusterip=10.0.0.80 --tcp=80
kubectl run mate --image=example.org/shell:1 -- /bin/sh -c 'sleep 1d'
kubectl rollout status deployment/cook --timeout=3m`)
	n.eventually(served(asker))
	n.is(kube+"logs deployment/cook", "cooking")
}

func served(asker string) string {
	return kube + "exec " + asker + " -- /bin/sh -c 'nc -w 5 10.0.0.80 80 </dev/null' | grep -x aye"
}
