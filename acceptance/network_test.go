//go:build acceptance && linux

package acceptance

import (
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// packaged copies the debs of some forks to the folder repo of a root.
func packaged(t *testing.T, forks ...string) func(root string) {
	t.Helper()
	_, _, dir := debs(t)
	var all []string
	for _, f := range forks {
		some, err := filepath.Glob(filepath.Join(dir, "dist", f, "deb", "linux_"+runtime.GOARCH, "*.deb"))
		if err != nil || len(some) == 0 {
			t.Fatalf("no debs of %s (%v)", f, err)
		}
		all = append(all, some...)
	}
	return func(root string) {
		repo := filepath.Join(root, "repo")
		if err := os.Mkdir(repo, 0o755); err != nil {
			t.Fatal(err)
		}
		mustRun(t, "", "cp", append(all, repo)...)
	}
}

// conflist is the network that flannel's package writes.
const conflist = "/etc/cni/net.d/10-flannel.conflist"

// TestCNI has a container runtime be given a network: that of flannel's lease, and that
// of a single host.
func TestCNI(t *testing.T) {
	m := boot(t, "containerd", packaged(t, "flannel-0.28", "cni-plugins-1.9"))
	m.sh("dpkg -i /repo/flannel_*.deb /repo/kubernetes-cni_*.deb /repo/kubernetes-cni-flannel_*.deb")
	m.is("systemd-analyze verify --man=no flanneld.service flanneld.path kubernetes-cni-flannel.path "+
		"kubernetes-cni-flannel.service kubernetes-cni-flannel-lease.service kubernetes-cni-flannel-address.service 2>&1", "")
	m.sh("timeout 20 systemctl restart containerd") // it waits for no flanneld
	m.sh("timeout 20 systemctl start flanneld")     // nor does anybody before the node has an identity
	m.is("systemctl is-active flanneld || ls -A /etc/cni/net.d", "inactive")
	m.leases()
	m.identified()

	t.Log("removed")
	m.sh("dpkg -r kubernetes-cni-flannel")
	m.is("ls -A /etc/cni/net.d", "")
	m.sh("echo '{}' >" + conflist + "; dpkg -i /repo/kubernetes-cni-flannel_*.deb; systemctl start kubernetes-cni-flannel")
	m.lease("10.244.7.1/24")
	m.eventually("journalctl -u kubernetes-cni-flannel | grep 'is left as it is'")
	m.sh("dpkg -P kubernetes-cni-flannel")
	m.is("cat "+conflist, "{}")

	t.Log("a single host")
	m.sh("rm " + conflist + "; ip link delete cni0; dpkg -i /repo/kubernetes-cni-bridge_*.deb")
	m.is("systemd-analyze verify --man=no kubernetes-cni-bridge.service 2>&1", "")
	m.sh("systemctl start kubernetes-cni-bridge")
	m.pod("alone", "/etc/cni/net.d/10-bridge.conflist", "10.244.0.")
	m.sh("dpkg -r kubernetes-cni-bridge")
	m.is("ls -A /etc/cni/net.d; ls /etc/kubernetes", "bridge.conflist")
}

// leases checks that the network is that of the lease, also when that changes.
func (m *machine) leases() {
	m.t.Helper()
	m.lease("10.244.3.1/24")
	m.eventually("grep 10.244.3.0/24 " + conflist)
	m.pod("one", conflist, "10.244.3.")
	m.is("ip -4 -o address show cni0 | grep -o '10[^ ]*' | head -1", "10.244.3.1/24")
	m.lease("10.244.5.1/24")
	m.eventually("grep 10.244.5.0/24 " + conflist)
	m.is("ip -4 -o address show cni0", "")
	m.pod("two", conflist, "10.244.5.")
	m.is("ip -4 -o address show cni0 | grep -o '10[^ ]*' | head -1", "10.244.5.1/24")
}

// lease writes a lease as flanneld does.
func (m *machine) lease(subnet string) {
	m.t.Helper()
	m.sh("mkdir -p /run/flannel; cd /run/flannel; printf 'FLANNEL_NETWORK=10.244.0.0/16\\nFLANNEL_SUBNET=" + subnet +
		"\\nFLANNEL_MTU=1450\\nFLANNEL_IPMASQ=true\\n' >.subnet.env; mv .subnet.env subnet.env")
}

// pod has the first plugin of a network connect a namespace, as a container runtime does.
func (m *machine) pod(name, network, within string) {
	m.t.Helper()
	var conf struct {
		Version string `json:"cniVersion"`
		Plugins []map[string]any
	}
	if err := json.Unmarshal([]byte(m.sh("cat "+network)), &conf); err != nil || len(conf.Plugins) != 2 {
		m.t.Fatalf("%s: %v, %v", network, conf, err)
	}
	plugin := conf.Plugins[0]
	plugin["cniVersion"], plugin["name"] = conf.Version, "test"
	data, err := json.Marshal(plugin)
	if err != nil {
		m.t.Fatal(err)
	}
	out := m.sh("ip netns add " + name + "; CNI_COMMAND=ADD CNI_CONTAINERID=" + name + " CNI_NETNS=/run/netns/" + name +
		" CNI_IFNAME=eth0 CNI_PATH=/opt/cni/bin /opt/cni/bin/bridge <<'E'\n" + string(data) + "\nE")
	if !strings.Contains(out, `"address": "`+within) {
		m.t.Errorf("%s gives a pod no address of %s*: %s", network, within, out)
	}
	m.sh("ip netns exec " + name + " ip route show default | grep " + within)
}

// identified checks that flanneld starts when the node is given its identity, leases
// through Kubernetes by the node's name, and is told so by the operator otherwise.
func (m *machine) identified() {
	m.t.Helper()
	m.sh("hostnamectl hostname Deck || hostname Deck; systemctl start flanneld.path")
	m.sh(`cat >/etc/kubernetes/kubelet.conf <<'E'
{"apiVersion": "v1", "kind": "Config", "current-context": "c", "contexts": [{"name": "c", "context": {"cluster": "c"}}],
"clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:6443"}}]}
E`)
	m.eventually("systemctl is-active flanneld | grep activating && pidof flanneld")
	m.is("tr '\\0' '\\n' </proc/$(pidof flanneld)/environ | grep -e ^NODE -e KUBE -e NET_CONF | sort",
		"FLANNELD_KUBECONFIG_FILE=/etc/kubernetes/kubelet.conf\nFLANNELD_KUBE_SUBNET_MGR=true\n"+
			"FLANNELD_NET_CONFIG_PATH=/etc/kubernetes/flannel.json\nNODE_NAME=deck")
	m.sh("systemctl stop flanneld; rm /etc/kubernetes/kubelet.conf")
}

// TestEtcdBackup saves what an etcd keeps, loses it, and brings it back.
func TestEtcdBackup(t *testing.T) {
	m := boot(t, "ca-certificates", packaged(t, "etcd-3.7"))
	m.sh("dpkg -i /repo/*.deb; systemctl start etcd; etcdctl put cargo rope; cd /srv; etcd-backup a.db")
	m.is("stat -c '%a %U' /srv/a.db; ls /srv", "600 root\na.db")
	m.refuses("etcd-backup /srv/a.db", "/srv/a.db exists already")
	m.refuses("etcd-backup /srv/none/b.db", "mkdir -p '/srv/none'")
	m.refuses("etcd-restore /srv/a.db", "systemctl stop etcd")
	m.sh("systemctl stop etcd")
	m.refuses("etcd-backup /srv/b.db", "journalctl -u etcd")
	m.refuses("etcd-restore /srv/a.db", "mv '/var/lib/etcd/default' '/var/lib/etcd/default.2")
	m.sh("cd /srv; head -c -512 a.db >short; echo rope >text; cp a.db changed; " +
		"printf x | dd of=changed bs=1 seek=5000 conv=notrunc")
	m.refuses("etcd-restore /srv/short", "damaged")
	m.refuses("etcd-restore /srv/changed", "damaged")
	m.refuses("etcd-restore /srv/text", "is not a snapshot of etcd")

	t.Log("lost and restored")
	m.sh("dpkg -P etcd; test ! -e /var/lib/etcd; dpkg -i /repo/etcd_*.deb")
	m.sh(`printf 'ETCD_NAME="deck"\nETCD_INITIAL_CLUSTER="deck=http://127.0.0.1:2380"\n' >>/etc/default/etcd`)
	m.sh("etcd-restore /srv/a.db; systemctl start etcd")
	m.is("stat -c '%a %U %G' /var/lib/etcd/default; ls /var/lib/etcd", "700 etcd etcd\ndefault")
	m.is("etcdctl get cargo --print-value-only; etcdctl member list -w simple | cut -d, -f3", "rope\n deck")

	t.Log("full")
	m.sh(`mkdir -p /etc/systemd/system/etcd.service.d
printf '[Service]\nEnvironment=ETCD_QUOTA_BACKEND_BYTES=2097152\n' >/etc/systemd/system/etcd.service.d/test.conf
systemctl daemon-reload; systemctl restart etcd
for i in $(seq 20); do head -c 300000 /dev/zero | tr '\0' $((i % 10)) | etcdctl put big || break; done`)
	remedy := m.sh("etcd-backup /srv/full.db 2>&1 >/dev/null | sed -n 's/^  etcdctl/etcdctl/p'")
	m.sh(remedy + "; etcdctl put cargo salt; etcdctl alarm list | grep . && exit 1 || true")
}

// refuses checks that a command fails, and says what to do.
func (m *machine) refuses(command, says string) {
	m.t.Helper()
	if out, err := m.try(command); err == nil || !strings.Contains(out, says) {
		m.t.Errorf("%s: %v, %s; want it to fail with %q", command, err, out, says)
	}
}
