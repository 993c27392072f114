//go:build acceptance && linux

package acceptance

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/internal/testkit"
	"github.com/slipway-build/slipway/version"
)

// layered are the services whose options are in layers, each with the folder of its defaults.
var layered = map[string]string{
	"kube-apiserver": "kubernetes", "kube-controller-manager": "kubernetes", "kube-scheduler": "kubernetes",
	"kube-proxy": "kubernetes", "kubelet": "kubernetes", "etcd": "etcd",
}

// former turns debs into what they were when the options were configuration files: of an
// earlier version. What their scripts do of an upgrade is nothing where there was none.
const former = `
for deb in "$1"/*.deb; do
	name=$(dpkg-deb -f "$deb" Package)
	rm -rf x; dpkg-deb -R "$deb" x
	if [ -e "options/$name" ]; then
		rm -rf x/usr/lib/kubernetes x/usr/lib/etcd x/usr/libexec/kubernetes/*-options x/usr/libexec/etcd
		mkdir -p x/etc/default; cp "options/$name" x/etc/default; echo "/etc/default/$name" >>x/DEBIAN/conffiles
		sed -i '/^EnvironmentFile=-\?.usr.lib/d; /^EnvironmentFile=-.run.kubernetes/d; /^ExecStartPre=+.usr.libexec/,+1d' \
			x/usr/lib/systemd/system/*.service
	fi
	sed -i 's/^Version: .*/&~0/; s/\((= [^)]*\))/\1~0)/g' x/DEBIAN/control
	rm -f x/DEBIAN/md5sums
	dpkg-deb -Zgzip -z1 --root-owner-group -b x "$2" >/dev/null
done`

// formerOptions writes what the configuration files were to a folder.
func formerOptions(t *testing.T, dir string) {
	t.Helper()
	v, err := version.Parse("1.36.1+slipway.1")
	if err != nil {
		t.Fatal(err)
	}
	for name, project := range layered {
		data, err := os.ReadFile(filepath.Join("..", "profiles", project, "files", "former", name+".options"))
		if err != nil {
			t.Fatal(err)
		}
		text, err := version.Expand(string(data), v.Fields())
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// changedDefaults are other defaults of the scheduler than it has.
const changedDefaults = `KUBE_SCHEDULER_ARGS="
--authentication-kubeconfig=/etc/kubernetes/scheduler.conf
--authorization-kubeconfig=/etc/kubernetes/scheduler.conf
--bind-address=127.0.0.1
--kube-api-qps=33
--kubeconfig=/etc/kubernetes/scheduler.conf
--leader-elect=true
"
`

// TestOptionsInLayers upgrades hosts whose options are edited, without a terminal, and has the
// programs started with what docs/packages.md shows.
func TestOptionsInLayers(t *testing.T) {
	testkit.Need(t, "apt-ftparchive")
	dir := clone(t)
	at := filepath.Join(dir, "profiles", "kubernetes", "files", "kube-scheduler.options")
	mustRun(t, "", "mkdir", "-p", filepath.Dir(at))
	if err := os.WriteFile(at, []byte(changedDefaults), 0o644); err != nil {
		t.Fatal(err)
	}
	work := t.TempDir()
	for _, f := range []string{"etcd-3.7", fork} {
		t.Log(mage(t, dir, "deb", "-fork="+f))
	}
	mustRun(t, work, "sh", "-ec", `mkdir new old options
cp "$1"/dist/*/deb/linux_`+runtime.GOARCH+`/*.deb new`, "sh", dir)
	formerOptions(t, filepath.Join(work, "options"))
	mustRun(t, work, "sh", "-ec", former, "sh", "new", "old")
	publish := func(root, from string) {
		mustRun(t, work, "sh", "-ec", `mkdir -p "$2"; cp "$1"/*.deb "$2"; cd "$2"
apt-ftparchive packages . >Packages; echo 'deb [trusted=yes] file:/repo ./' >sources.list`, "sh", from,
			filepath.Join(root, "repo"))
	}
	root := debian(t, "ca-certificates")
	publish(root, "old")
	m := start(t, root, "layers", address)
	m.sh(apt + "update; " + apt + "install kubernetes-master kubelet kube-proxy etcd etcdctl </dev/null")
	m.sh(`cd /etc/default; grep -q -e --leader-elect=true kube-scheduler
sed -i 's/^--leader-elect=true/--leader-elect=false/; /^--authorization-kubeconfig/d' kube-scheduler
sed -i 's/^--allow-privileged=true/&\n--event-ttl=30m/; /^--shutdown-watch/d' kube-apiserver
sed -i 's/^KUBELET_EXTRA_ARGS=.*/KUBELET_EXTRA_ARGS="--node-labels=deck=aft"/' kubelet
echo 'ETCD_MAX_WALS="7"' >>etcd; echo '# mine' >>kube-proxy`)
	m.sh("kubernetes-pki; systemctl start kubernetes-master.target")
	m.serves()

	publish(m.root, "new")
	said := m.sh(apt + "update; " + apt + "upgrade </dev/null 2>&1")
	for name, want := range map[string]string{
		"kube-scheduler": "KUBE_SCHEDULER_ARGS=\"\n!--authorization-kubeconfig\n--leader-elect=false\n\"",
		"kube-apiserver": "KUBE_APISERVER_ARGS=\"\n!--shutdown-watch-termination-grace-period\n--event-ttl=30m\n\"",
		"kubelet":        "KUBELET_EXTRA_ARGS=\"\n--node-labels=deck=aft\n\"",
		"etcd":           "ETCD_MAX_WALS=\"7\"",
	} {
		m.is("sed 1d /etc/default/"+name, want)
		if line := name + ": /etc/default/" + name + " has only your changes"; !strings.Contains(said, line) {
			t.Errorf("apt does not say %q:\n%s", line, said)
		}
	}
	m.is("cd /etc/default; ls | grep -e kube -e etcd", "etcd\netcd.dpkg-bak\nkube-apiserver\nkube-apiserver.dpkg-bak\n"+
		"kube-proxy.dpkg-bak\nkube-scheduler\nkube-scheduler.dpkg-bak\nkubelet\nkubelet.dpkg-bak")
	m.serves()
	m.starts("kube-scheduler", "--leader-elect=false --kube-api-qps=33", "--authorization-kubeconfig --leader-elect=true")
	m.starts("kube-apiserver", "--event-ttl=30m --allow-privileged=true", "--shutdown-watch-termination-grace-period")
	m.is("tr '\\0' '\\n' </proc/$(systemctl show -p MainPID --value etcd)/environ | grep -e WALS -e ETCD_NAME",
		"ETCD_NAME=default\nETCD_MAX_WALS=7")
	m.documented()
	m.mistaken()
}

// starts checks which flags a service was started with, and which not.
func (m *machine) starts(service, has, not string) {
	m.t.Helper()
	args := "tr '\\0' '\\n' </proc/$(systemctl show -p MainPID --value " + service + ")/cmdline"
	m.eventually(args + " | grep -x /usr/bin/" + service)
	line := m.sh(args)
	for flags, want := range map[string]bool{has: true, not: false} {
		for _, flag := range strings.Fields(flags) {
			if found := strings.Contains(line+"\n", "\n"+flag); found != want {
				m.t.Errorf("%s is started with %s: %v, want %v\n%s", service, flag, found, want, line)
			}
		}
	}
}

// documented starts the programs with the examples of docs/packages.md.
func (m *machine) documented() {
	m.t.Helper()
	page, err := os.ReadFile(filepath.Join("..", "docs", "packages.md"))
	if err != nil {
		m.t.Fatal(err)
	}
	examples := regexp.MustCompile("(?ms)^```ini (/etc/default/(\\S+))\n(.*?)^```$").FindAllSubmatch(page, -1)
	if len(examples) < 3 {
		m.t.Fatalf("docs/packages.md has %d examples of options", len(examples))
	}
	for _, e := range examples {
		if err := os.WriteFile(filepath.Join(m.root, string(e[1])), e[3], 0o644); err != nil {
			m.t.Fatal(err)
		}
		if name := string(e[2]); name != "kubelet" {
			m.sh("systemctl restart " + name)
		}
	}
	m.serves()
	m.starts("kube-apiserver", "--v=3 --event-ttl=2h --kubelet-preferred-address-types=Hostname,InternalIP "+
		"--allow-privileged=true", "--shutdown-watch-termination-grace-period --kubelet-preferred-address-types=InternalIP")
	// The kubelet needs more than this machine has: what matters is what it is asked to do.
	m.sh("systemctl restart --no-block kubelet")
	m.eventually("journalctl -u kubelet | grep -e 'FLAG: --node-labels=\"example.org/deck=aft,example.org/rack=7\"'")
}

// mistaken has a file of options that cannot be read.
func (m *machine) mistaken() {
	m.t.Helper()
	m.sh(`printf '# mine\nKUBE_SCHEDULER_ARGS="\n--leader-elect false\n--v=2 false\n"\n' >/etc/default/kube-scheduler`)
	if out, err := m.try("systemctl restart kube-scheduler"); err == nil {
		m.t.Errorf("with such options kube-scheduler starts: %s", out)
	}
	const says = "/etc/default/kube-scheduler:4: false is not a flag: " +
		"write --FLAG=VALUE, and quotes around a VALUE with blanks"
	m.eventually(fmt.Sprintf("journalctl -u kube-scheduler | grep -F '%s'", says))
	m.sh("rm /etc/default/kube-scheduler; systemctl reset-failed kube-scheduler; systemctl restart kube-scheduler")
	m.starts("kube-scheduler", "--leader-elect=true", "")
}
