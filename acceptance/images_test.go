//go:build acceptance && linux

package acceptance

import (
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/internal/docscript"
	"github.com/slipway-build/slipway/internal/testkit"
)

// TestImages makes the images of Kubernetes and etcd, holds what is in them
// against what was built, and has hyperkube's serve the API against etcd's, under
// an OCI runtime.
func TestImages(t *testing.T) {
	for _, tool := range []string{"skopeo", "zstd", "tar"} {
		testkit.Need(t, tool)
	}
	dir := clone(t)
	host := "linux/" + runtime.GOARCH
	for _, f := range []string{fork, "flannel-0.28", "cni-plugins-1.9"} { // with the first comes etcd
		t.Log(mage(t, dir, "image", "-fork="+f, "-platforms="+host))
	}
	hyperkube := unpackImage(t, dir, fork, "hyperkube")
	etcd := unpackImage(t, dir, "etcd-3.7", "etcd")
	if !sameFile(t, filepath.Join(hyperkube, "hyperkube"), binary(dir, runtime.GOARCH)) {
		t.Error("hyperkube in the image is not what was built")
	}
	built := filepath.Join(dir, "dist", "etcd-3.7", "bin", "linux_"+runtime.GOARCH)
	for _, program := range []string{"etcd", "etcdctl"} {
		if !sameFile(t, filepath.Join(etcd, "usr", "local", "bin", program), filepath.Join(built, program)) {
			t.Errorf("%s in the image is not what was built", program)
		}
	}
	t.Run("layers", func(t *testing.T) { layers(t, dir) })
	t.Run("registry", func(t *testing.T) { registries(t, dir) })
	t.Run("joins", func(t *testing.T) { joined(t, dir) })
	t.Run("installs", func(t *testing.T) { hosted(t, dir) })
	t.Run("base", func(t *testing.T) { based(t, dir) })
	t.Run("runs", func(t *testing.T) { serves(t, hyperkube, etcd) })
}

// unpackImage unpacks an image's layers to a folder.
func unpackImage(t *testing.T, dir, fork, name string) string {
	t.Helper()
	root := filepath.Join(t.TempDir(), "root")
	for _, blob := range manifest(t, dir, fork, name).Layers {
		file := filepath.Join(dir, "dist", fork, "images", "blobs", "sha256", strings.TrimPrefix(blob.Digest, "sha256:"))
		mustRun(t, "", "sh", "-ec", `mkdir -p "$1"; zstd -dc "$0" | tar -x -C "$1"`, file, root)
	}
	return root
}

// A described is a part of an image's manifest.
type described struct {
	Layers []struct {
		Digest string
		Size   int64
	}
}

func manifest(t *testing.T, dir, fork, name string) described {
	t.Helper()
	var record struct{ Tag string }
	data, err := os.ReadFile(filepath.Join(dir, "dist", fork, "images", "images.json"))
	if err != nil || json.Unmarshal(data, &record) != nil {
		t.Fatal(err)
	}
	to := filepath.Join(t.TempDir(), "image")
	mustRun(t, dir, "skopeo", "--insecure-policy", "copy", "-q",
		"oci:dist/"+fork+"/images:"+name+":"+record.Tag, "dir:"+to)
	var m described
	if data, err = os.ReadFile(filepath.Join(to, "manifest.json")); err != nil || json.Unmarshal(data, &m) != nil {
		t.Fatal(err)
	}
	return m
}

// layers holds the sizes of the images, and which layers they share. Whoever
// copies one has the same.
func layers(t *testing.T, dir string) {
	mustRun(t, dir, "skopeo", "--insecure-policy", "copy", "-q", "--all", "--preserve-digests",
		"oci:dist/"+fork+"/images:hyperkube:"+forkTag(t, dir), "oci:"+t.TempDir()+":copy")
	const most = 45_000_000
	whole := manifest(t, dir, fork, "hyperkube")
	var size int64
	for _, l := range whole.Layers {
		size += l.Size
	}
	if t.Logf("hyperkube: %d bytes to move", size); size > most {
		t.Errorf("hyperkube's image has %d bytes, and %d are the most", size, most)
	}
	for _, name := range []string{"kube-controller-manager", "kube-scheduler", "kube-proxy", "kubelet"} {
		if l := manifest(t, dir, fork, name).Layers; !slices.Contains(whole.Layers, l[len(l)-1]) {
			t.Errorf("%s does not share hyperkube's layer", name)
		}
	}
}

// keyring has the keys of Debian.
const keyring = testkit.DebianKeys

// based puts the kubelet's image on packages of Debian's, whose programs run.
func based(t *testing.T, dir string) {
	onDebian(t, dir)
	host := "-platforms=linux/" + runtime.GOARCH
	openDocument(t, "images.md", docscript.Shell{Dir: dir, Env: append(os.Environ(), "IMAGES=kubelet",
		"PLATFORMS=linux/"+runtime.GOARCH)}).run("base.lock")
	first := mustRun(t, dir, "cat", "dist/"+fork+"/images/images.json")
	root := unpackImage(t, dir, fork, "kubelet")
	for want, args := range map[string][]string{
		"iptables v1.": {"/usr/sbin/iptables", "--version"}, "conntrack v1.": {"/usr/sbin/conntrack", "--version"},
		"util-linux 2.": {"/bin/mount", "--version"}, "Kubernetes v1.": {"/usr/local/bin/kubelet", "--version"},
	} {
		if out := mustRun(t, "", "chroot", append([]string{root}, args...)...); !strings.Contains(out, want) {
			t.Errorf("%s in the image says %s", args[0], out)
		}
	}
	mustRun(t, dir, "rm", "-rf", "dist/.cache/layers", "dist/"+fork+"/images")
	mage(t, dir, "image", "-images=kubelet", host)
	if again := mustRun(t, dir, "cat", "dist/"+fork+"/images/images.json"); again != first {
		t.Errorf("made again, the image is\n%s\nand was\n%s", again, first)
	}
}

// onDebian gives the fork's images a base of Debian's packages.
func onDebian(t *testing.T, dir string) {
	t.Helper()
	if _, err := os.Stat(keyring); err != nil || os.Getuid() != 0 {
		t.Skip("wants Debian's keys, and to be root")
	}
	testkit.Need(t, "apt-get")
	suite := mustRun(t, "", "sh", "-c", `apt-get indextargets --format '$(SITE) $(RELEASE)' 'Created-By: Packages' |
grep -E '/debian [a-z]+$' | head -1`)
	if strings.TrimSpace(suite) == "" {
		t.Skip("apt knows no suite of Debian's")
	}
	const base = `base='{suites: ['"$2"'], keyring: keys.gpg, packages: [base-files, iptables, conntrack, mount]}'
cp "$0" keys.gpg; sed -i "s|^images:|&\n  debian: $base|" forks/"$1"/fork.yaml`
	mustRun(t, dir, "sh", "-ec", base, keyring, fork, strings.TrimSpace(suite))
	mage(t, dir, "patches:lock", "-fork="+fork)
}

func forkTag(t *testing.T, dir string) string {
	return "v" + strings.ReplaceAll(forkVersion(t, dir), "+", "_")
}

// serves runs etcd's image and hyperkube's under runc, without a network, and
// asks the API server whether it is ready, and takes the pods of the image.
func serves(t *testing.T, hyperkube, etcd string) {
	for _, tool := range []string{"runc", "unshare", "ip"} {
		testkit.Need(t, tool)
	}
	if os.Getuid() != 0 {
		t.Skip("runs containers, for which it has to be root")
	}
	mustRun(t, "", "chroot", hyperkube, "/usr/local/bin/kubeadm", "init", "phase", "certs", "sa", "--cert-dir=/pki")
	mustRun(t, "", "sh", "-ec", `echo 'sailor,admin,1,"system:masters"' >"$0/pki/tokens"`, hyperkube)
	for root, args := range map[string][]string{
		etcd: {"/usr/local/bin/etcd", "--data-dir=/var/lib/etcd"},
		hyperkube: {"/apiserver", "--etcd-servers=http://127.0.0.1:2379",
			"--service-account-issuer=https://example.org", "--service-account-key-file=/pki/sa.pub",
			"--service-account-signing-key-file=/pki/sa.key", "--cert-dir=/tmp/certs", "--authorization-mode=RBAC",
			"--token-auth-file=/pki/tokens", "--service-cluster-ip-range=10.0.0.0/16", "--advertise-address=192.0.2.9",
			"--allow-privileged", "--disable-admission-plugins=ServiceAccount"}, // whose accounts a controller makes
	} {
		bundle(t, root, args)
	}
	out, _ := command("", "unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "sh", "-ec", `
mount -t proc proc /proc; ip link set lo up
state=$(mktemp -d); runc="runc --root $state"
kubectl="chroot $1 /usr/local/bin/kubectl --server=https://127.0.0.1:6443 --token=sailor --insecure-skip-tls-verify"
ip link add eth0 type veth peer eth1; ip addr add 192.0.2.9/24 dev eth0
ip link set eth0 up; ip link set eth1 up; ip route add default dev eth0
$runc run --bundle "$0/.." etcd >"$0/../log" 2>&1 &
$runc run --bundle "$1/.." api >"$1/../log" 2>&1 &
for i in $(seq 90); do ready=$($kubectl get --raw /readyz 2>&1) && break; sleep 1; done
echo "readyz: $ready"
$kubectl create --dry-run=server --validate=strict -f /etc/kubernetes/manifests || :
$kubectl get ns,svc || tail -5 "$0/../log" "$1/../log"
$runc kill api KILL; $runc kill etcd KILL; rm -rf "$state"`, etcd, hyperkube).CombinedOutput()
	want := []string{"readyz: ok", "namespace/kube-system", "service/kubernetes"}
	for _, pod := range []string{"etcd", "kube-apiserver", "kube-controller-manager", "kube-proxy", "kube-scheduler"} {
		want = append(want, "pod/"+pod+" created (server dry run)")
	}
	for _, want := range want {
		if !strings.Contains(string(out), want) {
			t.Errorf("the API server of the image does not say %q:\n%s", want, out)
		}
	}
}

// bundle makes a root folder one that runc runs, in the network that it is
// started in.
func bundle(t *testing.T, root string, args []string) {
	t.Helper()
	dir := filepath.Dir(root)
	mustRun(t, dir, "sh", "-ec", "rm -f config.json; runc spec")
	edit(t, filepath.Join(dir, "config.json"), func(spec map[string]any) {
		process, linux := spec["process"].(map[string]any), spec["linux"].(map[string]any)
		process["args"], process["terminal"], process["noNewPrivileges"] = args, false, false
		spec["root"] = map[string]any{"path": filepath.Base(root), "readonly": false}
		var kept []any
		for _, ns := range linux["namespaces"].([]any) {
			if kind := ns.(map[string]any)["type"]; kind != "network" && kind != "cgroup" {
				kept = append(kept, ns)
			}
		}
		linux["namespaces"] = kept
		delete(linux, "resources")
	})
}
