//go:build acceptance && linux

package acceptance

import (
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/internal/testkit"
)

// kubeletConfig is what a worker of the test has instead of the package's: it may
// write neither control groups nor the kernel's settings.
const kubeletConfig = `apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication: {x509: {clientCAFile: /etc/kubernetes/pki/ca.crt}}
containerRuntimeEndpoint: unix:///run/containerd/containerd.sock
staticPodPath: /etc/kubernetes/manifests
failCgroupV1: false
cgroupsPerQOS: false
enforceNodeAllocatable: [none]
`

// proxyOptions leave the kernel's settings alone, too.
const proxyOptions = `KUBE_PROXY_ARGS="--kubeconfig=/etc/kubernetes/kube-proxy.conf --conntrack-max-per-core=0 ` +
	`--conntrack-tcp-timeout-established=0 --conntrack-tcp-timeout-close-wait=0"` + "\n"

// pretend gives the kubelet files to write to instead of the settings of the
// kernel, which is this machine's, too.
const pretend = `ln -s /dev/console /dev/kmsg; mkdir /run/settings
for f in vm/overcommit_memory vm/panic_on_oom kernel/panic kernel/panic_on_oops \
	kernel/keys/root_maxkeys kernel/keys/root_maxbytes; do
cat /proc/sys/$f >/run/settings/${f##*/}; mount --bind /run/settings/${f##*/} /proc/sys/$f; done`

// hosted brings a master and a worker into Debians by the images that install,
// under an OCI runtime, and has them be a cluster.
func hosted(t *testing.T, dir string) {
	for _, tool := range []string{"runc", "ip"} {
		testkit.Need(t, tool)
	}
	files := filepath.Join(dir, "forks", fork, "files", "installer")
	for at, content := range map[string]string{
		"worker/etc/kubernetes/kubelet.yaml": kubeletConfig,
		"worker/etc/default/kube-proxy":      proxyOptions,
		"all/etc/kubernetes/facts.tmpl":      "{{.Hostname}} {{.Arch}} {{.Role}} {{.Name}} {{.Version}}\n",
	} {
		name := filepath.Join(files, filepath.FromSlash(at))
		mustRun(t, "", "mkdir", "-p", filepath.Dir(name))
		if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	mage(t, dir, "image", "-images=kubernetes-installer", "-platforms=linux/"+runtime.GOARCH)
	kubernetes := unpackImage(t, dir, fork, "kubernetes-installer")
	etcd := unpackImage(t, dir, "etcd-3.7", "etcd-installer")

	root := debian(t, "containerd")
	worker := filepath.Join(t.TempDir(), "worker")
	mustRun(t, "", "sh", "-ec", `cp -a "$0" "$1"; echo worker >"$1"/etc/hostname`, root, worker)
	before := listing(t, root)
	for _, args := range [][]string{{"-role=master", "-dry-run"}, {"--uninstall"}, {"-status"}} {
		out, err := installer(t, kubernetes, root, args...)
		if now := listing(t, root); now != before {
			t.Errorf("installer %q changes a host:\n%s", args, changes(before, now))
		}
		if want := args[0] == "-status"; (err != nil) != want {
			t.Errorf("installer %q: %v\n%s", args, err, out)
		}
	}
	install := func() {
		t.Helper()
		for image, args := range map[string][]string{etcd: nil, kubernetes: {"-role=master"}} {
			if out, err := installer(t, image, root, args...); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			if out, err := installer(t, image, root); err != nil || !strings.Contains(out, "nothing to do") {
				t.Errorf("a second install: %v\n%s", err, out)
			}
		}
	}
	install()
	for image := range map[string]bool{etcd: true, kubernetes: true} {
		if out, err := installer(t, image, root, "-uninstall"); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	if now := listing(t, root); now != before {
		t.Errorf("uninstalling does not restore the host:\n%s", changes(before, now))
	}
	install()
	if out, err := installer(t, kubernetes, worker, "-role=worker"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if out, err := installer(t, kubernetes, root, "-role=worker"); err == nil || !strings.Contains(out, "add -replace") {
		t.Errorf("a master becomes a worker: %v\n%s", err, out)
	}
	m := start(t, root, "master", address)
	if !sameFile(t, filepath.Join(root, "opt", "libexec", "kubernetes", "hyperkube"), binary(dir, runtime.GOARCH)) {
		t.Error("what is installed is not what was built")
	}
	m.is("systemctl is-active etcd; systemctl is-enabled "+services,
		"active\n"+strings.TrimSpace(strings.Repeat("enabled\n", 4)))
	m.sh("kubernetes-pki; systemctl start kubernetes-master.target")
	m.serves()
	m.started()
	joins(t, m, dir, worker)
	uninstalls(t, m, map[string]string{"kubernetes": kubernetes, "etcd": etcd})
}

// joins starts a worker, with credentials that the master makes for it.
func joins(t *testing.T, m *machine, dir, root string) {
	m.sh(`cat >/run/kubeadm.yaml <<END
apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
kubernetesVersion: v1.36.1
controlPlaneEndpoint: "` + address + `:6443"
END
/opt/bin/kubeadm kubeconfig user --config=/run/kubeadm.yaml --client-name=system:node:worker --org=system:nodes \
	>/run/kubelet.conf
/opt/bin/kubeadm kubeconfig user --config=/run/kubeadm.yaml --client-name=system:kube-proxy >/run/kube-proxy.conf`)
	conf := filepath.Join(root, "etc", "kubernetes")
	mustRun(t, "", "mkdir", "-p", filepath.Join(conf, "pki"))
	for name, at := range map[string]string{
		"kubelet.conf":    "/run/kubelet.conf",
		"kube-proxy.conf": "/run/kube-proxy.conf",
		"pki/ca.crt":      "/etc/kubernetes/pki/ca.crt",
	} {
		file := filepath.Join(conf, filepath.FromSlash(name))
		if err := os.WriteFile(file, []byte(m.sh("cat "+at)+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	manifests := filepath.Join(dir, "dist", fork, "manifests")
	mustRun(t, "", "sh", "-ec", `cp "$0"/* "$1"`, manifests, filepath.Join(conf, "manifests"))
	w := start(t, root, "worker", "10.9.8.8")
	mustRun(t, "", "sh", "-ec", `ip link add slipway0 type bridge
for l in slipway0 ve-master ve-worker; do ip link set $l up; done
for l in ve-master ve-worker; do ip link set $l master slipway0; done`)
	t.Cleanup(func() { mustRun(t, "", "ip", "link", "del", "slipway0") })
	w.is("cat /etc/kubernetes/facts", "worker "+runtime.GOARCH+" worker kubernetes "+forkVersion(t, dir))
	w.sh(pretend + "\nsystemctl restart kubelet || { journalctl -u kubelet -o cat | tail -n 30 >&2; exit 1; }")
	m.eventually("kubectl get node worker " +
		"-o jsonpath='{.status.nodeInfo.kubeletVersion} {.status.addresses[0].address}' | " +
		"grep -x 'v" + forkVersion(t, dir) + " 10.9.8.8'")
	w.is("systemctl is-active kubelet kube-proxy", "active\nactive")
	// As the kubelet tells of pods from files.
	m.eventually("test $(kubectl -n kube-system get pod -o name | " +
		"grep -c -x -E 'pod/(etcd|kube-(apiserver|controller-manager|proxy|scheduler))-worker') = 5")
	w.eventually("iptables-save | grep KUBE-SERVICES")
}

// uninstalls takes away a master that runs.
func uninstalls(t *testing.T, m *machine, images map[string]string) {
	for name, image := range images {
		at := "/" + name
		mustRun(t, "", "cp", "-a", image, filepath.Join(m.root, name))
		out := m.sh(at + "/installer -status -root=/ -from=" + at)
		if strings.Contains(out, "missing") || !strings.Contains(out, "enabled, active") {
			t.Errorf("status says\n%s", out)
		}
	}
	for name := range images {
		at := "/" + name
		m.sh(at + "/installer -uninstall -root=/ -from=" + at)
	}
	m.is("systemctl list-units --no-legend --state=active 'kube*' 'etcd*'", "")
	m.is(`find /etc /opt /usr /var/lib/slipway -xdev \( -iname '*kube*' -o -iname '*etcd*' -o -iname '*slipway*' \) \
	! -path '/usr/share/*' ! -path '/etc/kubernetes*' 2>/dev/null || true`, "")
}

// installer runs an image's installer on a host, in a container with privileges.
func installer(t *testing.T, image, host string, args ...string) (string, error) {
	t.Helper()
	bundle(t, image, append([]string{"/installer"}, args...))
	edit(t, filepath.Join(filepath.Dir(image), "config.json"), func(spec map[string]any) {
		rootfs := map[string]any{"destination": "/rootfs", "source": host, "options": []string{"rbind", "rw"}}
		spec["mounts"] = append(spec["mounts"].([]any), rootfs)
		var caps []string
		for _, name := range []string{"CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "SYS_ADMIN", "SYS_CHROOT"} {
			caps = append(caps, "CAP_"+name)
		}
		process := spec["process"].(map[string]any)
		process["capabilities"] = map[string]any{"bounding": caps, "effective": caps, "permitted": caps}
	})
	runc := command("", "runc", "--root="+t.TempDir(), "run", "--bundle="+filepath.Dir(image), "installer")
	out, err := runc.CombinedOutput()
	return string(out), err
}

// edit changes a file of JSON.
func edit(t *testing.T, name string, change func(map[string]any)) {
	t.Helper()
	var value map[string]any
	data, err := os.ReadFile(name)
	if err == nil {
		err = json.Unmarshal(data, &value)
	}
	if err != nil {
		t.Fatal(err)
	}
	change(value)
	if data, err = json.Marshal(value); err == nil {
		err = os.WriteFile(name, data, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// listing returns what a root holds, but for the accounts: those that an installer
// makes stay, like those of a package.
func listing(t *testing.T, root string) string {
	t.Helper()
	return mustRun(t, root, "sh", "-ec", `
accounts='-path ./etc/passwd* -o -path ./etc/group* -o -path ./etc/shadow* -o -path ./etc/gshadow*'
accounts="$accounts -o -path ./etc/.pwd.lock -o -path ./etc"; set -f
find . -xdev ! '(' $accounts ')' -printf '%p %M %U %G %l\n' | sort
find . -xdev -type f ! '(' $accounts ')' -print0 | sort -z | xargs -0 sha256sum`)
}

// changes returns the lines that only one of two listings has.
func changes(before, after string) string {
	var out strings.Builder
	for sign, pair := range map[string][2]string{"- ": {before, after}, "+ ": {after, before}} {
		other := map[string]bool{}
		for line := range strings.Lines(pair[1]) {
			other[line] = true
		}
		for line := range strings.Lines(pair[0]) {
			if !other[line] {
				out.WriteString(sign + line)
			}
		}
	}
	return out.String()
}
