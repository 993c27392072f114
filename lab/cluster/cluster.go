//go:build linux

// Package cluster makes a Kubernetes cluster of machines of a lab, by the packages of forks and the commands that
// are in them, as an operator does.
package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/slipway-build/slipway/lab"
)

// Options is what a cluster is made of.
type Options struct {
	Lab      *lab.Lab
	Machines int      // at least one; the first has the control plane, and is a node as well
	Debs     []string // files; those of Kubernetes, etcd, flannel and CNI plugins have to be among them
	Runtime  []string // packages among Debs that are the container runtime; none: Debian's containerd is
	Registry string   // HOST:PORT of a registry that machines reach over plain HTTP
	DNS      string   // the image of CoreDNS in it
}

// A Cluster is one whose nodes are ready and whose Services have names.
type Cluster struct {
	Nodes      []*lab.Machine // n1, n2 and so on
	Kubeconfig []byte         // of an administrator, for who is in the lab's network
}

// Up makes a cluster. The context is that of the work: the machines run until the lab is closed.
func Up(ctx context.Context, o Options) (*Cluster, error) {
	packages := []string{"apt-utils", "ca-certificates", "libseccomp2", "openssl"}
	if len(o.Runtime) == 0 {
		packages = append(packages, "containerd")
	}
	base, err := o.Lab.Base(ctx, packages...)
	if err != nil {
		return nil, err
	}
	c := &Cluster{Nodes: make([]*lab.Machine, o.Machines)}
	all, some := errgroup.WithContext(ctx)
	for i := range c.Nodes {
		all.Go(func() (err error) {
			c.Nodes[i], err = o.host(some, base, i)
			return err
		})
	}
	if err := all.Wait(); err != nil {
		return nil, err
	}
	if err := c.start(ctx); err != nil {
		return nil, err
	}
	if _, err := c.Nodes[0].Sh(ctx, "kubernetes-dns --image="+o.DNS); err != nil {
		return nil, err
	}
	c.Kubeconfig, err = os.ReadFile(filepath.Join(c.Nodes[0].Root, "etc/kubernetes/admin.conf"))
	return c, err
}

// host boots a machine and installs the packages of its role.
func (o Options) host(ctx context.Context, base string, i int) (*lab.Machine, error) {
	name := "n" + strconv.Itoa(i+1)
	root, err := o.Lab.Copy(ctx, base, name)
	if err != nil {
		return nil, err
	}
	address := o.Lab.Host()
	for range 10 + i {
		address = address.Next()
	}
	if err := errors.Join(Suit(root), permitGroups(root), o.offer(root), o.pull(root)); err != nil {
		return nil, err
	}
	m, err := o.Lab.Boot(ctx, name, root, address.String())
	if err != nil {
		return nil, err
	}
	packages := "kubernetes-node kubernetes-cni-flannel"
	if i == 0 {
		packages += " kubernetes-master etcd etcdctl"
	}
	_, err = m.Sh(ctx, `cd /repo; apt-ftparchive packages . >Packages
apt-get -q update
apt-get -q -y --no-install-recommends install `+packages+" "+strings.Join(o.Runtime, " ")+`
systemctl restart containerd`)
	return m, err
}

// offer puts the packages into a root, as a repository for apt.
func (o Options) offer(root string) error {
	repo := filepath.Join(root, "repo")
	errs := []error{os.MkdirAll(repo, 0o755), os.RemoveAll(filepath.Join(root, "etc/apt/sources.list.d")),
		os.WriteFile(filepath.Join(root, "etc/apt/sources.list"), []byte("deb [trusted=yes] file:/repo ./\n"), 0o644)}
	for _, deb := range o.Debs {
		data, err := os.ReadFile(deb)
		errs = append(errs, err, os.WriteFile(filepath.Join(repo, filepath.Base(deb)), data, 0o644))
	}
	return errors.Join(errs...)
}

// pull has a root's containerd pull from the registry over plain HTTP.
func (o Options) pull(root string) error {
	hosts := fmt.Sprintf("server = \"http://%[1]s\"\n[host.\"http://%[1]s\"]\ncapabilities = [\"pull\", \"resolve\"]\n",
		o.Registry)
	file, text := "etc/containerd/config.toml", debians
	if len(o.Runtime) > 0 {
		file, text = "etc/containerd/conf.d/90-lab.toml", own
	}
	return errors.Join(write(root, "etc/containerd/certs.d/"+o.Registry+"/hosts.toml", hosts), write(root, file, text))
}

// start makes the machines a cluster.
func (c *Cluster) start(ctx context.Context) error {
	first := c.Nodes[0]
	_, err := first.Sh(ctx, "kubernetes-pki "+first.Address.String()+"\nsystemctl start kubernetes-master.target")
	if err != nil {
		return err
	}
	line, err := first.Sh(ctx, "kubernetes-token")
	if err != nil {
		return err
	}
	line = line[strings.LastIndex(line, "\n")+1:]
	all, some := errgroup.WithContext(ctx)
	for _, m := range c.Nodes[1:] {
		all.Go(func() error {
			_, err := m.Sh(some, line)
			return err
		})
	}
	if err := all.Wait(); err != nil {
		return err
	}
	_, err = first.Sh(ctx, "export KUBECONFIG=/etc/kubernetes/admin.conf\n"+
		"kubectl wait --for=create node/n1 --timeout=2m\nkubectl wait --for=condition=Ready node --all --timeout=3m")
	return err
}
