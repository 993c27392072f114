package report

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"

	"github.com/slipway-build/slipway/conformance/settings"
)

// A Node is what a node of a cluster tells of itself.
type Node struct {
	Name    string
	OS      string // such as Debian GNU/Linux 12 (bookworm)
	Kernel  string // such as 6.1.0-38-amd64
	Runtime string // such as containerd://1.6.20
	Kubelet string // such as v1.36.1
	Arch    string // such as amd64
}

// Nodes reads what kubectl get nodes -o json prints.
func Nodes(data []byte) ([]Node, error) {
	var list struct {
		Items []struct {
			Metadata struct{ Name string }
			Status   struct {
				NodeInfo struct{ OSImage, KernelVersion, ContainerRuntimeVersion, KubeletVersion, Architecture string }
			}
		}
	}
	if err := json.Unmarshal(data, &list); err != nil {
		return nil, fmt.Errorf("the cluster's nodes: %w", err)
	}
	var out []Node
	for _, item := range list.Items {
		i := item.Status.NodeInfo
		out = append(out, Node{item.Metadata.Name, i.OSImage, i.KernelVersion, i.ContainerRuntimeVersion,
			i.KubeletVersion, i.Architecture})
	}
	return out, nil
}

// Judge returns the run in which failures that are known on one of the nodes are expected.
func (r Run) Judge(known []settings.Known, nodes []Node) Run {
	reasons := map[string]string{}
	for _, k := range known {
		if slices.ContainsFunc(nodes, func(n Node) bool { return isKnown(k, n) }) {
			reasons[k.Test] = k.Reason
		}
	}
	r.Tests = slices.Clone(r.Tests)
	for i, t := range r.Tests {
		if reason, ok := reasons[t.Name]; ok && t.State == Failed {
			r.Tests[i].State, r.Tests[i].Reason = Expected, reason
		}
	}
	return r
}

func isKnown(k settings.Known, n Node) bool {
	name, version, _ := strings.Cut(n.Runtime, "://")
	want, versions := k.OfRuntime()
	return (want == "" || want == name && within(versions, version)) && (k.Kernel == "" || within(k.Kernel, n.Kernel))
}

// within reports whether a version is one of those. What follows its numbers does not count: 6.1.0-38-amd64 is
// 6.1.0, and no version before it.
func within(versions, version string) bool {
	c, err := semver.NewConstraint(versions)
	if err != nil {
		return false
	}
	end := strings.IndexFunc(version, func(r rune) bool { return r != '.' && (r < '0' || r > '9') })
	if end >= 0 {
		version = version[:end]
	}
	v, err := semver.NewVersion(strings.Trim(version, "."))
	return err == nil && c.Check(v)
}
