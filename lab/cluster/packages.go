package cluster

// Packages returns the packages that the machines of a cluster have beside those of Kubernetes.
func Packages() []string {
	return []string{"etcd", "etcdctl", "flannel", "kubernetes-cni", "kubernetes-cni-flannel"}
}

// Runtime returns the packages of a container runtime, which Debian has, too.
func Runtime() []string { return []string{"containerd", "runc"} }

// DNS is the image that gives Services names.
const DNS = "coredns"
