package profiles

import (
	"cmp"
	"encoding/base64"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// fakeIP is of a host with an address, whose file more has further ones, and routes.
const fakeIP = `#!/bin/sh
case "$*" in
*" address "*) echo "2: eth0    inet 192.0.2.11/24 brd 192.0.2.255 scope global eth0"
	[ ! -e "$fake/more" ] || cat "$fake/more" ;;
*"route show"*) printf 'default via 192.0.2.1 dev eth0 \n192.0.2.0/24 dev eth0 proto kernel scope link \n'
	[ ! -e "$fake/routes" ] || cat "$fake/routes" ;;
*"route get"*) echo "192.0.2.1 dev eth0 src 192.0.2.11 uid 0" ;;
esac
`

// TestRanges has a host look at the ranges of a cluster.
func TestRanges(t *testing.T) {
	packaged := contents(assembled(t, "kubernetes", "1.36.1+acme.1"))
	const flannel, bridge = "usr/libexec/flannel/cni-config", "usr/libexec/kubernetes/cni-bridge"
	for name, c := range map[string]struct {
		pods, services string
		files          map[string]string
		says           string // without a warning, it fails
	}{
		"as they come": {},
		"pods are Services": {pods: "10.0.128.0/17",
			says: "the range of pods, 10.0.128.0/17, and that of Services, 10.0.0.0/16, overlap"},
		"Services are pods": {pods: "10.0.0.0/8", says: "and that of Services, 10.0.0.0/16, overlap"},
		"two families":      {pods: "10.244.0.0/16,fd00::/56", services: "fd01::/112,10.0.0.0/16"},
		"no range": {pods: "10.244.0.0",
			says: "10.244.0.0, the range of pods, is not one such as 10.244.0.0/16"},
		"no pods": {pods: "-"},
		"a network of the host": {files: map[string]string{"fake/more": "3: eth1    inet 10.244.7.2/24 scope global eth1\n"},
			says: "the range of pods, 10.244.0.0/16, overlaps with the network 10.244.7.2/24 of this host (eth1)"},
		"a large network": {files: map[string]string{"fake/more": "3: eth1    inet 10.1.2.3/8 scope global eth1\n"},
			says: "the range of pods, 10.244.0.0/16, overlaps with the network 10.1.2.3/8 of this host (eth1)"},
		"a route": {files: map[string]string{"fake/routes": "10.244.1.0/24 via 192.0.2.12 dev eth0 onlink\n"},
			says: "if the route is left of another cluster: ip route delete 10.244.1.0/24"},
		"a wide route": {files: map[string]string{"fake/routes": "10.0.0.0/8 via 192.0.2.1 dev eth0\n"}},
		"what is of pods": {files: map[string]string{"fake/more": "4: cni0    inet 10.244.0.1/24 scope global cni0\n" +
			"5: flannel.1    inet 10.244.0.0/32 scope global flannel.1\n"}},
		"a network of Services": {files: map[string]string{"fake/more": "3: eth1    inet 10.0.2.15/24 scope global eth1\n"},
			says: "warning: the range of Services, 10.0.0.0/16, overlaps with the network 10.0.2.15/24 of this host (eth1)"},
		"flannel": {files: map[string]string{flannel: "", "etc/kubernetes/flannel.json": `{"Network":"10.244.0.0/16"}`}},
		"another flannel": {files: map[string]string{flannel: "",
			"etc/kubernetes/flannel.json": "{\n  \"Network\": \"10.1.0.0/16\",\n  \"Backend\": {\"Type\": \"vxlan\"}\n}\n"},
			says: "/etc/kubernetes/flannel.json names 10.1.0.0/16, and pods have addresses of 10.244.0.0/16"},
		"flannel is removed": {files: map[string]string{"etc/kubernetes/flannel.json": `{"Network": "10.1.0.0/16"}`}},
		"another bridge": {files: map[string]string{bridge: "",
			"etc/kubernetes/bridge.conflist": `{"ranges": [[{"subnet": "10.88.0.0/24"}]]}`},
			says: "set subnet there to a part of 10.244.0.0/16"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHost(t, packaged, map[string]string{"bin/ip": fakeIP})
			for name, text := range c.files {
				h.write(t, name, text)
			}
			pods, services := c.pods, c.services
			switch pods {
			case "":
				pods = "10.244.0.0/16"
			case "-":
				pods = ""
			}
			if services == "" {
				services = "10.0.0.0/16"
			}
			out, status := h.run(t, "range-checks", pods, services)
			want := 1
			if c.says == "" || strings.HasPrefix(c.says, "warning: ") {
				want = 0
			}
			if status != want || !strings.Contains(out, c.says) || (c.says == "") != (out == "") {
				t.Errorf("exit status %d, want %d and %q: %s", status, want, c.says, out)
			}
		})
	}
}

// TestControlPlaneRefuses has the commands of a control plane say what is wrong, and make nothing.
func TestControlPlaneRefuses(t *testing.T) {
	packaged := contents(assembled(t, "kubernetes", "1.36.1+acme.1"))
	const admin, ca = "etc/kubernetes/admin.conf", "etc/kubernetes/pki/ca.crt"
	const conf = "    server: https://192.0.2.11:6443\n"
	for name, c := range map[string]struct {
		files map[string]string
		line  string
		says  string
	}{
		"an address of another": {nil, "kubernetes-pki 192.0.2.12",
			"192.0.2.12 is not an address of this host, which has 192.0.2.11"},
		"a second address": {map[string]string{admin: conf, ca: "ship", "etc/kubernetes/pki/ca.key": "ship"},
			"kubernetes-pki 192.0.2.12",
			"this control plane has the address 192.0.2.11, as the .conf files in /etc/kubernetes say"},
		"a lost authority": {map[string]string{admin: conf}, "kubernetes-pki",
			"/etc/kubernetes/admin.conf is there, and the authority that it trusts is not: bring /etc/kubernetes/pki/ca.crt"},
		"a node of another": {map[string]string{"etc/kubernetes/kubelet.conf": conf, ca: ""}, "kubernetes-pki",
			"this host is a node of another control plane"},
		"a name": {map[string]string{"bin/uname": "#!/bin/sh\necho Deck_One\n"}, "kubernetes-pki",
			"deck_one, the name of this host, cannot be that of a node"},
		"ranges": {map[string]string{"fake/more": "3: eth1    inet 10.244.7.2/24 scope global eth1\n"}, "kubernetes-pki",
			"nothing is made yet: fix what is said above"},
		"ranges that are set": {map[string]string{
			"etc/default/kube-apiserver": "KUBE_APISERVER_ARGS=--service-cluster-ip-range=10.244.0.0/24\n"}, "kubernetes-pki",
			"the range of pods, 10.244.0.0/16, and that of Services, 10.244.0.0/24, overlap"},
		"options": {map[string]string{"etc/default/kube-apiserver": "KUBE_APISERVER_ARGS=\"--v 2 x\"\n"}, "kubernetes-pki",
			"/etc/default/kube-apiserver:1: x is not a flag"},
		"a clock": {nil, "kubernetes-pki",
			"the clock of this host is wrong, as /usr/sbin/kubernetes-pki is of a later day"},
		"no route": {map[string]string{"bin/ip": "#!/bin/sh\n"}, "kubernetes-pki",
			"this host has no route to others"},
		"an address for itself": {nil, "kubernetes-pki 127.0.0.1", "no other host reaches this one by 127.0.0.1"},
		"an authority without its key": {map[string]string{ca: "ship", "etc/kubernetes/pki/apiserver.crt": "ship"},
			"kubernetes-pki", "/etc/kubernetes/pki/ca.key is not there, or empty, and ca.crt is: bring it back from a backup"},
		"a range that is too small": {map[string]string{"bin/kubeadm": "#!/bin/sh\n" +
			"echo 'error: networking.podSubnet: Invalid value' >&2\nexit 1\n"}, "kubernetes-pki",
			"that is --cluster-cidr in /etc/default/kube-controller-manager: mend it"},
		"a certificate for another range": {map[string]string{admin: conf, ca: "ship", "etc/kubernetes/kubelet.yaml": "",
			"bin/kubectl": "#!/bin/sh\ncase \"$*\" in *'get service kubernetes'*) echo 10.96.0.1 ;; esac\n",
			"bin/openssl": "#!/bin/sh\necho \"IP $4 does NOT match certificate\"\n"}, "kubernetes-setup",
			"its certificate is not for 10.96.0.1, which its Service has"},
		"a token of a node": {nil, "kubernetes-token",
			"/etc/kubernetes/admin.conf is not there: it works on the master alone"},
		"a set-up of a node": {nil, "kubernetes-setup", "if this host is to be one, run kubernetes-pki first"},
		"a token without etcd": {map[string]string{admin: conf, "fake/down": "Error from server (Timeout): the server was " +
			"unable to return a response in the time allotted\n"}, "kubernetes-token",
			"kubernetes-token: the API server waits for etcd: see journalctl -u etcd"},
		"a token in a full etcd": {map[string]string{admin: conf, "bin/kubeadm": "#!/bin/sh\n" +
			"echo 'error: unable to create *v1.Secret: etcdserver: mvcc: database space exceeded' >&2\nexit 1\n"},
			"kubernetes-token", "no token is made: etcd is full: etcd-backup FILE saves it"},
		"a token after a year": {map[string]string{admin: conf, "fake/down": "Unable to connect to the server: tls: " +
			"failed to verify certificate: x509: certificate has expired or is not yet valid\n"}, "kubernetes-token",
			"a certificate of the control plane has expired: run kubernetes-pki --renew"},
		"a set-up without etcd": {map[string]string{admin: conf, "fake/down": "[-]etcd failed: reason withheld\n"},
			"kubernetes-setup --wait=1", "kubernetes-setup: the API server waits for etcd: see journalctl -u etcd"},
		"rights in a full etcd": {map[string]string{admin: conf, "bin/kubeadm": "-", "fake/full": ""}, "kubernetes-setup",
			"the rights of nodes are not granted: etcd is full"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHost(t, packaged, map[string]string{"bin/ip": fakeIP, "bin/openssl": fakeOpenSSL,
				"bin/systemctl": "#!/bin/sh\nexit 1\n", "bin/sleep": "#!/bin/sh\n", "bin/kubeadm": "#!/bin/sh\n",
				"bin/kubectl": `#!/bin/sh
[ ! -e "$fake/down" ] || { cat "$fake/down" >&2; exit 1; }
[ ! -e "$fake/full" ] || case "$*" in *" apply "*) echo "etcdserver: mvcc: database space exceeded" >&2; exit 1 ;; esac
`})
			for name, text := range c.files {
				h.write(t, name, text)
			}
			if later := time.Now().Add(time.Hour); name == "a clock" {
				if err := os.Chtimes(filepath.Join(h.dir, "usr/sbin/kubernetes-pki"), later, later); err != nil {
					t.Fatal(err)
				}
			}
			before := h.state(t)
			line := strings.Fields(c.line)
			out, status := h.run(t, line[0], line[1:]...)
			if status != 1 || !strings.Contains(out, c.says) {
				t.Errorf("exit status %d, want 1 and %q: %s", status, c.says, out)
			}
			if after := h.state(t); after != before {
				t.Errorf("it makes files:\n%s", after)
			}
		})
	}
}

// TestControlPlaneTakesItsOptions has kubernetes-pki make certificates for the ranges that the servers will have.
func TestControlPlaneTakesItsOptions(t *testing.T) {
	packaged := contents(assembled(t, "kubernetes", "1.36.1+acme.1"))
	h := newHost(t, packaged, map[string]string{"bin/ip": fakeIP, "bin/systemctl": "#!/bin/sh\nexit 1\n",
		"etc/default/kube-apiserver":          "KUBE_APISERVER_ARGS='--service-cluster-ip-range 10.96.0.0/12'\n",
		"etc/default/kube-controller-manager": "KUBE_CONTROLLER_MANAGER_ARGS=\"!--cluster-cidr --v=2\"\n"})
	out, status := h.run(t, "kubernetes-pki", "--print-config")
	const want = `networking: {serviceSubnet: "10.96.0.0/12", podSubnet: "", dnsDomain: cluster.local}`
	if status != 0 || !strings.Contains(out, want) {
		t.Errorf("exit status %d, want %q in %s", status, want, out)
	}
}

// TestDNSOutsideOfServices has kubernetes-dns say which address a Service cannot have.
func TestDNSOutsideOfServices(t *testing.T) {
	h := newDNSHost(t, "1.36.1+acme.1", map[string]string{"bin/kubectl": `#!/bin/sh
case "$*" in *" apply "*) echo "failed to allocate IP 10.0.0.10: the provided network does not match the current" \
	range >&2; exit 1 ;;
esac
`})
	out, status := h.run(t, "kubernetes-dns")
	if status != 1 || !strings.Contains(out, "kubernetes-dns: 10.0.0.10 is not in the range of Services: name") {
		t.Errorf("exit status %d: %s", status, out)
	}
}

// fakeOpenSSL has certificates that are their keys, and a server that answers from a file.
const fakeOpenSSL = `#!/bin/sh
case $1 in
s_client) cat "$fake/answer" ;;
x509) for last; do :; done; cat "$last" ;;
pkey) cat ;;
dgst) sha256sum ;;
esac
`

// The authority of a cluster is the text "ship", of which this is the sum.
const shipHash = "sha256:e5d5b971139eefeb36d6edb9938fa246740c90da2003626487eb2d5d9646aec6"

// joinAnswer is what the server says of itself to those that it does not know.
func joinAnswer(now time.Time, ca string) string {
	return "HTTP/1.0 200 OK\r\nDate: " + now.UTC().Format(time.RFC1123) + "\r\n\r\n" +
		`{"kubeconfig": "certificate-authority-data: ` + base64.StdEncoding.EncodeToString([]byte(ca)) + `\n"}` + "\n"
}

// newNode lays out a host that can join a cluster, whose pods have addresses of 10.3.0.0/23.
func newNode(t *testing.T, packaged, files map[string]string) fakeHost {
	t.Helper()
	h := newHost(t, packaged, map[string]string{"bin/ip": fakeIP, "bin/openssl": fakeOpenSSL, "bin/sleep": "#!/bin/sh\n",
		"bin/systemctl": "#!/bin/sh\nexit 1\n", "bin/kubeadm": "#!/bin/sh\nexit 1\n",
		"fake/answer": joinAnswer(time.Now(), "ship"), "fake/says": "Error from server (NotFound): nodes not found\n",
		"bin/kubectl": `#!/bin/sh
case "$*" in
*/kubelet.conf*/nodes/*) ;;
*/nodes/*) cat "$fake/says" >&2; [ ! -s "$fake/says" ] ;;
*kubeadm-config*) printf 'networking:\n  podSubnet: 10.3.0.0/23\n  serviceSubnet: 10.0.0.0/16\n' ;;
*"get nodes"*) printf '10.3.0.0/24\n10.3.1.0/24\n\n' ;;
esac
`})
	for name, text := range files {
		h.write(t, name, text)
	}
	listen(t, filepath.Join(h.dir, "run", "containerd", "containerd.sock"))
	return h
}

// TestJoinRefuses has kubernetes-join say what is wrong, and leave the host as it is.
func TestJoinRefuses(t *testing.T) {
	packaged := contents(assembled(t, "kubernetes", "1.36.1+acme.1"))
	now := time.Now()
	for name, c := range map[string]struct {
		files    map[string]string
		endpoint string
		says     string
	}{
		"IPv6 without brackets": {nil, "fd00::1", "ENDPOINT is not HOST or HOST:PORT, with brackets around an IPv6 address"},
		"no port":               {nil, "192.0.2.11:", "ENDPOINT is not HOST or HOST:PORT"},
		"a URL":                 {nil, "https://192.0.2.11:6443", "ENDPOINT is not HOST or HOST:PORT"},
		"nobody there": {map[string]string{"fake/answer": ""}, "[fd00::1]:6443",
			"no API server answers at [fd00::1]:6443"},
		"a clock behind": {map[string]string{"fake/answer": joinAnswer(now.Add(25*time.Hour), "ship")}, "",
			"seconds behind the server's, and certificates hold for a time: set it"},
		"a clock ahead": {map[string]string{"fake/answer": joinAnswer(now.Add(-time.Hour), "ship")}, "",
			"seconds ahead of the server's"},
		"no clock": {map[string]string{"fake/answer": "HTTP/1.0 404 Not Found\r\n\r\n"}, "",
			"the server at 192.0.2.11:6443 does not publish what a node needs: check the address"},
		"another authority": {map[string]string{"fake/answer": joinAnswer(now, "rope")}, "",
			"the certificate authority at 192.0.2.11:6443 is not the one that is expected"},
		"a token that has expired": {map[string]string{"fake/says": "error: You must be logged in to the server " +
			"(Unauthorized)\n"}, "", "the cluster does not know the token, or it has expired"},
		"a name that is taken": {map[string]string{"fake/says": ""}, "", "the cluster has a node named deck"},
		"another node's cluster": {map[string]string{"etc/kubernetes/pki/ca.crt": "rope"}, "",
			"/etc/kubernetes/pki/ca.crt is the certificate authority of another cluster"},
		"a network of the host": {map[string]string{"fake/more": "3: eth1    inet 10.3.1.2/24 scope global eth1\n"}, "",
			"the range of pods, 10.3.0.0/23, overlaps with the network 10.3.1.2/24 of this host (eth1)"},
		"another range of flannel": {map[string]string{"usr/libexec/flannel/cni-config": "",
			"etc/kubernetes/flannel.json": `{"Network": "10.244.0.0/16"}`}, "",
			"/etc/kubernetes/flannel.json names 10.244.0.0/16, and pods have addresses of 10.3.0.0/23"},
		"what kubeadm finds": {map[string]string{"bin/kubeadm": "#!/bin/sh\necho '	[ERROR Swap]: swap is on'\nexit 1\n"}, "",
			"Swap: swap is on\nkubernetes-join: this host is not fit for a node, as kubeadm says above"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newNode(t, packaged, c.files)
			before := h.state(t)
			out, status := h.run(t, "kubernetes-join", cmp.Or(c.endpoint, "192.0.2.11:6443"),
				"--token=abcdef.0123456789abcdef", "--ca-hash="+shipHash)
			if status == 0 || !strings.Contains(out, c.says) {
				t.Errorf("exit status %d, want %q: %s", status, c.says, out)
			}
			if after := h.state(t); after != before {
				t.Errorf("it changes the host:\n%s", after)
			}
		})
	}
}

// TestJoinTellsOfAFullRange has a host join a cluster whose other nodes have all addresses for pods.
func TestJoinTellsOfAFullRange(t *testing.T) {
	packaged := contents(assembled(t, "kubernetes", "1.36.1+acme.1"))
	h := newNode(t, packaged, map[string]string{"bin/kubeadm": "#!/bin/sh\n"})
	h.write(t, "bin/systemctl", `#!/bin/sh
case "$*" in
*restart*) cd "${fake%/*}" && mkdir -p var/lib/kubelet/pki && touch etc/kubernetes/kubelet.conf \
	var/lib/kubelet/pki/kubelet-client-current.pem ;;
*is-failed* | *cat*) exit 1 ;;
esac
`)
	out, status := h.run(t, "kubernetes-join", "192.0.2.11", "--token=abcdef.0123456789abcdef", "--ca-hash="+shipHash)
	if status != 1 || !strings.Contains(out, "the cluster's range 10.3.0.0/23 has no room for one more node") {
		t.Errorf("exit status %d: %s", status, out)
	}
}

// listen makes a socket that somebody listens at.
func listen(t *testing.T, at string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", at)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
}

// TestWhatCanGoWrong holds that what docs/cluster.md shows is what commands and units say.
func TestWhatCanGoWrong(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "docs", "cluster.md"))
	if err != nil {
		t.Fatal(err)
	}
	said := ""
	for _, text := range contents(assembled(t, "kubernetes", "1.36.1+acme.1")) {
		said += text
	}
	said = regexp.MustCompile(`"?\s*\\\n\s*"?`).ReplaceAllString(said, " ") // what goes on in another line
	rows := regexp.MustCompile("(?m)^\\| `([^`]+)` \\|").FindAllStringSubmatch(string(page), -1)
	if len(rows) < 15 {
		t.Errorf("docs/cluster.md has %d rows of what can go wrong", len(rows))
	}
	for _, row := range rows {
		for _, words := range strings.Split(row[1], "…") {
			if words = strings.Trim(words, " ,"); !strings.Contains(said, words) {
				t.Errorf("docs/cluster.md shows %q, and nothing says %q", row[1], words)
			}
		}
	}
}
