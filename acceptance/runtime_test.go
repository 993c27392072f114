//go:build acceptance && linux

package acceptance

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/internal/docscript"
)

// TestRuntime installs a kubelet beside Debian's containerd, and looks at what containerd
// is told by it, and by the administrator.
func TestRuntime(t *testing.T) {
	first, _, dir := debs(t)
	t.Log(mage(t, dir, "image", "-fork="+fork, "-images=pause"))
	m := boot(t, "containerd,kmod", func(root string) {
		mustRun(t, first, "sh", "-ec", `mkdir "$0"; cp kubelet_*.deb kubernetes-hyperkube_*.deb "$0"`,
			filepath.Join(root, "debs"))
	})
	kubeletsHost(t, m, dir)
}

// kubeletsHost checks what a host becomes by the packages in /debs, which are those of the
// project in dir.
func kubeletsHost(t *testing.T, m *machine, dir string) {
	t.Helper()
	m.is("systemctl is-active containerd", "active")
	m.sh("dpkg -i /debs/*.deb")
	m.is("systemd-analyze verify --man=no kubelet.service 2>&1", "")

	t.Log("a kubelet starts for the first time")
	m.sh("touch /etc/kubernetes/kubelet.conf; systemctl start --no-block kubelet")
	m.eventually("test -e /run/kubernetes-containerd/config.toml && systemctl is-active containerd")
	m.eventually("journalctl -u kubelet -o cat | grep -F '" +
		"host-prepare: restarting containerd, to apply the settings for a kubelet'")
	m.eventually("test -e /sys/fs/cgroup/cgroup.controllers || journalctl -u kubelet -o cat | grep -F '" +
		"host-checks: this host has cgroup v1, which the kubelet refuses since 1.35: boot it with'")
	m.sh("systemctl stop kubelet")
	pinned(t, m, dir)
	m.is("sh -c 'echo -998 >/proc/self/oom_score_adj' 2>/dev/null || "+
		"grep -c '^restrict_oom_score_adj = true' /run/kubernetes-containerd/config.toml | sed '/1/d'", "")
	m.is("dpkg -V containerd", "") // its file is as it was
	m.is("cat /usr/lib/modules-load.d/kubernetes.conf | grep -v '^#'", "br_netfilter\noverlay")
	m.shows("packages.md")
	m.told()
	m.checked()

	t.Log("without it")
	m.sh("dpkg -r kubelet; " + again)
	m.is("systemctl cat containerd | grep -c kubernetes || true", "0")
}

// pinned checks that containerd has the image that mage image makes, and keeps it.
func pinned(t *testing.T, m *machine, dir string) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "dist", fork, "images", artifact.ImagesFile))
	var record artifact.Images
	if err != nil || json.Unmarshal(data, &record) != nil || len(record.Images) != 1 {
		t.Fatalf("%s, %v", data, err)
	}
	name := "localhost/pause@" + record.Images[0].Platforms[0].Digest
	m.is("/usr/libexec/kubernetes/containerd-pause --name", name)
	m.is("ctr -n k8s.io images list -q name=="+name, name)
	m.sh("ctr -n k8s.io images list name==" + name + " | grep io.cri-containerd.pinned=pinned")
	m.sh("ctr -n k8s.io images check name==" + name + " | grep 'complete (2/2)\\|complete (3/3)'")
}

// shows runs the blocks of a page that TestRuntime is named in.
func (m *machine) shows(page string) {
	m.t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "docs", page))
	if err != nil {
		m.t.Fatal(err)
	}
	blocks, err := docscript.Read(string(text))
	if err != nil {
		m.t.Fatal(err)
	}
	for _, b := range blocks {
		if b.RunBy != "TestRuntime" {
			continue
		}
		for _, s := range b.Steps() {
			if fault := docscript.Differ(s.Prints, strings.Split(m.sh(s.Command), "\n")); fault != "" {
				m.t.Errorf("docs/%s:%d: %s", page, s.Line, fault)
			}
		}
	}
}

// again restarts containerd, however often that was done.
const again = "systemctl reset-failed containerd; systemctl restart containerd"

// told has the administrator write configurations for containerd.
func (m *machine) told() {
	m.t.Helper()
	const file, result = "/etc/containerd/config.toml", "/run/kubernetes-containerd/config.toml"
	cri := `[plugins."io.containerd.grpc.v1.cri"`
	for _, c := range []struct{ about, writes, looks, want string }{
		{"single keys", cri + "]\nmax_concurrent_downloads = 7\n" + cri + ".cni]\nbin_dir = \"/srv/cni\"",
			"max_concurrent_downloads|bin_dir|SystemdCgroup",
			"max_concurrent_downloads = 7\nbin_dir = \"/srv/cni\"\nSystemdCgroup = true"},
		{"what the kubelet's package sets, too", cri + "]\nsandbox_image = \"example.org/pause:1\"\n" + cri +
			".containerd.runtimes.runc.options]\nSystemdCgroup = false", "sandbox_image|SystemdCgroup",
			"sandbox_image = \"example.org/pause:1\"\nSystemdCgroup = false"},
		{"another runtime", cri + ".containerd.runtimes.other]\nruntime_type = \"io.containerd.runc.v2\"\n" + cri +
			".containerd.runtimes.other.options]\nSystemdCgroup = false", "SystemdCgroup",
			"SystemdCgroup = false\nSystemdCgroup = true"},
		{"an import", "imports = [\"/etc/containerd/more.toml\"]", "max_concurrent_downloads|SystemdCgroup",
			"max_concurrent_downloads = 9\nSystemdCgroup = true"},
		{"no plugin for kubelets", "disabled_plugins = [\"io.containerd.grpc.v1.cri\"]", "^disabled_plugins",
			"disabled_plugins = [\"io.containerd.grpc.v1.cri\"]"},
		{"nothing", "", "SystemdCgroup", "SystemdCgroup = true"},
	} {
		m.t.Log("the administrator sets " + c.about)
		m.sh("cat >" + file + " <<E\nversion = 2\n" + c.writes + "\nE\n" +
			"printf 'version = 2\\n" + cri + "]\\nmax_concurrent_downloads = 9\\n' >/etc/containerd/more.toml\n" +
			again)
		m.is("containerd --config "+result+" config dump | grep -E '"+c.looks+"' | sed 's/^ *//'", c.want)
	}
	m.sh("rm " + file + "; " + again)
	m.is("containerd --config "+result+" config dump | grep -c 'SystemdCgroup = true'", "1")
	m.sh("echo 'x = [' >" + file)
	if out, err := m.try(again); err == nil {
		m.t.Errorf("containerd starts with a file that is none: %s", out)
	}
	m.sh("journalctl -u containerd -o cat | grep '^containerd-config: " + file + " cannot be read'")
	m.sh("rm " + file + "; systemctl reset-failed containerd; systemctl start containerd")
}

// checked has a kubelet's host be wrong.
func (m *machine) checked() {
	m.t.Helper()
	const checks = "/usr/libexec/kubernetes/host-checks"
	m.is(checks+" | grep -c SystemdCgroup || true", "0")
	m.sh("mkdir -p /etc/kubernetes/kubelet.d; echo 'cgroupDriver: cgroupfs' >/etc/kubernetes/kubelet.d/10-host.conf")
	m.sh(checks + " | grep -F 'the kubelet has cgroupfs make control groups (cgroupDriver), and containerd systemd'")
	m.sh("printf '%s\\n' 'failCgroupV1: false' 'failSwapOn: false' >/etc/kubernetes/kubelet.d/10-host.conf")
	m.sh(checks + " | grep -F 'pods have no network yet'; mkdir -p /etc/cni/net.d; touch /etc/cni/net.d/mine.conflist")
	m.is(checks, "")
	m.sh("systemctl stop containerd; " + checks + " | grep -F 'systemctl enable --now containerd'")
	m.sh("systemctl start containerd")
}
