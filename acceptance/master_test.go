//go:build acceptance && linux

package acceptance

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/internal/testkit"
)

// TestMaster has a control plane on a Debian say where it is, give nodes their
// rights, make tokens, renew its certificates, and tell of a part that fails.
func TestMaster(t *testing.T) {
	testkit.Need(t, "apt-ftparchive")
	first, _, _ := debs(t)
	m := boot(t, "ca-certificates", func(root string) {
		mustRun(t, first, "sh", "-ec", `mkdir "$0"; cp *.deb "$0"; cd "$0"
apt-ftparchive packages . >Packages
echo 'deb [trusted=yes] file:/repo ./' | tee sources.list >../etc/apt/sources.list`, filepath.Join(root, "repo"))
	})
	install, packages := m.document("install.md"), m.document("packages.md")
	m.sh(apt + "update; " + apt + "install kubernetes-master kubernetes-node etcd etcdutl")
	m.refused()
	m.is("systemctl start multi-user.target kubelet kube-proxy; "+ // as a boot does
		"systemctl is-active kubernetes-master.target kube-apiserver kubelet kube-proxy || true",
		"inactive\ninactive\ninactive\ninactive")
	install.run("apt install kubernetes-master etcd etcdctl")
	m.is("systemctl is-active kubernetes-master.target kubernetes-setup kubernetes-renew.timer", "active\nactive\nactive")
	m.endpoint()
	m.rights()
	m.tokens()
	m.renewal(install)
	packages.run("kubernetes-dns")
	packages.run("etcd-backup")
	m.eventually("kubectl -n kube-system get deployment coredns && systemctl is-active kubernetes-master.target")
	m.failure()
}

// refused has the commands say what is wrong before they do anything.
func (m *machine) refused() {
	m.t.Helper()
	for _, c := range []struct{ script, want string }{
		{"kubernetes-pki --bogus", "there is no option --bogus"},
		{"kubernetes-pki --renew 10.0.0.1", "--renew takes no address"},
		{"kubernetes-pki --renew", "there is nothing to renew"},
		{"kubernetes-pki 10.0.0.256", "10.0.0.256 is not an IP address"},
		{"kubernetes-pki master", "master is not an IP address"},
		{"kubernetes-pki --all", "--all goes with --renew"},
		{"kubernetes-setup", "run kubernetes-pki first"},
		{"kubernetes-setup now", "there is no option now"},
		{"kubernetes-token", "run kubernetes-pki first"},
		{"kubernetes-token --ttl soon", "--ttl soon is not a duration"},
		{"kubernetes-join", "ENDPOINT is missing"},
		{"kubernetes-join 10.9.8.9 --token=a.b --ca-hash=x", "six and sixteen"},
		{"systemctl start kube-apiserver", "Assertion failed"},
		{"systemctl start kubernetes-master.target", "Assertion failed"},
		{"kubernetes-pki 10.9.8.6", "10.9.8.6 is not an address of this host, which has " + address},
		{"ip address add 10.244.3.1/24 dev host0; kubernetes-pki",
			"the range of pods, 10.244.0.0/16, overlaps with the network 10.244.3.1/24 of this host (host0)"},
	} {
		if out, err := m.try(c.script); err == nil || !strings.Contains(out, c.want) {
			m.t.Errorf("in the machine, %s: %v, want %q in\n%s", c.script, err, c.want, out)
		}
	}
	m.sh("ip address delete 10.244.3.1/24 dev host0")
	m.is("ls /etc/kubernetes", "kubelet.d\nkubelet.yaml\nmanifests")
}

// endpoint checks that everything names the address that others reach.
func (m *machine) endpoint() {
	m.t.Helper()
	m.is("cd /etc/kubernetes; cat *.conf | sed -n 's/^ *server: //p' | sort -u", "https://"+address+":6443")
	m.is("kubectl -n kube-public get configmap cluster-info -o jsonpath={.data.kubeconfig} | sed -n 's/^ *server: //p'",
		"https://"+address+":6443")
	m.sh("openssl x509 -noout -ext subjectAltName -in /etc/kubernetes/pki/apiserver.crt >/run/names")
	for _, name := range []string{"DNS:localhost", "DNS:master", "IP Address:127.0.0.1", "IP Address:" + address} {
		m.sh("grep '" + name + "' /run/names")
	}
	m.is("readlink /etc/kubernetes/kube-proxy.conf /var/lib/kubelet/config.yaml",
		"kubelet.conf\n/etc/kubernetes/kubelet.yaml")
	m.is("kubectl --kubeconfig /etc/kubernetes/kubelet.conf auth whoami -o jsonpath={.status.userInfo.username}",
		"system:node:master")
}

// rights checks that the API server may ask kubelets, and a node what it needs.
func (m *machine) rights() {
	m.t.Helper()
	const node, joining = "system:node:mate --as-group=system:nodes",
		"system:bootstrap:abcdef --as-group=system:bootstrappers:kubeadm:default-node-token"
	for _, c := range []struct{ who, what string }{
		{"kube-apiserver-kubelet-client", "create nodes --subresource=proxy"},
		{node, "watch endpointslices.discovery.k8s.io"},
		{node, "list nodes"},
		{node, "patch nodes --subresource=status"},
		{node, "create certificatesigningrequests.certificates.k8s.io --subresource=selfnodeclient"},
		{node, "get configmap/kubelet-config -n kube-system"},
		{joining, "create certificatesigningrequests.certificates.k8s.io"},
		{joining, "create certificatesigningrequests.certificates.k8s.io --subresource=nodeclient"},
		{joining, "get nodes"},
		{joining, "get configmap/kubelet-config -n kube-system"},
		{joining, "get configmap/kubeadm-config -n kube-system"},
	} {
		m.is("kubectl auth can-i "+c.what+" --as="+c.who+" 2>/dev/null", "yes")
	}
}

// tokens checks the line for new nodes, which this host has no use for.
func (m *machine) tokens() {
	m.t.Helper()
	line := m.sh("kubernetes-token --ttl 1h")
	want := "^kubernetes-join " + regexp.QuoteMeta(address) +
		`:6443 --token [a-z0-9]{6}\.[a-z0-9]{16} --ca-hash sha256:[0-9a-f]{64}$`
	if !regexp.MustCompile(want).MatchString(line) {
		m.t.Errorf("kubernetes-token prints %q", line)
	}
	m.sh(line + " | grep 'has joined that cluster already'")
	other := regexp.MustCompile("[0-9a-f]{8}$").ReplaceAllString(line, "00000000")
	if out, err := m.try(other); err == nil || !strings.Contains(out, "another cluster") {
		m.t.Errorf("%s: %v\n%s", other, err, out)
	}
	m.sh("mkdir /run/away; mv /etc/kubernetes/kubelet.conf /run/away; systemctl stop kubelet")
	m.is("("+line+" || true) 2>&1 | grep -o 'no container runtime is at /run/containerd/containerd.sock'",
		"no container runtime is at /run/containerd/containerd.sock")
	m.sh("mv /run/away/kubelet.conf /etc/kubernetes")
}

// renewal checks that certificates are renewed when they end soon, or when all are to be.
func (m *machine) renewal(page document) {
	m.t.Helper()
	const sums = "cd /etc/kubernetes; sha256sum pki/*.crt *.conf /var/lib/kubelet/pki/*current.pem | sort"
	before := m.sh(sums)
	m.sh("kubernetes-pki --renew | grep 'nothing expires'")
	m.is(sums, before)
	m.sh("systemctl start kubernetes-renew.service")
	page.run("kubernetes-pki --renew --all")
	kept := map[string]bool{
		"pki/ca.crt": true, "pki/front-proxy-ca.crt": true, "kubelet.conf": true, "kube-proxy.conf": true,
	}
	after := m.sh(sums)
	for _, line := range strings.Split(before, "\n") {
		_, name, _ := strings.Cut(line, "  ")
		if same := strings.Contains(after, line); same != kept[name] {
			m.t.Errorf("renewed, %s is the same: %v", name, same)
		}
	}
	m.eventually("test \"$(kubectl get --raw /readyz)\" = ok")
	m.is("stat -c '%a %G' /etc/kubernetes/scheduler.conf /etc/kubernetes/pki/apiserver.key", "640 kube\n640 kube")
	m.eventually("kubectl -n kube-system get lease kube-scheduler && systemctl is-active kubernetes-master.target")
}

// failure checks that a wrong flag ends in failed, that the target says so, and that
// it stops what it starts.
func (m *machine) failure() {
	m.t.Helper()
	m.sh(`mkdir -p /run/systemd/system/kube-scheduler.service.d
printf '[Service]\nExecStart=\nExecStart=/usr/bin/kube-scheduler --bogus\nRestartSec=1\n' \
	>/run/systemd/system/kube-scheduler.service.d/test.conf
systemctl daemon-reload; systemctl restart kube-scheduler`)
	m.eventually("systemctl is-failed kube-scheduler")
	m.eventually("! systemctl is-active kubernetes-master.target")
	m.is("systemctl is-active etcd kube-apiserver kube-controller-manager", "active\nactive\nactive")
	m.sh("journalctl -u kube-scheduler | grep 'unknown flag: --bogus'")
	m.sh("rm /run/systemd/system/kube-scheduler.service.d/test.conf; systemctl daemon-reload; " +
		"systemctl reset-failed kube-scheduler; systemctl start kubernetes-master.target")
	m.is("systemctl is-active kube-scheduler kubernetes-master.target", "active\nactive")
	m.sh("echo 'KUBE_PROXY_ARGS=--bogus' >/etc/default/kube-proxy")
	if out, err := m.try("systemctl restart kube-proxy"); err == nil {
		m.t.Errorf("with a wrong flag kube-proxy starts: %s", out)
	}
	m.sh("systemctl stop kubernetes-master.target kube-proxy")
	m.eventually("! systemctl is-active -q " + services)
}
