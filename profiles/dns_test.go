package profiles

import (
	"bytes"
	"cmp"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// fakeKubectl answers from files of $fake, and keeps what it is to apply. A file that is not there is an empty answer.
const fakeKubectl = `#!/bin/sh
answer() { [ ! -e "$fake/$1" ] || cat "$fake/$1"; }
case "$*" in
*/readyz* | */healthz*) answer down >&2; [ ! -e "$fake/down" ] ;;
*"get services"*) answer services ;;
*"get nodes"*) answer nodes ;;
*"get deployment"*) answer replicas ;;
*"get configmap"*) answer configmap ;;
*rollout*) [ ! -e "$fake/pods" ] ;;
*"get pods"*) answer pods ;;
*" apply "*) for last; do :; done; cp "$last" "$fake/applied"; echo "$*" >"$fake/how" ;;
*) echo "unexpected: $*" >&2; exit 9 ;;
esac
`

const fakeKubeadm = `#!/bin/sh
printf 'registry.k8s.io/%s\n' kube-apiserver:v1.36.1 coredns/coredns:v1.13.1 pause:3.10.1
`

// newDNSHost lays out a control plane that kubernetes-dns runs on.
func newDNSHost(t *testing.T, version string, files map[string]string) fakeHost {
	t.Helper()
	all := map[string]string{
		"bin/kubectl": fakeKubectl, "bin/kubeadm": fakeKubeadm,
		"etc/kubernetes/admin.conf":   "",
		"etc/kubernetes/kubelet.yaml": "clusterDNS: [10.0.0.10]\nclusterDomain: cluster.local\n",
		"etc/resolv.conf":             "nameserver 192.0.2.53\n", "fake/nodes": "node/n1\n",
	}
	maps.Copy(all, files)
	return newHost(t, contents(assembled(t, "kubernetes", version)), all)
}

// applied returns the objects that kubectl was given, by kind and name.
func (h fakeHost) applied(t *testing.T) map[string]map[string]any {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(h.dir, "fake", "applied"))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]map[string]any{}
	for d := yaml.NewDecoder(bytes.NewReader(data)); ; {
		var o map[string]any
		if err := d.Decode(&o); err != nil {
			if len(out) == 0 || err.Error() != "EOF" {
				t.Fatalf("%v in %s", err, data)
			}
			return out
		}
		out[o["kind"].(string)+" "+o["metadata"].(map[string]any)["name"].(string)] = o
	}
}

// dig returns a value of nested maps and lists.
func dig(t *testing.T, value any, path ...any) any {
	t.Helper()
	for _, key := range path {
		switch k := key.(type) {
		case string:
			value = value.(map[string]any)[k]
		case int:
			value = value.([]any)[k]
		}
	}
	return value
}

// TestClusterDNS has kubernetes-dns read what a host is like, and looks at what it applies.
func TestClusterDNS(t *testing.T) {
	const kubelet = "etc/kubernetes/kubelet.yaml"
	for name, c := range map[string]struct {
		version                  string
		files                    map[string]string
		args                     []string
		image, address, corefile string // corefile is a part of it; - is no ConfigMap
		replicas                 int
		says                     string
	}{
		"as it comes": {says: "kubernetes-dns: done. CoreDNS serves at 10.0.0.10\n"},
		"an image and an address of one's own": {
			args:  []string{"--image", "registry.example.org:5000/team/coredns:v1.14.7_acme.1", "--address=10.7.0.10"},
			image: "registry.example.org:5000/team/coredns:v1.14.7_acme.1", address: "10.7.0.10"},
		"an image by digest": {args: []string{"--image=coredns@sha256:" + strings.Repeat("0a", 32)},
			image: "coredns@sha256:" + strings.Repeat("0a", 32)},
		"a list of addresses, quoted, with a comment": {address: "10.9.0.10", corefile: "kubernetes acme.example in-addr",
			files: map[string]string{kubelet: "# of Acme\nclusterDNS: # first\n  - \"10.9.0.10\"\n  - 10.9.0.11\n" +
				"clusterDomain: 'acme.example' # ours\n"}},
		"IPv6": {address: "fd00::a", files: map[string]string{kubelet: "clusterDNS: ['fd00::a', 10.0.0.10]\n"}},
		"overlays": {address: "10.8.0.10", files: map[string]string{
			"etc/kubernetes/kubelet.d/10-a.conf": "clusterDNS: [10.6.0.10]\n",
			"etc/kubernetes/kubelet.d/20-b.conf": "clusterDNS:\n- 10.8.0.10\n"}},
		"overlays before there were any": {version: "1.29.1+acme.1", files: map[string]string{
			"etc/kubernetes/kubelet.d/10-a.conf": "clusterDNS: [10.6.0.10]\n"}},
		"a second time": {corefile: "-", replicas: 3, says: "ConfigMap coredns stays as it is\n", files: map[string]string{
			"fake/configmap": "configmap/coredns\n", "fake/replicas": "3",
			"fake/services": "default/kubernetes 10.0.0.1\nkube-system/kube-dns 10.0.0.10\n"}},
		"no node": {files: map[string]string{"fake/nodes": "-"},
			says: "There is no node yet: CoreDNS starts when one joins\n"},
		"a host that asks itself": {corefile: "prometheus :9153\n\ncache 30",
			files: map[string]string{"etc/resolv.conf": "nameserver 127.0.0.53\nnameserver ::1\n"},
			says:  "/etc/resolv.conf of this host names no name server but the host itself"},
		"another file with name servers": {files: map[string]string{"etc/resolv.conf": "nameserver 127.0.0.53\n",
			"etc/up.conf": "nameserver 192.0.2.1\n", kubelet: "clusterDNS: [10.0.0.10]\nresolvConf: DIR/etc/up.conf\n"}},
		"1.13": {version: "1.13.12+acme.1"},
	} {
		t.Run(name, func(t *testing.T) {
			if c.version == "" {
				c.version = "1.36.1+acme.1"
			}
			h := newDNSHost(t, c.version, c.files)
			if text, ok := c.files[kubelet]; ok {
				text = strings.ReplaceAll(text, "DIR", h.dir)
				if err := os.WriteFile(filepath.Join(h.dir, kubelet), []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			out, status := h.run(t, "kubernetes-dns", c.args...)
			if status != 0 || !strings.Contains(out, c.says) {
				t.Fatalf("exit status %d, and not %q: %s", status, c.says, out)
			}
			objects := h.applied(t)
			image := cmp.Or(c.image, "registry.k8s.io/coredns/coredns:v1.13.1")
			checkDNS(t, objects, image, cmp.Or(c.address, "10.0.0.10"), max(c.replicas, 2))
			file := ""
			if config := objects["ConfigMap coredns"]; config != nil {
				file = strings.ReplaceAll(dig(t, config, "data", "Corefile").(string), "    ", "")
			}
			want := cmp.Or(c.corefile, "forward . /etc/resolv.conf {\nmax_concurrent 1000\n}\nloop\n")
			if (want == "-") != (file == "") || want != "-" && !strings.Contains(file, want) {
				t.Errorf("the Corefile is %s, want %s", file, want)
			}
		})
	}
}

// checkDNS checks the objects that pods find names by.
func checkDNS(t *testing.T, objects map[string]map[string]any, image, address string, replicas int) {
	t.Helper()
	for _, name := range []string{"ServiceAccount coredns", "ClusterRole system:coredns",
		"ClusterRoleBinding system:coredns", "Service kube-dns", "Deployment coredns"} {
		if objects[name] == nil {
			t.Fatalf("there is no %s", name)
		}
	}
	if got := dig(t, objects["Service kube-dns"], "spec", "clusterIP"); got != address {
		t.Errorf("the Service has the address %v, want %s", got, address)
	}
	spec := objects["Deployment coredns"]["spec"]
	if got := dig(t, spec, "template", "spec", "containers", 0, "image"); got != image {
		t.Errorf("the image is %v, want %s", got, image)
	}
	if got := dig(t, spec, "replicas"); got != replicas {
		t.Errorf("there are %v replicas, want %d", got, replicas)
	}
}

// TestClusterDNSRefuses has kubernetes-dns say what is wrong, and apply nothing.
func TestClusterDNSRefuses(t *testing.T) {
	const kubelet = "etc/kubernetes/kubelet.yaml"
	for name, c := range map[string]struct {
		files  map[string]string
		args   []string
		status int
		says   string
	}{
		"nobody": {map[string]string{"bin/id": "#!/bin/sh\necho 1000\n"}, nil, 1, "run it as root"},
		"no kubeconfig": {map[string]string{"etc/kubernetes/admin.conf": "-"}, nil, 1,
			"/etc/kubernetes/admin.conf is not there"},
		"no server": {map[string]string{"fake/down": "one\nrefused - did you specify the right port?\n"}, nil, 1,
			"the API server does not answer: start it by systemctl start kubernetes-master.target, or see "},
		"no etcd": {map[string]string{"fake/down": "[+]ping ok\n[-]etcd failed: reason withheld\n"}, nil, 1,
			"the API server waits for etcd: see journalctl -u etcd"},
		"an option":           {nil, []string{"--imag", "x"}, 2, `"--imag" is not an option` + "\nusage: "},
		"no value":            {nil, []string{"--image"}, 2, "--image wants a value\nusage: "},
		"an empty image":      {nil, []string{"--image="}, 2, `"" is not the name of an image`},
		"a quote in an image": {nil, []string{"--image", `a"b`}, 2, `"a"b" is not the name of an image`},
		"two lines":           {nil, []string{"--image", "a\nb"}, 2, "is not the name of an image"},
		"an upper-case image": {nil, []string{"--image", "example.org/CoreDNS"}, 2, "is not the name of an image"},
		"a short digest":      {nil, []string{"--image", "coredns@sha256:0a"}, 2, "is not the name of an image"},
		"a name for an address": {nil, []string{"--address", "dns.example.org"}, 1,
			`"dns.example.org" of --address is not an address`},
		"a large address": {nil, []string{"--address", "10.0.0.256"}, 1, `"10.0.0.256" of --address is not an address`},
		"no address": {map[string]string{kubelet: "clusterDomain: cluster.local\n"}, nil, 1,
			"/etc/kubernetes/kubelet.yaml has no clusterDNS"},
		"a wrong address": {map[string]string{kubelet: "clusterDNS: [ten]\n"}, nil, 1,
			`"ten", clusterDNS in /etc/kubernetes/kubelet.yaml, is not an address`},
		"a wrong domain": {map[string]string{kubelet: "clusterDNS: [10.0.0.10]\nclusterDomain: a{b\n"}, nil, 1,
			`"a{b", clusterDomain in /etc/kubernetes/kubelet.yaml, is not a domain`},
		"a taken address": {map[string]string{"fake/services": "acme/web 10.0.0.10\n"}, nil, 1,
			"10.0.0.10 is the address of the Service acme/web: name another one by --address"},
		"another address": {map[string]string{"fake/services": "kube-system/kube-dns 10.0.0.9\n"}, nil, 1,
			"the Service kube-dns has the address 10.0.0.9, and not 10.0.0.10"},
		"no image": {map[string]string{"bin/kubeadm": "#!/bin/sh\nexit 1\n"}, nil, 1, "name one by --image"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newDNSHost(t, "1.36.1+acme.1", c.files)
			out, status := h.run(t, "kubernetes-dns", c.args...)
			if status != c.status || !strings.HasPrefix(out, "kubernetes-dns: ") || !strings.Contains(out, c.says) {
				t.Errorf("exit status %d, want %d and %q: %s", status, c.status, c.says, out)
			}
			if _, err := os.Stat(filepath.Join(h.dir, "fake", "applied")); err == nil {
				t.Error("it applied something")
			}
		})
	}
}

// TestClusterDNSWaits has kubernetes-dns say why pods do not run.
func TestClusterDNSWaits(t *testing.T) {
	h := newDNSHost(t, "1.36.1+acme.1", map[string]string{"fake/pods": "coredns-1: Pending, ImagePullBackOff\n"})
	out, status := h.run(t, "kubernetes-dns")
	if status != 1 || !strings.Contains(out, "does not serve after 120 seconds:\n  coredns-1: Pending, ImagePull") {
		t.Errorf("exit status %d: %s", status, out)
	}
}
