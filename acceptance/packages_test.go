//go:build acceptance && linux

package acceptance

import (
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/slipway-build/slipway/internal/testkit"
)

// forks are those of the project.
var forks = []string{"cni-plugins-1.9", "coredns-1.14", "etcd-3.7", "flannel-0.28", fork}

// shared are the packages that several tests install, the clone that they are made in, and the folder of the Debians
// that machines are copies of.
var shared struct {
	once       sync.Once
	dir        string
	debs, rpms revisions
	basesOnce  sync.Once
	bases      string
}

// bases returns the folder of the Debians that machines are copies of.
func bases(t *testing.T) string {
	t.Helper()
	shared.basesOnce.Do(func() {
		at, err := os.MkdirTemp("", "slipway-bases-")
		if err != nil {
			t.Fatal(err)
		}
		shared.bases = filepath.Join(at, "bases")
		mustRun(t, "", "mkdir", shared.bases)
	})
	return shared.bases
}

// revisions are folders with packages of all forks, and with a second revision of those of Kubernetes.
type revisions struct {
	once          sync.Once
	first, second string
}

func TestMain(m *testing.M) {
	code := m.Run()
	for _, made := range []string{shared.dir, shared.bases, targets.at} {
		if made != "" {
			_ = os.RemoveAll(filepath.Dir(made))
		}
	}
	os.Exit(code)
}

// debs makes the debs of all forks once, and a second revision of the Kubernetes ones. It returns the
// folders with them, and the clone that they are made in.
func debs(t *testing.T) (first, second, dir string) {
	t.Helper()
	return shared.debs.made(t, "deb")
}

// rpms are made as debs are.
func rpms(t *testing.T) (first, second, dir string) {
	t.Helper()
	return shared.rpms.made(t, "rpm")
}

func (r *revisions) made(t *testing.T, format string) (first, second, dir string) {
	t.Helper()
	shared.once.Do(func() {
		at, err := os.MkdirTemp("", "slipway-packages-")
		if err != nil {
			t.Fatal(err)
		}
		shared.dir = filepath.Join(at, "slipway")
		mustRun(t, "", "git", "clone", "-q", "..", shared.dir)
	})
	r.once.Do(func() { r.first, r.second = madeIn(t, shared.dir, format) })
	if r.second == "" {
		t.Fatal("the packages are not made: see the first test that needs them")
	}
	return r.first, r.second, shared.dir
}

// madeIn makes the packages of all forks in a clone, and a second revision of the Kubernetes ones. It
// returns the folders with them, beside the clone.
func madeIn(t *testing.T, dir, format string) (first, second string) {
	t.Helper()
	gather := func(pattern, name string) string {
		into := filepath.Join(filepath.Dir(dir), format+"-"+name)
		files, err := filepath.Glob(filepath.Join(dir, "dist", "*", format, "linux_"+runtime.GOARCH, pattern))
		if err != nil || len(files) == 0 {
			t.Fatalf("no packages %s (%v)", pattern, err)
		}
		mustRun(t, "", "mkdir", into)
		mustRun(t, "", "cp", append(files, into)...)
		return into
	}
	for _, f := range forks {
		t.Log(mage(t, dir, format, "-fork="+f))
	}
	first = gather("*."+format, "first")
	name := filepath.Join(dir, "forks", fork, "fork.yaml")
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	edited := regexp.MustCompile(`(?m)^version: .*`).ReplaceAll(data, []byte("version: 1.36.1+slipway.10"))
	if err := os.WriteFile(name, edited, 0o644); err != nil {
		t.Fatal(err)
	}
	t.Log(mage(t, dir, format, "-fork="+fork))
	if err := os.WriteFile(name, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return first, gather("*slipway.10-1*."+format, "second")
}

// sources has apt read the repository of the test alone.
const sources = "-o Dir::Etc::sourceparts=- -o Dir::Etc::sourcelist=/repo/sources.list "

const apt = "apt-get -y -q " + sources + "--no-install-recommends "

// TestDebs installs the packages on a Debian from a repository, and has them live
// the life of packages.
func TestDebs(t *testing.T) {
	for _, tool := range []string{"apt-ftparchive", "lintian"} {
		testkit.Need(t, tool)
	}
	first, second, _ := debs(t)
	t.Run("lintian", func(t *testing.T) {
		files, _ := filepath.Glob(filepath.Join(first, "*.deb"))
		lintian(t, files)
	})
	publish := func(root, from string) {
		repo := filepath.Join(root, "repo")
		mustRun(t, "", "sh", "-ec", `mkdir -p "$2"; cp "$1"/*.deb "$2"; cd "$2"
apt-ftparchive packages . >Packages; echo 'deb [trusted=yes] file:/repo ./' >sources.list`, "sh", from, repo)
	}
	m := boot(t, "ca-certificates", func(root string) { publish(root, first) })
	m.sh(apt + "update; " + apt + "install kubernetes-master kubernetes-node etcd etcdctl etcdutl flannel kubernetes-cni")
	m.is("systemctl is-active etcd kube-apiserver || true", "inactive\ninactive")
	m.is("systemctl is-enabled "+services, strings.TrimSpace(strings.Repeat("enabled\n", 4)))
	m.verified()
	if out, err := m.try("systemctl start kube-apiserver"); err == nil {
		t.Errorf("without certificates kube-apiserver starts: %s", out)
	}
	m.sh("kubernetes-pki; systemctl start kubernetes-master.target")
	m.names()
	m.serves()
	m.started()
	m.exposed()
	m.flannel()
	m.sh("systemctl stop kube-scheduler kube-controller-manager kube-apiserver etcd; " +
		"systemctl start kubernetes-master.target")
	m.serves()
	m.is("kubectl get configmap kept -o jsonpath={.data.cargo}", "rope")
	sums := m.sh("find /etc/kubernetes -type f | sort | xargs sha256sum")
	m.is("kubernetes-pki >/dev/null 2>&1; find /etc/kubernetes -type f | sort | xargs sha256sum", sums)

	t.Log("upgrade")
	m.sh("echo KUBE_SCHEDULER_ARGS=--leader-elect=false >/etc/default/kube-scheduler")
	m.sh("mkdir -p /etc/systemd/system/kubelet.service.d; touch /etc/systemd/system/kubelet.service.d/10-kubeadm.conf")
	before := m.pids()
	publish(m.root, second)
	m.sh(apt + "update; " + apt + "upgrade")
	m.is("kubectl version --client | head -1", "Client Version: v1.36.1+slipway.10")
	m.eventually("kubectl version | grep 'Server Version: v1.36.1+slipway.10'")
	m.is("grep -c leader-elect=false /etc/default/kube-scheduler", "1")
	m.is("grep -c -e --leader-elect=false /proc/$(systemctl show -p MainPID --value kube-scheduler)/cmdline", "1")
	m.is("ls /etc/systemd/system/kubelet.service.d", "10-kubeadm.conf.dpkg-bak")
	m.restarted(before)
	m.serves()
	m.is("kubectl get configmap kept -o jsonpath={.data.cargo}", "rope")
	m.sh(`printf '[Service]\nType=simple\nExecStart=\nExecStart=/bin/sleep infinity\n' \
	>/etc/systemd/system/kubelet.service.d/20-test.conf
systemctl daemon-reload; systemctl restart kubelet`)
	pid := m.sh("systemctl show -p MainPID --value kubelet")
	m.sh(apt + "install --reinstall kubeadm")
	m.is("systemctl show -p MainPID --value kubelet", pid)

	t.Log("downgrade")
	old := m.sh("apt-cache " + sources + "policy kubelet | sed -n 's/^ *\\(.*slipway.1-1\\) .*/\\1/p' | head -1")
	m.sh(apt + "install --allow-downgrades $(dpkg-query -W -f '${Package} ${Version}\\n' | " +
		"sed -n 's/ .*slipway.10-1$/=" + old + "/p')")
	m.eventually("kubectl version | grep 'Server Version: v1.36.1+slipway.1$'")
	m.serves()

	t.Log("remove, purge, and again")
	const all = "'kube*' etcd etcdctl etcdutl flannel"
	m.sh(apt + "remove $(dpkg-query -W -f '${Package} ' " + all + ")")
	m.is("systemctl list-units --no-legend --state=active 'kube*' 'etcd*'", "")
	m.is("ls /etc/default/kube-scheduler /var/lib/etcd", "/etc/default/kube-scheduler\n\n/var/lib/etcd:\ndefault")
	m.sh("dpkg --purge $(dpkg-query -W -f '${Package} ' " + all + ")")
	// What kubernetes-pki made stays: certificates are the operator's.
	m.is(`find /etc /usr /var/lib $(test ! -d /opt || echo /opt) -xdev \
	\( -iname '*kube*' -o -iname '*etcd*' -o -iname '*flannel*' -o -path '*cni*' \) \
	! -path '/usr/share/*' ! -path '/etc/systemd/system/kubelet.service.d*' ! -path '/etc/kubernetes*' -print`, "")
	m.is("ls /etc/kubernetes",
		"admin.conf\ncontroller-manager.conf\nkube-proxy.conf\nkubelet.conf\npki\nscheduler.conf")
	m.sh("rm /repo/kubernetes-cni-*.deb; " + // they exclude each other, and TestCNI has them
		apt + "install /repo/*slipway.1-1_*.deb; systemctl start kubernetes-master.target")
	m.serves()
}

// exposed checks what systemd says of the units' freedoms against what
// docs/packages.md does.
func (m *machine) exposed() {
	m.t.Helper()
	page, err := os.ReadFile(filepath.Join("..", "docs", "packages.md"))
	if err != nil {
		m.t.Fatal(err)
	}
	rows := regexp.MustCompile(`(?m)^\| `+"`([a-z-]+\\.service)`"+` \| ([0-9.]+ [A-Z]+) \|`).FindAllSubmatch(page, -1)
	if len(rows) != 8 {
		m.t.Errorf("docs/packages.md has figures for %d units, want 8", len(rows))
	}
	for _, row := range rows {
		out := m.sh("systemd-analyze security --no-pager " + string(row[1]) + " | tail -1")
		if !strings.Contains(out, ": "+string(row[2])) {
			m.t.Errorf("docs/packages.md gives %s for %s, and systemd %s", row[2], row[1], out)
		}
	}
}

// flannel checks that flanneld leases a subnet by routes alone, and tells Docker.
func (m *machine) flannel() {
	m.t.Helper()
	m.sh(`etcdctl put /coreos.com/network/config '{"Network": "10.1.0.0/16", "Backend": {"Type": "host-gw"}}'
systemctl start flanneld`)
	m.eventually("grep -- '--bip=10.1.[0-9]*.1/24 ' /run/flannel/docker && " +
		"grep FLANNEL_NETWORK=10.1.0.0/16 /run/flannel/subnet.env")
	m.docker()
	m.sh("systemctl stop flanneld")
}

// docker checks that a Docker with a unit like Debian's is told the subnet that
// flanneld leased, and keeps its options.
func (m *machine) docker() {
	m.t.Helper()
	m.sh(`cat >/usr/sbin/dockerd <<'E'
#!/bin/sh
printf '%s ' "$@" >/run/dockerd
systemd-notify --ready
exec sleep infinity
E
chmod +x /usr/sbin/dockerd
echo 'DOCKER_OPTS="--label=deck"' >/etc/default/docker
cat >/etc/systemd/system/docker.service <<'E'
[Service]
Type=notify
EnvironmentFile=-/etc/default/docker
ExecStart=/usr/sbin/dockerd -H fd:// $DOCKER_OPTS
E
systemctl daemon-reload
systemctl start docker`)
	m.sh("grep -- '^-H fd:// --label=deck --bip=10.1.[0-9]*.1/24 --ip-masq=false --mtu=[0-9]* $' /run/dockerd")
	m.sh(`systemctl stop docker
rm /usr/sbin/dockerd /etc/default/docker /etc/systemd/system/docker.service
systemctl daemon-reload`)
}
