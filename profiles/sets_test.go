package profiles

import (
	"slices"
	"strings"
	"testing"
)

// TestSetsOfKubernetes has, by version, some of what upstream's images had and some of
// what they did not have.
func TestSetsOfKubernetes(t *testing.T) {
	recipes, err := Images(t.TempDir(), "kubernetes")
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range recipes.Sets {
		checkRange(t, "kubernetes", "sets", i, s.Versions)
		if s.Source == "" {
			t.Errorf("row %d of sets does not say what it rests on", i)
		}
	}
	for _, c := range []struct{ set, version, has, not string }{
		{"upstream", "1.3.10+acme.1", "curl file git iptables socat coreutils diffutils", "ebtables nfs-common jq"},
		{"upstream", "1.4.1", "ebtables nfs-common", "curl file cifs-utils"},
		{"upstream", "1.4.2", "cifs-utils", "glusterfs-client"},
		{"upstream", "1.5.2+acme.1", "conntrack ethtool glusterfs-client nfs-common", "jq ceph-common rsync"},
		{"upstream", "1.6.0-beta.1", "jq", "ceph-common kmod"},
		{"upstream", "1.8.15", "ceph-common kmod openssh-client", "netbase ipset"},
		{"upstream", "1.9.11", "netbase", "ipset udev"},
		{"upstream", "1.15.12", "ipset udev xfsprogs", "iproute2"},
		{"upstream", "1.18.20", "iproute2 git ceph-common", "nftables"},
		{"upstream", "1.19.16", "iptables conntrack ebtables", "git ceph-common nftables"},
		{"upstream", "1.29.2", "nftables conntrack", "git"},
		{"upstream", "1.36.1+acme.1", "nftables iptables ipset kmod", "conntrack ebtables"},
		{"kube-proxy", "1.3.0", "iptables conntrack", "ebtables ipset"},
		{"kube-proxy", "1.8.15", "ebtables", "ipset nftables kmod"},
		{"kube-proxy", "1.12.10", "ipset kmod netbase", "nftables git"},
	} {
		list, err := recipes.Set(c.set, parse(t, c.version))
		if err != nil {
			t.Error(err)
		}
		for _, pkg := range strings.Fields(c.has) {
			if !slices.Contains(list, pkg) {
				t.Errorf("set %s of %s has no %s", c.set, c.version, pkg)
			}
		}
		for _, pkg := range strings.Fields(c.not) {
			if slices.Contains(list, pkg) {
				t.Errorf("set %s of %s has %s", c.set, c.version, pkg)
			}
		}
	}
	if _, err := recipes.Set("upstream", parse(t, "1.2.7")); err == nil || !strings.Contains(err.Error(), "<1.4.0-0") {
		t.Errorf("of 1.2.7: %v", err)
	}
}
