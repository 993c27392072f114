//go:build acceptance && linux

package acceptance

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// cgroupV1 has a kubelet run on this machine, too.
const cgroupV1 = `apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
failCgroupV1: false
`

// joined has a host that got everything from images be a control plane, and a second one join it at its boot by what
// that finds in join.env.
func joined(t *testing.T, dir string) {
	l := openLab(t, "ins", "198.51.100.0/24")
	base, err := l.Base(t.Context(), "containerd", "openssl")
	if err != nil {
		t.Fatal(err)
	}
	kubernetes := unpackImage(t, dir, fork, "kubernetes-installer")
	etcd := unpackImage(t, dir, "etcd-3.7", "etcd-installer")
	flannel := unpackImage(t, dir, "flannel-0.28", "flannel-installer")
	plugins := unpackImage(t, dir, "cni-plugins-1.9", "cni-plugins-installer")
	installs := func(root, image, role string) {
		t.Helper()
		if out, err := installer(t, image, root, "-role="+role); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	prepare := func(root string) {
		asNode(t, root)
		write(t, filepath.Join(root, "etc", "kubernetes", "kubelet.d", "50-cgroup.conf"), cgroupV1)
		installs(root, plugins, "plugins")
		installs(root, flannel, "node")
	}
	m := bootNode(t, l, base, "master", "198.51.100.11", func(root string) {
		prepare(root)
		installs(root, etcd, "etcd")
		installs(root, kubernetes, "all")
	})
	m.sh("kubernetes-pki 198.51.100.11; systemctl start kubernetes-master.target")
	m.eventually("kubernetes-token >/run/line")
	line := strings.Fields(m.sh("cat /run/line")) // kubernetes-join ENDPOINT --token TOKEN --ca-hash HASH

	w := bootNode(t, l, base, "worker", "198.51.100.12", func(root string) {
		prepare(root)
		unjoined(t, kubernetes, root)
		write(t, filepath.Join(root, "etc", "kubernetes", "join.env"),
			"ENDPOINT="+line[1]+"\nTOKEN="+line[3]+"\nCA_HASH="+line[5]+"\n")
		installs(root, kubernetes, "worker")
	})
	m.eventually("export KUBECONFIG=/etc/kubernetes/admin.conf; " +
		"kubectl wait --for=condition=Ready node/master node/worker --timeout=0s")
	w.is("systemctl is-active kubelet kube-proxy flanneld; systemctl is-failed kubernetes-join || true",
		"active\nactive\nactive\ninactive")
	w.is("journalctl -q | grep -c -F "+line[3]+" || true", "0")
	mustRun(t, "", "cp", "-a", kubernetes, filepath.Join(w.Root, "image"))
	if out := w.sh("/image/installer -root=/ -from=/image"); !strings.Contains(out, "nothing to do") {
		t.Errorf("a second install on a node:\n%s", out)
	}
}

// unjoined installs a worker on a host that does not have what it joins by, or not all of it: the first is told what to
// do, and the second is refused before it changes.
func unjoined(t *testing.T, image, root string) {
	t.Helper()
	out, err := installer(t, image, root, "-role=worker", "-dry-run")
	if err != nil || !strings.Contains(out, "to /etc/kubernetes/join.env; then: systemctl start kubernetes-join\n") {
		t.Errorf("without join.env: %v\n%s", err, out)
	}
	const secret = "abcdef.0123456789ABCDEF"
	write(t, filepath.Join(root, "etc", "kubernetes", "join.env"), "# of the master\nTOKEN="+secret+"\nCA_HASH=\nurl=x\n")
	out, err = installer(t, image, root, "-role=worker")
	for _, want := range []string{
		"Error: kubernetes-join: ENDPOINT is missing, here and as ENDPOINT= in /etc/kubernetes/join.env",
		"/etc/kubernetes/join.env:2: TOKEN is not six and sixteen", "/etc/kubernetes/join.env:3: CA_HASH has no value",
		"/etc/kubernetes/join.env:4: want ENDPOINT=, TOKEN= or CA_HASH=",
	} {
		if err == nil || !strings.Contains(out, want) || strings.Contains(out, secret) {
			t.Errorf("with a wrong join.env: %v\n%s\nwant %s", err, out, want)
		}
	}
	if _, err := os.Lstat(filepath.Join(root, "opt", "bin", "kubelet")); err == nil {
		t.Error("a host with a wrong join.env is changed")
	}
}

// write writes a file, and the folders above it.
func write(t *testing.T, name, content string) {
	t.Helper()
	mustRun(t, "", "mkdir", "-p", filepath.Dir(name))
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
