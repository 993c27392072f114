package profiles

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/internal/testkit"
)

// TestNetworkIsOfTheLease has the network that is written for a lease of flanneld: the
// ranges and the MTU of the bridge.
func TestNetworkIsOfTheLease(t *testing.T) {
	for _, c := range []struct{ name, lease, ranges, mtu string }{
		{"Kubernetes", "FLANNEL_NETWORK=10.244.0.0/16\nFLANNEL_SUBNET=10.244.3.1/24\nFLANNEL_MTU=1450\nFLANNEL_IPMASQ=true\n",
			"10.244.3.0/24", "1450"},
		{"several thousand addresses", "FLANNEL_SUBNET=10.1.16.1/20\nFLANNEL_MTU=1500\n", "10.1.16.0/20", "1500"},
		{"a few", "FLANNEL_SUBNET=192.168.7.201/29\nFLANNEL_MTU=1500\n", "192.168.7.200/29", "1500"},
		{"both families", "FLANNEL_SUBNET=10.1.2.1/24\nFLANNEL_IPV6_SUBNET=fd00:10:244:3::1/64\nFLANNEL_MTU=1400\n",
			"10.1.2.0/24 fd00:10:244:3::0/64", "1400"},
		{"IPv6 alone", "FLANNEL_IPV6_SUBNET=fd00:1:2:3:4:5:6:1/112\nFLANNEL_MTU=1400\n", "fd00:1:2:3:4:5:6:0/112", "1400"},
	} {
		root := leased(t, c.lease)
		if out, err := configure(t, "write", root); err != nil || out != "" {
			t.Errorf("%s: %v, %s", c.name, err, out)
			continue
		}
		if ranges, mtu := networkOf(t, root); ranges != c.ranges || mtu != c.mtu {
			t.Errorf("%s: the ranges are %s and the MTU is %s, want %s and %s", c.name, ranges, mtu, c.ranges, c.mtu)
		}
	}
}

// networkOf returns the ranges and the MTU of the network that was written.
func networkOf(t *testing.T, root string) (ranges, mtu string) {
	t.Helper()
	var conf struct {
		Plugins []struct {
			MTU  json.Number
			IPAM struct{ Ranges [][]struct{ Subnet string } }
		}
	}
	data, err := os.ReadFile(filepath.Join(root, network))
	if err == nil {
		err = json.Unmarshal(data, &conf)
	}
	if err != nil || len(conf.Plugins) != 2 {
		t.Fatalf("%v\n%s", err, data)
	}
	var subnets []string
	for _, r := range conf.Plugins[0].IPAM.Ranges {
		subnets = append(subnets, r[0].Subnet)
	}
	return strings.Join(subnets, " "), conf.Plugins[0].MTU.String()
}

// TestNetworkOfOthersStays has what becomes of the file with the network when there is
// no lease, and when somebody else wrote it.
func TestNetworkOfOthersStays(t *testing.T) {
	const lease = "FLANNEL_SUBNET=10.1.2.1/24\nFLANNEL_MTU=1450\n"
	for _, c := range []struct {
		name, lease, there, action string
		stays                      bool // as it was
		says, err                  string
	}{
		{"no lease yet", "", "", "write", true, "", ""},
		{"half a lease", "FLANNEL_MTU=1450\n", "", "write", true, "subnet.env: FLANNEL_SUBNET or FLANNEL_MTU is missing",
			"exit status 1"},
		{"somebody else's", lease, "{}", "write", true, "is left as it is", ""},
		{"somebody else's, on removal", lease, "{}", "remove", true, "is left as it is", ""},
		{"an older one", lease, `{"writtenBy": "kubernetes-cni-flannel"}`, "write", false, "", ""},
		{"its own, on removal", lease, `{"writtenBy": "kubernetes-cni-flannel"}`, "remove", false, "", ""},
		{"nothing, on removal", lease, "", "remove", true, "", ""},
	} {
		root := leased(t, c.lease)
		at := filepath.Join(root, network)
		if c.there != "" {
			if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(at, []byte(c.there), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		out, err := configure(t, c.action, root)
		if (err == nil) != (c.err == "") || err != nil && err.Error() != c.err || !strings.Contains(out, c.says) {
			t.Errorf("%s: %v, %q, want %q, %q", c.name, err, out, c.err, c.says)
		}
		after, _ := os.ReadFile(at)
		if stays := string(after) == c.there; stays != c.stays {
			t.Errorf("%s: the file with %q has %q then", c.name, c.there, after)
		}
	}
}

// network is the file that flannel's package writes.
const network = "etc/cni/net.d/10-flannel.conflist"

// leased returns a root with a lease, unless it is empty.
func leased(t *testing.T, lease string) string {
	t.Helper()
	root := t.TempDir()
	if lease == "" {
		return root
	}
	dir := filepath.Join(root, "run", "flannel")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "subnet.env"), []byte(lease), 0o644); err != nil {
		t.Fatal(err)
	}
	return root
}

// configure runs flannel's script that writes and removes the network.
func configure(t *testing.T, action, root string) (string, error) {
	t.Helper()
	testkit.Need(t, "sh")
	cmd := exec.Command("sh", filepath.Join("flannel", "files", "cni-config"), action, root)
	cmd.Env = []string{"PATH=" + testkit.Path()}
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// TestFlannelFollowsTheHost has flanneld restarted when its host gets another address, and then only.
func TestFlannelFollowsTheHost(t *testing.T) {
	h := fakeHost{t.TempDir()}
	h.write(t, "bin/systemctl", "#!/bin/sh\necho \"$@\" >>\"$fake/did\"\n")
	h.write(t, "bin/ip", `#!/bin/sh
case "$*" in
*monitor*) for src in 192.0.2.11 "" 198.51.100.7 198.51.100.7; do
	echo "$src" >"$fake/src"; echo event; sleep 0.3; done ;;
*"route get"*) src=$(cat "$fake/src"); [ -z "$src" ] || echo "192.0.2.1 via 192.0.2.254 dev eth0 src $src uid 0" ;;
esac
`)
	h.write(t, "fake/src", "192.0.2.11\n")
	script, err := os.ReadFile(filepath.Join("flannel", "files", "host-address"))
	if err != nil {
		t.Fatal(err)
	}
	h.write(t, "usr/sbin/host-address", string(script))
	out, status := h.run(t, "host-address")
	did, _ := os.ReadFile(filepath.Join(h.dir, "fake", "did"))
	const says = "this host has the address 198.51.100.7 in place of 192.0.2.11: restarting flanneld\n"
	if status != 0 || out != says || string(did) != "--no-block try-restart flanneld.service\n" {
		t.Errorf("exit status %d: %q; it does %q", status, out, did)
	}
}
