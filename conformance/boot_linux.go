package conformance

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/lab"
	"github.com/slipway-build/slipway/lab/cluster"
	"github.com/slipway-build/slipway/pipeline/e2e"
	"github.com/slipway-build/slipway/pipeline/packages"
	"github.com/slipway-build/slipway/registry"
	"github.com/slipway-build/slipway/registry/local"
)

// machines is how many nodes a cluster has that is made for tests: the tests want two at least.
const machines = 2

// port is the registry's, on the lab's own address.
const port = 5000

// possible returns an error if this host cannot have a cluster of its own.
func possible() error {
	if os.Geteuid() != 0 {
		return errors.New("only root can start machines on this host: run as root, " +
			"or name a cluster with -kubeconfig")
	}
	return nil
}

// boot makes a cluster of packages of the forks.
func (r run) boot(ctx context.Context, parts []*build.Session) (place, error) {
	debs, err := r.debsOf(ctx, parts)
	if err != nil {
		return place{}, err
	}
	l, err := lab.Open(ctx, lab.Options{Name: "conform", Subnet: netip.MustParsePrefix("198.51.100.0/24"), Dir: r.dir,
		Env: r.s.Env()})
	if err != nil {
		return place{}, err
	}
	at, err := r.up(ctx, l, debs, parts)
	if err != nil {
		return at, errors.Join(err, l.Close(ctx))
	}
	return at, nil
}

// debsOf makes the packages of a cluster that forks have, all of the tested one's, and returns their files.
func (r run) debsOf(ctx context.Context, parts []*build.Session) ([]string, error) {
	set, err := packages.Run(ctx, r.s, packages.Deb(), packages.Request{})
	if err != nil {
		return nil, err
	}
	for _, s := range parts {
		names := slices.DeleteFunc(packages.Names(s.Fork()), func(name string) bool {
			return !slices.Contains(slices.Concat(cluster.Packages(), r.runtime), name)
		})
		if len(names) == 0 {
			continue
		}
		more, err := packages.Run(ctx, s, packages.Deb(), packages.Request{Packages: names})
		if err != nil {
			return nil, err
		}
		set = append(set, more...)
	}
	var files []string
	for _, a := range set {
		if a.Kind == artifact.Package {
			files = append(files, r.s.Dist().Abs(a.Path))
		}
	}
	return files, nil
}

// up starts a registry and the cluster.
func (r run) up(ctx context.Context, l *lab.Lab, debs []string, parts []*build.Session) (place, error) {
	push, stop, err := serve(l, filepath.Join(r.dir, "registry"))
	if err != nil {
		return place{}, err
	}
	at := place{
		kubeconfig: filepath.Join(r.dir, "admin.conf"), push: push, command: l.Command,
		pull:  net.JoinHostPort(l.Host().String(), strconv.Itoa(port)),
		close: func(ctx context.Context) error { return errors.Join(l.Close(ctx), stop()) },
	}
	dns, err := r.dnsImage(ctx, parts[r.dns])
	if err != nil {
		return at, errors.Join(err, stop())
	}
	pushed, err := registry.Pusher{Registries: []string{push}}.Push(ctx, []registry.Item{dns})
	if err != nil {
		return at, errors.Join(err, stop())
	}
	err = r.s.Stage("cluster", strconv.Itoa(machines)+" machines", "", func() (build.Done, error) {
		c, err := cluster.Up(ctx, cluster.Options{Lab: l, Machines: machines, Debs: debs, Runtime: r.runtime,
			Registry: at.pull, DNS: at.pull + "/" + dns.Repository + "@" + pushed[0].Digest})
		if err != nil {
			return build.Done{}, err
		}
		return build.Done{Detail: "ready"}, os.WriteFile(at.kubeconfig, c.Kubeconfig, 0o600)
	})
	if err != nil {
		return at, errors.Join(err, stop())
	}
	return at, nil
}

// serve serves a registry, whose blobs are in a folder, to this process and to machines of a lab.
func serve(l *lab.Lab, dir string) (push string, stop func() error, err error) {
	if err := os.Mkdir(dir, 0o755); err != nil {
		return "", nil, err
	}
	own, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	theirs, err := l.Listen(port)
	if err != nil {
		return "", nil, errors.Join(err, own.Close())
	}
	server := local.Serve(dir, own, theirs)
	return own.Addr().String(), server.Close, nil
}

// dnsImage makes CoreDNS's image, for this machine.
func (r run) dnsImage(ctx context.Context, from *build.Session) (registry.Item, error) {
	made, err := e2e.Own(ctx, r.s, from, cluster.DNS, r.suite.Platform)
	return registry.Item{Repository: cluster.DNS, Tag: from.Fork().Parsed.Tag(), Image: made}, err
}
