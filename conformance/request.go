// Package conformance runs Kubernetes' end-to-end tests, built from a fork's tree, on a cluster: an existing one, or
// one that it starts on this host from the fork's own packages. It reports the result of each test, and writes the
// folder that https://github.com/cncf/k8s-conformance takes.
package conformance

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"regexp"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/slipway-build/slipway/registry"
)

// Focus chooses the tests that every Kubernetes has to pass.
const Focus = `\[Conformance\]`

// A Request says which tests to run where.
type Request struct {
	Kubeconfig string           // file with the access of an administrator to a cluster; empty: one is made
	Registry   string           // that the cluster of Kubeconfig pulls images from, as registry.example.org/team
	Insecure   bool             // take any certificate of the registry, or plain HTTP
	Platform   string           // of the cluster's nodes, as linux/arm64; empty: this machine's architecture
	Focus      string           // regular expression of the names of tests; empty: that of conformance tests
	Skip       string           // regular expression of the names of tests that are not run
	Processes  int              // how many tests run at once, where they may; 0: four for each processor of this machine
	Upstream   bool             // the tests, and the cluster if it is made, of the fork without its own patches
	Now        func() time.Time // the clock
}

// check returns what is wrong with the request, and with the cluster that it names.
func (r Request) check() error {
	for flag, expression := range map[string]string{"focus": r.Focus, "skip": r.Skip} {
		if _, err := regexp.Compile(expression); err != nil {
			return fmt.Errorf("-%s: %w", flag, err)
		}
	}
	switch {
	case r.Processes < 0:
		return fmt.Errorf("-processes=%d: want a number of processes, such as 8", r.Processes)
	case r.Kubeconfig == "" && r.Registry != "":
		return errors.New("-registry: the cluster on this host has a registry of its own. Leave -registry out, " +
			"or name a cluster with -kubeconfig")
	case r.Kubeconfig == "":
		return possible()
	case r.Registry == "":
		return errors.New("-registry: say where the cluster pulls the images of the tests from, " +
			"such as -registry=registry.example.org/team")
	}
	if err := (registry.Pusher{Registries: []string{r.Registry}}).CheckNames("image", "latest"); err != nil {
		return err
	}
	return answers(r.Kubeconfig)
}

// answers returns an error unless somebody listens where a kubeconfig says that the cluster's API server is.
func answers(file string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("-kubeconfig: %w", err)
	}
	server, err := serverOf(data)
	if err != nil {
		return fmt.Errorf("-kubeconfig=%s: %w", file, err)
	}
	address := server.Host
	if server.Port() == "" {
		address = net.JoinHostPort(server.Hostname(), map[bool]string{true: "443", false: "80"}[server.Scheme == "https"])
	}
	conn, err := net.DialTimeout("tcp", address, 10*time.Second)
	if err != nil {
		return fmt.Errorf("-kubeconfig=%s: no API server answers at %s: %w", file, server, err)
	}
	return conn.Close()
}

// serverOf returns the server of the current context of a kubeconfig.
func serverOf(data []byte) (*url.URL, error) {
	var k struct {
		Current  string `yaml:"current-context"`
		Contexts []struct {
			Name    string
			Context struct{ Cluster string }
		}
		Clusters []struct {
			Name    string
			Cluster struct{ Server string }
		}
	}
	if err := yaml.Unmarshal(data, &k); err != nil {
		return nil, fmt.Errorf("not a kubeconfig: %w", err)
	}
	for _, ctx := range k.Contexts {
		for _, c := range k.Clusters {
			if ctx.Name == k.Current && c.Name == ctx.Context.Cluster {
				u, err := url.Parse(c.Cluster.Server)
				if err == nil && u.Host == "" {
					err = fmt.Errorf("server: %q is not a URL", c.Cluster.Server)
				}
				return u, err
			}
		}
	}
	return nil, fmt.Errorf("it has no cluster for its current-context, %q", k.Current)
}
