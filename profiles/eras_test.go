package profiles

import (
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/platform"
)

// TestEras holds what a release had: the packages that are stamped, if any, and the
// programs that no earlier row has.
func TestEras(t *testing.T) {
	const plugins = "bridge ipvlan loopback macvlan ptp vlan dhcp host-local portmap tuning"
	const (
		later   = plugins + " host-device static bandwidth firewall sbr"
		stamped = "github.com/containernetworking/plugins/pkg/utils/buildversion"
		windows = "host-local static win-bridge win-overlay"
	)
	for _, c := range []struct{ profile, version, mode, stamped, on, want string }{
		{"cni-plugins", "0.6.0", "gopath", "", "linux/amd64", plugins + " flannel"},
		{"cni-plugins", "0.7.5", "gopath", "", "linux/amd64", plugins + " host-device flannel"},
		{"cni-plugins", "0.8.1", "gopath", stamped, "linux/amd64", later + " flannel"},
		{"cni-plugins", "0.8.7", "", stamped, "linux/amd64", later + " flannel"},
		{"cni-plugins", "0.8.7", "", stamped, "windows/amd64", windows + " flannel"},
		{"cni-plugins", "0.9.1", "", stamped, "linux/arm64", later + " flannel vrf"},
		{"cni-plugins", "1.1.1", "", stamped, "linux/amd64", later + " vrf"},
		{"cni-plugins", "1.2.0", "", stamped, "linux/amd64", later + " vrf dummy"},
		{"cni-plugins", "1.3.0+acme.1", "", stamped, "linux/amd64", later + " vrf dummy tap"},
		{"cni-plugins", "1.9.1", "", stamped, "windows/amd64", windows},
		{"coredns", "1.8.0", "", "github.com/coredns/coredns/coremain", "linux/arm64", "coredns"},
		{"coredns", "1.14.7+acme.1", "", "github.com/coredns/coredns/coremain", "windows/amd64", "coredns"},
		{"etcd", "3.4.16", "", "go.etcd.io/etcd/version", "linux/amd64", "etcd etcdctl"},
		{"etcd", "3.5.12", "", "go.etcd.io/etcd/api/v3/version", "linux/amd64", "etcd etcdctl etcdutl"},
		{"flannel", "0.14.0", "", "github.com/flannel-io/flannel/version", "linux/amd64", "flanneld"},
		{"flannel", "0.20.2", "", "github.com/flannel-io/flannel/version", "linux/amd64", "flanneld"},
		{"flannel", "0.21.0", "", "github.com/flannel-io/flannel/pkg/version", "linux/amd64", "flanneld"},
	} {
		on, err := platform.Parse(c.on)
		if err != nil {
			t.Fatal(err)
		}
		p, v := load(t, c.profile), parse(t, c.version)
		s, err := p.Settings(v)
		if err != nil || s.Mode != c.mode || strings.Join(s.Stamps.Packages, " ") != c.stamped {
			t.Errorf("%s %s is compiled by %+v, %v", c.profile, v, s, err)
		}
		var got []string
		for _, component := range p.ComponentsAt(v) {
			if on.In(component.Platforms) {
				got = append(got, component.Name)
			}
		}
		want := strings.Fields(c.want)
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s %s has for %s %q, want %q", c.profile, v, on, got, want)
		}
	}
}

// TestPackagesOfEras has the packages of a release hold what it is made of, each
// program once.
func TestPackagesOfEras(t *testing.T) {
	const cni = "kubernetes-cni kubernetes-cni-bridge"
	for of, want := range map[[2]string]string{
		{"cni-plugins", "0.6.0"}: cni, {"cni-plugins", "0.7.5"}: cni, {"cni-plugins", "0.8.7"}: cni,
		{"cni-plugins", "0.9.1"}: cni, {"cni-plugins", "1.0.1"}: cni, {"cni-plugins", "1.2.0"}: cni,
		{"cni-plugins", "1.3.0"}: cni, {"etcd", "3.4.16"}: "etcd etcdctl",
		{"etcd", "3.5.12"}: "etcd etcdctl etcdutl", {"etcd", "3.6.0"}: "etcd etcdctl etcdutl",
		{"coredns", "1.8.0"}: "coredns", {"coredns", "1.14.7"}: "coredns",
		{"flannel", "0.14.0"}: "flannel", {"flannel", "0.18.1"}: "flannel kubernetes-cni-flannel",
	} {
		var names, programs, components []string
		for _, p := range assembled(t, of[0], of[1]+"+acme.1") {
			names = append(names, p.Name)
			for _, f := range p.Files {
				if f.Source != "" {
					programs = append(programs, f.Path[strings.LastIndex(f.Path, "/")+1:])
				}
			}
		}
		for _, c := range load(t, of[0]).ComponentsAt(parse(t, of[1])) {
			if (platform.Platform{OS: "linux", Arch: "amd64"}).In(c.Platforms) {
				components = append(components, c.Name)
			}
		}
		slices.Sort(programs)
		slices.Sort(components)
		if strings.Join(names, " ") != want || !slices.Equal(programs, components) {
			t.Errorf("%s has the packages %q of %q, want %s of %q", of, names, programs, want, components)
		}
	}
}
