//go:build acceptance && linux

package acceptance

import (
	"path/filepath"
	"runtime"
	"testing"
)

// TestKubeletContainer runs the kubelet from its image, by the page about that as it is written, and looks at what
// becomes of the host: its devices, terminals and mounts.
func TestKubeletContainer(t *testing.T) {
	l := openLab(t, "kct", "203.0.113.0/24")
	archive := kubeletImages(t)
	base, err := l.Base(t.Context(), "ca-certificates", "containerd")
	if err != nil {
		t.Fatal(err)
	}
	n := bootNode(t, l, base, "n1", "203.0.113.11", func(root string) {
		mustRun(t, "", "cp", archive, filepath.Join(root, "images.tar"))
	})
	n.sh(imports)
	w := newWalk(t, filepath.Join("..", "docs", "kubelet-container.md"), t.Name())
	w.nodes["n1"] = n
	t.Cleanup(w.tell)

	n.sh(devices + " >/run/devices; grep '^a terminal opens' /run/devices; " + mounts + " >/run/mounts")
	w.to("## Start")
	n.sh(lenient)
	w.to("## Stop and update")
	n.is(devices+" | diff /run/devices - || true", "")
	contained(n)
	pods := n.sh("pidof pause")
	w.to("## Remove the pod")
	n.is("pidof pause", pods)

	t.Log("containerd is killed, and with it ctr")
	n.eventually("pidof kubelet")
	killed := n.sh("pidof kubelet; kill -KILL $(pidof containerd)")
	n.eventually("systemctl is-active kubelet && pidof kubelet | grep -vx " + killed)
	n.is("pidof pause", pods)
	w.to("## Why it does not get /dev")
	n.is(devices+" | diff /run/devices - || true", "")
	n.sh("systemctl stop kubelet")
	n.is(devices+" | diff /run/devices - || true", "")
	n.eventually(mounts + " | diff /run/mounts -")
}

// kubeletImages makes an archive with the images of the kubelet and of pause.
func kubeletImages(t *testing.T) string {
	t.Helper()
	_, _, dir := debs(t)
	t.Cleanup(func() { mustRun(t, dir, "sh", "-ec", "git checkout -q forks; git clean -fdq forks keys.gpg") })
	onDebian(t, dir)
	mage(t, dir, "image", "-fork="+fork, "-images=kubelet,pause", "-platforms=linux/"+runtime.GOARCH)
	archive := filepath.Join(t.TempDir(), "images.tar")
	mustRun(t, filepath.Join(dir, "dist", fork, "images"), "tar", "-cf", archive, ".")
	return archive
}

// imports has containerd have the images as if it had pulled them, for itself and for pods.
const imports = `for to in system k8s.io; do
	ctr -n $to images import /images.tar
	for image in $(ctr -n $to images list -q | grep :v); do
		ctr -n $to images tag "$image" "registry.example.org/team/$image"
		ctr -n $to images remove "$image"
	done
done`

// devices prints what the host has of devices, and that a terminal can be opened.
const devices = `{ find /dev -xdev -printf '%p %y %m %l\n' | sort
stat -L -c '%n %a %t %T' /dev/pts/ptmx /dev/ptmx
script -qec true /dev/null && echo a terminal opens; }`

// mounts prints where something is mounted on the host.
const mounts = `awk '{ print $5 }' /proc/1/mountinfo | sort`

// lenient changes what the page has written for a host that is a machine of a lab. As to its control groups, disk and
// pods, see asNode. The settings of the kernel, which a container's own /proc shows, are this host's, and a capability
// that a test does not have, it cannot give.
const lenient = `cat >>/etc/kubernetes/kubelet.yaml <<E
failCgroupV1: false
evictionHard: {memory.available: 100Mi, nodefs.available: 1%, imagefs.available: 1%}
imageGCHighThresholdPercent: 100
E
sed -i '/grpc.v1.cri"\]$/a restrict_oom_score_adj = true' /etc/containerd/config.toml
cd /etc/systemd/system
sed -i 's|--device|--mount type=bind,src=/proc,dst=/proc,options=rbind:rw:rprivate &|' kubelet.service
sys_resource=$((0x$(sed -n 's/^CapEff:[[:space:]]*//p' /proc/1/status) >> 24 & 1))
[ $sys_resource = 1 ] || sed -i 's/--cap-add CAP_SYS_RESOURCE//' kubelet.service`

// contained checks what the kubelet has in its container, and the pod of it.
func contained(n node) {
	n.t.Helper()
	n.is("ls /proc/$(pidof kubelet)/root/dev | xargs",
		"fd full kmsg mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero")
	n.sh("test $(stat -c %d /proc/$(pidof kubelet)/root/dev/pts) != $(stat -c %d /dev/pts)")
	n.is("for pid in $(pidof pause); do grep -o ' /memory .* - tmpfs' /proc/$pid/mountinfo; done | wc -l", "1")
	n.is("journalctl -u kubelet -o cat | grep -c 'Failed to \\(create\\|start\\|initialize\\)' || true", "0")
}
