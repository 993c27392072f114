//go:build acceptance && linux

package acceptance

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/slipway-build/slipway/internal/docscript"
	"github.com/slipway-build/slipway/internal/testkit"
)

// A machine is a Debian that runs under systemd, in a container with a network
// that leads nowhere.
type machine struct {
	t      *testing.T
	root   string
	leader string // the number of its first process
}

// address is the machine's.
const address = "10.9.8.7"

// boot makes a Debian with further packages, puts files in it, and starts it.
func boot(t *testing.T, packages string, prepare func(root string)) *machine {
	t.Helper()
	root := debian(t, packages)
	prepare(root)
	return start(t, root, "master", address)
}

// debian makes the root of a Debian that can be started: a copy of one that tests with the same packages share.
func debian(t *testing.T, packages string) string {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("starts a machine, for which it has to be root")
	}
	for _, tool := range []string{"mmdebstrap", "systemd-nspawn", "nsenter", "pgrep"} {
		testkit.Need(t, tool)
	}
	root := filepath.Join(t.TempDir(), "root")
	base := filepath.Join(bases(t), packages)
	if _, err := os.Stat(base); err != nil {
		const basic = "systemd,systemd-sysv,dbus,iproute2,iptables,conntrack,mount,procps,"
		mustRun(t, "", "mmdebstrap", "-q", "--variant=minbase", "--include="+basic+packages, "bookworm", root)
		mustRun(t, "", "mv", root, base)
	}
	mustRun(t, "", "cp", "-a", "--reflink=auto", base, root)
	return root
}

// start starts a machine. Its end of the network that leads nowhere has an
// address, and ours is called ve-NAME.
func start(t *testing.T, root, name, address string) *machine {
	t.Helper()
	m := &machine{t: t, root: root}
	if err := os.WriteFile(filepath.Join(root, "etc", "hostname"), []byte(name+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	var console bytes.Buffer
	nspawn := command("", "systemd-nspawn", "-q", "-D", root, "--register=no", "--keep-unit", "--network-veth",
		"--machine="+name, "--hostname="+name, "--boot")
	nspawn.Stdout, nspawn.Stderr = &console, &console
	if err := nspawn.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			out, _ := m.try("journalctl --no-pager -n 80 -p warning; systemctl --no-pager --failed")
			t.Log(out)
		}
		if _, err := m.try("systemctl poweroff --force"); err != nil {
			_ = nspawn.Process.Signal(syscall.SIGTERM)
		}
		_ = nspawn.Wait()
	})
	m.wait("it starts", time.Minute, func() bool {
		out, _ := exec.Command("pgrep", "-P", strconv.Itoa(nspawn.Process.Pid)).Output()
		m.leader = strings.TrimSpace(string(out))
		if m.leader == "" {
			return false
		}
		state, _ := m.try("systemctl is-system-running")
		return strings.HasPrefix(state, "running") || strings.HasPrefix(state, "degraded")
	})
	m.sh("ip link set lo up; ip address add " + address + "/24 dev host0; ip link set host0 up; " +
		"ip route add default via 10.9.8.1")
	return m
}

// enter are the words that run a command in the machine, if it follows them.
func (m *machine) enter() []string {
	return []string{"nsenter", "-t", m.leader, "-a", "-r", "-w", "/usr/bin/env", "-i",
		"PATH=/usr/sbin:/usr/bin:/sbin:/bin:/opt/sbin:/opt/bin", "HOME=/root", "LC_ALL=C.UTF-8",
		"DEBIAN_FRONTEND=noninteractive", "KUBECONFIG=/etc/kubernetes/admin.conf"}
}

// try runs a script in the machine.
func (m *machine) try(script string) (string, error) {
	words := append(m.enter(), "/bin/sh", "-euc", script)
	out, err := command("", words[0], words[1:]...).CombinedOutput()
	return string(out), err
}

// document opens a page whose blocks are run in the machine, by somebody who says yes to what apt asks.
func (m *machine) document(page string) document {
	m.t.Helper()
	m.sh(`echo 'APT::Get::Assume-Yes "true";' >/etc/apt/apt.conf.d/yes`)
	return openDocument(m.t, page, docscript.Shell{Dir: "/", Env: []string{"PATH=" + testkit.Path()},
		Under: append(m.enter(), "env", "-C", "/root")})
}

// sh runs a script in the machine and returns what it prints.
func (m *machine) sh(script string) string {
	m.t.Helper()
	out, err := m.try(script)
	if err != nil {
		m.t.Fatalf("in the machine, %s: %v\n%s", script, err, out)
	}
	return strings.TrimSpace(out)
}

// is checks what a script prints.
func (m *machine) is(script, want string) {
	m.t.Helper()
	if got := m.sh(script); got != want {
		m.t.Errorf("in the machine, %s: %q, want %q", script, got, want)
	}
}

// eventually waits until a script succeeds.
func (m *machine) eventually(script string) {
	m.t.Helper()
	m.wait(script, 2*time.Minute, func() bool {
		_, err := m.try(script)
		return err == nil
	})
}

func (m *machine) wait(what string, atMost time.Duration, f func() bool) {
	m.t.Helper()
	for deadline := time.Now().Add(atMost); !f(); time.Sleep(500 * time.Millisecond) {
		if time.Now().After(deadline) {
			m.t.Fatalf("waited %v in vain until %s", atMost, what)
		}
	}
}

// serves checks that a control plane answers and works: it has its namespaces, it
// keeps what it is told, and schedules a pod onto a node that says it is ready.
func (m *machine) serves() {
	m.t.Helper()
	m.eventually("test \"$(kubectl get --raw /readyz)\" = ok")
	m.eventually("kubectl get ns kube-system && kubectl get svc kubernetes")
	m.eventually("kubectl get serviceaccount default")
	m.sh("kubectl get configmap kept || kubectl create configmap kept --from-literal=cargo=rope")
	m.sh(`kubectl get node deck || kubectl create -f - <<E
{"apiVersion": "v1", "kind": "Node", "metadata": {"name": "deck"}}
E`)
	m.sh(`kubectl patch node deck --subresource=status --type=merge -p '{"status": {
"capacity": {"cpu": "4", "memory": "8Gi", "pods": "9"},
"conditions": [{"type": "Ready", "status": "True", "lastHeartbeatTime": "2100-01-01T00:00:00Z"}]}}'
kubectl taint nodes --all node.kubernetes.io/not-ready- node.kubernetes.io/unreachable- || true`)
	m.sh("kubectl get deployment crew || kubectl create deployment crew --image=registry.example.org/crew")
	m.eventually("kubectl get pods -l app=crew -o jsonpath='{.items[*].spec.nodeName}' | grep deck")
}

// The packages' own units, which are started by hand.
const services = "etcd kube-apiserver kube-controller-manager kube-scheduler"

// started checks that just what should run runs.
func (m *machine) started() {
	m.t.Helper()
	m.is("systemctl is-active "+services, strings.TrimSpace(strings.Repeat("active\n", 4)))
	m.is("systemctl show -p MainPID --value "+services+" | xargs -n1 | xargs -I{} stat -c %U /proc/{}",
		"etcd\nkube\nkube\nkube")
	m.is("stat -c '%a %U' /var/lib/etcd", "700 etcd")
}

// verified has systemd read every unit of the packages.
func (m *machine) verified() {
	m.t.Helper()
	m.is("systemd-analyze verify --man=no etcd.service kube-apiserver.service kube-controller-manager.service "+
		"kube-scheduler.service kube-proxy.service kubelet.service flanneld.service kubernetes-master.target 2>&1", "")
}

// pids returns the processes of etcd, kube-apiserver and kube-scheduler.
func (m *machine) pids() []string {
	m.t.Helper()
	return strings.Fields(m.sh("systemctl show -p MainPID --value etcd kube-apiserver kube-scheduler"))
}

// restarted checks that an upgrade of Kubernetes restarted those that are of it,
// and not etcd.
func (m *machine) restarted(before []string) {
	m.t.Helper()
	after := m.pids()
	for i, pid := range before {
		if restarted := after[i] != pid; restarted != (i > 0) {
			m.t.Errorf("of etcd, kube-apiserver and kube-scheduler, an upgrade of Kubernetes restarts all but the first; "+
				"number %d: %s, then %s", i+1, pid, after[i])
		}
	}
}
