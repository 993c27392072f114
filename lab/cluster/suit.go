//go:build linux

package cluster

import (
	"errors"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// What a node in a container needs, and one on hardware does not.
const (
	// Its disk is that of others, too: if it is nearly full, pods stay nevertheless.
	disk = `apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
evictionHard: {memory.available: 100Mi, nodefs.available: 1%, imagefs.available: 1%}
imageGCHighThresholdPercent: 100
`
	// The proxy's sandbox has a /proc without the machine's own settings.
	proxy = `[Service]
BindPaths=-/run/lab/nf_conntrack_max:/proc/sys/net/netfilter/nf_conntrack_max
`
	permit = `apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
failCgroupV1: false
`
	// Who runs a lab in a container may not protect pods from the kernel. Registries are told of in files.
	debians = `version = 2
[plugins."io.containerd.grpc.v1.cri"]
restrict_oom_score_adj = true
[plugins."io.containerd.grpc.v1.cri".registry]
config_path = "/etc/containerd/certs.d"
`
	own = `version = 3
[plugins."io.containerd.cri.v1.runtime"]
restrict_oom_score_adj = true
[plugins."io.containerd.cri.v1.images".registry]
config_path = "/etc/containerd/certs.d"
`
)

// Suit gives a root what its machine needs to be a node. Where this host has version 1 of control groups, its kubelet
// still has to permit that.
func Suit(root string) error {
	return errors.Join(write(root, "etc/kubernetes/kubelet.d/90-disk.conf", disk),
		write(root, "etc/systemd/system/kube-proxy.service.d/lab.conf", proxy))
}

// permitGroups has a root's kubelet permit version 1 of control groups, if this host has it.
func permitGroups(root string) error {
	var s unix.Statfs_t
	if err := unix.Statfs("/sys/fs/cgroup", &s); err != nil || s.Type == unix.CGROUP2_SUPER_MAGIC {
		return err
	}
	return write(root, "etc/kubernetes/kubelet.d/50-cgroup.conf", permit)
}

func write(root, name, text string) error {
	at := filepath.Join(root, name)
	return errors.Join(os.MkdirAll(filepath.Dir(at), 0o755), os.WriteFile(at, []byte(text), 0o644))
}
